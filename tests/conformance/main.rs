//! One artifact, the same answer everywhere: every documented example and every case of every rule gives, byte for byte,
//! the same report from the module in the sandbox and from the rule as native code, with the object pruned to the rule's
//! field mask and with the object whole.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use engine::{Bundle, Rule};
use seaworthy_tests::{cases, each, generate, input, metadata, native, report, report_of_change, sandboxed};
use serde_json::Value;

mod modules;
mod relations;

#[test]
fn every_case_is_decided_alike_everywhere() {
    let (sandbox, modules) = sandboxed(1, &[]);
    let (native_runtime, libraries) = native(&[]);
    let mut modules = modules.into_rules();
    let mut libraries = libraries.into_rules();
    let cases = cases::all();
    assert!(cases.len() > 2 * modules.len(), "every rule shows a pass and a fail");
    for case in &cases {
        let new = input("case.yaml", &case.yaml);
        let old = case.old.as_ref().map(|old| input("old.yaml", old));
        let change = (old.as_ref(), &new);
        let module = take(&mut modules, &case.rule);
        let library = take(&mut libraries, &case.rule);
        let module = if case.settings.is_null() { module } else { module.with_settings(&case.settings) };
        let library = if case.settings.is_null() { library } else { library.with_settings(&case.settings) };

        let (module, masked) = judged(module, |bundle| report_of_change(&sandbox, bundle, change, case.completeness));
        let (library, natively) =
            judged(library, |bundle| report_of_change(&native_runtime, bundle, change, case.completeness));
        let context = format!("{}: {}\n{}", case.rule, case.name, case.yaml);
        assert_eq!(masked, natively, "native differs, {context}");
        let (module, whole) =
            judged(module.unmasked(), |bundle| report_of_change(&sandbox, bundle, change, case.completeness));
        assert_eq!(masked, whole, "the field mask changes the verdict, {context}");
        // A host does not even ask a rule about a kind that it does not judge.
        let verdict = first_verdict(&masked);
        let unasked = verdict.is_none() && case.verdict == "not-applicable";
        assert!(unasked || verdict.as_deref() == Some(case.verdict.as_str()), "{context}{masked}");

        modules.push(module.masked().with_settings(&Value::Object(serde_json::Map::new())));
        libraries.push(library.with_settings(&Value::Object(serde_json::Map::new())));
    }
}

#[test]
fn generated_services_are_decided_alike_everywhere() {
    let input = input("services.yaml", &generate::services(20));
    let (sandbox, modules) = sandboxed(1, &[]);
    let (native_runtime, libraries) = native(&[]);
    let world = engine::Completeness::Complete;
    let masked = report(&sandbox, &modules, &input, world);
    assert_eq!(masked, report(&native_runtime, &libraries, &input, world));
    assert_eq!(masked, report(&sandbox, &each(modules, Rule::unmasked), &input, world));
    assert!(masked.contains("\"fail\"") && masked.contains("\"pass\""), "the services show both");
}

#[test]
fn every_rule_is_built_in_every_form() {
    assert!(metadata().len() >= 10, "{:?}", metadata().keys());
}

/// Takes a rule out of a bundle's rules.
fn take<M>(rules: &mut Vec<Rule<M>>, name: &str) -> Rule<M> {
    let at = rules.iter().position(|rule| rule.metadata.name == name).expect("every case's rule was built");
    rules.swap_remove(at)
}

/// Judges with a bundle of one rule, and gives the rule back.
fn judged<M>(rule: Rule<M>, judge: impl FnOnce(&Bundle<M>) -> String) -> (Rule<M>, String) {
    let bundle = Bundle::new(vec![rule]);
    let report = judge(&bundle);
    (bundle.into_rules().pop().expect("it went in"), report)
}

/// The verdict on the case's first object, if the rule judges its kind.
fn first_verdict(report: &str) -> Option<String> {
    let report: Value = serde_json::from_str(report).expect("a report is JSON");
    report.pointer("/results/0/verdict").and_then(Value::as_str).map(ToOwned::to_owned)
}
