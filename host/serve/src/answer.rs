//! The answer to a review, as an API server reads it.

use engine::config::Reaction;
use protocol::told::one_line;
use serde_json::{Value, json};

use crate::review::API_VERSION;

/// What an API server is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub uid: String,
    /// Why the object is denied, if it is.
    pub message: Option<String>,
    pub warnings: Vec<String>,
    /// The rules in mode `audit` that have findings.
    pub audited: String,
}

impl Answer {
    /// The object is let in without a warning.
    pub fn allowed(uid: String) -> Self {
        Self { uid, message: None, warnings: Vec::new(), audited: String::new() }
    }

    /// The object was not checked, for this reason.
    pub fn undecided(uid: String, reaction: Reaction, reason: &str) -> Self {
        let said = format!("seaworthy: not checked: {}", one_line(reason));
        match reaction {
            Reaction::Warn => Self { warnings: vec![said], ..Self::allowed(uid) },
            Reaction::Deny => Self { message: Some(said), ..Self::allowed(uid) },
        }
    }

    pub const fn is_allowed(&self) -> bool {
        self.message.is_none()
    }

    /// The `AdmissionReview`. Without a code a denial is 400 to the client, and with the reason `Invalid` its message is lost.
    pub fn to_json(&self) -> Value {
        let mut response = json!({ "uid": self.uid, "allowed": self.is_allowed() });
        let fields = [
            ("status", self.message.as_ref().map(|said| json!({"code": 403, "reason": "Forbidden", "message": said}))),
            ("warnings", (!self.warnings.is_empty()).then(|| json!(self.warnings))),
            ("auditAnnotations", (!self.audited.is_empty()).then(|| json!({"found": self.audited}))),
        ];
        if let Some(object) = response.as_object_mut() {
            object.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        json!({ "apiVersion": API_VERSION, "kind": "AdmissionReview", "response": response })
    }
}
