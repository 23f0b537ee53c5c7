//! Settings of a rule: ready to be sent, and whether they are all that the rule needs to have something to say.

use protocol::RuleMetadata;
use serde_json::{Map, Value};

use crate::runtime::ModuleError;

/// Settings of one rule. Nobody has asked the rule about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    json: Vec<u8>,
    suffices: bool,
}

impl Settings {
    /// These settings of this rule.
    #[must_use]
    pub fn new(rule: &RuleMetadata, settings: &Value) -> Self {
        let is_empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let mut required = rule.settings.get("required").and_then(Value::as_array).into_iter().flatten();
        let is_given = |name: &str| settings.get(name).is_some_and(|value| !is_empty(value));
        let suffices = required.all(|name| name.as_str().is_none_or(is_given));
        Self { json: settings.to_string().into_bytes(), suffices }
    }

    /// The defaults of this rule.
    #[must_use]
    pub fn none(rule: &RuleMetadata) -> Self {
        Self::new(rule, &Value::Object(Map::new()))
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// Whether all is there without which the rule has nothing to say.
    #[must_use]
    pub const fn suffices(&self) -> bool {
        self.suffices
    }
}

/// Why a rule does not take settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It says no, with or without a reason.
    #[error("{}", .0.as_deref().unwrap_or("refused without a reason"))]
    Refused(Option<String>),
    /// It gave no answer.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// Its answer is not in the form of one.
    #[error("its answer is not readable: {0}")]
    Unreadable(#[source] serde_json::Error),
}
