//! What Argo CD syncs without an approval, and which Applications an ApplicationSet makes.
//!
//! A label says which environment an Application is of, or else the destination and the name do, or else the path of the
//! source and its files of values. In an ApplicationSet they are filled in from the elements of its list generators, which say
//! it, too. The module must not know a promotion.

use sdk::prelude::*;
use sdk::stage;
use sdk::text::{after, before, holds};
use sdk::value::Value;

use crate::EnvironmentPromotion;

/// Keys under which an element names its environment.
const ENVIRONMENT: [&str; 4] = ["environment", "env", "stage", "cluster"];

/// What fills in a text.
type Fill<'a> = &'a dyn Fn(&str) -> String;

const MESSAGE: &str = "Argo CD syncs production by itself, before anybody approves it";

pub fn check_application(
    rule: &EnvironmentPromotion,
    object: Object<'_>,
    findings: &mut Findings,
) -> Result<(), Undecided> {
    let automated = object.get("spec.syncPolicy.automated");
    if rule.says_production(object.get("metadata"), object.get("spec"), &str::to_owned) {
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
    let says_production = |fill: Fill<'_>| rule.says_production(template.get("metadata"), template.get("spec"), fill);
    let is_made =
        |element: &Field<'_>| says_production(&|text: &str| filled(text, *element).unwrap_or_else(|| text.to_owned()));
    let is_fixed = if elements.is_empty() { says_production(&str::to_owned) } else { elements.iter().any(is_made) };
    let mut of_production = elements.iter().filter(|element| rule.names_production(**element));
    let automated = template.get("spec.syncPolicy.automated");
    let patch = object.get("spec.templatePatch");
    let patched = patch.str().filter(|text| holds(text, "automated"));
    let of_all =
        if is_on(automated) { Some(automated) } else { patched.filter(|text| is_for_all(text)).map(|_| patch) };
    if let Some(of_all) = of_all {
        let is_of_production = is_fixed || of_production.next().is_some();
        if is_of_production && patched.is_some_and(|text| !is_for_all(text)) {
            return Err(Undecided::Unknown("whether the templatePatch turns auto-sync off is not evaluated".into()));
        }
        if is_of_production {
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
        let plain = stage::plain(word);
        stage::is_one(word, &self.production)
            || stage::is_one(&plain, &self.production)
            || stage::is_whole(&plain, |part| self.is_name(part))
    }

    /// Whether a part of a name is a name of production.
    fn is_name(&self, part: &str) -> bool {
        self.production.iter().any(|name| name == part)
    }

    /// Whether any value of an element means production, however deep it stands.
    fn names_production(&self, element: Field<'_>) -> bool {
        match element.value() {
            Some(Value::Object(_)) => element.entries().any(|(_, value)| self.names_production(value)),
            _ => text(element).is_some_and(|word| self.is_production(word)),
        }
    }

    /// Whether an Application is of production by a label, or else by where it is deployed and by its name. The paths of its
    /// sources are asked where it is not deployed to another environment: they hold the names of services and teams, too. Its
    /// name alone says that it is of another one only where the path says `live`.
    fn says_production<'a>(&self, metadata: Field<'a>, spec: Field<'a>, fill: Fill<'_>) -> bool {
        let label = ["app.kubernetes.io/environment", "environment", "env"];
        let labels = metadata.get("labels");
        if let Some(said) = label.iter().find_map(|key| labels.entry(key).str()) {
            return self.is_production(&fill(said));
        }
        let places = [spec.get("destination.namespace"), spec.get("destination.name")];
        let places: Vec<String> = places.into_iter().filter_map(Field::str).map(fill).collect();
        let name = metadata.get("name").str().map(fill).unwrap_or_default();
        let sources = spec.get("sources").items().chain([spec.get("source")]);
        let paths = sources.flat_map(|source| source.get("helm.valueFiles").items().chain([source.get("path")]));
        let paths: Vec<String> = paths.filter_map(Field::str).map(fill).collect();
        // What is a service's folder is the name of that service, too.
        let is_service = |place: &String| {
            let is_it = |(step, is_service): (&str, bool)| is_service && step == place;
            paths.iter().any(|path| steps(path).any(is_it))
        };
        if self.is_production(&name) || places.iter().any(|place| self.is_production(place) && !is_service(place)) {
            return true;
        }
        let is_named = self.is_other(&name);
        paths.iter().any(|path| {
            let is_elsewhere = |place: &String| self.is_other(place) && !path.split('/').any(|step| step == place);
            let step = self.step_of_production(path);
            step.is_some_and(|step| !is_named || !stage::is_vague(&stage::plain(step)))
                && !places.iter().any(is_elsewhere)
        })
    }

    /// The last step of a path that names an environment, if that is production: one that names nothing else, or else a service
    /// that does, or else one that has it in its name. What lies in `non-prod` never is.
    fn step_of_production<'p>(&self, path: &'p str) -> Option<&'p str> {
        let steps = || steps(path).map(|(step, _)| step);
        let is_variable = |step: &str| holds(step, "{{") && ENVIRONMENT.iter().any(|key| holds(step, key));
        let is_known = |part: &str| self.is_name(part) || stage::is_before_production(part);
        let is_whole = |step: &&str| is_variable(step) || stage::is_whole(&stage::plain(step), is_known);
        let is_part = |step: &&str| self.is_production(step) || self.is_other(step);
        let is_negated = |step: &str| stage::is_negated(&stage::plain(step)) && !self.is_production(step);
        let is_of_place = |(step, is_service): (&'p str, bool)| (!is_service && is_whole(&step)).then_some(step);
        let whole = self::steps(path).find_map(is_of_place).or_else(|| steps().find(is_whole));
        let named = whole.or_else(|| steps().find(is_part));
        named.filter(|step| self.is_production(step) && !steps().any(is_negated))
    }

    /// Whether a word names an environment that is not production.
    fn is_other(&self, word: &str) -> bool {
        let plain = stage::plain(word);
        !self.is_production(word) && (stage::is_negated(&plain) || stage::says_earlier(&plain))
    }
}

/// The steps of a path, the last one first, each with whether it is called like a service.
fn steps(path: &str) -> impl Iterator<Item = (&str, bool)> {
    let around = path.rsplit('/').skip(1).chain([""]);
    path.rsplit('/').zip(around).map(|(step, around)| (stem(step), stage::OF_SERVICES.contains(&around)))
}

/// The step of a path without what a file of values has in its name besides its environment.
fn stem(step: &str) -> &str {
    let Some(file) = step.strip_suffix(".yaml").or_else(|| step.strip_suffix(".yml")) else { return step };
    file.strip_prefix("values-").or_else(|| file.strip_prefix("values.")).unwrap_or(file)
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
    text_of(field.value()?)
}

fn text_of<'a>(value: &'a Value<'a>) -> Option<&'a str> {
    match value {
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

/// The template filled in from an element, whose values may stand in mappings. None if the element lacks a value.
fn filled(template: &str, element: Field<'_>) -> Option<String> {
    let (mut text, mut rest) = (String::new(), template);
    while let (Some(start), Some(behind)) = (before(rest, "{{"), after(rest, "{{")) {
        text.push_str(start);
        let key = before(behind, "}}")?.trim().trim_start_matches('.');
        text.push_str(text_of(key.split('.').try_fold(element.value()?, |value, step| value.get(step))?)?);
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
