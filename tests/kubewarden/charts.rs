//! The Helm chart. There is no Helm here, so its templates are filled in by as much of Helm as they use, and must then be what
//! is written without Helm; what they use beyond that is a fault.

use std::collections::BTreeSet;
use std::fs;

use seaworthy_tests::schema;
use serde_json::{Map, Value, json};

use crate::command::{documents, documents_alone, parse, without_others};
use crate::schemas::object_faults;
use crate::support::Folder;

struct Chart {
    folder: Folder,
    values: Value,
}

impl Chart {
    fn new(arguments: &[&str]) -> Self {
        Self::of(Folder::new(), arguments)
    }

    fn of(folder: Folder, arguments: &[&str]) -> Self {
        let options = ["kubewarden", "--format", "helm", "--output", "chart"];
        documents(folder.run(&[&options[..], &without_others(), arguments].concat()));
        let text = fs::read_to_string(folder.path().join("chart/values.yaml")).unwrap();
        let values = parse(&text).remove(0);
        Self { folder, values }
    }

    /// All objects, as `helm template` gives them.
    fn render(&self) -> Vec<Value> {
        let templates = fs::read_dir(self.folder.path().join("chart/templates")).unwrap();
        let mut paths: Vec<_> = templates.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let texts = paths.iter().map(|path| fill(&fs::read_to_string(path).unwrap(), &self.values));
        let filled = texts.filter(|text| !text.trim().is_empty());
        filled.flat_map(|text| parse(&text)).collect()
    }

    /// Everything in which values are not as their schema says.
    fn faults(&self, values: &Value) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("chart/values.schema.json")).unwrap();
        schema::faults(&serde_json::from_str(&text).unwrap(), "", values)
    }
}

/// The value of `.Values.mode`.
fn value<'a>(values: &'a Value, path: &str) -> &'a Value {
    path.strip_prefix(".Values.").expect("a value").split('.').fold(values, |value, step| &value[step])
}

/// Whether a rule is enabled: `"run-as-non-root").enabled`, and what follows.
fn is_enabled(values: &Value, action: &str) -> bool {
    let (name, rest) = action.split_once(")").expect("a rule's name ends");
    assert!(rest.starts_with(".enabled"), "{action}");
    values["policies"][name.trim_matches('"')]["enabled"] == true
}

/// A template filled in, action by action.
fn fill(template: &str, values: &Value) -> String {
    let mut out = String::new();
    let mut rest = template;
    // Whether each open block is written, and what `$policy` is.
    let mut open: Vec<bool> = Vec::new();
    let mut policy = Value::Null;
    while let Some(start) = rest.find("{{") {
        let end = start + rest[start..].find("}}").expect("an action ends");
        let (before, action) = (&rest[..start], &rest[start + 2..end]);
        rest = &rest[end + 2..];
        let written = open.iter().all(|written| *written);
        let before = if action.starts_with('-') { before.trim_end() } else { before };
        if action.starts_with('-') && before.is_empty() {
            out.truncate(out.trim_end().len());
        }
        out.push_str(if written { before } else { "" });
        let action = action.trim_start_matches('-').trim();
        let words: Vec<&str> = action.split(' ').collect();
        match words[..] {
            ["end"] => drop(open.pop().expect("a block ends that began")),
            ["if", "$policy.enabled"] => open.push(policy["enabled"] == true),
            ["if", ".Values.timeoutEvalSeconds"] => open.push(values["timeoutEvalSeconds"].is_number()),
            ["if", "and", ".Values.lookUps.enabled", ..] => {
                let any =
                    action.split_once(" (or ").expect("the rules that look up").1.split("(index .Values.policies ");
                let any = any.skip(1).any(|rest| is_enabled(values, rest));
                open.push(values["lookUps"]["enabled"] == true && any);
            }
            ["if", "(index", ".Values.policies", name] => open.push(is_enabled(values, name)),
            ["$policy", ":=", "index", ".Values.policies", name] => {
                policy = values["policies"][name.trim_matches('"')].clone()
            }
            _ if !written => {}
            ["$policy.mode", "|", "default", ".Values.mode"] => {
                out.push_str(policy["mode"].as_str().unwrap_or_else(|| values["mode"].as_str().unwrap()));
            }
            ["toYaml", .., "|", "nindent", indent] => {
                let value = match words[1] {
                    "$policy.settings" => policy["settings"].clone(),
                    "(concat" => {
                        assert_eq!(words[3..7], ["($policy.matchConditions", "|", "default", "list))"], "{action}");
                        let own = policy["matchConditions"].as_array().cloned().unwrap_or_default();
                        Value::Array([value(values, words[2]).as_array().unwrap().clone(), own].concat())
                    }
                    other => value(values, other).clone(),
                };
                let yaml = serde_saphyr::to_string(&value).unwrap();
                let margin = " ".repeat(indent.parse().unwrap());
                let lines: String = yaml.trim_end().lines().map(|line| format!("\n{margin}{line}")).collect();
                out.push_str(&lines);
            }
            [path] if path.starts_with(".Values.") => match value(values, path) {
                Value::String(text) => out.push_str(text),
                other => out.push_str(&other.to_string()),
            },
            ["printf", format, ..] if action.ends_with("| quote") => {
                let defaults: Vec<&str> =
                    action.split("| default \"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
                let chosen = |key: &str, default: &str| values[key].as_str().unwrap_or(default).to_owned();
                let parts = [chosen("registry", defaults[0]), chosen("tag", defaults[1])];
                let text = format.trim_matches('"').to_owned();
                out.push_str(&format!("{:?}", parts.iter().fold(text, |text, part| text.replacen("%s", part, 1))));
            }
            _ => panic!("{action} is no action that is known here"),
        }
    }
    assert!(open.is_empty(), "a block does not end\n{template}");
    out + rest
}

fn plain(arguments: &[&str]) -> Vec<Value> {
    documents_alone(Folder::new().run(&[&["kubewarden"], &without_others()[..], arguments].concat()))
}

fn sorted(mut objects: Vec<Value>) -> Vec<Value> {
    objects.sort_by_key(|object| (object["kind"].to_string(), object["metadata"]["name"].to_string()));
    objects
}

#[test]
fn a_chart_with_its_own_values_is_what_is_written_without_one() {
    for arguments in [
        &[][..],
        &[
            "--mode",
            "protect",
            "--pods",
            "--timeout-eval-seconds",
            "4",
            "--match-condition",
            "no-ana=request.name != 'ana'",
        ],
        &["--rule", "run-as-non-root", "--namespace", "shop"],
        &["--registry", "registry.example.com/policies", "--tag", "v9", "--policy-server", "strict"],
        &["--service-account", "security/strict", "--failure-policy", "fail", "--timeout-seconds", "3"],
    ] {
        let chart = Chart::new(arguments);
        let (rendered, plain) = (sorted(chart.render()), sorted(plain(arguments)));
        assert_eq!(rendered, plain, "{arguments:?}");
        let file = fs::read_to_string(chart.folder.path().join("chart/Chart.yaml")).unwrap();
        let about = &parse(&file)[0];
        assert_eq!((&about["apiVersion"], &about["name"]), (&json!("v2"), &json!("seaworthy")));
        assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));
    }
}

#[test]
fn values_choose_rules_modes_settings_and_registry() {
    let mut chart = Chart::new(&[]);
    let policies = chart.values["policies"].as_object_mut().unwrap();
    policies["run-as-non-root"]["mode"] = json!("protect");
    policies["container-resources"]["settings"] = json!({ "cpu_limit": false });
    policies["network-policy"]["enabled"] = json!(false);
    chart.values["registry"] = json!("registry.example.com/policies");
    chart.values["lookUps"]["enabled"] = json!(false);
    chart.values["timeoutEvalSeconds"] = json!(5);
    chart.values["matchConditions"] = json!([]);
    let rendered: Map<String, Value> = chart
        .render()
        .into_iter()
        .map(|object| (object["metadata"]["name"].as_str().unwrap().to_owned(), object))
        .collect();
    for object in rendered.values() {
        assert_eq!(object_faults(object), Vec::<String>::new());
    }
    assert_eq!(rendered["seaworthy-run-as-non-root"]["spec"]["mode"], "protect");
    let resources = &rendered["seaworthy-container-resources"]["spec"];
    assert_eq!((&resources["mode"], &resources["settings"]), (&json!("monitor"), &json!({ "cpu_limit": false })));
    assert_eq!((&resources["timeoutEvalSeconds"], &resources["matchConditions"]), (&json!(5), &json!([])));
    let module = resources["module"].as_str().unwrap();
    assert!(module.starts_with("registry://registry.example.com/policies/container-resources:v"), "{module}");
    assert!(!rendered.contains_key("seaworthy-network-policy") && !rendered.contains_key("seaworthy-look-ups"));
}

#[test]
fn waivers_are_values_of_their_rule() {
    let config = "longest_waiver_days: 400000\nwaivers: [{rule: run-as-non-root, object: {name: legacy}, owner: ana, \
                  reason: the image, expires: 2999-01-31}]\n";
    let options = ["--config", "platform.yaml"];
    let chart = Chart::of(Folder::of("platform.yaml", config), &options);
    let conditions = &chart.values["policies"]["run-as-non-root"]["matchConditions"];
    assert_eq!(conditions[0]["name"], "waiver-1-until-2999-01-31");
    assert!(chart.values["policies"]["container-resources"].get("matchConditions").is_none());
    let plain = [&["kubewarden"], &without_others()[..], &options[..]].concat();
    let plain = documents(Folder::of("platform.yaml", config).run(&plain));
    assert_eq!(sorted(chart.render()), sorted(plain));
    assert_eq!(chart.faults(&chart.values), Vec::<String>::new());
    let mut values = chart.values.clone();
    values["policies"]["run-as-non-root"]["matchConditions"][0]["expressions"] = json!("true");
    assert!(!chart.faults(&values).is_empty());
}

/// What the policy-server may read, by group and resource.
fn readable(rendered: &[Value]) -> BTreeSet<(String, String)> {
    let role = rendered.iter().find(|object| object["kind"] == "ClusterRole");
    let rules = role.into_iter().flat_map(|role| role["rules"].as_array().unwrap());
    let each = rules.flat_map(|rule| {
        let group = rule["apiGroups"][0].as_str().unwrap();
        rule["resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(move |name| (group.to_owned(), name.as_str().unwrap().to_owned()))
    });
    each.collect()
}

#[test]
fn a_rule_that_is_disabled_takes_its_rights_along() {
    let mut chart = Chart::new(&[]);
    let secrets = ("".to_owned(), "secrets".to_owned());
    let before = readable(&chart.render());
    assert!(before.contains(&secrets), "{before:?}");
    chart.values["policies"]["external-secrets"]["enabled"] = json!(false);
    // The other one that looks for Secrets.
    chart.values["policies"]["references"]["enabled"] = json!(false);
    let after = readable(&chart.render());
    assert!(!after.contains(&secrets) && after.len() > 10, "{after:?}");
    for (_, policy) in chart.values["policies"].as_object_mut().unwrap() {
        policy["enabled"] = json!(false);
    }
    assert_eq!(chart.render(), Vec::<Value>::new());
}

#[test]
fn the_schema_of_the_values_takes_them_and_refuses_what_is_misspelt() {
    for arguments in [
        &[][..],
        &["--rule", "run-as-non-root", "--namespace", "shop"],
        &["--mode", "protect", "--timeout-eval-seconds", "4"],
    ] {
        let chart = Chart::new(arguments);
        assert_eq!(chart.faults(&chart.values), Vec::<String>::new(), "{arguments:?}");
        let rule = "/policies/run-as-non-root";
        for (pointer, field, wrong) in [
            ("", "mode", json!("audit")),
            ("", "modes", json!("monitor")),
            ("", "failurePolicy", json!("fail")),
            ("", "timeoutSeconds", json!(31)),
            ("", "matchConditions", json!([{ "name": "a" }])),
            ("/policies", "run-as-nonroot", json!({ "enabled": false })),
            (rule, "mode", json!("enforce")),
            (rule, "enabled", json!("no")),
            (rule, "settings", json!({ "no_such_setting": 1 })),
        ] {
            let mut values = chart.values.clone();
            values.pointer_mut(pointer).unwrap()[field] = wrong;
            assert!(!chart.faults(&values).is_empty(), "{pointer} {field}");
        }
    }
}
