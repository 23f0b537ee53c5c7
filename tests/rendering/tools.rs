//! Helm and kustomize as `make` fetched them.

use std::ffi::OsString;
use std::path::PathBuf;

use seaworthy_tests::artifacts::target;

/// A folder with the tools.
pub struct Tools(PathBuf);

impl Tools {
    /// None where `make rendering-tools` could not fetch them, which is said.
    pub fn find() -> Option<Self> {
        let folder = target().join("tools");
        let missing = ["helm", "kustomize"].into_iter().find(|name| !folder.join(name).exists());
        if let Some(name) = missing {
            eprintln!("LEFT OUT: {name} is not in {}; `make rendering-tools` fetches it with Go", folder.display());
            return None;
        }
        Some(Self(folder))
    }

    /// No tool at all.
    #[allow(dead_code, reason = "not every suite tries it")]
    pub fn none() -> Self {
        Self(PathBuf::from("/nonexistent"))
    }

    pub fn path(&self) -> OsString {
        self.0.clone().into_os_string()
    }
}
