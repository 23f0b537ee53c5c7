//! The probes of a container: what they call, and how patient they are.
//!
//! The API is `v1.Probe`. Its defaults are those of `pkg/apis/core/v1/defaults.go`, which take a zero for a number that
//! is not given. The module must not know of which containers a rule asks a probe, nor which one. A rule that uses it
//! declares `containers.ports` and the probes that it reads, whole.

use protocol::{Fix, Json};

use crate::field::Field;
use crate::findings::Findings;
use crate::fix;
use crate::handler::Handlers;
use crate::workload::{Container, Workload};

/// A probe of a container, there or not.
#[derive(Clone, Copy)]
pub struct Probe<'a> {
    field: Field<'a>,
    handlers: Handlers<'a>,
}

impl<'a> Probe<'a> {
    /// The container's probe of that name: `livenessProbe`, `readinessProbe` or `startupProbe`.
    #[must_use]
    pub fn of(container: Container<'a>, name: &'a str) -> Self {
        let field = container.get(name);
        let handlers = Handlers::new(container, field, &["httpGet", "tcpSocket", "exec", "grpc"]);
        Self { field, handlers }
    }

    /// The probe itself, as a place for a finding.
    #[must_use]
    pub const fn field(self) -> Field<'a> {
        self.field
    }

    /// Whether there is nothing that it calls: absent, or without a handler, as `{}` is.
    #[must_use]
    pub fn is_missing(self) -> bool {
        self.handlers.is_missing()
    }

    /// Finds what cannot be called by a probe that is there; see [`Handlers::check`].
    pub fn check(self, workload: Workload<'_>, findings: &mut Findings) {
        self.handlers.check(workload, findings);
    }

    /// Whether both probes call the same; see [`Handlers::calls_the_same_as`].
    #[must_use]
    pub fn calls_the_same_as(self, other: Self) -> bool {
        self.handlers.calls_the_same_as(other.handlers)
    }

    /// How many failures in a row make it fail; 3 by default.
    #[must_use]
    pub fn failure_threshold(self) -> i64 {
        self.number("failureThreshold", 3)
    }

    /// How often it is called, in seconds; every 10 by default.
    #[must_use]
    pub fn period(self) -> i64 {
        self.number("periodSeconds", 10)
    }

    /// How long it takes to fail, in seconds: failureThreshold × periodSeconds, by default 3 × 10.
    #[must_use]
    pub fn patience(self) -> i64 {
        self.failure_threshold().saturating_mul(self.period())
    }

    /// How long after the start of the container it is called first, in seconds; 0 by default.
    #[must_use]
    pub fn initial_delay(self) -> i64 {
        self.number("initialDelaySeconds", 0)
    }

    /// Such a probe, with the container's port: `readinessProbe: {httpGet: {path: /ready, port: http}}`, or a `tcpSocket`
    /// where the port is not one of HTTP.
    #[must_use]
    pub fn proposal(self, path: &str) -> Fix {
        let port = self.handlers.first_port();
        let handler = if self.handlers.may_speak_http() {
            Json::of("httpGet", Json::of("path", path).and("port", port))
        } else {
            Json::of("tcpSocket", Json::of("port", port))
        };
        fix::set(self.field, handler)
    }

    /// A number, where zero means that none is given.
    fn number(self, field: &'a str, default: i64) -> i64 {
        self.field.get(field).integer().filter(|number| *number != 0).unwrap_or(default)
    }
}
