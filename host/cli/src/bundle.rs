//! Where the rules come from: the bundle inside this binary, or a folder of modules.

use std::fs;
use std::path::{Path, PathBuf};

use engine::config::suggestion;
use engine::report::Unread;
use engine::{Rule, Sections, is_rule_name};
use protocol::{Example, RuleMetadata, Severity};
use sandbox::{Limits, LoadError, Module, Sandbox, sections};
use serde::Deserialize;
use sources::ReadError;

use crate::cache;
use crate::exit::{HOLDS, UNDECIDED};
use crate::failure::Failure;
use crate::options::selection::Selection;
use crate::present::output::{self, one_line};

/// A rule as it was built into this binary.
struct Embedded {
    name: &'static str,
    wasm: &'static [u8],
    /// Its machine code, so that nothing is compiled on a user's clock.
    code: &'static [u8],
}

/// Bytes from a page on, so that machine code runs where it lies.
#[cfg_attr(target_arch = "x86_64", repr(C, align(4096)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(C, align(16)))]
struct Aligned<T: ?Sized>(T);

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Why a module is not used, to stand behind its path.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    /// The file gives nothing.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file is something else.
    #[error("is not a WebAssembly module")]
    NotWasm,
    /// The sandbox refuses it, or its metadata.
    #[error("is not a policy module: {0}")]
    NoPolicy(#[from] LoadError),
    /// It is somebody else's.
    #[error("carries no metadata of a seaworthy rule")]
    NoRule,
    /// Its name could be mistaken for something else.
    #[error("has a rule name that is not kebab-case: {0:?}")]
    Name(String),
    /// Kubewarden could not run it.
    #[error("has no metadata for Kubewarden")]
    NoKubewarden,
    /// There is another of its name.
    #[error("has the same rule as {other}: {name}")]
    Again { name: String, other: String },
    /// The sandbox does not take its code.
    #[error("(rule {name}) cannot be loaded: {cause}")]
    Load {
        name: String,
        #[source]
        cause: LoadError,
    },
}

/// A module that was found, not yet loaded.
pub struct Found {
    pub metadata: RuleMetadata,
    /// What to call the module where it is refused.
    shown: String,
    source: Source,
}

impl Found {
    /// A rule that was read elsewhere.
    pub fn given(metadata: RuleMetadata, shown: &str, wasm: Vec<u8>) -> Self {
        Self { metadata, shown: shown.to_owned(), source: Source::File(wasm) }
    }

    /// The module.
    pub fn wasm(&self) -> &[u8] {
        self.source.wasm()
    }

    /// What the module says to Kubewarden.
    ///
    /// # Errors
    /// It says nothing.
    pub fn kubewarden(&self) -> Result<serde_json::Value, ModuleError> {
        read_sections(self.source.wasm())?.kubewarden.ok_or(ModuleError::NoKubewarden)
    }
}

enum Source {
    Embedded(&'static Embedded),
    File(Vec<u8>),
}

impl Source {
    fn wasm(&self) -> &[u8] {
        match self {
            Self::Embedded(embedded) => embedded.wasm,
            Self::File(wasm) => wasm,
        }
    }
}

/// The modules that cannot be used, each with the reason. They stop nobody else, but leave the run undecided.
#[derive(Default)]
pub struct Refusals(Vec<Unread>);

impl Refusals {
    fn add(&mut self, shown: &str, cause: &ModuleError) {
        self.0.push(Unread { path: shown.to_owned(), reason: cause.to_string(), is_failure: true });
    }

    /// What is not refused.
    fn keep<T>(&mut self, shown: &str, result: Result<T, ModuleError>) -> Option<T> {
        result.map_err(|cause| self.add(shown, &cause)).ok()
    }

    /// For the report.
    pub fn into_unread(self) -> Vec<Unread> {
        self.0
    }

    /// Says them on standard error, where there is no report to say them in. The exit code of a command that has done
    /// its work beside them.
    pub fn complain(&self) -> u8 {
        self.0.iter().for_each(|refused| output::complain(&line(refused)));
        if self.0.is_empty() { HOLDS } else { UNDECIDED }
    }

    /// The failure of a command for which nothing is left.
    fn into_failure(self) -> Failure {
        let lines: Vec<String> = self.0.iter().map(line).collect();
        Failure::Bundle(lines.join("\n"))
    }
}

fn line(refused: &Unread) -> String {
    // What the module says of itself may be part of the reason.
    format!("{} {}", one_line(&refused.path), one_line(&refused.reason))
}

/// Finds all rules of a folder, or of this binary. Reads their metadata only; nothing is compiled or run.
///
/// # Errors
/// The folder cannot be read, or no module in it can be used.
pub fn find(folder: Option<&Path>) -> Result<(Vec<Found>, Refusals), Failure> {
    let (mut found, refusals) = find_undocumented(folder)?;
    document(&mut found)?;
    Ok((found, refusals))
}

/// As [`find`], without the documentation and the examples of the rules in this binary: no check needs them, and they are
/// more than the rest.
///
/// # Errors
/// As [`find`].
pub fn find_undocumented(folder: Option<&Path>) -> Result<(Vec<Found>, Refusals), Failure> {
    let mut refusals = Refusals::default();
    let found = match folder {
        None => {
            let read: Vec<RuleMetadata> = serde_json::from_str(METADATA).map_err(|cause| damaged(&cause))?;
            let found = EMBEDDED.iter().zip(read).map(|(rule, metadata)| Found {
                metadata,
                shown: rule.name.into(),
                source: Source::Embedded(rule),
            });
            found.collect()
        }
        Some(folder) => in_folder(folder, &mut refusals)?,
    };
    if found.is_empty() { Err(refusals.into_failure()) } else { Ok((found, refusals)) }
}

/// Adds the documentation and the examples to rules of this binary.
///
/// # Errors
/// The binary is damaged.
pub fn document(found: &mut [Found]) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Documents {
        documentation: String,
        examples: Vec<Example>,
    }
    let read: Vec<Documents> = serde_json::from_str(DOCUMENTS).map_err(|cause| damaged(&cause))?;
    for (rule, Documents { documentation, examples }) in EMBEDDED.iter().zip(read) {
        let is_rule = |found: &&mut Found| matches!(found.source, Source::Embedded(source) if source.name == rule.name);
        if let Some(Found { metadata, .. }) = found.iter_mut().find(is_rule) {
            (metadata.documentation, metadata.examples) = (documentation, examples);
        }
    }
    Ok(())
}

fn damaged(cause: &serde_json::Error) -> Failure {
    Failure::Bundle(format!("the rules of this binary are damaged: {cause}"))
}

/// Gives rules the severities that a configuration has for them.
pub fn set_severities(all: &mut [Found], severities: &[(String, Severity)]) {
    for (name, severity) in severities {
        let named = all.iter_mut().filter(|found| found.metadata.name == *name);
        named.for_each(|found| found.metadata.severity = *severity);
    }
}

/// The rules that were asked for.
pub fn select(all: Vec<Found>, selection: &Selection) -> Result<Vec<Found>, Failure> {
    let names: Vec<&str> = all.iter().map(|found| found.metadata.name.as_str()).collect();
    for name in selection.rule.iter().chain(&selection.skip) {
        if !names.contains(&name.as_str()) {
            return Err(Failure::Usage(unknown_rule(name, &names)));
        }
    }
    let selected = |metadata: &RuleMetadata| {
        (selection.rule.is_empty() || selection.rule.contains(&metadata.name))
            && !selection.skip.contains(&metadata.name)
            && selection.severity.is_none_or(|least| metadata.severity >= least)
    };
    Ok(all.into_iter().filter(|found| selected(&found.metadata)).collect())
}

/// The message for a rule that is not in the bundle.
pub fn unknown_rule(name: &str, names: &[&str]) -> String {
    match suggestion(name, names) {
        hint if hint.is_empty() => format!("there is no rule `{name}`; `seaworthy rules` lists them"),
        hint => format!("there is no rule `{name}`{hint}"),
    }
}

/// Loads what was found into a sandbox; at least one rule.
pub fn load(sandbox: &Sandbox, found: Vec<Found>, refusals: &mut Refusals) -> Result<Vec<Rule<Module>>, Failure> {
    let is_file = |found: &Found| matches!(found.source, Source::File(_));
    let cache = found.iter().any(is_file).then(cache::open).flatten();
    let loaded = found.into_iter().map(|Found { metadata, shown, source }| {
        let compiled = || match &cache {
            Some(cache) => sandbox.load_cached(&metadata.name, source.wasm(), cache),
            None => sandbox.load(&metadata.name, source.wasm()),
        };
        let module = ready(sandbox, &source).map_or_else(compiled, Ok);
        let module = module.map_err(|cause| ModuleError::Load { name: metadata.name.clone(), cause });
        (shown, module.map(|module| Rule::new(metadata, module)))
    });
    let rules: Vec<_> = loaded.filter_map(|(shown, rule)| refusals.keep(&shown, rule)).collect();
    if rules.is_empty() { Err(std::mem::take(refusals).into_failure()) } else { Ok(rules) }
}

/// The module from the machine code in this binary. Where that does not fit (another processor, a small address space) it
/// is to be compiled, which is slow, but right.
fn ready(sandbox: &Sandbox, source: &Source) -> Option<Module> {
    let Source::Embedded(embedded) = source else { return None };
    // SAFETY: the machine code was made of the rule when this binary was built, and is part of it.
    unsafe { sandbox.load_precompiled(embedded.name, embedded.code) }.ok()
}

/// The modules in a folder; at least one.
///
/// # Errors
/// The folder has no module, or cannot be read.
pub fn modules(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let shown = folder.display();
    let unreadable = |cause| Failure::Bundle(format!("the bundle {shown} {}", ReadError::from(cause)));
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    paths.sort();
    if paths.is_empty() {
        return Err(Failure::Bundle(format!("the bundle {shown} has no modules (<rule>.wasm)")));
    }
    Ok(paths)
}

fn in_folder(folder: &Path, refusals: &mut Refusals) -> Result<Vec<Found>, Failure> {
    let paths = modules(folder)?;
    let mut found: Vec<Found> = Vec::new();
    for path in paths {
        let shown = path.display().to_string();
        let Some(module) = refusals.keep(&shown, in_file(&path)) else { continue };
        match found.iter().find(|other| other.metadata.name == module.metadata.name) {
            Some(other) => {
                let (name, other) = (module.metadata.name, other.shown.clone());
                refusals.add(&shown, &ModuleError::Again { name, other });
            }
            None => found.push(module),
        }
    }
    Ok(found)
}

fn in_file(path: &Path) -> Result<Found, ModuleError> {
    let (wasm, sections) = read_module(path)?;
    Ok(Found { metadata: named(sections.rule)?, shown: path.display().to_string(), source: Source::File(wasm) })
}

/// A module and what it says of itself.
///
/// # Errors
/// Why it is not a module.
pub fn read_module(path: &Path) -> Result<(Vec<u8>, Sections), ModuleError> {
    let wasm = sources::read_regular(path, Limits::default().module_bytes)?;
    if !wasm.starts_with(b"\0asm") {
        return Err(ModuleError::NotWasm);
    }
    let sections = read_sections(&wasm)?;
    Ok((wasm, sections))
}

fn read_sections(wasm: &[u8]) -> Result<Sections, ModuleError> {
    Ok(sections(wasm, &Limits::default())?)
}

/// The metadata of a module that must be one of ours.
fn named(metadata: Option<RuleMetadata>) -> Result<RuleMetadata, ModuleError> {
    let rule = metadata.ok_or(ModuleError::NoRule)?;
    if is_rule_name(&rule.name) { Ok(rule) } else { Err(ModuleError::Name(rule.name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_metadata_is_each_modules_own() {
        let (found, refusals) = find(None).unwrap();
        assert!(refusals.0.is_empty());
        assert_eq!(found.len(), EMBEDDED.len());
        for found in &found {
            let said = sandbox::rule(found.wasm(), &Limits::default()).unwrap();
            assert_eq!(said.as_ref(), Some(&found.metadata), "{}", found.shown);
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn embedded_code_begins_at_a_page_and_is_loaded_when_it_is_asked() {
        assert!(EMBEDDED.iter().all(|rule| rule.code.as_ptr().addr().is_multiple_of(4_096)));
        let sandbox = Sandbox::new(Limits::default(), 1).unwrap();
        let (found, mut refusals) = find(None).unwrap();
        let rules = load(&sandbox, found, &mut refusals).unwrap();
        assert!(rules.iter().all(|rule| !rule.module.is_linked()));
    }
}
