//! What Argo CD syncs without an approval, and which Applications an ApplicationSet makes.
//!
//! A label, the destination, the name or the path of the source says that an Application is of production. In an ApplicationSet
//! the elements of its list generators say it, too. The module must not know a promotion.

use sdk::prelude::*;
use sdk::stage;
use sdk::text::{after, before, holds};
use sdk::value::Value;

use crate::EnvironmentPromotion;

/// Keys under which an element names its environment.
const ENVIRONMENT: [&str; 4] = ["environment", "env", "stage", "cluster"];

const MESSAGE: &str = "Argo CD syncs production by itself, before anybody approves it";

pub fn check_application(
    rule: &EnvironmentPromotion,
    object: Object<'_>,
    findings: &mut Findings,
) -> Result<(), Undecided> {
    let automated = object.get("spec.syncPolicy.automated");
    if rule.says_production(object.labels(), places(object.get("spec")).chain([object.name()])) {
        if !rule.production_auto_sync && is_on(automated) {
            findings.fail(automated, MESSAGE, "remove it");
        }
        return Ok(());
    }
    if is_on(automated) { Ok(()) } else { not_applicable("nothing says that it is of production") }
}

pub fn check_set(rule: &EnvironmentPromotion, object: Object<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let mut elements = Vec::new();
    let mut are_known = true;
    for generator in object.get("spec.generators").items() {
        are_known &= gather(generator, &mut elements);
    }
    let template = object.get("spec.template");
    check_names(template.get("metadata.name"), object.get("spec.generators"), findings);
    check_coverage(rule, object.get("spec.generators"), &elements, findings);
    if rule.production_auto_sync {
        return Ok(());
    }
    let is_production = |element: &Field<'_>| {
        element.entries().filter_map(|(_, value)| text(value)).any(|value| rule.is_production(value))
    };
    let places = places(template.get("spec")).chain(template.get("metadata.name").str());
    let is_fixed = rule.says_production(template.get("metadata.labels"), places);
    let mut of_production = elements.iter().filter(|element| is_production(element));
    let automated = template.get("spec.syncPolicy.automated");
    let patch = object.get("spec.templatePatch");
    let patched = patch.str().filter(|text| holds(text, "automated"));
    let of_all =
        if is_on(automated) { Some(automated) } else { patched.filter(|text| is_for_all(text)).map(|_| patch) };
    if let Some(of_all) = of_all {
        if is_fixed || of_production.next().is_some() {
            findings.fail(of_all, MESSAGE, "remove it, and add it to the others by a templatePatch with a condition");
        } else if !are_known {
            return Err(Undecided::Unknown("only the cluster knows which environments the generator gives".into()));
        }
        return Ok(());
    }
    let Some(text) = patched else { return Ok(()) };
    let Some(key) = guard(text).filter(|_| are_known) else {
        return Err(Undecided::Unknown(
            "the condition of the templatePatch that turns on auto-sync is not evaluated".into(),
        ));
    };
    // A text that is not empty is true in a Go template, also `"false"`.
    let is_true = |field: Field<'_>| match field.value() {
        Some(Value::Bool(is_true)) => *is_true,
        Some(Value::String(text)) => !text.is_empty(),
        other => other.is_some(),
    };
    if let Some(element) = of_production.find(|element| is_true(element.entry(key))) {
        findings.fail(element.entry(key), MESSAGE, format!("{key}: false"));
    }
    Ok(())
}

impl EnvironmentPromotion {
    fn is_production(&self, word: &str) -> bool {
        stage::is_one(word, &self.production)
    }

    /// Whether one of the labels that say an environment, or one of the words, means production.
    fn says_production<'a>(&self, labels: Field<'_>, words: impl Iterator<Item = &'a str>) -> bool {
        let label = ["app.kubernetes.io/environment", "environment", "env"];
        match label.iter().find_map(|key| labels.entry(key).str()) {
            Some(said) => self.is_production(said),
            None => words.into_iter().any(|word| self.is_production(word)),
        }
    }
}

/// Where an Application is deployed, and the steps of the paths that its sources have.
fn places<'a>(spec: Field<'a>) -> impl Iterator<Item = &'a str> {
    let destination = ["destination.namespace", "destination.name"].map(|field| spec.get(field).str());
    let sources = spec.get("sources").items().map(|source| source.get("path")).chain([spec.get("source.path")]);
    let steps = sources.filter_map(Field::str).flat_map(|path| path.split('/'));
    destination.into_iter().flatten().chain(steps)
}

/// Whether a patch turns on auto-sync for each Application: it has no condition, and does not turn it off.
fn is_for_all(patch: &str) -> bool {
    !["{{", "enabled", "null"].iter().any(|word| holds(patch, word))
}

/// `automated: {}` is on, too.
fn is_on(automated: Field<'_>) -> bool {
    automated.is_set() && automated.get("enabled").bool() != Some(false)
}

/// The value of a field as text. A mapping and a list have none.
fn text<'a>(field: Field<'a>) -> Option<&'a str> {
    match field.value()? {
        Value::String(text) | Value::Number(text) => Some(text),
        Value::Bool(true) => Some("true"),
        Value::Bool(false) => Some("false"),
        _ => None,
    }
}

/// Collects the elements of list generators, also inside matrix and merge generators. True if nothing else is generated.
fn gather<'a>(generator: Field<'a>, elements: &mut Vec<Field<'a>>) -> bool {
    let list = generator.get("list");
    if list.is_set() {
        elements.extend(list.get("elements").items());
        return !list.get("elementsYaml").is_set();
    }
    let mut inner = ["matrix", "merge"].map(|key| generator.get(key)).into_iter().filter(|field| field.is_set());
    let Some(inner) = inner.next() else { return false };
    let mut are_known = true;
    for generator in inner.get("generators").items() {
        are_known &= gather(generator, elements);
    }
    are_known
}

/// Reports two elements of a list generator that make an Application of the same name.
fn check_names(name: Field<'_>, generators: Field<'_>, findings: &mut Findings) {
    let Some(template) = name.str() else { return };
    let mut seen: Vec<String> = Vec::new();
    for element in generators.items().flat_map(|generator| generator.get("list.elements").items()) {
        let Some(name) = filled(template, element) else { continue };
        if seen.contains(&name) {
            let message = format!("two elements make the Application {name}: its environment is given twice");
            findings.fail(element, message, "one element for each environment");
        } else {
            seen.push(name);
        }
    }
}

/// Reports the environments of the setting that no element names.
fn check_coverage<'a>(
    rule: &EnvironmentPromotion,
    generators: Field<'_>,
    elements: &[Field<'a>],
    findings: &mut Findings,
) {
    let said = |element: &Field<'a>| ENVIRONMENT.iter().find_map(|key| text(element.entry(key)));
    let given: Vec<&str> = elements.iter().filter_map(said).collect();
    if given.is_empty() {
        return;
    }
    for wanted in rule.environments.iter().filter(|wanted| !given.contains(&wanted.as_str())) {
        let message = format!("no element is for the environment {wanted}");
        findings.fail(generators, message, format!("an element with environment: {wanted}"));
    }
}

/// The template filled in from an element. None if the element lacks a value.
fn filled(template: &str, element: Field<'_>) -> Option<String> {
    let (mut text, mut rest) = (String::new(), template);
    while let (Some(start), Some(behind)) = (before(rest, "{{"), after(rest, "{{")) {
        text.push_str(start);
        let key = before(behind, "}}")?.trim().trim_start_matches('.');
        text.push_str(self::text(element.entry(key))?);
        rest = after(behind, "}}")?;
    }
    text.push_str(rest);
    Some(text)
}

/// The variable of the one condition around the whole patch: `{{- if .automated }}`.
fn guard(patch: &str) -> Option<&str> {
    let action = before(after(patch, "{{")?, "}}")?.trim_matches(['-', ' ']);
    let key = action.strip_prefix("if ")?.trim().strip_prefix('.')?;
    let is_name = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_only = patch.lines().filter(|line| line.contains('{') && holds(line, "{{")).count() == 2;
    (is_name && is_only).then_some(key)
}
