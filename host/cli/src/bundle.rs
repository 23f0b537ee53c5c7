//! Where the rules come from: the bundle inside this binary, or a folder of modules.

use std::fs;
use std::path::{Path, PathBuf};

use engine::config::suggestion;
use engine::{Bundle, Rule};
use protocol::RuleMetadata;
use sandbox::{Limits, LoadError, Module, Sandbox, Sections, sections};

use crate::arguments::Selection;
use crate::files;
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

/// Finds all rules of a folder, or of this binary. Reads their metadata only; nothing is compiled or run.
pub fn find(folder: Option<&Path>) -> Result<Vec<Found>, Failure> {
    match folder {
        None => EMBEDDED.iter().map(embedded).collect(),
        Some(folder) => in_folder(folder),
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
    let sections = sections(embedded.wasm, &Limits::default())
        .map_err(|cause| Failure::Bundle(format!("{} is no policy module: {cause}", embedded.name)))?;
    Ok(Found { metadata: rule(embedded.name, sections)?, source: Source::Embedded(embedded) })
}

fn in_folder(folder: &Path) -> Result<Vec<Found>, Failure> {
    let shown = folder.display();
    let unreadable = |cause| Failure::Bundle(format!("the bundle {shown} {}", files::explain(&cause)));
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    paths.sort();
    if paths.is_empty() {
        return Err(Failure::Bundle(format!("the bundle {shown} holds no modules (<rule>.wasm)")));
    }
    let mut found: Vec<Found> = Vec::new();
    for path in paths {
        let (wasm, sections) = read_module(&path)?;
        let metadata = rule(&path.display().to_string(), sections)?;
        if found.iter().any(|other| other.metadata.name == metadata.name) {
            let message = format!("the bundle {shown} holds the rule {} twice", metadata.name);
            return Err(Failure::Bundle(message));
        }
        found.push(Found { metadata, source: Source::File(wasm) });
    }
    Ok(found)
}

/// A module and what it says of itself.
pub fn read_module(path: &Path) -> Result<(Vec<u8>, Sections), Failure> {
    let (shown, limits) = (path.display(), Limits::default());
    let wasm = files::read_regular(path, limits.module_bytes)
        .map_err(|cause| Failure::Bundle(format!("the module {shown} {cause}")))?;
    if !wasm.starts_with(b"\0asm") {
        return Err(Failure::Bundle(format!("{shown} is no WebAssembly module")));
    }
    let sections =
        sections(&wasm, &limits).map_err(|cause| Failure::Bundle(format!("{shown} is no policy module: {cause}")))?;
    Ok((wasm, sections))
}

/// The metadata of a module that must be one of ours.
fn rule(shown: &str, sections: Sections) -> Result<RuleMetadata, Failure> {
    let rule =
        sections.rule.ok_or_else(|| Failure::Bundle(format!("{shown} carries no metadata of a seaworthy rule")))?;
    // A name is an identifier in every output; it must not be able to be anything else.
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if rule.name.is_empty() || !rule.name.bytes().all(is_name) {
        return Err(Failure::Bundle(format!("{shown} has a rule name that is not kebab-case: {:?}", rule.name)));
    }
    Ok(rule)
}
