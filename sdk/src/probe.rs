//! The probes of a container: what they call, and whether it can be called.
//!
//! The API is `v1.Probe`. Its defaults are those of `pkg/apis/core/v1/defaults.go`, which take a zero for a number that is
//! not given, and what is refused is what `pkg/apis/core/validation` refuses. The module must not know of which containers
//! a rule asks a probe, nor which one. A rule that uses it declares `containers.ports` and the probes that it reads, whole.

use alloc::format;
use alloc::string::String;

use crate::field::Field;
use crate::findings::Findings;
use crate::value::Value;
use crate::workload::{Container, Workload};

const HANDLERS: [&str; 4] = ["httpGet", "tcpSocket", "exec", "grpc"];

/// A probe of a container, there or not.
#[derive(Clone, Copy)]
pub struct Probe<'a> {
    container: Container<'a>,
    name: &'a str,
    field: Field<'a>,
}

impl<'a> Probe<'a> {
    /// The container's probe of that name: `livenessProbe`, `readinessProbe` or `startupProbe`.
    #[must_use]
    pub fn of(container: Container<'a>, name: &'a str) -> Self {
        Self { container, name, field: container.get(name) }
    }

    /// The probe itself, as a place for a finding.
    #[must_use]
    pub const fn field(self) -> Field<'a> {
        self.field
    }

    /// Whether there is nothing that it calls: absent, or without a handler, as `{}` is.
    #[must_use]
    pub fn is_missing(self) -> bool {
        self.handlers().next().is_none()
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

    /// Whether both call the same: what is not given is its default, and a port is the same by name and by number.
    #[must_use]
    pub fn calls_the_same_as(self, other: Self) -> bool {
        let (mut mine, mut others) = (self.handlers(), other.handlers());
        let (Some((kind, mine)), Some((other_kind, others))) = (mine.next(), others.next()) else {
            return false;
        };
        // No two kinds of handler give one field two meanings, so all fields can be compared for any.
        let same = |field: &'a str, default: &str| {
            mine.get(field).str().unwrap_or(default) == others.get(field).str().unwrap_or(default)
        };
        let headers = |handler: Field<'a>| {
            handler.get("httpHeaders").items().map(|header| (header.get("name").str(), header.get("value").str()))
        };
        let command = |handler: Field<'a>| handler.get("command").items().map(Field::str);
        kind == other_kind
            && self.port(mine) == other.port(others)
            && same("path", "/")
            && same("scheme", "HTTP")
            && same("host", "")
            && same("service", "")
            && headers(mine).eq(headers(others))
            && command(mine).eq(command(others))
    }

    /// Finds what cannot work about a probe that is there: several handlers, a handler without a port or a command, a port
    /// that the container has not. A Knative Service may leave a port out, since Knative puts in the container's.
    pub fn check(self, workload: Workload<'_>, findings: &mut Findings) {
        let handlers = || self.handlers().map(|(kind, _)| kind);
        if handlers().count() > 1 {
            let names = handlers().fold(String::new(), |names, kind| names + " " + kind);
            findings.fail(self.field, format!("a probe has one handler, and this one has{names}"), "one of them");
        }
        for (kind, handler) in self.handlers() {
            let (command, port) = (handler.get("command"), handler.get("port"));
            match port.value() {
                None if kind == "exec" => {
                    if command.items().next().is_none() {
                        findings.fail(command, "there is no command to run", "command: [/bin/healthy]");
                    }
                }
                None if workload.is_knative_service() => {}
                None => findings.fail(port, "there is no port to call", format!("port: {}", self.first_port())),
                Some(Value::String(name)) if kind != "grpc" => {
                    if self.port_named(name).is_none() {
                        let message = format!("no port of this container is named `{name}`");
                        findings.fail(port, message, "the name of one of its ports, or a number without quotes");
                    }
                }
                Some(_) => {
                    if let Some(number) = port.integer().filter(|number| !(1..=65535).contains(number)) {
                        findings.fail(port, format!("{number} is no port"), "port: 1 to 65535");
                    }
                }
            }
        }
    }

    /// What to write for such a probe: `readinessProbe: {httpGet: {path: /ready, port: http}}`, with the container's port.
    #[must_use]
    pub fn example(self, path: &str) -> String {
        format!("{}: {{httpGet: {{path: {path}, port: {}}}}}", self.name, self.first_port())
    }

    fn handlers(self) -> impl Iterator<Item = (&'static str, Field<'a>)> {
        HANDLERS.iter().map(move |kind| (*kind, self.field.get(kind))).filter(|(_, handler)| handler.is_set())
    }

    /// A number, where zero means that none is given.
    fn number(self, field: &'a str, default: i64) -> i64 {
        self.field.get(field).integer().filter(|number| *number != 0).unwrap_or(default)
    }

    /// The port that a handler calls, a name resolved where the container has it.
    fn port(self, handler: Field<'a>) -> Option<&'a Value<'a>> {
        match handler.get("port").value() {
            Some(Value::String(name)) => self.port_named(name).and_then(Field::value).or(handler.get("port").value()),
            port => port,
        }
    }

    /// The number of the container's port of that name.
    fn port_named(self, name: &str) -> Option<Field<'a>> {
        let mut ports = self.container.get("ports").items();
        Some(ports.find(|port| port.get("name").str() == Some(name))?.get("containerPort"))
    }

    /// The name or else the number of the container's first port, to show how a probe may call it.
    fn first_port(self) -> &'a str {
        let first = self.container.get("ports").items().next();
        let said = first.and_then(|port| port.get("name").value().or(port.get("containerPort").value()));
        match said {
            Some(Value::String(port) | Value::Number(port)) => port,
            _ => "8080",
        }
    }
}
