//! A Helm chart: the policies with their values taken out. What a policy judges and looks up is the module's and stands in
//! the templates; where modules lie, which rules there are, their modes and settings are values.

use engine::yaml;
use serde_json::{Map, Value, json};

use super::Args;
use super::output::File;
use super::policy::Policy;
use super::resources::{self, CHECKLIST, LOOK_UPS};

/// What stands for a value until the YAML is written: a plain scalar, which nothing else is.
const HOLE: &str = "SEAWORTHY_VALUE_";

/// All files of the chart.
pub fn files(policies: &[Policy], options: &Args) -> Vec<File> {
    let chart = json!({
        "apiVersion": "v2",
        "name": "seaworthy",
        "description": "Production readiness as Kubewarden policies",
        "type": "application",
        "version": env!("CARGO_PKG_VERSION"),
        "appVersion": env!("CARGO_PKG_VERSION"),
    });
    let mut files = vec![File::yaml("Chart.yaml", &chart), values(policies, options)];
    if options.group {
        files.push(group(policies, options));
    } else {
        files.extend(policies.iter().map(|policy| single(policy, options)));
    }
    if let Some(documents) = resources::look_ups(policies, options) {
        let text = filled(&File::documents("", &documents).text, &[]);
        let template = format!("{{{{- if .Values.lookUps.enabled }}}}\n{text}{{{{- end }}}}\n");
        files.push(File::new(&format!("templates/{LOOK_UPS}.yaml"), template));
    }
    files
}

fn values(policies: &[Policy], options: &Args) -> File {
    let mut values = json!({
        "policyServer": options.policy_server,
        "policies": policies.iter().map(|policy| (policy.name.clone(), value(policy))).collect::<Map<_, _>>(),
    });
    if let Some(fields) = values.as_object_mut() {
        if policies.iter().any(|policy| policy.place.parts.is_some()) {
            // Those that lie elsewhere stay there.
            fields.insert("registry".to_owned(), Value::Null);
            fields.insert("tag".to_owned(), Value::Null);
        }
        if options.namespace.is_none() {
            fields.insert("namespaceSelector".to_owned(), resources::namespace_selector(options));
        }
        if options.group {
            fields.insert("mode".to_owned(), json!(resources::group_mode(policies)));
        }
        if resources::look_ups(policies, options).is_some() {
            fields.insert("lookUps".to_owned(), json!({ "enabled": true }));
        }
    }
    let comment = "\
# registry and tag: where all modules lie, instead of what the templates say. A rule that is not enabled is not installed.
# What a setting means: `seaworthy explain RULE`.
";
    File::new("values.yaml", comment.to_owned() + &yaml::document(&values))
}

fn value(policy: &Policy) -> Value {
    json!({ "enabled": true, "mode": policy.mode, "settings": policy.settings })
}

/// The template of one policy.
fn single(policy: &Policy, options: &Args) -> File {
    let mut object = resources::single(policy, options);
    for (field, hole) in [("module", "MODULE"), ("mode", "MODE"), ("settings", "SETTINGS"), ("policyServer", "SERVER")]
    {
        put(&mut object, &["spec", field], hole);
    }
    if options.namespace.is_none() {
        put(&mut object, &["spec", "namespaceSelector"], "SELECTOR");
    }
    let text = filled(
        &yaml::document(&object),
        &[
            ("MODULE", &module(policy)),
            ("MODE", "{{ $policy.mode }}"),
            ("SETTINGS", "{{- toYaml $policy.settings | nindent 4 }}"),
            ("SERVER", "{{ .Values.policyServer }}"),
            ("SELECTOR", "{{- toYaml .Values.namespaceSelector | nindent 4 }}"),
        ],
    );
    let head =
        format!("{{{{- $policy := index .Values.policies {:?} }}}}\n{{{{- if $policy.enabled }}}}\n", policy.name);
    File::new(&format!("templates/{}.yaml", policy.name), format!("{head}{text}{{{{- end }}}}\n"))
}

/// The template of the group: the members that are enabled, and an expression of them.
fn group(policies: &[Policy], options: &Args) -> File {
    let mut object = resources::group(policies, options);
    for (field, hole) in
        [("mode", "MODE"), ("expression", "EXPRESSION"), ("policies", "MEMBERS"), ("policyServer", "SERVER")]
    {
        put(&mut object, &["spec", field], hole);
    }
    if options.namespace.is_none() {
        put(&mut object, &["spec", "namespaceSelector"], "SELECTOR");
    }
    let members: Vec<String> = policies.iter().map(|policy| member(policy, options)).collect();
    let text = filled(
        &yaml::document(&object),
        &[
            ("MODE", "{{ .Values.mode }}"),
            ("EXPRESSION", "{{ join \" && \" $calls | quote }}"),
            ("MEMBERS", &("\n".to_owned() + members.concat().trim_end_matches('\n'))),
            ("SERVER", "{{ .Values.policyServer }}"),
            ("SELECTOR", "{{- toYaml .Values.namespaceSelector | nindent 4 }}"),
        ],
    );
    let calls = "\
{{- $calls := list }}
{{- range $rule, $policy := .Values.policies }}
{{- if $policy.enabled }}{{ $calls = append $calls (printf \"%s()\" (replace \"-\" \"_\" $rule)) }}{{ end }}
{{- end }}
{{- if $calls }}
";
    File::new(&format!("templates/{CHECKLIST}.yaml"), format!("{calls}{text}{{{{- end }}}}\n"))
}

/// A member of a group, where it stands: below `spec.policies`.
fn member(policy: &Policy, options: &Args) -> String {
    let mut member = json!({ "module": format!("{HOLE}MODULE"), "settings": format!("{HOLE}SETTINGS") });
    if let Some(fields) = member.as_object_mut().filter(|_| options.namespace.is_none() && !policy.looks_up.is_empty())
    {
        fields.insert("contextAwareResources".to_owned(), json!(policy.looks_up));
    }
    let member = json!({ policy.member_name(): member });
    let settings = format!("{{{{- toYaml (index .Values.policies {:?}).settings | nindent 8 }}}}", policy.name);
    let text = filled(&yaml::document(&member), &[("MODULE", &module(policy)), ("SETTINGS", &settings)]);
    let lines: String = text.lines().map(|line| format!("    {line}\n")).collect();
    let name = &policy.name;
    format!("    {{{{- if (index .Values.policies {name:?}).enabled }}}}\n{lines}    {{{{- end }}}}\n")
}

/// The module's place: what the values say of all, or its own.
fn module(policy: &Policy) -> String {
    let name = &policy.name;
    let Some((base, tag)) = &policy.place.parts else { return format!("{:?}", policy.place.module) };
    let (base, tag) = (format!(".Values.registry | default {base:?}"), format!(".Values.tag | default {tag:?}"));
    format!("{{{{ printf \"registry://%s/{name}:%s\" ({base}) ({tag}) | quote }}}}")
}

/// Puts a hole where a value comes from the chart's values.
fn put(object: &mut Value, path: &[&str], hole: &str) {
    let pointer: String = path.iter().map(|step| format!("/{step}")).collect();
    if let Some(place) = object.pointer_mut(&pointer) {
        *place = Value::String(format!("{HOLE}{hole}"));
    }
}

/// The text as a template: what would be one by accident is escaped, and holes are filled.
fn filled(text: &str, holes: &[(&str, &str)]) -> String {
    let mut text = text.replace("{{", "{{ \"{{\" }}");
    for (hole, template) in holes {
        let hole = format!("{HOLE}{hole}");
        // Members begin on a line of their own.
        let space = if template.starts_with('\n') { " " } else { "" };
        text = text.replace(&format!("{space}{hole}\n"), &format!("{template}\n"));
    }
    text
}
