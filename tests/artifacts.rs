//! Where the build left its artifacts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The root of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace")
}

/// Cargo's target folder.
#[must_use]
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// The modules by rule, as `make policies` left them.
///
/// # Panics
/// If they were not built.
#[must_use]
pub fn modules() -> BTreeMap<String, Vec<u8>> {
    let folder = env::var_os("SEAWORTHY_POLICIES").map_or_else(|| target().join("policies"), PathBuf::from);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|cause| panic!("{}: {cause}; run `make policies`", folder.display()));
    let paths = entries.flatten().map(|entry| entry.path());
    let modules = paths.filter(|path| path.extension().is_some_and(|extension| extension == "wasm")).map(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        (name, fs::read(&path).expect("a module is readable"))
    });
    let modules: BTreeMap<String, Vec<u8>> = modules.collect();
    assert!(!modules.is_empty(), "{} has no modules; run `make policies`", folder.display());
    modules
}

/// The shared object of a rule, as `make native` left it.
#[must_use]
pub fn native(rule: &str) -> PathBuf {
    let name = format!("{}{}{}", env::consts::DLL_PREFIX, rule.replace('-', "_"), env::consts::DLL_SUFFIX);
    target().join("release").join(name)
}
