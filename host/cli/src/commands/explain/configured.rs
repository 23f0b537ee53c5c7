//! What the configuration of this folder says of a rule, for people who ask why it does what it does here.

use std::path::PathBuf;

use engine::config::{Config, SetValue, set_values};
use protocol::RuleMetadata;

use crate::configuration;
use crate::failure::Failure;
use crate::options::configuration::ConfigOptions;
use crate::present::output::count;

/// A rule as it is configured; as it is by itself where there is no configuration.
pub struct Configured<'r> {
    config: Config,
    /// All that it and what it extends say, each with its place.
    values: Vec<SetValue>,
    rule: &'r str,
}

impl<'r> Configured<'r> {
    /// The rule as it is by itself.
    pub fn nowhere(rule: &'r str) -> Self {
        Self { config: Config::default(), values: Vec::new(), rule }
    }

    /// What the configuration here says of that rule, which is one of `rules`.
    ///
    /// # Errors
    /// What is wrong with the configuration, and where.
    pub fn here(options: &ConfigOptions, rules: &[&RuleMetadata], rule: &'r str) -> Result<Self, Failure> {
        let (path, located) = configuration::locate(options, &[PathBuf::from(".")])?;
        let values = match path {
            None => Vec::new(),
            Some(_) => located.open(|name, text, loader| set_values(name, text, loader))?,
        };
        Ok(Self { config: located.read(rules)?.config, values, rule })
    }

    /// The value of a setting, and where it is set; none where it is the default.
    pub fn value(&self, setting: &str) -> Option<String> {
        let (_, settings) = self.config.settings.iter().find(|(rule, _)| rule == self.rule)?;
        let value = settings.get(setting)?;
        Some(format!("{value} in {}", self.place(&format!("settings.{setting}"))))
    }

    /// What else is said of it, in sentences.
    pub fn lines(&self) -> Vec<String> {
        let Self { config, rule, .. } = self;
        let mut lines = Vec::new();
        if config.disabled.iter().any(|name| name == rule) {
            lines.push(format!("{} disables this rule.", self.place("enabled")));
        }
        if config.enabled.iter().any(|name| name == rule) {
            lines.push(format!("{} enables this rule in every profile.", self.place("enabled")));
        }
        if let Some((_, severity)) = config.severities.iter().find(|(name, _)| name == rule) {
            lines.push(format!("{} sets its severity to {severity}.", self.place("severity")));
        }
        let overrides = config.overrides_of(rule).count();
        if overrides > 0 {
            let start = format!("].rules.{rule}");
            let places = self.places(|path| {
                path.starts_with("overrides[") && path.split_once(&start).is_some_and(|(_, rest)| is_whole(rest))
            });
            lines.push(format!("This rule has {} in {places}.", count(overrides, "override")));
        }
        lines
    }

    /// Where something is set for the rule.
    fn place(&self, key: &str) -> String {
        let start = format!("rules.{}.{key}", self.rule);
        self.places(|path| path.strip_prefix(&start).is_some_and(is_whole))
    }

    /// Each file that sets one of these values, with the first line that does.
    fn places(&self, is_meant: impl Fn(&str) -> bool) -> String {
        let mut places = Vec::new();
        for spot in self.values.iter().filter(|value| is_meant(&value.path)).filter_map(|value| value.spot.as_ref()) {
            if places.iter().all(|(file, _)| *file != &spot.file) {
                places.push((&spot.file, spot.to_string()));
            }
        }
        places.into_iter().map(|(_, place)| place).collect::<Vec<_>>().join(" and ")
    }
}

/// Whether a path's key ends before this rest of it, and is no other that begins alike.
fn is_whole(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['.', '['])
}
