use std::collections::BTreeSet;

use protocol::{Profile, Section, Severity};
use serde_json::json;

use super::*;
use crate::path_pattern::PathPattern;
use crate::scope::Scope;

fn rule(name: &str, settings: Json) -> RuleMetadata {
    RuleMetadata {
        name: name.into(),
        version: String::new(),
        title: String::new(),
        documentation: String::new(),
        severity: Severity::Low,
        section: Section::Security,
        since: String::new(),
        url: String::new(),
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

fn spot_at(line: u32, column: u32) -> Spot {
    Spot { file: "c.yaml".into(), position: Position { line, column } }
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
    assert_eq!(config.settings_spot_of("typed-rule"), Some(&spot_at(3, 41)));
    assert_eq!((config.disabled, config.enabled), (vec!["plain-rule".to_owned()], vec!["typed-rule".to_owned()]));
    assert_eq!(config.settings, [("typed-rule".to_owned(), json!({"own": true}))]);
    let [first, second] = config.waivers.as_slice() else { unreachable!() };
    assert_eq!((first.kind.as_deref(), first.container.as_deref()), (Some("Pod"), Some("app")));
    assert_eq!(first.expires.to_string(), "2027-03-31");
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
    let whole = "rule: plain-rule, object: {name: web}, owner: ana, reason: it moves, expires: 2027-03-31";
    assert!(read_config(&format!("waivers: [{{{whole}}}]")).is_ok());
    let parts =
        ["rule: plain-rule, ", "object: {name: web}, ", "owner: ana, ", "reason: it moves, ", ", expires: 2027-03-31"];
    for part in parts {
        let refused = read_config(&format!("waivers: [{{{}}}]", whole.replace(part, ""))).unwrap_err();
        let key = part.trim_start_matches(", ").split(':').next().unwrap_or_default();
        assert_eq!(refused, format!("1:11: `{key}` is missing"));
    }
    for (part, other, expected) in [
        ("name: web", "kind: Pod", "`name` is missing"),
        ("name: web", "name: web, labels: {}", "`labels` is not known here"),
        ("plain-rule", "plain-rul", "there is no rule `plain-rul`; did you mean `plain-rule`?"),
        ("plain-rule", "[plain-rule]", "`rule` is a string that is not empty"),
        ("it moves", "' '", "`reason` is a string that is not empty"),
        ("2027-03-31", "2027-02-29", "`expires` must be a date, such as 2027-03-31"),
        ("2027-03-31", "soon", "`expires` must be a date, such as 2027-03-31"),
        (
            "2027-03-31",
            "2027-03-31, path: 'a b'",
            "`path` must be a path in the object, such as \
         `spec.template.spec.containers[*].image`",
        ),
        ("owner: ana", "owner: ana, by: ana", "`by` is `owner`: give one of them"),
        ("name: web", "name: web, group: 1", "`group` is an API group, such as apps, or '' for the core group"),
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
        ("policies: {a: {allow: [oci]}}", "1:24: `oci` is not an operation; did you mean `oci/*`?"),
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

#[test]
fn a_waiver_may_say_by_why_and_until_as_it_did_first() {
    let read = |words: &str| {
        let text = format!("waivers: [{{rule: plain-rule, object: {{name: web}}, {words}}}]");
        let waiver = read_config(&text).unwrap().waivers.remove(0);
        (waiver.owner, waiver.reason, waiver.expires)
    };
    let new = read("owner: ana, reason: it moves, expires: 2027-03-31");
    assert_eq!(read("by: ana, why: it moves, until: 2027-03-31"), new);
}

#[test]
fn a_waiver_says_where_it_stands_and_may_be_narrow() {
    let config = read_config(
        "waivers:\n- rule: plain-rule\n  object: {group: '', kind: 'P*', name: 'web-*'}\n  path: spec.containers[*].image\n  \
         environment: production\n  owner: ana\n  reason: it moves\n  expires: 2027-03-31\n",
    )
    .unwrap();
    let [waiver] = config.waivers.as_slice() else { unreachable!() };
    assert_eq!(waiver.spot.as_ref().map(ToString::to_string).as_deref(), Some("c.yaml:2"));
    assert_eq!((waiver.group.as_deref(), waiver.environment.as_deref()), (Some(""), Some("production")));
    assert_eq!(waiver.path.as_ref().map(PathPattern::text), Some("spec.containers[*].image"));
}

#[test]
fn a_waiver_lasts_a_year_at_most_or_as_long_as_is_said() {
    let check = |more: &str, expires: &str| {
        let waiver = format!("{{rule: plain-rule, object: {{name: x}}, owner: b, reason: c, expires: {expires}}}");
        let config = read_config(&format!("{more}\nwaivers:\n- {waiver}\n")).unwrap();
        config
            .check_waivers(Date::parse("2026-03-31").unwrap())
            .map_err(|cause| (cause.file.clone(), cause.to_string()))
    };
    assert_eq!(check("", "2027-03-31"), Ok(()));
    assert_eq!(check("", "2020-01-01"), Ok(()));
    let (file, said) = check("", "2027-04-01").unwrap_err();
    assert_eq!(file, "c.yaml");
    assert!(
        said.starts_with("3:3: the waiver of plain-rule ends on 2027-04-01, in 366 days; a waiver may last 365"),
        "{said}"
    );
    assert_eq!(check("longest_waiver_days: 400", "2027-04-01"), Ok(()));
    assert!(check("longest_waiver_days: 30", "2026-05-01").is_err());
}

#[test]
fn a_configuration_says_what_counts_where() {
    let config = read_config(
        "profile: essential\nfail_on: high\nworld: complete\ninclude: [k8s/]\nexclude: [k8s/tests/]\nbaseline: b.yaml\n\
         crds: [crds/]\nrendering: {kube_version: 1.34.0, values: [v.yaml], roots: [base], enabled: no}\n\
         rules: {typed-rule: {severity: critical, annotations: true}}\n\
         overrides:\n- paths: [k8s/legacy]\n  namespaces: ['dev-*']\n  rules:\n    typed-rule: {enabled: false, severity: low, \
         settings: {most: 1}}\n",
    )
    .unwrap();
    assert_eq!((config.profile, config.fail_on), (Some(Profile::Essential), Some(Severity::High)));
    assert_eq!(config.world, Some(Completeness::Complete));
    assert_eq!((config.include, config.exclude), (vec!["k8s/".to_owned()], vec!["k8s/tests/".to_owned()]));
    assert_eq!((config.baseline.as_deref(), config.crds), (Some("b.yaml"), vec!["crds/".to_owned()]));
    let rendering = Rendering {
        enabled: Some(false),
        values: vec!["v.yaml".into()],
        kube_version: Some("1.34.0".into()),
        roots: vec!["base".into()],
        ..Rendering::default()
    };
    assert_eq!(config.rendering, rendering);
    assert_eq!(
        (config.severities, config.annotated),
        (vec![("typed-rule".into(), Severity::Critical)], vec!["typed-rule".into()])
    );
    let scope = Scope::new(vec!["k8s/legacy".into()], vec!["dev-*".into()]);
    let over = RuleOverride {
        enabled: Some(false),
        severity: Some(Severity::Low),
        settings: Some(json!({"most": 1})),
        settings_spot: Some(spot_at(14, 59)),
    };
    assert_eq!(config.overrides, [Override { scope, rules: vec![("typed-rule".into(), over)] }]);
}

#[test]
fn words_that_are_not_known_are_refused_with_those_that_are() {
    for (text, expected) in [
        ("profile: esential", "1:10: a profile is one of essential, recommended, full; did you mean `essential`?"),
        ("fail_on: hi", "1:10: a severity is one of low, medium, high, critical"),
        ("world: whole", "1:8: a world is one of complete, partial"),
        ("fail-on: high", "1:1: `fail-on` is not known here; did you mean `fail_on`?"),
        ("exclude: tests/", "1:10: expected a list, found a string"),
        ("include: [1]", "1:11: a pattern is a string that is not empty"),
        ("longest_waiver_days: 0", "1:22: a number of days, such as 365"),
        ("baseline: ''", "1:11: `baseline` is a string that is not empty"),
        ("rendering: {kubeversion: 1.34.0}", "1:13: `kubeversion` is not known here; did you mean `kube_version`?"),
        ("overrides: [{rules: {}}]", "1:13: an override names `paths`, `namespaces` or both"),
        ("overrides: [{paths: [a]}]", "1:13: `rules` is missing"),
        ("overrides: [{paths: [a], rules: {plain-rul: {}}}]", "1:34: `plain-rul` is not known here"),
        ("overrides: [{paths: [a], rules: {typed-rule: {settings: {own: 1}}}}]", "1:63: `own` is true or false"),
        (
            "rules: {plain-rule: {severity: hgih}}",
            "1:32: a severity is one of low, medium, high, critical; did you mean `high`?",
        ),
        ("rendering: {generators: {cluster: []}}", "1:26: `cluster` is not known here; did you mean `clusters`?"),
        ("rendering: {generators: {clusters: [a]}}", "1:37: an element is a mapping of strings"),
        ("rendering: {generators: {clusters: [{a: [b]}]}}", "1:41: an element is a mapping of strings"),
        ("extends: base.yaml", "1:10: `base.yaml` cannot be read here: `extends` works on the command line"),
        ("extends: {a: b}", "1:10: `extends` is a file or registry://..., or a list of them"),
    ] {
        let refused = read_config(text).unwrap_err();
        assert!(refused.starts_with(expected), "{text}: {refused}");
    }
}

/// Configurations by name.
struct Shelf(Vec<(&'static str, &'static str)>);

impl Loader for Shelf {
    fn load(&mut self, reference: &str, _: &str, _: &[SignatureConfig]) -> Result<(String, Vec<u8>), String> {
        let found = self.0.iter().find(|(name, _)| *name == reference);
        found
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .ok_or_else(|| "does not exist".to_owned())
    }
}

fn load(shelf: &[(&'static str, &'static str)], text: &str) -> Result<Config, String> {
    let types = json!({"properties": {"most": {"type": "integer"}, "names": {"type": "array"}}});
    let rules = [rule("typed-rule", types), rule("plain-rule", Json::Null)];
    let rules: Vec<&RuleMetadata> = rules.iter().collect();
    let config = Config::load("c.yaml", text.into(), &rules, &mut Shelf(shelf.to_vec()));
    config.map_err(|cause| format!("{}:{cause}", cause.file))
}

const BASE: &str = "\
profile: full
exclude: [a/]
rules:
  plain-rule: {enabled: false}
  typed-rule: {severity: low, settings: {most: 1, names: [a, b]}}
waivers:
- {rule: plain-rule, object: {name: x}, owner: b, reason: c, expires: 2027-03-31}
";

#[test]
fn a_configuration_is_laid_over_what_it_extends() {
    let own = "extends: base.yaml\nexclude: [b/]\nrules:\n  plain-rule: {enabled: true}\n  typed-rule: {settings: {names: [c]}}\n\
               waivers:\n- {rule: typed-rule, object: {name: other}, owner: b, reason: c, expires: 2027-03-31}\n";
    let config = load(&[("base.yaml", BASE)], own).unwrap();
    assert_eq!((config.profile, config.exclude), (Some(Profile::Full), vec!["a/".to_owned(), "b/".to_owned()]));
    assert_eq!((config.enabled, config.disabled), (vec!["plain-rule".to_owned()], vec![]));
    assert_eq!(config.settings, [("typed-rule".to_owned(), json!({"most": 1, "names": ["c"]}))]);
    assert_eq!(config.severities, [("typed-rule".to_owned(), Severity::Low)]);
    let spots: Vec<String> = config.waivers.iter().filter_map(|it| Some(it.spot.as_ref()?.to_string())).collect();
    assert_eq!(spots, ["base.yaml:7", "c.yaml:7"]);
    let taken_back =
        load(&[("base.yaml", BASE)], "extends: [base.yaml]\nprofile:\nrules: {typed-rule: {settings: {most: }}}\n");
    let taken_back = taken_back.unwrap();
    assert_eq!(taken_back.profile, None);
    assert_eq!(taken_back.settings, [("typed-rule".to_owned(), json!({"most": null, "names": ["a", "b"]}))]);
}

#[test]
fn of_several_configurations_the_last_has_the_last_word() {
    let shelf = [
        ("a.yaml", "profile: full\nfail_on: high\n"),
        ("b.yaml", "extends: c\nprofile: essential\n"),
        ("c", "world: complete\n"),
    ];
    let config = load(&shelf, "extends: [a.yaml, b.yaml]\n").unwrap();
    assert_eq!((config.profile, config.fail_on), (Some(Profile::Essential), Some(Severity::High)));
    assert_eq!(config.world, Some(Completeness::Complete));
}

#[test]
fn what_is_wrong_in_what_is_extended_is_told_with_its_own_file() {
    for (shelf, text, said) in [
        (vec![("b", "rules: {plain-rul: {}}")], "extends: b", "b:1:9: `plain-rul` is not known here"),
        (vec![("b", "a: 1\na: 2\n")], "\nextends: b", "b:2:1: the key `a` is there twice"),
        (vec![], "profile: full\nextends: b", "c.yaml:2:10: `b` does not exist"),
        (vec![("b", "extends: b")], "extends: b", "b:1:10: `b` extends what extends it"),
        (
            vec![("b", "extends: c.yaml"), ("c.yaml", "extends: b")],
            "extends: b",
            "b:1:10: `c.yaml` extends what extends it",
        ),
        (vec![("b", "- rules\n")], "extends: b\nworld: complete", "b:1:1: expected a mapping, found a list"),
        (vec![("b", "text\n")], "extends: [b]\n", "b:1:1: expected a mapping, found a string"),
        (vec![("b", "fail_on: 1")], "extends: b\nworld: complete", "b:1:10: a severity is one of"),
        (vec![("b", "world: complete")], "extends: b\nfail_on: 1", "c.yaml:2:10: a severity is one of"),
    ] {
        let refused = load(&shelf, text).unwrap_err();
        assert!(refused.starts_with(said), "{text}: {refused}");
    }
}

#[test]
fn every_value_is_shown_with_the_place_that_has_the_last_word() {
    let own = "extends: base.yaml\nfail_on: high\nrules:\n  typed-rule:\n    settings:\n      names: [c]\n";
    let values = set_values("c.yaml", own.into(), &mut Shelf(vec![("base.yaml", BASE)])).unwrap();
    let shown: Vec<String> = values
        .iter()
        .map(|value| match (&value.spot, &value.value) {
            (Some(spot), _) => format!("{} # {spot}", value.line),
            (None, Some(_)) => format!("{} # default", value.line),
            (None, None) => value.line.clone(),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "longest_waiver_days: 365 # default",
            "profile: full # base.yaml:1",
            "exclude: [a/] # base.yaml:2",
            "rules:",
            "  plain-rule:",
            "    enabled: false # base.yaml:4",
            "  typed-rule:",
            "    severity: low # base.yaml:5",
            "    settings:",
            "      most: 1 # base.yaml:5",
            "      names: [c] # c.yaml:6",
            "waivers:",
            "- rule: plain-rule # base.yaml:7",
            "  object:",
            "    name: x # base.yaml:7",
            "  owner: b # base.yaml:7",
            "  reason: c # base.yaml:7",
            "  expires: '2027-03-31' # base.yaml:7",
            "fail_on: high # c.yaml:2",
        ]
    );
    let text: String = values.iter().map(|value| value.line.clone() + "\n").collect();
    let [effective, whole] = [load(&[], &text), load(&[("base.yaml", BASE)], own)].map(|config| {
        let mut config = config.unwrap();
        config.longest_waiver_days = None;
        config.waivers.iter_mut().for_each(|waiver| waiver.spot = None);
        config.settings_spots.clear();
        config
    });
    assert_eq!(effective, whole, "what is shown is a configuration that comes to the same");
}

#[test]
fn the_schema_knows_every_key_and_setting() {
    let types = json!({"type": "object", "properties": {"most": {"type": "integer"}}});
    let rules = [rule("typed-rule", types)];
    let schema = schema(&rules.iter().collect::<Vec<_>>());
    let properties = schema["properties"].as_object().unwrap();
    let known: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
    assert_eq!(known, KEYS.into_iter().collect());
    let settings = &schema["properties"]["rules"]["properties"]["typed-rule"]["properties"]["settings"];
    assert_eq!(settings["properties"]["most"]["type"], "integer");
    // An editor knows the names that are read, and no other.
    let generators = &properties["rendering"]["properties"]["generators"];
    assert_eq!(generators["additionalProperties"], false);
    for generator in generators["properties"].as_object().unwrap().keys() {
        assert!(read_config(&format!("rendering: {{generators: {{{generator}: []}}}}")).is_ok(), "{generator}");
    }
    assert_eq!(generators["properties"].as_object().unwrap().len(), 5);
}
