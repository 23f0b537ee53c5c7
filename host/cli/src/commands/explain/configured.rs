//! What the configuration of this folder says of a rule, for people who ask why it does what it does here.

use engine::config::Config;
use serde_json::Value;

use crate::configuration::Configuration;

/// A rule as it is configured; as it is by itself where there is no configuration.
pub struct Configured<'c> {
    config: &'c Config,
    /// The configuration's file, as people type it.
    file: &'c str,
    rule: &'c str,
}

impl<'c> Configured<'c> {
    /// What this configuration says of that rule.
    pub fn new(configuration: &'c Configuration, rule: &'c str) -> Self {
        Self { config: &configuration.config, file: configuration.shown.as_deref().unwrap_or_default(), rule }
    }

    /// The value of a setting, and which file says it; none where it is the default.
    pub fn value(&self, setting: &str) -> Option<String> {
        let (_, settings) = self.config.settings.iter().find(|(rule, _)| rule == self.rule)?;
        let value: &Value = settings.get(setting)?;
        Some(format!("{value} in {}", self.file))
    }

    /// What else is said of it, in sentences.
    pub fn lines(&self) -> Vec<String> {
        let Self { config, file, rule } = self;
        let mut lines = Vec::new();
        if config.disabled.iter().any(|name| name == rule) {
            lines.push(format!("{file} disables this rule."));
        }
        if config.enabled.iter().any(|name| name == rule) {
            lines.push(format!("{file} enables this rule in every profile."));
        }
        if let Some((_, severity)) = config.severities.iter().find(|(name, _)| name == rule) {
            lines.push(format!("{file} sets its severity to {severity}."));
        }
        match config.overrides_of(rule).count() {
            0 => {}
            1 => lines.push(format!("{file} overrides it in one place.")),
            number => lines.push(format!("{file} overrides it in {number} places.")),
        }
        lines
    }
}
