use protocol::{Profile, Section, Severity};
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
        profile: Profile::default(),
        rests_on: Vec::new(),
        yields_to: Vec::new(),
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
    assert_eq!((config.disabled, config.enabled), (vec!["plain-rule".to_owned()], vec!["typed-rule".to_owned()]));
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
    let read = json!({"own": false, "names": ["a", "b"], "most": 3, "ratio": 1.5, "map": {"a": 1}, "any": ["x", 1]});
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
    assert_eq!(read_config("rules: {plain-rule: {settings: {own: 1}}}"), Err("1:33: `own` is not known here".into()));
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
    for part in ["rule: plain-rule, ", "object: {name: web}, ", "by: ana, ", "why: it moves, ", ", until: 2027-03-31"] {
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

#[test]
fn what_may_be_asked_of_the_host_is_said_by_rule_and_by_policy() {
    let config = read_config(
        "waivers:\n- {rule: safe-labels, object: {name: x}, by: b, why: c, until: 2027-03-31}\n\
         rules: {plain-rule: {allow: [oci/v2/verify]}}\n\
         policies:\n  safe-labels: {settings: {any: [1]}, allow: ['net/*', oci/v1/verify]}\n  other: {}\n",
    )
    .unwrap();
    let [(rule, allowed)] = config.allowed.as_slice() else { unreachable!() };
    assert_eq!((rule.as_str(), allowed.contains("oci", "v2/verify")), ("plain-rule", true));
    let [policy, other] = config.policies.as_slice() else { unreachable!() };
    assert_eq!((policy.name.as_str(), &policy.settings), ("safe-labels", &Some(json!({"any": [1]}))));
    assert!(policy.allow.contains("net", "v1/dns_lookup_host") && !policy.allow.contains("oci", "v2/verify"));
    assert_eq!(*other, PolicyConfig { name: "other".into(), ..PolicyConfig::default() });
    assert_eq!(config.waivers.len(), 1);
}

#[test]
fn what_is_no_capability_is_refused_with_its_place() {
    for (text, expected) in [
        ("policies: {a: {allow: [oci]}}", "1:24: `oci` is no operation; did you mean `oci/*`?"),
        ("rules: {plain-rule: {allow: [oci/v2/verifi]}}", "1:30: there is no capability `oci/v2/verifi`; did you mean"),
        ("policies: {a: {allow: oci}}", "1:23: expected a list, found a string"),
        ("policies: {a: {allow: [1]}}", "1:24: a capability is a string"),
        ("policies: {a: {alow: []}}", "1:16: `alow` is not known here; did you mean `allow`?"),
        ("policies: {a: {settings: 1}}", "1:26: settings are a mapping, not a number"),
        ("policies: [a]", "1:11: expected a mapping, found a list"),
        ("polices: {}", "1:1: `polices` is not known here; did you mean `policies`?"),
    ] {
        let refused = read_config(text).unwrap_err();
        assert!(refused.starts_with(expected), "{text}: {refused}");
    }
}

#[test]
fn signatures_say_who_must_have_signed_what() {
    let config = read_config(
        "signatures:\n- of: registry://GHCR.io/shop\n  public_keys: [a, b]\n  annotations: {env: prod}\n  any_repository: true\n\
         - {of: 'localhost:5000', public_keys: [c]}\n",
    )
    .unwrap();
    let first = SignatureConfig {
        of: "ghcr.io/shop".into(),
        public_keys: vec!["a".into(), "b".into()],
        annotations: BTreeMap::from([("env".into(), "prod".into())]),
        any_repository: true,
    };
    let second =
        SignatureConfig { of: "localhost:5000".into(), public_keys: vec!["c".into()], ..SignatureConfig::default() };
    assert_eq!(config.signatures, [first, second]);
}

#[test]
fn signatures_that_would_ask_for_nothing_are_refused() {
    for (given, expected) in [
        ("{of: a.example, public_keys: []}", "without a public key nothing is signed"),
        ("{of: a.example}", "`public_keys` is missing"),
        ("{public_keys: [a]}", "`of` is missing"),
        ("{of: a.example, public_keys: a}", "expected a list"),
        ("{of: a.example, public_keys: [1]}", "a public key is a string, not a number"),
        ("{of: a.example, public_keys: [a], annotations: {a: 1}}", "an annotation is a string, not a number"),
        ("{of: a.example, public_keys: [a], any_repository: 'yes'}", "`any_repository` is true or false"),
        ("{of: a.example, public_key: [a]}", "did you mean `public_keys`?"),
        ("{of: 'a.example/b:v1', public_keys: [a]}", "without tag, digest or pattern"),
        ("{of: 'a.example/b@sha256:0', public_keys: [a]}", "without tag, digest or pattern"),
        ("{of: 'a.example/*', public_keys: [a]}", "without tag, digest or pattern"),
        ("{of: 'a.example/', public_keys: [a]}", "without tag, digest or pattern"),
        ("{of: 'https://a.example', public_keys: [a]}", "without tag, digest or pattern"),
    ] {
        let said = read_config(&format!("signatures:\n- {given}\n")).unwrap_err();
        assert!(said.contains(expected), "{given}: {said}");
    }
}
