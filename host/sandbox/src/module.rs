//! A module that was looked through, compiled and linked: ready to be instantiated any number of times.

use wasmtime::{InstancePre, ModuleExport};

use crate::evaluation::State;

/// Where a module's machine code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Compiled just now.
    Compiled,
    /// The caller brought it.
    Precompiled,
    /// A [`Cache`](crate::Cache) had it.
    Cached,
}

/// A module that is ready to run in the [`Sandbox`](crate::Sandbox) that loaded it.
#[derive(Clone)]
pub struct Module {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) linked: InstancePre<State>,
    pub(crate) memory: ModuleExport,
    pub(crate) guest_call: ModuleExport,
    /// `_initialize`, `_start` and `wapc_init`, as far as they are there.
    pub(crate) starts: Vec<ModuleExport>,
}

impl Module {
    /// The name that it was loaded under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its machine code came from.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Module").field("name", &self.name).field("origin", &self.origin).finish_non_exhaustive()
    }
}
