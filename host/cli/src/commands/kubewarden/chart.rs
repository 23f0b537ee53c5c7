//! A Helm chart: the policies with their values taken out. What a policy checks and looks up is the module's and stands in
//! the templates; where modules lie, which rules there are, how they are enforced and their settings are values.

use engine::yaml;
use serde_json::{Map, Value, json};

use super::output::File;
use super::policy::Policy;
use super::resources::{self, LOOK_UPS};
use super::{Args, chart_schema, conditions};

/// What stands for a value until the YAML is written: a plain scalar, which nothing else is.
const HOLE: &str = "SEAWORTHY_VALUE_";

/// The match conditions of all policies, and those of one.
const CONDITIONS: &str =
    "{{- toYaml (concat .Values.matchConditions ($policy.matchConditions | default list)) | nindent 4 }}";

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
    let values = values(policies, options);
    let schema = chart_schema::schema(policies, &values);
    let comment = "\
# mode: monitor reports, protect denies. A rule may have a mode of its own. With protect, think of failurePolicy: Fail.
# registry and tag: where all modules lie, instead of what the templates say.
# A rule that is not enabled is not installed, and the policy-server may not look up anything for it.
# What a setting means: `seaworthy explain RULE`.
";
    let mut files = vec![
        File::yaml("Chart.yaml", &chart),
        File::new("values.yaml", comment.to_owned() + &yaml::document(&values)),
        File::new("values.schema.json", format!("{schema:#}\n")),
    ];
    files.extend(policies.iter().map(|policy| single(policy, options)));
    files.extend(look_ups(policies, options));
    files
}

fn values(policies: &[Policy], options: &Args) -> Value {
    let value = |policy: &Policy| {
        let conditions = &policy.conditions;
        let mut value = json!({ "enabled": true, "settings": policy.settings });
        if let Some(fields) = value.as_object_mut().filter(|_| !conditions.is_empty()) {
            fields.insert("matchConditions".to_owned(), json!(conditions));
        }
        value
    };
    let mut values = json!({
        "policyServer": options.policy_server,
        "mode": options.mode(),
        "failurePolicy": options.failure_policy(),
        "timeoutSeconds": options.timeout_seconds,
        "timeoutEvalSeconds": options.timeout_eval_seconds,
        "matchConditions": conditions::all(options),
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
        if resources::look_ups(policies, options).is_some() {
            fields.insert("lookUps".to_owned(), json!({ "enabled": true }));
            let account = &options.service_account;
            let account = json!({ "namespace": account.namespace, "name": account.name });
            fields.insert("serviceAccount".to_owned(), account);
        }
    }
    values
}

/// The template of one policy.
fn single(policy: &Policy, options: &Args) -> File {
    let mut object = resources::single(policy, options);
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        // Older versions of Kubewarden do not know it.
        spec.remove("timeoutEvalSeconds");
        spec.insert("matchConditions".to_owned(), Value::Null);
    }
    let holes = [
        ("module", "MODULE", module(policy)),
        ("mode", "MODE", "{{ $policy.mode | default .Values.mode }}".to_owned()),
        ("settings", "SETTINGS", "{{- toYaml $policy.settings | nindent 4 }}".to_owned()),
        ("policyServer", "SERVER", "{{ .Values.policyServer }}".to_owned()),
        ("failurePolicy", "FAILURE", "{{ .Values.failurePolicy }}".to_owned()),
        ("timeoutSeconds", "TIMEOUT", "{{ .Values.timeoutSeconds }}".to_owned()),
        ("matchConditions", "CONDITIONS", CONDITIONS.to_owned()),
        ("namespaceSelector", "SELECTOR", "{{- toYaml .Values.namespaceSelector | nindent 4 }}".to_owned()),
    ];
    for (field, hole, _) in &holes {
        put(&mut object, &["spec", field], hole);
    }
    let holes: Vec<(&str, &str)> = holes.iter().map(|(_, hole, text)| (*hole, text.as_str())).collect();
    let text = filled(&yaml::document(&object), &holes);
    let head =
        format!("{{{{- $policy := index .Values.policies {:?} }}}}\n{{{{- if $policy.enabled }}}}\n", policy.name);
    // The spec is the last of the object's fields.
    let evaluation = "\
  {{- if .Values.timeoutEvalSeconds }}
  timeoutEvalSeconds: {{ .Values.timeoutEvalSeconds }}
  {{- end }}
";
    File::new(&format!("templates/{}.yaml", policy.name), format!("{head}{text}{evaluation}{{{{- end }}}}\n"))
}

/// The right to look things up, with what each rule that is enabled needs of it.
fn look_ups(policies: &[Policy], options: &Args) -> Option<File> {
    let [mut role, mut binding] = resources::look_ups(policies, options)?;
    put(&mut role, &["rules"], "RULES");
    put(&mut binding, &["subjects", "0", "name"], "ACCOUNT");
    put(&mut binding, &["subjects", "0", "namespace"], "NAMESPACE");
    let enabled = |policy: &Policy| format!("(index .Values.policies {:?}).enabled", policy.name);
    let (mut any, mut rules) = (String::new(), String::new());
    for policy in policies {
        let granted = resources::granted(policy);
        if !granted.is_empty() {
            let condition = enabled(policy);
            any = any + " " + &condition;
            let text = filled(&yaml::document(&Value::Array(granted)), &[]);
            rules = rules + "\n{{- if " + &condition + " }}\n" + &text + "{{- end }}";
        }
    }
    let text = filled(
        &File::documents("", &[role, binding]).text,
        &[
            ("RULES", &rules),
            ("ACCOUNT", "{{ .Values.serviceAccount.name }}"),
            ("NAMESPACE", "{{ .Values.serviceAccount.namespace }}"),
        ],
    );
    let text = format!("{{{{- if and .Values.lookUps.enabled (or{any}) }}}}\n{text}{{{{- end }}}}\n");
    Some(File::new(&format!("templates/{LOOK_UPS}.yaml"), text))
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
        // Lists begin on a line of their own.
        let space = if template.starts_with('\n') { " " } else { "" };
        text = text.replace(&format!("{space}{hole}\n"), &format!("{template}\n"));
    }
    text
}
