//! The JSON Schema of configurations, for editors: made of the rules' own schemas, so that it knows every setting.

use protocol::{Profile, RuleMetadata, Severity};
use serde_json::{Map, Value as Json, json};

use super::admission::Mode;
use super::rendering::GENERATORS;

/// The schema of configurations for these rules.
#[must_use]
pub fn schema(rules: &[&RuleMetadata]) -> Json {
    let text = |description: &str| json!({"type": "string", "minLength": 1, "description": description});
    let texts = |description: &str| json!({"type": "array", "items": {"type": "string", "minLength": 1}, "description": description});
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    let elements =
        GENERATORS.map(|generator| (generator.to_owned(), json!({"type": "array", "items": {"type": "object"}})));
    let severities = Severity::ALL.map(Severity::name);
    let severity = |description: &str| json!({"enum": severities, "description": description});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://seaworthy.dev/configuration/v1",
        "title": "Configuration of seaworthy",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "extends": {
                "description": "Configurations that this one is laid over: a file, registry://HOST/REPOSITORY@sha256:DIGEST, or several.",
                "anyOf": [{"type": "string", "minLength": 1}, texts("The last one has the last word.")],
            },
            "profile": {"enum": Profile::ALL.map(Profile::name), "description": "How many rules run."},
            "fail_on": severity("The lowest severity that fails a run."),
            "world": {"enum": ["complete", "partial"], "description": "Whether the input is complete."},
            "include": texts("Which files are read, as in .gitignore, from the folder of the configuration."),
            "exclude": texts("Which files are not read, as in .gitignore, from the folder of the configuration."),
            "baseline": text("The file of findings that are known, from the folder of the configuration."),
            "crds": texts("Files and folders of CustomResourceDefinitions that custom resources are checked by."),
            "rendering": {
                "type": "object",
                "additionalProperties": false,
                "description": "How charts and kustomizations are rendered.",
                "properties": {
                    "enabled": {"type": "boolean"},
                    "values": texts("Files of values for charts."),
                    "set": texts("Single values for charts, as helm --set takes them."),
                    "kube_version": text("The version of Kubernetes that charts ask for."),
                    "api_versions": texts("The API versions that charts may count on."),
                    "repositories": texts("Addresses of this repository beside those of its remotes."),
                    "generators": {
                        "type": "object",
                        "additionalProperties": false,
                        "properties": Map::from_iter(elements),
                        "description": "What generators of ApplicationSets give that ask a cluster or a server, such as clusters.",
                    },
                    "roots": texts("Folders that are deployed though nothing here refers to them."),
                },
            },
            "rules": {
                "type": "object",
                "additionalProperties": false,
                "properties": by_rule(rules, &|rule| json!({
                    "enabled": {"type": "boolean", "description": "false: off; true: on, whatever the profile."},
                    "severity": severity("How bad it is when the rule fails."),
                    "settings": settings(rule),
                    "allow": texts("What the rule may ask besides the input, such as oci/v2/verify."),
                    "annotations": {"type": "boolean", "description": "Whether annotations of objects may waive it."},
                })),
            },
            "overrides": {
                "description": "Other values in some places. If several match, the last one counts.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["rules"],
                    "properties": {
                        "paths": texts("Files, with * and **, from the folder of the configuration."),
                        "namespaces": texts("Namespaces, with *."),
                        "rules": {
                            "type": "object",
                            "additionalProperties": false,
                            "properties": by_rule(rules, &|rule| json!({
                                "enabled": {"type": "boolean"},
                                "severity": severity("How bad it is here."),
                                "settings": settings(rule),
                            })),
                        },
                    },
                },
            },
            "policies": {
                "description": "What is said of policies of others, by name.",
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {"settings": {"type": "object"}, "allow": texts("What it may ask.")},
                },
            },
            "signatures": {
                "description": "Who must have signed what comes out of registries.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["of", "public_keys"],
                    "properties": {
                        "of": text("A registry, or a repository of it."),
                        "public_keys": texts("Public keys (PEM), each of which must have signed."),
                        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
                        "any_repository": {"type": "boolean"},
                    },
                },
            },
            "maturity": {"type": "object", "description": "What else is evidence of a practice: docs/maturity.md."},
            "admission": admission(&names),
            "longest_waiver_days": {"type": "integer", "minimum": 1, "description": "How long a waiver may last."},
            "waivers": waivers(&names),
        },
    })
}

/// Findings that somebody answers for.
fn waivers(rules: &[&str]) -> Json {
    let text = |description: &str| json!({"type": "string", "minLength": 1, "description": description});
    json!({
        "description": "Findings that somebody answers for until a day.",
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["rule", "object", "owner", "reason", "expires"],
            "properties": {
                "rule": {"description": "The rule, or a policy.", "anyOf": [{"enum": rules}, {"type": "string"}]},
                "object": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["name"],
                    "properties": {
                        "group": {"type": "string", "description": "API group, with *; '' for the core group."},
                        "kind": text("Kind, with *."),
                        "namespace": text("Namespace, with *."),
                        "name": text("Name, with *."),
                    },
                },
                "container": text("The container."),
                "path": text("The field, such as spec.template.spec.containers[*].image, and what is below it."),
                "environment": text("The environment, with *."),
                "owner": text("Who answers for it."),
                "reason": text("Why."),
                "expires": {
                    "type": "string",
                    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
                    "description": "The last day on which it counts.",
                },
            },
        },
    })
}

/// What `seaworthy serve` is told.
fn admission(rules: &[&str]) -> Json {
    let mode =
        || json!({"enum": Mode::ALL.map(Mode::name), "description": "Whether findings deny, warn, or are counted."});
    let reaction = |description: &str| json!({"enum": ["warn", "deny"], "description": description});
    let namespaces =
        json!({"type": "array", "items": {"type": "string", "minLength": 1}, "description": "Namespaces, with *."});
    json!({
        "type": "object",
        "additionalProperties": false,
        "description": "What `seaworthy serve` does with what rules find: docs/serve.md.",
        "properties": {
            "mode": mode(),
            "undecided": reaction("Where an enforced rule gave no answer."),
            "known": reaction("On an update, where an enforced rule finds only what was there before."),
            "modes": {
                "description": "Other modes in some places. If several match, the last one counts.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["mode"],
                    "properties": {
                        "rules": {"type": "array", "items": {"enum": rules}},
                        "namespaces": namespaces,
                        "mode": mode(),
                    },
                },
            },
        },
    })
}

fn by_rule(rules: &[&RuleMetadata], properties: &dyn Fn(&RuleMetadata) -> Json) -> Json {
    let of = |rule: &&RuleMetadata| {
        let properties = properties(rule);
        let schema = json!({
            "type": "object", "additionalProperties": false, "description": rule.title, "properties": properties,
        });
        (rule.name.clone(), schema)
    };
    Json::Object(rules.iter().map(of).collect::<Map<_, _>>())
}

/// The rule's own schema, in which anything may be null: that is the default.
fn settings(rule: &RuleMetadata) -> Json {
    let properties = rule.settings.get("properties").cloned().unwrap_or_else(|| json!({}));
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}
