//! The Helm chart. There is no Helm here, so its templates are filled in by as much of Helm as they use, and must then be what
//! is written without Helm; what they use beyond that is a fault.

use std::fs;

use serde_json::{Map, Value, json};

use crate::command::{parse, without_others};
use crate::schemas::object_faults;
use crate::support::Folder;

struct Chart {
    folder: Folder,
    values: Value,
}

impl Chart {
    fn new(arguments: &[&str]) -> Self {
        let folder = Folder::new();
        let options = ["kubewarden", "--format", "helm", "--output", "chart"];
        folder.run(&[&options[..], &without_others(), arguments].concat()).with(0);
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
}

/// A template filled in, action by action.
fn fill(template: &str, values: &Value) -> String {
    let mut out = String::new();
    let mut rest = template;
    // Whether each open block is written, and what `$policy` and `$calls` are.
    let mut open: Vec<bool> = Vec::new();
    let mut policy = Value::Null;
    let mut calls: Vec<String> = Vec::new();
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
            ["if", "$calls"] => open.push(!calls.is_empty()),
            ["if", "$policy.enabled"] => open.push(policy["enabled"] == true),
            ["if", ".Values.lookUps.enabled"] => open.push(values["lookUps"]["enabled"] == true),
            ["if", "(index", ".Values.policies", name] => {
                let name = name.strip_suffix(").enabled").expect("a rule's switch");
                open.push(values["policies"][name.trim_matches('"')]["enabled"] == true);
            }
            ["$policy", ":=", "index", ".Values.policies", name] => {
                policy = values["policies"][name.trim_matches('"')].clone()
            }
            ["$calls", ":=", "list"] => {
                // The loop that follows: the calls of all that is enabled.
                let policies = values["policies"].as_object().unwrap().iter();
                let enabled = policies.filter(|(_, policy)| policy["enabled"] == true);
                calls = enabled.map(|(rule, _)| format!("{}()", rule.replace('-', "_"))).collect();
                let (body, after) = rest.split_once("{{- if $calls }}").expect("a loop and a condition");
                assert_eq!(body.matches("{{- range").count(), 1, "{body}");
                assert!(body.contains("(printf \"%s()\" (replace \"-\" \"_\" $rule))"), "{body}");
                rest = after;
                open.push(!calls.is_empty());
            }
            _ if !written => {}
            ["$policy.mode"] => out.push_str(policy["mode"].as_str().unwrap()),
            [".Values.mode"] => out.push_str(values["mode"].as_str().unwrap()),
            [".Values.policyServer"] => out.push_str(values["policyServer"].as_str().unwrap()),
            ["join", "\"", "&&", "\"", "$calls", "|", "quote"] => out.push_str(&format!("{:?}", calls.join(" && "))),
            ["toYaml", .., "|", "nindent", indent] => {
                let value = match words[1] {
                    "$policy.settings" => &policy["settings"],
                    ".Values.namespaceSelector" => &values["namespaceSelector"],
                    "(index" => {
                        &values["policies"][words[3].strip_suffix(").settings").unwrap().trim_matches('"')]["settings"]
                    }
                    other => panic!("{other}"),
                };
                let yaml = serde_saphyr::to_string(value).unwrap();
                let margin = " ".repeat(indent.parse().unwrap());
                let lines: String = yaml.trim_end().lines().map(|line| format!("\n{margin}{line}")).collect();
                out.push_str(&lines);
            }
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
    let run = Folder::new().run(&[&["kubewarden"], &without_others()[..], arguments].concat());
    parse(&run.with(0))
}

fn sorted(mut objects: Vec<Value>) -> Vec<Value> {
    objects.sort_by_key(|object| (object["kind"].to_string(), object["metadata"]["name"].to_string()));
    objects
}

#[test]
fn a_chart_with_its_own_values_is_what_is_written_without_one() {
    for arguments in [
        &[][..],
        &["--group"],
        &["--group", "--rule", "run-as-non-root", "--namespace", "shop"],
        &["--rule", "run-as-non-root", "--namespace", "shop"],
        &["--registry", "registry.example.com/policies", "--tag", "v9", "--policy-server", "strict"],
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
    policies["run-as-non-root"]["mode"] = json!("monitor");
    policies["container-resources"]["settings"] = json!({ "cpu_limit": false });
    policies["network-policy"]["enabled"] = json!(false);
    chart.values["registry"] = json!("registry.example.com/policies");
    chart.values["lookUps"]["enabled"] = json!(false);
    let rendered: Map<String, Value> = chart
        .render()
        .into_iter()
        .map(|object| (object["metadata"]["name"].as_str().unwrap().to_owned(), object))
        .collect();
    for object in rendered.values() {
        assert_eq!(object_faults(object), Vec::<String>::new());
    }
    assert_eq!(rendered["seaworthy-run-as-non-root"]["spec"]["mode"], "monitor");
    let resources = &rendered["seaworthy-container-resources"]["spec"];
    assert_eq!(resources["settings"], json!({ "cpu_limit": false }));
    let module = resources["module"].as_str().unwrap();
    assert!(module.starts_with("registry://registry.example.com/policies/container-resources:v"), "{module}");
    assert!(!rendered.contains_key("seaworthy-network-policy") && !rendered.contains_key("seaworthy-look-ups"));
}

#[test]
fn a_group_in_a_chart_calls_whom_it_has() {
    let mut chart = Chart::new(&["--group", "--rule", "run-as-non-root", "--rule", "immutable-image-tag"]);
    chart.values["policies"]["run-as-non-root"]["enabled"] = json!(false);
    let [group] = &chart.render()[..] else { panic!("one group") };
    assert_eq!(group["spec"]["expression"], "immutable_image_tag()");
    let members: Vec<&String> = group["spec"]["policies"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["immutable_image_tag"]);
    chart.values["policies"]["immutable-image-tag"]["enabled"] = json!(false);
    assert_eq!(chart.render(), Vec::<Value>::new());
}
