//! A port of a Service, as a route names it: by its number or its name, and never by those of the container behind it.

use sdk::prelude::*;
use sdk::value::Value;

use crate::look::Look;

/// Finds a port that a Service does not have. One of type `ExternalName` needs none.
pub fn must_be_of<'a>(service: Object<'a>, at: Field<'a>, look: &mut Look<'a, '_>) {
    let ports = || service.get("spec.ports").items();
    let wanted = match at.value() {
        Some(Value::Number(number)) => *number,
        Some(Value::String(name)) if !name.is_empty() => *name,
        _ => return,
    };
    let field = if matches!(at.value(), Some(Value::Number(_))) { "port" } else { "name" };
    let is_external = service.get("spec.type").str() == Some("ExternalName");
    if is_external || ports().any(|port| text(port.get(field)) == Some(wanted)) {
        return;
    }
    let (what, name) = (if field == "port" { "port" } else { "port named" }, service.name());
    let message = format!("Service {name} has no {what} `{wanted}`");
    // The port that leads to the one which was meant.
    let target = ports().find(|port| text(port.get("targetPort")) == Some(wanted));
    if let Some(meant) = target.and_then(|port| port.get(field).value()) {
        let message = format!("{message}: that is the port of its pods");
        look.findings.fail(at, message, fix::set(at, Json::from(meant)));
        return;
    }
    let known: Vec<&str> = ports().filter_map(|port| text(port.get(field))).collect();
    if field == "name" && !known.is_empty() {
        look.none_of(at, wanted, &message, &known);
    } else {
        let all: Vec<&str> = ports().filter_map(|port| text(port.get("port"))).collect();
        look.findings.fail(at, message, format!("a port of the Service; it has {}", all.join(", ")));
    }
}

/// A number or a name, as text. What is neither is malformed, and is said of the Service itself.
pub fn text(field: Field<'_>) -> Option<&str> {
    match field.value()? {
        Value::Number(text) | Value::String(text) => Some(text),
        _ => None,
    }
}
