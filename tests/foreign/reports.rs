//! What the API server of the audit's tests asks about reports: these tests have no reports.

use serde_json::{Value, json};

use crate::server::Kind;

pub fn is_report(_: &str) -> bool {
    false
}

pub fn faults(_: &Value) -> Vec<String> {
    Vec::new()
}

/// All kinds can be made.
pub fn verbs(_: &Kind) -> Value {
    json!(["create", "get", "list"])
}
