//! Waivers of the configuration as policies have them: a setting of the rule that says the same, or a match condition.
//!
//! Neither knows the date. So no waiver that has ended is written, each condition has its last day in its name, and the
//! command says when to write the policies again. A condition asks for names that the API server itself puts into a request,
//! never for what an object says. It has a value for every request, at a constant cost: a condition that fails would waive
//! everything where the failure policy is `Ignore`.

use engine::config::Config;
use engine::waiver::{Date, Waiver};
use protocol::glob::matches_name;
use protocol::resource_name;
use serde_json::{Value, json};

use super::policy::Policy;
use super::{Args, Format, Waivers, conditions, note};
use crate::failure::Failure;

/// Rules with a setting for namespaces whose pods they do not check.
const EXEMPT_NAMESPACES: [(&str, &str); 1] = [("pod-security", "exempt_namespaces")];

/// The most match conditions that an API server takes for one webhook, which is one policy.
const MOST_CONDITIONS: usize = 64;

/// Puts waivers that count today into the policies of their rules.
///
/// # Errors
/// Some of them cannot be carried over, and the command line does not say to leave them out.
pub fn carry_over(policies: &mut [Policy], config: &Config, options: &Args, today: Date) -> Result<(), Failure> {
    for rule in config.annotated.iter().filter(|rule| policies.iter().any(|policy| policy.name == **rule)) {
        note(&format!("waivers of {rule} in annotations are not carried over: a policy does not read them"));
    }
    let (mut refused, mut ends) = (Vec::new(), Vec::new());
    for waiver in &config.waivers {
        let Some(policy) = policies.iter_mut().find(|policy| policy.name == waiver.rule) else { continue };
        if !is_asked_about(policy, waiver, options) {
            continue;
        }
        let shown = format!("the waiver of {} for {}", waiver.rule, waiver.name);
        if !waiver.counts(today) {
            note(&format!("{shown} ended on {} and is left out", waiver.expires));
        } else if options.waivers == Waivers::None {
            note(&format!("{shown} is left out: --waivers none"));
        } else if is_for_a_part(waiver) && made(waiver, options).is_some() {
            note(&format!("{shown} is left out: without --pods, only what `kubectl debug` adds to a pod is checked"));
        } else {
            match put(policy, waiver, options) {
                Ok(()) => ends.push(waiver.expires),
                Err(reason) => refused.push(format!("{shown} {reason}")),
            }
        }
    }
    if options.waivers == Waivers::All && !refused.is_empty() {
        return Err(Failure::Usage(format!(
            "policies cannot carry every waiver: {}; to leave out what cannot be carried, and check its objects, give \
             --waivers possible",
            refused.join("; ")
        )));
    }
    refused.iter().for_each(|refused| note(&format!("{refused}, so it is left out")));
    if let Some(end) = ends.into_iter().min() {
        note(&format!(
            "a policy does not know the date, and the first waiver ends on {end}: write and install the policies again on {}",
            end.after(1)
        ));
    }
    Ok(())
}

/// Whether a request that the policy gets can be about an object of the waiver. If none can, nothing is lost without it.
fn is_asked_about(policy: &Policy, waiver: &Waiver, options: &Args) -> bool {
    let is_in_its_namespaces = match (waiver.namespace.as_deref(), options.namespace.as_deref()) {
        (None, _) => true,
        (Some(pattern), Some(namespace)) => matches_name(pattern, namespace),
        // Whoever installs a chart may choose other namespaces, and a policy-server by itself excludes none.
        (Some(_), None) if matches!(options.format, Format::Helm | Format::PolicyServer) => true,
        (Some(pattern), None) => !options.exclude_namespace.iter().any(|excluded| excluded == pattern),
    };
    is_in_its_namespaces && made(waiver, options).is_none_or(|resource| policy.asks_about_part_of(resource))
}

/// The resource of the waiver's objects, if policies do not check them because controllers make them.
fn made(waiver: &Waiver, options: &Args) -> Option<&'static str> {
    if options.pods || options.format == Format::PolicyServer {
        return None;
    }
    let (Some(group), Some(kind)) = waiver.group_and_kind() else { return None };
    let wanted = resource_name(kind);
    let mut made = conditions::MADE.into_iter();
    made.find(|(of, resource)| *of == group && *resource == wanted).map(|(_, resource)| resource)
}

fn is_for_a_part(waiver: &Waiver) -> bool {
    waiver.container.is_some() || waiver.path.is_some()
}

/// Puts one waiver into the policy of its rule, or says why that cannot be.
fn put(policy: &mut Policy, waiver: &Waiver, options: &Args) -> Result<(), &'static str> {
    if waiver.container.is_some() {
        return Err("is for a container, and a policy checks the whole object");
    }
    if waiver.path.is_some() {
        return Err("is for a field, and a policy checks the whole object");
    }
    if waiver.environment.is_some() {
        return Err("is for an environment, and a cluster does not know its own");
    }
    if exempt(policy, waiver).is_some() {
        return Ok(());
    }
    if options.format == Format::PolicyServer {
        return Err("needs a match condition, which `policies.yml` does not have");
    }
    if conditions::all(options).len() + policy.conditions.len() >= MOST_CONDITIONS {
        return Err("is one too many: a policy has at most 64 match conditions");
    }
    let name = format!("waiver-{}-until-{}", policy.conditions.len() + 1, waiver.expires);
    policy.conditions.push(json!({ "name": name, "expression": expression(waiver) }));
    Ok(())
}

/// Puts a waiver for all of a namespace into the setting of the rule that says the same; `None` if it has no such setting.
fn exempt(policy: &mut Policy, waiver: &Waiver) -> Option<()> {
    let (_, setting) = EXEMPT_NAMESPACES.iter().find(|(rule, _)| *rule == policy.name)?;
    let namespace = waiver.namespace.as_deref().filter(|namespace| !namespace.contains('*'))?;
    if waiver.group_and_kind() != (None, None) || !is_any(&waiver.name) {
        return None;
    }
    let settings = policy.settings.as_object_mut()?;
    let exempt = settings.entry(*setting).or_insert_with(|| json!([])).as_array_mut()?;
    if !exempt.iter().any(|known| known == namespace) {
        exempt.push(json!(namespace));
    }
    Some(())
}

/// True for every request but those about an object of the waiver.
fn expression(waiver: &Waiver) -> String {
    let (group, kind) = waiver.group_and_kind();
    let mut tests = Vec::new();
    tests.extend(group.and_then(|group| fits("request.kind.group", group)));
    tests.extend(kind.and_then(|kind| fits("request.kind.kind", kind)));
    if let Some(test) = waiver.namespace.as_deref().and_then(|namespace| fits("request.namespace", namespace)) {
        tests.push(test);
        // A request about a Namespace names that as its own namespace, and a waiver for what is in it does not mean it.
        tests.push("has(request.kind.kind) && request.kind.kind != \"Namespace\"".to_owned());
    }
    // What has no name is not waived by any.
    tests.push(fits("request.name", &waiver.name).unwrap_or_else(|| "has(request.name)".to_owned()));
    format!("!({})", tests.join(" && "))
}

/// A test whether a field is as a pattern says, which is false where the field is not there; `None` where anything will do.
fn fits(field: &str, pattern: &str) -> Option<String> {
    // The escapes of a JSON string are escapes of CEL too.
    let quoted = |text: &str| Value::from(text).to_string();
    if is_any(pattern) {
        return None;
    }
    let parts: Vec<&str> = pattern.split('*').collect();
    let test = match parts.as_slice() {
        [whole] => format!("{field} == {}", quoted(whole)),
        [start, ""] => format!("{field}.startsWith({})", quoted(start)),
        ["", end] => format!("{field}.endsWith({})", quoted(end)),
        _ => {
            let parts: Vec<String> = parts.iter().map(|part| escaped(part)).collect();
            format!("{field}.matches({})", quoted(&format!("^{}$", parts.join(".*"))))
        }
    };
    Some(format!("has({field}) && {test}"))
}

/// Whether a pattern is of stars alone.
fn is_any(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*')
}

/// The text as a regular expression that means just that.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if r"\.+?()|[]{}^$".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_test_that_always_has_a_value() {
        for (pattern, test) in [
            ("web", r#"x == "web""#),
            ("", r#"x == """#),
            ("web-*", r#"x.startsWith("web-")"#),
            ("*-db", r#"x.endsWith("-db")"#),
            ("a*a", r#"x.matches("^a.*a$")"#),
            ("*.x*y", r#"x.matches("^.*\\.x.*y$")"#),
            ("a\"\\\n", r#"x == "a\"\\\n""#),
        ] {
            assert_eq!(fits("x", pattern), Some(format!("has(x) && {test}")), "{pattern}");
        }
        assert_eq!((fits("x", "*"), fits("x", "**")), (None, None));
    }
}
