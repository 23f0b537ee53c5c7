//! The configuration: which rules, with which settings, and what is waived.
//!
//! ```yaml
//! rules:
//!   container-resources:
//!     settings: {cpu_limit: false}
//!   liveness-probe:
//!     enabled: false
//!   signed-image:
//!     settings: {public_keys: [...]}
//!     allow: [oci/v2/verify]
//! policies:
//!   safe-labels:
//!     settings: {mandatory_labels: [owner]}
//!     allow: [kubernetes/get_resource]
//! signatures:
//!   - of: ghcr.io/kubewarden/policies
//!     public_keys: ["-----BEGIN PUBLIC KEY-----..."]
//! maturity:
//!   practices: {automated-deployment: {commands: [shipit]}}
//! waivers:
//!   - rule: run-as-non-root
//!     object: {kind: Deployment, namespace: shop, name: legacy}
//!     container: app
//!     by: ana@example.com
//!     why: the vendor's image needs root until 4.2
//!     until: 2027-03-31
//! ```
//!
//! What is not known is refused, with its place and a suggestion: a mistyped rule must not be a rule that is off.

mod policies;
mod signatures;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use protocol::RuleMetadata;
use serde_json::{Map, Value as Json};

use crate::capability::Capabilities;
use crate::manifest::{Content, Entry, Limits, Manifest, Node, Position, Span, Value, read};
use crate::maturity::Catalog;
use crate::waiver::{Date, Waiver};

pub use crate::spelling::suggestion;

/// A configuration that holds against a bundle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The rules that are off, by name.
    pub disabled: Vec<String>,
    /// The rules that run whatever the profile, by name.
    pub enabled: Vec<String>,
    /// Settings by rule, where they differ from the defaults.
    pub settings: Vec<(String, Json)>,
    /// What rules may ask their host besides look-ups of the input, by rule.
    pub allowed: Vec<(String, Capabilities)>,
    /// What is said of policies of somebody else's.
    pub policies: Vec<PolicyConfig>,
    /// Who must have signed what comes out of registries. Where anybody is named, everything must be signed.
    pub signatures: Vec<SignatureConfig>,
    /// What else is evidence of a practice.
    pub maturity: Catalog,
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
    /// Where.
    pub position: Position,
}

impl Config {
    /// Reads a configuration for these rules.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(name: &str, text: Vec<u8>, rules: &[&RuleMetadata]) -> Result<Self, ConfigError> {
        let manifest = read(name, text, &Limits::default());
        if let Some(problem) = manifest.problems.first() {
            return Err(ConfigError { message: problem.kind.to_string(), position: problem.position });
        }
        let reader = Reader { manifest: &manifest, rules };
        match manifest.documents.as_slice() {
            [document] => match &document.content {
                Content::Other(node) => reader.config(node),
                Content::Empty => Ok(Self::default()),
                _ => reader.refuse(
                    document.span,
                    "a configuration has `rules`, `policies`, `signatures`, `maturity` and `waivers`",
                ),
            },
            [_, second, ..] => reader.refuse(second.span, "a configuration is one document"),
            [] => Ok(Self::default()),
        }
    }
}

type Read<T> = Result<T, ConfigError>;

struct Reader<'a> {
    manifest: &'a Manifest,
    rules: &'a [&'a RuleMetadata],
}

impl Reader<'_> {
    fn config(&self, node: &Node) -> Read<Config> {
        let mut config = Config::default();
        for entry in self.entries(node, &["rules", "policies", "signatures", "maturity", "waivers"])? {
            match &*entry.key {
                "rules" => self.rules(&entry.value, &mut config)?,
                "policies" => config.policies = self.policies(&entry.value)?,
                "signatures" => config.signatures = self.signatures(&entry.value)?,
                "maturity" => {
                    let catalog = Catalog::read(&entry.value);
                    config.maturity = catalog.or_else(|cause| self.refuse(entry.value.span, &cause.to_string()))?;
                }
                _ => {}
            }
        }
        // Last, since they name what is in the others.
        for waiver in node.get("waivers").map_or(Ok(&[][..]), |waivers| self.items(waivers))? {
            config.waivers.push(self.waiver(waiver, &config.policies)?);
        }
        Ok(config)
    }

    fn rules(&self, node: &Node, config: &mut Config) -> Read<()> {
        let names: Vec<&str> = self.rules.iter().map(|rule| rule.name.as_str()).collect();
        for entry in self.entries(node, &names)? {
            let name = entry.key.to_string();
            let Some(rule) = self.rules.iter().find(|rule| rule.name == name) else { continue };
            if let Value::Bool(is_on) = entry.value.value {
                let meant = format!("a rule takes a mapping, such as `{{enabled: {is_on}}}`");
                return self.refuse(entry.value.span, &meant);
            }
            for option in self.entries(&entry.value, &["enabled", "settings", "allow"])? {
                match (&*option.key, &option.value.value) {
                    ("enabled", Value::Bool(true)) => config.enabled.push(name.clone()),
                    ("enabled", Value::Bool(false)) => config.disabled.push(name.clone()),
                    ("enabled", _) => return self.refuse(option.value.span, "`enabled` is true or false"),
                    ("allow", _) => config.allowed.push((name.clone(), self.capabilities(&option.value)?)),
                    _ => config.settings.push((name.clone(), self.settings(&option.value, rule)?)),
                }
            }
        }
        Ok(())
    }

    /// Settings that fit the rule's schema. The rule itself has the last word when it is loaded with them.
    fn settings(&self, node: &Node, rule: &RuleMetadata) -> Read<Json> {
        self.typed(node, &rule.settings)?;
        serde_json::to_value(node).or_else(|cause| self.refuse(node.span, &cause.to_string()))
    }

    /// A mapping that fits the schema of an object.
    fn typed(&self, node: &Node, schema: &Json) -> Read<()> {
        let empty = Map::new();
        let properties = schema.get("properties").and_then(Json::as_object).unwrap_or(&empty);
        let known: Vec<&str> = properties.keys().map(String::as_str).collect();
        for entry in self.entries(node, &known)? {
            let wanted = properties.get(&*entry.key);
            if let Some((node, noun)) = wanted.and_then(|schema| mismatch(schema, &entry.value)) {
                let part = if node.span == entry.value.span { "" } else { "an item of " };
                let message = format!("{part}`{}` is {noun}, not {}", entry.key, node.value.description());
                return self.refuse(node.span, &message);
            }
            let items = wanted.and_then(|schema| schema.get("items")).filter(|items| items.get("properties").is_some());
            if let (Some(items), Value::Sequence(structs)) = (items, &entry.value.value) {
                for item in structs {
                    self.typed(item, items)?;
                    let required = items.get("required").and_then(Json::as_array).into_iter().flatten();
                    required.filter_map(Json::as_str).try_for_each(|key| self.field(item, key).map(drop))?;
                }
            }
        }
        Ok(())
    }

    fn waiver(&self, node: &Node, policies: &[PolicyConfig]) -> Read<Waiver> {
        self.entries(node, &["rule", "object", "container", "by", "why", "until"])?;
        let (rule, object) = (self.required(node, "rule")?, self.field(node, "object")?);
        let names = self.rules.iter().map(|rule| rule.name.as_str());
        let names: Vec<&str> = names.chain(policies.iter().map(|policy| policy.name.as_str())).collect();
        if !names.contains(&rule.as_str()) {
            let span = self.field(node, "rule")?.span;
            return self.refuse(span, &format!("there is no rule `{rule}`{}", suggestion(&rule, &names)));
        }
        self.entries(object, &["kind", "namespace", "name"])?;
        let until = self.field(node, "until")?;
        let Some(date) = until.as_str().and_then(Date::parse) else {
            return self.refuse(until.span, "`until` is a day, such as 2027-03-31");
        };
        Ok(Waiver {
            rule,
            kind: self.optional(object, "kind")?,
            namespace: self.optional(object, "namespace")?,
            name: self.required(object, "name")?,
            container: self.optional(node, "container")?,
            by: self.required(node, "by")?,
            why: self.required(node, "why")?,
            until: date,
        })
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
        Err(ConfigError { message: message.to_owned(), position: self.manifest.source.position(span.start) })
    }
}

/// The value, or the item of it, that is not what the schema wants, and what that would be.
fn mismatch<'n>(schema: &Json, node: &'n Node) -> Option<(&'n Node, String)> {
    let types: Vec<&str> = match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => return None,
    };
    let is = |wanted: &&str| match (*wanted, &node.value) {
        ("boolean", Value::Bool(_)) | ("string", Value::String(_)) | ("number", Value::Number(_)) => true,
        ("integer", Value::Number(number)) => number.is_u64() || number.is_i64(),
        ("array", Value::Sequence(_)) | ("object", Value::Mapping(_)) | (_, Value::Null) => true,
        _ => false,
    };
    if types.iter().any(is) {
        return match (&node.value, schema.get("items")) {
            (Value::Sequence(items), Some(schema)) => items.iter().find_map(|item| mismatch(schema, item)),
            _ => None,
        };
    }
    let noun = |name: &&str| match *name {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "array" => "a list",
        "object" => "a mapping",
        "number" => "a number",
        _ => "a string",
    };
    Some((node, types.iter().map(noun).collect::<Vec<_>>().join(" or ")))
}
