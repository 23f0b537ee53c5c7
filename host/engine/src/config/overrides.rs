//! What a configuration says of rules in some places only: other settings, another severity, on or off.

use protocol::{RuleMetadata, Severity};
use serde_json::Value as Json;

use super::{Config, Read, Reader};
use crate::manifest::{Node, Value};
use crate::scope::Scope;
use crate::settings::Settings;
use crate::spot::Spot;

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
    /// Where they stand.
    pub settings_spot: Option<Spot>,
}

impl Config {
    /// What is said of a rule for some places only, in order.
    pub fn overrides_of<'c>(&'c self, rule: &'c str) -> impl Iterator<Item = (&'c Scope, &'c RuleOverride)> {
        let of_rules = self.overrides.iter().flat_map(|over| over.rules.iter().map(move |said| (&over.scope, said)));
        of_rules.filter(move |(_, (name, _))| name == rule).map(|(scope, (_, said))| (scope, said))
    }

    /// Whether an override turns the rule on somewhere.
    #[must_use]
    pub fn enables_somewhere(&self, rule: &str) -> bool {
        self.overrides_of(rule).any(|(_, said)| said.enabled == Some(true))
    }

    /// Whether the rule is on somewhere, as far as the configuration says.
    #[must_use]
    pub fn may_ask(&self, rule: &str) -> bool {
        !self.disabled.iter().any(|disabled| disabled == rule) || self.enables_somewhere(rule)
    }

    /// The rule's settings, but for those of overrides.
    #[must_use]
    pub fn settings_of(&self, rule: &str) -> Option<&Json> {
        self.settings.iter().find(|(name, _)| name == rule).map(|(_, settings)| settings)
    }

    /// Where the settings of the rule stand, but for those of overrides.
    #[must_use]
    pub fn settings_spot_of(&self, rule: &str) -> Option<&Spot> {
        self.settings_spots.iter().find(|(name, _)| name == rule).map(|(_, spot)| spot)
    }

    /// Whether the rule has, in some place at least, the settings without which it has nothing to say.
    #[must_use]
    pub fn suffices_for(&self, rule: &RuleMetadata) -> bool {
        let of_overrides = self.overrides_of(&rule.name).filter_map(|(_, said)| said.settings.as_ref());
        let mut given = self.settings_of(&rule.name).into_iter().chain(of_overrides);
        Settings::none(rule).suffices() || given.any(|settings| Settings::new(rule, settings).suffices())
    }
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
                        of_rule.settings_spot = Some(self.layers.spot(option.value.span));
                    }
                }
            }
            read.push((name, of_rule));
        }
        Ok(Override { scope, rules: read })
    }
}
