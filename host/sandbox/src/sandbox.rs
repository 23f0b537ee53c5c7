//! The sandbox: an engine, a pool of slots, and the way from bytes to an answer.

use std::time::Instant;

use engine::{HostCalls, ModuleError, Reply, Runtime};
use wasmtime::{Engine, Linker, ModuleExport};

use crate::evaluation::{Evaluation, Request, State, left_until};
use crate::module::{Module, Origin};
use crate::screen::{self, GUEST_CALL, MEMORY, STARTS};
use crate::sections::Sections;
use crate::setup::{self, Layout, Setup};
use crate::slots::Slots;
use crate::ticker::Ticker;
use crate::{Limits, LoadError, SandboxError, compile, wapc, wasi};

/// Loads and runs modules. Shared by reference between any number of threads.
pub struct Sandbox {
    engine: Engine,
    linker: Linker<State>,
    limits: Limits,
    slots: Slots,
    capacity: usize,
    shortage: Option<String>,
    _ticker: Ticker,
}

impl Sandbox {
    /// Sets up an engine in which `slots` guests run at once; whoever comes when all are taken waits. A slot costs address
    /// space and the pages that its last guest touched, up to 1 MiB. As many as there are modules times threads is best:
    /// each then finds the slot that it ran in last. Where the address space is limited there are fewer:
    /// [`slots`](Self::slots) says how many, [`shortage`](Self::shortage) why.
    ///
    /// # Errors
    /// A limit makes no sense, or wasmtime cannot run here.
    pub fn new(limits: Limits, slots: usize) -> Result<Self, SandboxError> {
        let limits = limits.checked()?;
        if slots == 0 {
            return Err(SandboxError::Limit("at least one slot is needed"));
        }
        let failed = |error: wasmtime::Error| SandboxError::Engine(format!("{error:#}"));
        let Setup { engine, slots: capacity, layout } = setup::engine(&limits, slots).map_err(failed)?;
        let mut linker = Linker::new(&engine);
        wapc::define(&mut linker).map_err(failed)?;
        wasi::define(&engine, &mut linker).map_err(failed)?;
        let ticker = Ticker::start(engine.clone()).map_err(SandboxError::Ticker)?;
        let shortage = shortage(layout, capacity, slots);
        Ok(Self { engine, linker, limits, slots: Slots::new(capacity), capacity, shortage, _ticker: ticker })
    }

    /// What every guest here is limited to.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many guests run at once.
    #[must_use]
    pub const fn slots(&self) -> usize {
        self.capacity
    }

    /// A sentence for the person who limited the address space (`ulimit -v`), if that cost something.
    #[must_use]
    pub fn shortage(&self) -> Option<&str> {
        self.shortage.as_deref()
    }

    /// Looks a module through and compiles it.
    ///
    /// # Errors
    /// The first thing for which it is refused.
    pub fn load(&self, name: &str, wasm: &[u8]) -> Result<Module, LoadError> {
        let sections = screen::outside(wasm, &self.limits)?;
        screen::code(wasm, &self.limits.compile)?;
        let (engine, bytes) = (self.engine.clone(), wasm.to_vec());
        let compiled = compile::within(self.limits.compile.time, move || wasmtime::Module::new(&engine, bytes))?;
        self.link(name, sections, compiled, Origin::Compiled)
    }

    fn link(
        &self,
        name: &str,
        sections: Sections,
        compiled: wasmtime::Module,
        origin: Origin,
    ) -> Result<Module, LoadError> {
        let export = |name| compiled.get_export_index(name).ok_or(LoadError::MissingExport(name));
        let memory = export(MEMORY)?;
        let guest_call = export(GUEST_CALL)?;
        let starts: Vec<ModuleExport> = STARTS.iter().filter_map(|name| compiled.get_export_index(name)).collect();
        let linked =
            self.linker.instantiate_pre(&compiled).map_err(|error| LoadError::Invalid(format!("{error:#}")))?;
        Ok(Module { name: name.to_owned(), sections, origin, linked, memory, guest_call, starts })
    }

    /// This sandbox with an end: what runs in it is stopped then, if its deadline has not come before.
    #[must_use]
    pub const fn until(&self, moment: Instant) -> Until<'_> {
        Until { sandbox: self, moment }
    }

    fn run(
        &self,
        limits: impl FnOnce() -> Limits,
        module: &Module,
        request: Request<'_>,
    ) -> Result<Reply, ModuleError> {
        let _slot = self.slots.take();
        let mut evaluation = Evaluation::begin(&self.engine, limits(), module, request)?;
        let bytes = evaluation.ask()?;
        Ok(evaluation.into_reply(bytes))
    }
}

fn shortage(layout: Layout, slots: usize, wanted: usize) -> Option<String> {
    let fewer = match slots {
        slots if slots == wanted => String::new(),
        slots => format!(", {slots} rules run at once instead of {wanted}"),
    };
    match layout {
        Layout::Wide if fewer.is_empty() => None,
        Layout::Wide => Some(format!("the address space is limited{fewer}")),
        Layout::Compact => Some(format!(
            "the address space is limited{fewer}, and rules are compiled anew because precompiled ones do not fit"
        )),
    }
}

impl Runtime for Sandbox {
    type Module = Module;

    fn call(
        &self,
        module: &Module,
        operation: &str,
        payload: &[u8],
        host: &dyn HostCalls,
    ) -> Result<Reply, ModuleError> {
        self.run(|| self.limits, module, Request { operation, payload, host })
    }
}

/// A [`Sandbox`] with an end, from [`Sandbox::until`].
#[derive(Clone, Copy)]
pub struct Until<'a> {
    sandbox: &'a Sandbox,
    moment: Instant,
}

impl Runtime for Until<'_> {
    type Module = Module;

    fn call(
        &self,
        module: &Module,
        operation: &str,
        payload: &[u8],
        host: &dyn HostCalls,
    ) -> Result<Reply, ModuleError> {
        let limits = || {
            let deadline = left_until(self.sandbox.limits.deadline, self.moment);
            Limits { deadline, ..self.sandbox.limits }
        };
        self.sandbox.run(limits, module, Request { operation, payload, host })
    }
}
