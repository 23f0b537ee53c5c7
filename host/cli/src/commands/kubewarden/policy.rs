//! A rule as a policy: its module's metadata, and what the configuration and the command line say about it.

use engine::Settings;
use engine::config::Config;
use serde_json::{Map, Value, json};

use super::places::{Place, Places};
use super::{Args, conditions};
use crate::bundle::Found;
use crate::failure::Failure;

/// Kinds of cluster scope among those that rules judge, by resource. An AdmissionPolicy is about one namespace.
const CLUSTER_SCOPED: [(&str, &str); 2] =
    [("rbac.authorization.k8s.io", "clusterroles"), ("rbac.authorization.k8s.io", "clusterrolebindings")];

/// What a policy is made of, whichever kind of it is written.
pub struct Policy {
    /// The rule's name.
    pub name: String,
    /// What is required.
    pub title: String,
    pub severity: &'static str,
    pub category: String,
    pub place: Place,
    /// The requests that it is asked about, as an API server takes them.
    pub rules: Vec<Value>,
    /// The kinds that it may look up, `{apiVersion, kind}`.
    pub looks_up: Vec<Value>,
    /// Settings that differ from the defaults.
    pub settings: Value,
    /// Match conditions of this policy alone.
    pub conditions: Vec<Value>,
    pub background_audit: bool,
    /// The JSON Schema of each setting that there is, by name.
    pub known_settings: Value,
}

/// Whether a rule becomes a policy.
pub enum Choice {
    Policy(Box<Policy>),
    /// For this reason.
    LeftOut(&'static str),
}

impl Policy {
    /// The policy of a module, if it becomes one.
    ///
    /// # Errors
    /// The module says nothing to Kubewarden, or is nowhere.
    pub fn choose(found: &Found, config: &Config, places: &Places, options: &Args) -> Result<Choice, Failure> {
        let rule = &found.metadata;
        let name = &rule.name;
        let metadata = found.kubewarden().map_err(|cause| Failure::Bundle(format!("{name} {cause}")))?;
        let text = |pointer: &str| metadata.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let list = |field: &str| metadata.get(field).and_then(Value::as_array).cloned().unwrap_or_default();

        let settings = config.settings_of(name).cloned().unwrap_or_else(|| Value::Object(Map::new()));
        if config.disabled.contains(name) {
            return Ok(Choice::LeftOut("the configuration says so"));
        }
        if !Settings::new(rule, &settings).suffices() {
            return Ok(Choice::LeftOut("it needs settings, and the configuration has none for it"));
        }
        if text("/policyType") == "raw" {
            return Ok(Choice::LeftOut("it checks documents that no API server has"));
        }
        let looks_up = list("contextAwareResources");
        let mut rules = list("rules");
        if options.namespace.is_some() {
            if !looks_up.is_empty() {
                return Ok(Choice::LeftOut("it looks at other objects, which a namespace's policies may not"));
            }
            rules = namespaced(rules);
        }
        if rules.is_empty() {
            return Ok(Choice::LeftOut("it checks nothing that belongs to a namespace"));
        }
        if !options.pods {
            rules = without(rules, &conditions::MADE);
            if rules.is_empty() {
                return Ok(Choice::LeftOut("it checks only what controllers make: use --pods"));
            }
        }
        let place = places.of(name, text("/annotations/io.kubewarden.policy.ociUrl"), &rule.version)?;
        Ok(Choice::Policy(Box::new(Self {
            name: name.clone(),
            title: rule.title.clone(),
            severity: rule.severity.name(),
            category: text("/annotations/io.kubewarden.policy.category").to_owned(),
            place,
            rules,
            looks_up,
            settings,
            conditions: Vec::new(),
            known_settings: rule.settings.get("properties").cloned().unwrap_or_else(|| json!({})),
            background_audit: metadata.get("backgroundAudit") != Some(&Value::Bool(false)),
        })))
    }

    /// Whether it is asked about a part of such objects, as `pods/ephemeralcontainers` is one of `pods`.
    pub fn asks_about_part_of(&self, resource: &str) -> bool {
        let is_part = |asked: &str| asked.strip_prefix(resource).is_some_and(|rest| rest.starts_with('/'));
        self.rules.iter().flat_map(|rule| strings(rule, "resources")).any(is_part)
    }

    /// What a policy of a cluster is called: not as anybody else's.
    pub fn object_name(&self) -> String {
        format!("seaworthy-{}", self.name)
    }

    /// What Kubewarden's reports show of a policy.
    pub fn annotations(&self) -> Value {
        json!({
            "io.kubewarden.policy.title": self.name,
            "io.kubewarden.policy.description": self.title,
            "io.kubewarden.policy.severity": self.severity,
            "io.kubewarden.policy.category": self.category,
        })
    }
}

/// The part of a policy's rules that belongs to namespaces. A namespace's policy may not ask for everything.
fn namespaced(rules: Vec<Value>) -> Vec<Value> {
    let mut rules = without(rules, &CLUSTER_SCOPED);
    rules.retain(|rule| !strings(rule, "resources").contains(&"*"));
    for fields in rules.iter_mut().filter_map(Value::as_object_mut) {
        fields.insert("scope".to_owned(), json!("Namespaced"));
    }
    rules
}

/// The rules without these resources, `(group, name)`.
fn without(rules: Vec<Value>, left_out: &[(&str, &str)]) -> Vec<Value> {
    let narrowed = rules.into_iter().filter_map(|mut rule| {
        let groups = strings(&rule, "apiGroups");
        let mut resources = strings(&rule, "resources");
        resources.retain(|resource| !left_out.iter().any(|(group, known)| groups.contains(group) && resource == known));
        let resources = json!(resources);
        let fields = rule.as_object_mut().filter(|_| resources != json!([]))?;
        fields.insert("resources".to_owned(), resources);
        Some(rule)
    });
    narrowed.collect()
}

fn strings<'a>(rule: &'a Value, field: &str) -> Vec<&'a str> {
    let items = rule.get(field).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}
