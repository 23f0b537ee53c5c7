//! The configuration: which rules, how they are set, what counts where, and what is waived.
//!
//! ```yaml
//! extends: ../platform/seaworthy.yaml
//! profile: recommended
//! fail_on: high
//! exclude: [tests/]
//! baseline: seaworthy-baseline.yaml
//! rules:
//!   container-resources:
//!     severity: critical
//!     settings: {cpu_limit: false}
//!   liveness-probe:
//!     enabled: false
//!   signed-image:
//!     settings: {public_keys: [...]}
//!     allow: [oci/v2/verify]
//! overrides:
//!   - namespaces: [dev-*]
//!     rules: {pod-disruption-budget: {enabled: false}}
//! policies:
//!   safe-labels:
//!     settings: {mandatory_labels: [owner]}
//!     allow: [kubernetes/get_resource]
//! signatures:
//!   - of: ghcr.io/kubewarden/policies
//!     public_keys: ["-----BEGIN PUBLIC KEY-----..."]
//! admission: {mode: warn, modes: [{namespaces: [shop], mode: enforce}]}
//! maturity:
//!   practices: {automated-deployment: {commands: [shipit]}}
//! waivers:
//!   - rule: run-as-non-root
//!     object: {kind: Deployment, namespace: shop, name: legacy}
//!     container: app
//!     owner: ana@example.com
//!     reason: the vendor's image needs root until 4.2
//!     expires: 2027-03-31
//! ```
//!
//! What is not known is refused, with its place and a suggestion: a mistyped rule must not be a rule that is off. The module
//! reads texts; where they come from is for others to know ([`Loader`]).

mod admission;
mod layers;
mod overrides;
mod policies;
mod proposal;
mod rendering;
mod schema;
mod signatures;
#[cfg(test)]
mod tests;
mod typed;
mod values;
mod waivers;

use std::collections::BTreeMap;

use protocol::{Profile, RuleMetadata, Severity};
use serde_json::Value as Json;

use crate::capability::Capabilities;
use crate::manifest::{Entry, Node, Position, Span, Value};
use crate::maturity::Catalog;
use crate::question::Completeness;
use crate::scope::Folders;
use crate::spot::Spot;
use crate::waiver::{Date, Waiver};

pub use crate::spelling::{suggestion, with_suggestion};
pub use admission::{Admission, Mode, ModeOverride, Reaction};
pub use layers::{Alone, Loader};
pub use overrides::{Override, RuleOverride};
pub use proposal::with_waiver;
pub use rendering::Rendering;
pub use schema::schema;
pub use values::{SetValue, set_values};

use layers::Layers;

/// What a configuration is called that is found without being named.
pub const FILE_NAME: &str = "seaworthy.yaml";

/// The keys of a configuration.
const KEYS: [&str; 17] = [
    "extends",
    "profile",
    "fail_on",
    "world",
    "include",
    "exclude",
    "baseline",
    "crds",
    "rendering",
    "rules",
    "overrides",
    "policies",
    "signatures",
    "maturity",
    "admission",
    "longest_waiver_days",
    "waivers",
];

/// How long a waiver may last where nothing is said.
pub const LONGEST_WAIVER_DAYS: u32 = 365;

/// A configuration that holds against a bundle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The profile.
    pub profile: Option<Profile>,
    /// The lowest severity that fails a run; any where nothing is said.
    pub fail_on: Option<Severity>,
    /// Whether the input is everything there is.
    pub world: Option<Completeness>,
    /// Which files are read; all if it is empty. Patterns in the way of `.gitignore`, from the configuration's folder.
    pub include: Vec<String>,
    /// Which files are not read.
    pub exclude: Vec<String>,
    /// The file of findings that are known, from the configuration's folder.
    pub baseline: Option<String>,
    /// Files and folders of CustomResourceDefinitions that custom resources are checked by, from the configuration's folder.
    pub crds: Vec<String>,
    /// How charts and kustomizations are rendered.
    pub rendering: Rendering,
    /// The rules that are off, by name.
    pub disabled: Vec<String>,
    /// The rules that run whatever the profile, by name.
    pub enabled: Vec<String>,
    /// The severities that differ from what rules say, by rule.
    pub severities: Vec<(String, Severity)>,
    /// Settings by rule, where they differ from the defaults.
    pub settings: Vec<(String, Json)>,
    /// Where those settings stand, by rule.
    pub settings_spots: Vec<(String, Spot)>,
    /// What rules may ask their host besides look-ups of the input, by rule.
    pub allowed: Vec<(String, Capabilities)>,
    /// The rules that annotations of objects may waive.
    pub annotated: Vec<String>,
    /// Other values in some places. If several match, the last one counts.
    pub overrides: Vec<Override>,
    /// What is said of policies of somebody else's.
    pub policies: Vec<PolicyConfig>,
    /// Who must have signed what comes out of registries. Where anybody is named, everything must be signed.
    pub signatures: Vec<SignatureConfig>,
    /// What else is evidence of a practice.
    pub maturity: Catalog,
    /// What a webhook does with what rules find.
    pub admission: Admission,
    /// How long a waiver may last, in days from today.
    pub longest_waiver_days: Option<u32>,
    /// The waivers.
    pub waivers: Vec<Waiver>,
}

/// What is said of a policy of somebody else's, for when it is run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyConfig {
    /// Its name: that of its file or its repository.
    pub name: String,
    /// Its settings. Only the policy itself knows what may be in them.
    pub settings: Option<Json>,
    /// What it may ask its host, as far as it declares it.
    pub allow: Capabilities,
}

/// Who must have signed a policy out of a registry. Policies go by where they are, since a name is what a registry says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureConfig {
    /// A registry, a repository of it, or what stands before a `/` of one, without a tag: `ghcr.io/kubewarden/policies`.
    pub of: String,
    /// Public keys (PEM), each of which must have signed; at least one. Nothing has looked at them.
    pub public_keys: Vec<String>,
    /// What each signature must carry among its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Whether a signature counts that was made for another repository, or for none.
    pub any_repository: bool,
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}", line = .position.line, column = .position.column)]
pub struct ConfigError {
    /// What is wrong, and what may have been meant.
    pub message: String,
    /// In which file: the configuration, or what it extends.
    pub file: String,
    /// Where.
    pub position: Position,
}

impl Config {
    /// Reads a configuration for these rules, which extends no other.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(name: &str, text: Vec<u8>, rules: &[&RuleMetadata]) -> Result<Self, ConfigError> {
        Self::load(name, text, rules, &mut Alone)
    }

    /// Reads a configuration for these rules, with what it extends.
    ///
    /// # Errors
    /// The first thing that is wrong with one of them.
    pub fn load(
        name: &str,
        text: Vec<u8>,
        rules: &[&RuleMetadata],
        loader: &mut dyn Loader,
    ) -> Result<Self, ConfigError> {
        let layers = Layers::read(name, text, loader)?;
        match &layers.root {
            None => Ok(Self::default()),
            Some(root) => Reader { layers: &layers, rules }.config(root),
        }
    }

    /// The first waiver that lasts longer than waivers may, from today on. A waiver that nobody looks at again is a rule that
    /// is off.
    ///
    /// # Errors
    /// There is one.
    pub fn check_waivers(&self, today: Date) -> Result<(), ConfigError> {
        let most = self.longest_waiver();
        let is_longer = |waiver: &&Waiver| waiver.expires.days_since(today) > i64::from(most);
        let Some(waiver) = self.waivers.iter().find(is_longer) else { return Ok(()) };
        let Waiver { rule, expires, spot, .. } = waiver;
        let days = expires.days_since(today);
        let message = format!(
            "the waiver of {rule} ends on {expires}, in {days} days; a waiver may last {most} days, or as many as \
             `longest_waiver_days` says"
        );
        let (file, position) = spot
            .clone()
            .map_or_else(|| (String::new(), Position { line: 1, column: 1 }), |spot| (spot.file, spot.position));
        Err(ConfigError { message, file, position })
    }

    /// How long a waiver may last, in days.
    #[must_use]
    pub fn longest_waiver(&self) -> u32 {
        self.longest_waiver_days.unwrap_or(LONGEST_WAIVER_DAYS)
    }

    /// The same configuration, whose patterns for files begin in another folder than the names of files do.
    #[must_use]
    pub fn from_folders(mut self, folders: &Folders) -> Self {
        for over in &mut self.overrides {
            over.scope = std::mem::take(&mut over.scope).from_folders(folders.clone());
        }
        self
    }
}

type Read<T> = Result<T, ConfigError>;

struct Reader<'a> {
    layers: &'a Layers,
    rules: &'a [&'a RuleMetadata],
}

impl Reader<'_> {
    fn config(&self, node: &Node) -> Read<Config> {
        let mut config = Config::default();
        for Entry { key, value, .. } in self.entries(node, &KEYS)? {
            // Nothing is said: what an extended configuration said is taken back.
            if value.value == Value::Null {
                continue;
            }
            match &**key {
                "profile" => {
                    config.profile = Some(self.one_of(value, "profile", &Profile::ALL.map(|it| (it.name(), it)))?)
                }
                "fail_on" => config.fail_on = Some(self.severity(value)?),
                "world" => {
                    let worlds = [Completeness::Complete, Completeness::Partial].map(|it| (it.name(), it));
                    config.world = Some(self.one_of(value, "world", &worlds)?);
                }
                "include" => config.include = self.texts(value, "a pattern")?,
                "exclude" => config.exclude = self.texts(value, "a pattern")?,
                "baseline" => config.baseline = self.optional(node, "baseline")?,
                "crds" => config.crds = self.texts(value, "a file or a folder")?,
                "rendering" => config.rendering = self.rendering(value)?,
                "rules" => self.rules(value, &mut config)?,
                "overrides" => config.overrides = self.overrides(value)?,
                "policies" => config.policies = self.policies(value)?,
                "signatures" => config.signatures = self.signatures(value)?,
                "maturity" => {
                    let catalog = Catalog::read(value);
                    config.maturity = catalog.or_else(|cause| self.refuse(value.span, &cause.to_string()))?;
                }
                "admission" => config.admission = self.admission(value)?,
                "longest_waiver_days" => config.longest_waiver_days = Some(self.days(value)?),
                _ => {}
            }
        }
        // Last, since they name what is in the others.
        let waivers = node.get("waivers").filter(|waivers| waivers.value != Value::Null);
        for waiver in waivers.map_or(Ok(&[][..]), |waivers| self.items(waivers))? {
            config.waivers.push(self.waiver(waiver, &config.policies)?);
        }
        Ok(config)
    }

    fn rules(&self, node: &Node, config: &mut Config) -> Read<()> {
        for entry in self.entries(node, &self.names())? {
            let name = entry.key.to_string();
            let Some(rule) = self.rules.iter().find(|rule| rule.name == name) else { continue };
            if let Value::Bool(is_on) = entry.value.value {
                let meant = format!("a rule takes a mapping, such as `{{enabled: {is_on}}}`");
                return self.refuse(entry.value.span, &meant);
            }
            for option in self.entries(&entry.value, &["enabled", "severity", "settings", "allow", "annotations"])? {
                match (&*option.key, &option.value.value) {
                    (_, Value::Null) => {}
                    ("enabled", Value::Bool(true)) => config.enabled.push(name.clone()),
                    ("enabled", Value::Bool(false)) => config.disabled.push(name.clone()),
                    ("annotations", Value::Bool(true)) => config.annotated.push(name.clone()),
                    ("annotations", Value::Bool(false)) => {}
                    (key @ ("enabled" | "annotations"), _) => {
                        return self.refuse(option.value.span, &format!("`{key}` is true or false"));
                    }
                    ("severity", _) => config.severities.push((name.clone(), self.severity(&option.value)?)),
                    ("allow", _) => config.allowed.push((name.clone(), self.capabilities(&option.value)?)),
                    _ => {
                        config.settings.push((name.clone(), self.settings(&option.value, rule)?));
                        config.settings_spots.push((name.clone(), self.layers.spot(option.value.span)));
                    }
                }
            }
        }
        Ok(())
    }

    fn names(&self) -> Vec<&str> {
        self.rules.iter().map(|rule| rule.name.as_str()).collect()
    }

    fn severity(&self, node: &Node) -> Read<Severity> {
        self.one_of(node, "severity", &Severity::ALL.map(|severity| (severity.name(), severity)))
    }

    /// One of some words.
    fn one_of<T: Copy>(&self, node: &Node, noun: &str, known: &[(&str, T)]) -> Read<T> {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let text = node.as_str().unwrap_or_default();
        match known.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(*value),
            None => {
                let hint = suggestion(text, &words);
                self.refuse(node.span, &format!("a {noun} is one of {}{hint}", words.join(", ")))
            }
        }
    }

    fn days(&self, node: &Node) -> Read<u32> {
        let number = match &node.value {
            Value::Number(number) => number.as_u64().and_then(|days| u32::try_from(days).ok()).filter(|days| *days > 0),
            _ => None,
        };
        number.map_or_else(|| self.refuse(node.span, "a number of days, such as 365"), Ok)
    }

    /// A list of strings that are not empty.
    fn texts(&self, node: &Node, noun: &str) -> Read<Vec<String>> {
        let text = |item: &Node| match item.as_str() {
            Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
            _ => self.refuse(item.span, &format!("{noun} is a string that is not empty")),
        };
        self.items(node)?.iter().map(text).collect()
    }

    /// The entries of a mapping, all of which are known.
    fn entries<'n>(&self, node: &'n Node, known: &[&str]) -> Read<&'n [Entry]> {
        let Value::Mapping(entries) = &node.value else {
            return self.refuse(node.span, &format!("expected a mapping, found {}", node.value.description()));
        };
        match entries.iter().find(|entry| !known.contains(&&*entry.key)) {
            None => Ok(entries),
            Some(entry) => {
                let hint = suggestion(&entry.key, known);
                self.refuse(entry.key_span, &format!("`{}` is not known here{hint}", entry.key))
            }
        }
    }

    fn items<'n>(&self, node: &'n Node) -> Read<&'n [Node]> {
        match &node.value {
            Value::Sequence(items) => Ok(items),
            other => self.refuse(node.span, &format!("expected a list, found {}", other.description())),
        }
    }

    fn field<'n>(&self, node: &'n Node, key: &str) -> Read<&'n Node> {
        node.get(key).map_or_else(|| self.refuse(node.span, &format!("`{key}` is missing")), Ok)
    }

    fn required(&self, node: &Node, key: &str) -> Read<String> {
        let value = self.field(node, key)?;
        match value.as_str() {
            Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
            _ => self.refuse(value.span, &format!("`{key}` is a string that is not empty")),
        }
    }

    fn optional(&self, node: &Node, key: &str) -> Read<Option<String>> {
        node.get(key).map(|_| self.required(node, key)).transpose()
    }

    fn refuse<T>(&self, span: Span, message: &str) -> Read<T> {
        self.layers.refuse(span, message)
    }
}
