//! What every module says to policy-server, kwctl and the Artifact Hub: complete, and by their own rules.

use std::collections::BTreeSet;

use protocol::documents::document_kind;
use protocol::{KindMatch, WORKLOADS, resource_name};
use seaworthy_tests::metadata;
use serde_json::Value;

use crate::policies::POLICIES;

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|item| item.as_str().expect("a string")).collect()
}

/// The rules that ask about this resource, as `operations`.
fn operations<'a>(metadata: &'a Value, group: &str, resource: &str) -> BTreeSet<&'a str> {
    let rules = metadata["rules"].as_array().unwrap().iter();
    let concerned = rules.filter(|rule| {
        let is_asked =
            |field: &str, wanted: &str| strings(&rule[field]).iter().any(|item| [wanted, "*"].contains(item));
        // A wildcard is every resource, and no subresource.
        is_asked("apiGroups", group)
            && strings(&rule["resources"])
                .iter()
                .any(|item| *item == resource || (*item == "*" && !resource.contains('/')))
    });
    concerned.flat_map(|rule| strings(&rule["operations"])).collect()
}

#[test]
fn the_fields_are_those_of_policy_metadata() {
    for (name, loaded) in POLICIES.iter() {
        let fields = loaded.metadata.as_object().unwrap();
        // No API server has the documents of a host.
        let is_raw = fields["rules"].as_array().is_some_and(Vec::is_empty);
        let policy_type = if is_raw { "raw" } else { "kubernetes" };
        for (field, wanted) in
            [("protocolVersion", "v1"), ("executionMode", "kubewarden-wapc"), ("policyType", policy_type)]
        {
            assert_eq!(fields[field], wanted, "{name}: {field}");
        }
        assert_eq!((&fields["mutating"], &fields["backgroundAudit"]), (&false.into(), &(!is_raw).into()), "{name}");
        let known = [
            "protocolVersion",
            "rules",
            "annotations",
            "mutating",
            "backgroundAudit",
            "contextAwareResources",
            "hostCapabilities",
            "executionMode",
            "policyType",
            "minimumKubewardenVersion",
        ];
        assert!(fields.keys().all(|field| known.contains(&field.as_str())), "{name}: {:?}", fields.keys());
    }
}

#[test]
fn the_rules_hold_where_kubernetes_checks_a_webhooks() {
    for (name, loaded) in POLICIES.iter() {
        let rules = loaded.metadata["rules"].as_array().unwrap();
        assert!(!rules.is_empty() || loaded.metadata["policyType"] == "raw", "{name} is asked about nothing");
        for rule in rules {
            assert_eq!(rule.as_object().unwrap().len(), 4, "{name}: {rule}");
            for field in ["apiGroups", "apiVersions", "resources", "operations"] {
                let items = strings(&rule[field]);
                let unique: BTreeSet<&str> = items.iter().copied().collect();
                assert!(!items.is_empty() && unique.len() == items.len(), "{name}: {rule}");
                assert!(items.len() == 1 || !items.contains(&"*"), "{name}: nothing stands beside a wildcard, {rule}");
            }
            let is_resource = |resource: &str| {
                let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase());
                resource == "*" || resource.split('/').all(plain)
            };
            assert!(strings(&rule["resources"]).iter().all(|resource| is_resource(resource)), "{name}: {rule}");
            let operations = strings(&rule["operations"]);
            assert!(operations.iter().all(|operation| ["CREATE", "UPDATE"].contains(operation)), "{name}: {rule}");
        }
    }
}

#[test]
fn every_kind_that_is_judged_is_asked_about() {
    for (name, rule) in metadata() {
        let section = &POLICIES[&name].metadata;
        let is_about_workloads = rule.applies_to.iter().any(|kind| kind.matches("", "Pod"));
        if is_about_workloads {
            for kind in WORKLOADS.iter().filter(|kind| kind.group != "extensions") {
                let asked = operations(section, kind.group, &resource_name(kind.kind));
                assert_eq!(asked, ["CREATE", "UPDATE"].into(), "{name}: {}", kind.kind);
            }
        }
        let debugging = operations(section, "", "pods/ephemeralcontainers");
        let expected: &[&str] = if is_about_workloads { &["UPDATE"] } else { &[] };
        assert_eq!(debugging, expected.iter().copied().collect(), "{name}");
        // Where kinds are named beside everything, a cluster asks about those.
        let is_named = rule.applies_to.len() > 1;
        let is_asked = |kind: &&KindMatch| {
            !["extensions", "openslo"].contains(&&*kind.group)
                && document_kind(&kind.group, &kind.kind).is_none()
                && !(is_named && kind.kind == KindMatch::ANY)
        };
        for kind in rule.applies_to.iter().filter(is_asked) {
            assert!(!operations(section, &kind.group, &resource_name(&kind.kind)).is_empty(), "{name}: {}", kind.kind);
        }
    }
}

#[test]
fn what_is_looked_up_is_asked_for() {
    for (name, rule) in metadata() {
        let section = &POLICIES[&name].metadata;
        let granted = section["contextAwareResources"].as_array().unwrap();
        let declared: Vec<(&str, &str)> =
            rule.looks_up.iter().map(|look_up| (look_up.api_version.as_str(), look_up.kind.as_str())).collect();
        let said: Vec<(&str, &str)> =
            granted.iter().map(|kind| (kind["apiVersion"].as_str().unwrap(), kind["kind"].as_str().unwrap())).collect();
        assert_eq!(said, declared, "{name}");

        let capabilities = strings(&section["hostCapabilities"]);
        assert_eq!(capabilities.iter().any(|name| name.starts_with("kubernetes/")), !declared.is_empty(), "{name}");
        assert!(rule.capabilities.iter().all(|capability| capabilities.contains(&capability.as_str())), "{name}");
        assert_eq!(section.get("minimumKubewardenVersion").is_some(), !declared.is_empty(), "{name}");
    }
    assert!(strings(&POLICIES["signed-image"].metadata["hostCapabilities"]).contains(&"oci/v2/verify"));
}

#[test]
fn a_field_mask_of_a_look_up_is_one_that_a_policy_server_understands() {
    for (name, rule) in metadata() {
        for look_up in &rule.looks_up {
            let below: Vec<&String> = look_up.reads.iter().filter(|entry| !entry.starts_with("metadata")).collect();
            for entry in &below {
                // It splits at dots, and knows no quotes. Metadata comes whole.
                assert!(!entry.contains(['[', '\'', '*']), "{name}: {entry}");
                // Of two entries the longer would win.
                let covers =
                    |other: &&&String| other.strip_prefix(entry.as_str()).is_some_and(|rest| rest.starts_with('.'));
                assert_eq!(below.iter().find(covers), None, "{name}: {entry} of {}", look_up.kind);
            }
        }
    }
}

#[test]
fn the_annotations_are_what_kwctl_scaffolds_an_artifact_hub_package_from() {
    for (name, rule) in metadata() {
        let annotations = POLICIES[&name].metadata["annotations"].as_object().unwrap();
        let text = |key: &str| {
            let value = annotations.get(key).unwrap_or_else(|| panic!("{name}: no {key}"));
            value.as_str().filter(|value| !value.is_empty()).unwrap_or_else(|| panic!("{name}: {key} is {value}"))
        };
        let policy = |key: &str| text(&format!("io.kubewarden.policy.{key}"));
        assert_eq!((policy("title"), policy("version")), (name.as_str(), rule.version.as_str()));
        assert_eq!((policy("severity"), policy("description")), (rule.severity.name(), rule.title.as_str()));
        assert_eq!(policy("category").to_ascii_lowercase(), rule.section.name());
        assert_eq!((policy("license"), policy("usage")), ("Apache-2.0", rule.documentation.as_str()));
        for url in [policy("url"), policy("source")] {
            assert!(url.starts_with("https://"), "{name}: {url}");
        }
        // The package's maintainers: a name and an address each.
        let (author, address) = policy("author").split_once(" <").expect("an author has an address");
        assert!(!author.is_empty() && address.ends_with('>') && address.contains('@'), "{name}: {address}");
        // kwctl appends a tag.
        let url = policy("ociUrl");
        assert!(url.ends_with(&format!("/{name}")) && !url.contains("://") && !url.contains(':'), "{name}: {url}");
        let keywords: Vec<&str> = text("io.artifacthub.keywords").split(',').map(str::trim).collect();
        assert!(keywords.len() > 2 && keywords.iter().all(|keyword| !keyword.is_empty()), "{name}: {keywords:?}");
        assert!(text("io.artifacthub.displayName").starts_with(char::is_uppercase), "{name}");
        if POLICIES[&name].metadata["policyType"] != "raw" {
            assert!(!text("io.artifacthub.resources").contains("LogSample"), "{name}");
        }
        assert!(annotations.values().all(Value::is_string), "{name}");
    }
}
