//! Where the rules come from: the bundle inside this binary, or a folder of modules.

use std::fs;
use std::path::Path;

use engine::config::suggestion;
use engine::{Bundle, Rule};
use protocol::RuleMetadata;
use sandbox::{LoadError, Module, Sandbox, sections};

use crate::arguments::Selection;
use crate::output::Failure;

/// A rule as it was built into this binary.
struct Embedded {
    name: &'static str,
    wasm: &'static [u8],
    /// Its machine code, so that nothing is compiled on a user's clock.
    code: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// A module that was found, not yet loaded.
pub struct Found {
    pub metadata: RuleMetadata,
    source: Source,
}

enum Source {
    Embedded(&'static Embedded),
    File(Vec<u8>),
}

/// Finds the selected rules. Reads their metadata only; nothing is compiled or run.
pub fn find(selection: &Selection) -> Result<Vec<Found>, Failure> {
    let all = match &selection.bundle {
        None => EMBEDDED.iter().map(embedded).collect::<Result<Vec<_>, _>>()?,
        Some(folder) => in_folder(folder)?,
    };
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

/// Loads what was found into a sandbox.
pub fn load(sandbox: &Sandbox, found: Vec<Found>) -> Result<Bundle<Module>, Failure> {
    let rule = |Found { metadata, source }: Found| {
        let name = metadata.name.clone();
        let module = match &source {
            Source::Embedded(embedded) => load_embedded(sandbox, embedded),
            Source::File(wasm) => sandbox.load(&name, wasm),
        };
        let module = module.map_err(|cause| Failure::Bundle(format!("the rule {name} cannot be loaded: {cause}")))?;
        Ok(Rule::new(metadata, module))
    };
    Ok(Bundle::new(found.into_iter().map(rule).collect::<Result<_, _>>()?))
}

fn load_embedded(sandbox: &Sandbox, embedded: &Embedded) -> Result<Module, LoadError> {
    // SAFETY: the machine code was made from these bytes when this binary was built, and is part of it.
    let ready = unsafe { sandbox.load_precompiled(embedded.name, embedded.wasm, embedded.code) };
    // Another processor or a small address space wants other code; compiling is slow, but right.
    ready.or_else(|_| sandbox.load(embedded.name, embedded.wasm))
}

fn embedded(embedded: &'static Embedded) -> Result<Found, Failure> {
    Ok(Found { metadata: metadata(embedded.name, embedded.wasm)?, source: Source::Embedded(embedded) })
}

fn in_folder(folder: &Path) -> Result<Vec<Found>, Failure> {
    let unreadable = |path: &Path, cause: std::io::Error| {
        Failure::Bundle(format!("the bundle {} cannot be read: {cause}", path.display()))
    };
    let mut found = Vec::new();
    let mut entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| unreadable(folder, cause))?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let wasm = fs::read(&path).map_err(|cause| unreadable(&path, cause))?;
            found.push(Found { metadata: metadata(&path.display().to_string(), &wasm)?, source: Source::File(wasm) });
        }
    }
    if found.is_empty() {
        return Err(Failure::Bundle(format!("the bundle {} holds no modules (<rule>.wasm)", folder.display())));
    }
    Ok(found)
}

fn metadata(name: &str, wasm: &[u8]) -> Result<RuleMetadata, Failure> {
    let sections = sections(wasm, &sandbox::Limits::default())
        .map_err(|cause| Failure::Bundle(format!("{name} is no module: {cause}")))?;
    sections.rule.ok_or_else(|| Failure::Bundle(format!("{name} carries no metadata of a seaworthy rule")))
}
