//! What the end-to-end tests and benchmarks share: where the build left its artifacts, the bundle on two runtimes (modules
//! in the sandbox, the same rules as native code), manifests made up in any number, and JSON Schemas to hold output to.
//!
//! The native runtime is the yardstick: it fills the same trait as the sandbox, so that "native = wasmtime" is a
//! comparison of two reports, and "the sandbox is free" one of two benchmarks.
#![allow(clippy::expect_used, clippy::panic)]

pub mod api;
pub mod artifacts;
pub mod cases;
pub mod generate;
pub mod native;
pub mod schema;

use std::collections::BTreeMap;

use engine::report::{Judged, Report, render};
use engine::waiver::Date;
use engine::{Bundle, Completeness, File, Input, Judge, Operation, Question, Rule, Runtime, Subject, World, manifest};
use protocol::RuleMetadata;
use sandbox::{Limits, Module, Sandbox};

/// The metadata of every rule that was built, by name.
#[must_use]
pub fn metadata() -> BTreeMap<String, RuleMetadata> {
    let all = artifacts::modules().into_iter().map(|(name, wasm)| {
        let sections = sandbox::sections(&wasm, &Limits::default()).expect("a module was built");
        (name, sections.rule.expect("a module carries its rule's metadata"))
    });
    all.collect()
}

/// Whether the rule is disabled until it has settings.
#[must_use]
pub fn needs_settings(rule: &RuleMetadata) -> bool {
    rule.settings.get("required").is_some()
}

/// A sandbox with room for `threads` threads, and the bundle loaded into it.
#[must_use]
pub fn sandboxed(threads: usize, names: &[&str]) -> (Sandbox, Bundle<Module>) {
    let modules = artifacts::modules();
    let sandbox = Sandbox::new(Limits::default(), threads * modules.len()).expect("wasmtime runs here");
    let rules = metadata().into_values().filter(|metadata| names.is_empty() || names.contains(&metadata.name.as_str()));
    let rules = rules.map(|metadata| {
        let name = metadata.name.clone();
        let module = sandbox.load(&name, modules.get(&name).expect("it was built")).expect("it loads");
        Rule::new(metadata, module)
    });
    let bundle = Bundle::new(rules.collect());
    (sandbox, bundle)
}

/// The same bundle as native code.
#[must_use]
pub fn native(names: &[&str]) -> (native::Native, Bundle<native::Library>) {
    let rules = metadata().into_values().filter(|metadata| names.is_empty() || names.contains(&metadata.name.as_str()));
    let rules = rules.map(|metadata| {
        let library = native::Library::open(&metadata.name);
        Rule::new(metadata, library)
    });
    (native::Native, Bundle::new(rules.collect()))
}

/// The bundle, with every rule changed in one way.
pub fn each<M>(bundle: Bundle<M>, change: impl Fn(Rule<M>) -> Rule<M>) -> Bundle<M> {
    Bundle::new(bundle.into_rules().into_iter().map(change).collect())
}

/// One text as an input of one file.
#[must_use]
pub fn input(name: &str, text: &str) -> Input {
    inputs([(name.to_owned(), text.to_owned())].into_iter())
}

/// Texts as an input of as many files.
///
/// # Panics
/// If one of them is not readable as a manifest.
pub fn inputs(texts: impl Iterator<Item = (String, String)>) -> Input {
    let file = |(name, text): (String, String)| {
        let mut manifest = manifest::read(&name, text.into_bytes(), &manifest::Limits::default());
        // What examples say that a host has seen counts.
        manifest.origin = manifest::Origin::Host;
        assert!(manifest.problems.is_empty(), "{name}: {:?}", manifest.problems);
        File { manifest, project: 0 }
    };
    Input::new(texts.map(file).collect())
}

/// What is asked of each object: whether it may be created, and of the first whether it may replace that of another input,
/// where there is one.
pub fn questions<'a>(
    input: &'a Input,
    old: Option<&'a Input>,
    completeness: Completeness,
) -> impl Iterator<Item = (Subject<'a>, Question<'a>)> {
    let mut replaced = old.and_then(|old| old.subjects().next());
    input.subjects().map(move |subject| {
        let question = Question::of(input, subject, completeness);
        let old_object = replaced.take().map(|replaced| replaced.object);
        let operation = if old_object.is_some() { Operation::Update } else { Operation::Create };
        (subject, Question { old_object, operation, ..question })
    })
}

/// The JSON report of a bundle over an input.
pub fn report<R: Runtime>(
    runtime: &R,
    bundle: &Bundle<R::Module>,
    input: &Input,
    completeness: Completeness,
) -> String {
    report_of_change(runtime, bundle, (None, input), completeness)
}

/// The same where the first object replaces that of another input, if there is one.
pub fn report_of_change<R: Runtime>(
    runtime: &R,
    bundle: &Bundle<R::Module>,
    (old, input): (Option<&Input>, &Input),
    completeness: Completeness,
) -> String {
    let world = World::new(input);
    let judge = Judge::new(runtime, bundle, &world);
    let judged = questions(input, old, completeness)
        .map(|(subject, question)| Judged { subject, judgements: judge.judge(&question) })
        .collect();
    let report = Report::new(input, bundle, completeness, judged, Vec::new(), &[], Date::LAST);
    render::text(|out| render::json(&report, "test", out))
}
