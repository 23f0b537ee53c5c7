//! A module that was looked through: ready to be instantiated any number of times, or as soon as it is asked.

use std::sync::{Arc, OnceLock};

use engine::ModuleError;
use wasmtime::{InstancePre, ModuleExport};

use crate::state::State;

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

/// A module that runs in the [`Sandbox`](crate::Sandbox) that loaded it.
#[derive(Clone)]
pub struct Module {
    pub(crate) name: Arc<str>,
    pub(crate) origin: Origin,
    pub(crate) code: Code,
}

/// Code that is ready, or that becomes so when it is first asked.
#[derive(Clone)]
pub(crate) enum Code {
    Linked(Linked),
    Embedded(Arc<Embedded>),
}

/// Machine code that is part of this binary. A run of one manifest asks few of the rules, so the others are never loaded.
pub(crate) struct Embedded {
    pub(crate) code: &'static [u8],
    pub(crate) linked: OnceLock<Result<Linked, ModuleError>>,
}

/// Code that is executable, with its imports in place.
#[derive(Clone)]
pub(crate) struct Linked {
    pub(crate) instance: InstancePre<State>,
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

    /// Whether its machine code is executable. Embedded code becomes so when it is first asked.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        match &self.code {
            Code::Linked(_) => true,
            Code::Embedded(embedded) => matches!(embedded.linked.get(), Some(Ok(_))),
        }
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Module").field("name", &self.name).field("origin", &self.origin).finish_non_exhaustive()
    }
}
