//! What a configuration says of rules in some places only: other settings, another severity, on or off.

use protocol::Severity;
use serde_json::Value as Json;

use super::{Read, Reader};
use crate::manifest::{Node, Value};
use crate::scope::Scope;

/// Where rules are other than elsewhere, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Where.
    pub scope: Scope,
    /// How, by rule.
    pub rules: Vec<(String, RuleOverride)>,
}

/// What is said of one rule. What is not said stays as it is elsewhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleOverride {
    /// Whether it is on.
    pub enabled: Option<bool>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// Its settings, all of them.
    pub settings: Option<Json>,
}

impl Reader<'_> {
    pub(super) fn overrides(&self, node: &Node) -> Read<Vec<Override>> {
        self.items(node)?.iter().map(|item| self.override_of(item)).collect()
    }

    fn override_of(&self, node: &Node) -> Read<Override> {
        self.entries(node, &["paths", "namespaces", "rules"])?;
        let list = |key: &str, noun| node.get(key).map_or(Ok(Vec::new()), |list| self.texts(list, noun));
        let scope = Scope::new(list("paths", "a path")?, list("namespaces", "a namespace")?);
        if scope.is_everywhere() {
            return self
                .refuse(node.span, "an override names `paths`, `namespaces` or both; for everywhere there is `rules`");
        }
        let rules = self.field(node, "rules")?;
        let mut read = Vec::new();
        for entry in self.entries(rules, &self.names())? {
            let name = entry.key.to_string();
            let mut of_rule = RuleOverride::default();
            for option in self.entries(&entry.value, &["enabled", "severity", "settings"])? {
                match (&*option.key, &option.value.value) {
                    ("enabled", Value::Bool(enabled)) => of_rule.enabled = Some(*enabled),
                    ("enabled", _) => return self.refuse(option.value.span, "`enabled` is true or false"),
                    ("severity", _) => of_rule.severity = Some(self.severity(&option.value)?),
                    _ => {
                        let rule = self.rules.iter().find(|rule| rule.name == name);
                        of_rule.settings = rule.map(|rule| self.settings(&option.value, rule)).transpose()?;
                    }
                }
            }
            read.push((name, of_rule));
        }
        Ok(Override { scope, rules: read })
    }
}
