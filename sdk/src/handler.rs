//! Handlers: what a probe or a lifecycle hook calls, and whether that can be called.
//!
//! The API is `v1.ProbeHandler` and `v1.LifecycleHandler`. What is refused is what `pkg/apis/core/validation` refuses,
//! and what the kubelet cannot resolve. The module must not know what a rule asks of a handler, nor where it stands. A
//! rule that uses it declares `containers.ports`, and whole what the handlers stand in.

use alloc::format;
use alloc::string::String;

use protocol::Json;

use crate::field::Field;
use crate::findings::Findings;
use crate::fix;
use crate::value::Value;
use crate::workload::{Container, Workload};

/// Ports that IANA or habit gives to something other than HTTP: mail, name servers, databases, caches and queues.
const OTHER_PROTOCOLS: &[i64] =
    &[22, 25, 53, 389, 587, 636, 1433, 1521, 1883, 2181, 3306, 4222, 5432, 5672, 6379, 9042, 9092, 11211, 26379, 27017];

/// The handlers of a probe or a hook: there may be one of several fields.
#[derive(Clone, Copy)]
pub struct Handlers<'a> {
    container: Container<'a>,
    place: Field<'a>,
    kinds: &'static [&'static str],
}

impl<'a> Handlers<'a> {
    /// The handlers of a container that stand in this place, and may be of these kinds: `httpGet`, `exec`.
    #[must_use]
    pub const fn new(container: Container<'a>, place: Field<'a>, kinds: &'static [&'static str]) -> Self {
        Self { container, place, kinds }
    }

    /// Those there are, each with its kind; the API takes one.
    pub fn iter(self) -> impl Iterator<Item = (&'static str, Field<'a>)> {
        self.kinds.iter().map(move |kind| (*kind, self.place.get(kind))).filter(|(_, handler)| handler.is_set())
    }

    /// Whether no handler is set, as in `{}`.
    #[must_use]
    pub fn is_missing(self) -> bool {
        self.iter().next().is_none()
    }

    /// Finds what cannot work: several handlers, one without a port, a command or a time, a port that the container has
    /// not. A Knative Service may leave a port out, since Knative puts in the container's.
    pub fn check(self, workload: Workload<'_>, findings: &mut Findings) {
        if self.iter().count() > 1 {
            let kinds = self.iter().fold(String::new(), |kinds, (kind, _)| kinds + " " + kind);
            findings.fail(self.place, format!("the API takes one handler, and here are{kinds}"), "one of them");
        }
        for (kind, handler) in self.iter() {
            match kind {
                "exec" => {
                    let command = handler.get("command");
                    if command.items().next().is_none() {
                        findings.fail(
                            command,
                            "there is no command to run",
                            fix::set(command, alloc::vec![Json::from("/bin/program")]).example(),
                        );
                    }
                }
                "sleep" => {
                    let seconds = handler.get("seconds");
                    if seconds.integer().is_none_or(|seconds| seconds < 1) {
                        findings.fail(seconds, "there is no time to sleep", fix::set(seconds, 5));
                    }
                }
                _ => self.check_port(kind, handler.get("port"), workload, findings),
            }
        }
    }

    fn check_port(self, kind: &str, port: Field<'a>, workload: Workload<'_>, findings: &mut Findings) {
        match port.value() {
            // Knative takes the port that it routes to, and writes 0 for it.
            None | Some(Value::Number("0")) if workload.is_knative_service() => {}
            None => findings.fail(port, "there is no port to call", fix::set(port, self.first_port())),
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

    /// Whether both call the same: what is not given is its default, and a port is the same by name and by number.
    #[must_use]
    pub fn calls_the_same_as(self, other: Self) -> bool {
        let (Some((kind, mine)), Some((other_kind, others))) = (self.iter().next(), other.iter().next()) else {
            return false;
        };
        // No two kinds of handler give one field two meanings, so all fields can be compared for any.
        let same = |field: &'a str, default: &'a str| {
            // The API server takes an empty text for one that is not given.
            let said = |handler: Field<'a>| handler.get(field).str().filter(|text| !text.is_empty()).unwrap_or(default);
            said(mine) == said(others)
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

    /// The name or else the number of the container's first TCP port, to show how a handler may call it. Nothing can call
    /// another.
    #[must_use]
    pub fn first_port(self) -> Json {
        let said = self.tcp_port().and_then(|port| port.get("name").value().or(port.get("containerPort").value()));
        match said {
            Some(port @ (Value::String(_) | Value::Number(_))) => port.into(),
            _ => Json::from(8080),
        }
    }

    /// Whether that port may speak HTTP, as far as its number says.
    #[must_use]
    pub fn may_speak_http(self) -> bool {
        let number = self.tcp_port().and_then(|port| port.get("containerPort").integer());
        number.is_none_or(|number| !OTHER_PROTOCOLS.contains(&number))
    }

    fn tcp_port(self) -> Option<Field<'a>> {
        self.container.get("ports").items().find(|port| !matches!(port.get("protocol").str(), Some("UDP" | "SCTP")))
    }

    /// The port that a handler calls, a name resolved where the container has it.
    fn port(self, handler: Field<'a>) -> Option<&'a Value<'a>> {
        let port = handler.get("port").value();
        match port {
            Some(Value::String(name)) => self.port_named(name).and_then(Field::value).or(port),
            _ => port,
        }
    }

    /// The number of the container's port of that name.
    fn port_named(self, name: &str) -> Option<Field<'a>> {
        let mut ports = self.container.get("ports").items();
        Some(ports.find(|port| port.get("name").str() == Some(name))?.get("containerPort"))
    }
}
