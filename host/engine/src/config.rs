//! The configuration: which rules, with which settings, and what is waived.
//!
//! ```yaml
//! rules:
//!   container-resources:
//!     settings: {cpu_limit: false}
//!   liveness-probe:
//!     enabled: false
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

use protocol::RuleMetadata;
use serde_json::{Map, Value as Json};

use crate::manifest::{Content, Entry, Limits, Manifest, Node, Position, Span, Value, read};
use crate::waiver::{Date, Waiver};

/// A configuration that holds against a bundle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The rules that are off, by name.
    pub disabled: Vec<String>,
    /// Settings by rule, where they differ from the defaults.
    pub settings: Vec<(String, Json)>,
    /// The waivers.
    pub waivers: Vec<Waiver>,
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// What is wrong, and what may have been meant.
    pub message: String,
    /// Where.
    pub position: Position,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}: {}", self.position.line, self.position.column, self.message)
    }
}

impl std::error::Error for ConfigError {}

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
                _ => reader.refuse(document.span, "a configuration has `rules` and `waivers`"),
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
        for entry in self.entries(node, &["rules", "waivers"])? {
            match &*entry.key {
                "rules" => self.rules(&entry.value, &mut config)?,
                _ => {
                    for waiver in self.items(&entry.value)? {
                        config.waivers.push(self.waiver(waiver)?);
                    }
                }
            }
        }
        Ok(config)
    }

    fn rules(&self, node: &Node, config: &mut Config) -> Read<()> {
        let names: Vec<&str> = self.rules.iter().map(|rule| rule.name.as_str()).collect();
        for entry in self.entries(node, &names)? {
            let name = entry.key.to_string();
            let Some(rule) = self.rules.iter().find(|rule| rule.name == name) else { continue };
            for option in self.entries(&entry.value, &["enabled", "settings"])? {
                match (&*option.key, &option.value.value) {
                    ("enabled", Value::Bool(true)) => {}
                    ("enabled", Value::Bool(false)) => config.disabled.push(name.clone()),
                    ("enabled", _) => return self.refuse(option.value.span, "`enabled` is true or false"),
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

    fn waiver(&self, node: &Node) -> Read<Waiver> {
        self.entries(node, &["rule", "object", "container", "by", "why", "until"])?;
        let (rule, object) = (self.required(node, "rule")?, self.field(node, "object")?);
        let known = |rule: &&RuleMetadata| Some(rule.name.as_str()) == self.rule_name(node);
        if !self.rules.iter().copied().any(|rule| known(&rule)) {
            let names: Vec<&str> = self.rules.iter().map(|rule| rule.name.as_str()).collect();
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

    fn rule_name<'n>(&self, node: &'n Node) -> Option<&'n str> {
        node.get("rule").and_then(Node::as_str)
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

/// `; did you mean ...?`, where something known is near enough, or nothing.
#[must_use]
pub fn suggestion(word: &str, known: &[&str]) -> String {
    let near = known.iter().map(|candidate| (strsim::jaro_winkler(word, candidate), candidate));
    match near.max_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((likeness, candidate)) if likeness > 0.8 => format!("; did you mean `{candidate}`?"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use protocol::{Section, Severity};
    use serde_json::json;

    use super::*;

    fn rule(name: &str, settings: Json) -> RuleMetadata {
        RuleMetadata {
            name: name.into(),
            version: String::new(),
            title: String::new(),
            documentation: String::new(),
            severity: Severity::Low,
            section: Section::Security,
            since: String::new(),
            applies_to: Vec::new(),
            reads: Vec::new(),
            looks_up: Vec::new(),
            capabilities: Vec::new(),
            settings,
            examples: Vec::new(),
        }
    }

    fn read_config(text: &str) -> Result<Config, String> {
        let types = json!({"properties": {
            "own": {"type": "boolean"},
            "names": {"type": "array", "items": {"type": "string"}},
            "most": {"type": "integer"},
            "ratio": {"type": ["number", "null"]},
            "map": {"type": "object"},
            "any": {}}});
        let rules = [rule("typed-rule", types), rule("plain-rule", Json::Null)];
        let rules: Vec<&RuleMetadata> = rules.iter().collect();
        Config::read("c.yaml", text.into(), &rules).map_err(|cause| cause.to_string())
    }

    fn settings(yaml: &str) -> Result<Json, String> {
        let config = read_config(&format!("rules:\n  typed-rule:\n    settings: {yaml}\n"))?;
        Ok(config.settings.into_iter().next().unwrap().1)
    }

    #[test]
    fn a_configuration_says_what_is_off_set_and_waived() {
        let config = read_config(
            "rules:\n  plain-rule: {enabled: false}\n  typed-rule: {enabled: true, settings: {own: true}}\n\
             waivers:\n- rule: plain-rule\n  object: {kind: Pod, namespace: shop, name: web}\n  container: app\n  \
             by: ana\n  why: it moves\n  until: 2027-03-31\n- {rule: typed-rule, object: {name: x}, by: b, why: c, until: 2027-03-31}\n",
        )
        .unwrap();
        assert_eq!(config.disabled, ["plain-rule"]);
        assert_eq!(config.settings, [("typed-rule".to_owned(), json!({"own": true}))]);
        let [first, second] = config.waivers.as_slice() else { unreachable!() };
        assert_eq!((first.kind.as_deref(), first.container.as_deref()), (Some("Pod"), Some("app")));
        assert_eq!(first.until.to_string(), "2027-03-31");
        assert_eq!((second.kind.as_deref(), second.namespace.as_deref()), (None, None));
    }

    #[test]
    fn a_configuration_may_be_empty() {
        for text in ["", "# nothing\n", "{}", "rules: {}\nwaivers: []\n"] {
            assert_eq!(read_config(text), Ok(Config::default()), "{text}");
        }
    }

    #[test]
    fn settings_keep_their_types() {
        let given = "{own: no, names: [a, b], most: 3, ratio: 1.5, map: {a: 1}, any: [x, 1]}";
        let read =
            json!({"own": false, "names": ["a", "b"], "most": 3, "ratio": 1.5, "map": {"a": 1}, "any": ["x", 1]});
        assert_eq!(settings(given), Ok(read));
        // Null is the default, whatever the type.
        assert_eq!(settings("{own: null}"), Ok(json!({"own": null})));
    }

    #[test]
    fn settings_of_another_type_are_refused_with_their_place() {
        for (given, expected) in [
            ("{own: 'yes'}", "3:21: `own` is true or false, not a string"),
            ("{names: a}", "3:23: `names` is a list, not a string"),
            ("{names: [a, 1]}", "3:27: an item of `names` is a string, not a number"),
            ("{most: 1.5}", "3:22: `most` is a whole number, not a number"),
            ("{ratio: x}", "3:23: `ratio` is a number"),
            ("{map: []}", "3:21: `map` is a mapping, not a list"),
            ("[own]", "3:15: expected a mapping, found a list"),
            ("{of: 1}", "3:16: `of` is not known here"),
        ] {
            let refused = settings(given).unwrap_err();
            assert!(refused.starts_with(expected), "{given}: {refused}");
        }
        assert_eq!(
            read_config("rules: {plain-rule: {settings: {own: 1}}}"),
            Err("1:33: `own` is not known here".into())
        );
    }

    #[test]
    fn settings_may_be_lists_of_mappings() {
        let item = json!({"type": "object", "properties": {"kind": {"type": "string"}, "most": {"type": "integer"}},
            "required": ["kind"]});
        let schema = json!({"properties": {"list": {"type": "array", "items": item}}});
        let rules = [rule("listing-rule", schema)];
        let read = |yaml: &str| {
            let text = format!("rules:\n  listing-rule:\n    settings: {{list: {yaml}}}\n");
            let config = Config::read("c.yaml", text.into_bytes(), &rules.iter().collect::<Vec<_>>());
            config.map(|config| config.settings).map_err(|cause| cause.to_string())
        };
        let given = json!({"list": [{"kind": "Pod", "most": 3}, {"kind": "Job"}]});
        assert_eq!(read("[{kind: Pod, most: 3}, {kind: Job}]"), Ok(vec![("listing-rule".to_owned(), given)]));
        for (given, expected) in [
            ("[{kin: Pod}]", "3:24: `kin` is not known here; did you mean `kind`?"),
            ("[{kind: 1}]", "3:30: `kind` is a string, not a number"),
            ("[{kind: Pod}, {most: 3}]", "3:36: `kind` is missing"),
            ("[Pod]", "3:23: an item of `list` is a mapping, not a string"),
            ("[null]", "3:23: expected a mapping, found null"),
        ] {
            assert_eq!(read(given), Err(expected.to_owned()), "{given}");
        }
    }

    #[test]
    fn every_part_of_a_waiver_is_asked_for() {
        let whole = "rule: plain-rule, object: {name: web}, by: ana, why: it moves, until: 2027-03-31";
        assert!(read_config(&format!("waivers: [{{{whole}}}]")).is_ok());
        for part in
            ["rule: plain-rule, ", "object: {name: web}, ", "by: ana, ", "why: it moves, ", ", until: 2027-03-31"]
        {
            let refused = read_config(&format!("waivers: [{{{}}}]", whole.replace(part, ""))).unwrap_err();
            let key = part.trim_start_matches(", ").split(':').next().unwrap_or_default();
            assert_eq!(refused, format!("1:11: `{key}` is missing"));
        }
        for (part, other, expected) in [
            ("name: web", "kind: Pod", "`name` is missing"),
            ("name: web", "name: web, labels: {}", "`labels` is not known here"),
            ("plain-rule", "plain-rul", "there is no rule `plain-rul`; did you mean `plain-rule`?"),
            ("plain-rule", "[plain-rule]", "`rule` is a string that is not empty"),
            ("it moves", "' '", "`why` is a string that is not empty"),
            ("2027-03-31", "2027-02-29", "`until` is a day, such as 2027-03-31"),
            ("2027-03-31", "soon", "`until` is a day, such as 2027-03-31"),
        ] {
            let refused = read_config(&format!("waivers: [{{{}}}]", whole.replace(part, other))).unwrap_err();
            assert!(refused.ends_with(expected), "{other}: {refused}");
        }
    }

    #[test]
    fn suggestions_are_near_or_not_made() {
        let known = ["readiness-probe", "liveness-probe"];
        assert_eq!(suggestion("readines-prob", &known), "; did you mean `readiness-probe`?");
        assert_eq!(suggestion("xyz", &known), "");
        assert_eq!(suggestion("readiness-probe", &[]), "");
    }
}
