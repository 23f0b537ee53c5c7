//! The sandbox: an engine, a pool of slots, and the way from bytes to an answer.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use engine::{HostCalls, ModuleError, RefusalError, Reply, Runtime};
use wasmtime::{Engine, Linker};

use crate::cache::{Cache, Environment, Key};
use crate::effort::{self, Effort};
use crate::evaluation::Evaluation;
use crate::module::{Code, Embedded, Linked, Module, Origin};
use crate::screen::{self, GUEST_CALL, MEMORY, Outside, STARTS};
use crate::setup::{self, Layout, Setup};
use crate::slots::Slots;
use crate::state::{Request, State};
use crate::ticker::Ticker;
use crate::{Limits, LoadError, SandboxError, compile, wapc, wasi};

/// How long compiling may take for whoever does so ahead of time.
const AHEAD: Duration = Duration::from_secs(600);

/// Loads and runs modules. Shared by reference between any number of threads.
pub struct Sandbox {
    pub(crate) engine: Engine,
    linker: Linker<State>,
    pub(crate) limits: Limits,
    slots: Slots,
    capacity: usize,
    layout: Layout,
    shortage: Option<String>,
    environment: Environment,
    /// Started with the first guest: many runs have none.
    ticker: OnceLock<Result<Ticker, ModuleError>>,
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
        let shortage = shortage(layout, capacity, slots);
        let (slots, environment) = (Slots::new(capacity), Environment::of(&engine));
        let ticker = OnceLock::new();
        Ok(Self { engine, linker, limits, slots, capacity, layout, shortage, environment, ticker })
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
        let code = self.compile(wasm, &self.look_through(wasm)?)?;
        // SAFETY: it was made a moment ago, here.
        let compiled = unsafe { self.adopt(&code) }?;
        self.module(name, &compiled, Origin::Compiled)
    }

    /// Looks a module through and takes its machine code from the cache, or compiles it into there.
    ///
    /// # Errors
    /// As [`load`](Self::load). Cache I/O errors are ignored.
    pub fn load_cached(&self, name: &str, wasm: &[u8], cache: &Cache) -> Result<Module, LoadError> {
        let outside = self.look_through(wasm)?;
        let key = Key::new(&self.environment, wasm);
        if let Some(code) = cache.get(&key) {
            // SAFETY: a cache gives only what this user put there, whole, for these bytes and an engine like this one.
            if let Ok(compiled) = unsafe { self.adopt(&code) } {
                return self.module(name, &compiled, Origin::Cached);
            }
        }
        let code = self.compile(wasm, &outside)?;
        cache.put(&key, &code);
        // SAFETY: as in `load`.
        let compiled = unsafe { self.adopt(&code) }?;
        self.module(name, &compiled, Origin::Compiled)
    }

    /// The module's machine code, for [`load_precompiled`](Self::load_precompiled) in any sandbox of this version, on any
    /// machine of this architecture and operating system; but for one with a [`shortage`](Self::shortage) of address
    /// space, whose code may fit only its like. What it was made for stands behind it. However hard it looks it is made
    /// with full effort: whoever does so ahead of time knows the module, and it will run more often than it is compiled.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn precompile(&self, wasm: &[u8]) -> Result<Vec<u8>, LoadError> {
        let outside = self.look_through(wasm)?;
        effort::estimate(wasm, &outside.types, &self.limits.compile)?;
        let mut code = self.compile_with(Effort::Full, AHEAD, wasm)?;
        code.extend_from_slice(&self.environment.0);
        Ok(code)
    }

    /// Takes machine code that is part of this binary. Nothing of it is read before the module is first called. Code that
    /// begins at a page is run where it lies, where the system allows it.
    ///
    /// # Errors
    /// [`LoadError::Unfit`] where the code is for another version, configuration or machine: load the module from its wasm
    /// then.
    ///
    /// # Safety
    /// `code` came from [`precompile`](Self::precompile), and nobody could change it since: it was embedded into this binary
    /// when it was built. Machine code does what it likes.
    pub unsafe fn load_precompiled(&self, name: &str, code: &'static [u8]) -> Result<Module, LoadError> {
        let unfit = || LoadError::Unfit("it was made for another version or machine".into());
        let (code, made_for) = code.split_last_chunk().ok_or_else(unfit)?;
        if *made_for != self.environment.0 {
            return Err(unfit());
        }
        let embedded = Embedded { code, linked: OnceLock::new() };
        Ok(Module { name: name.into(), origin: Origin::Precompiled, code: Code::Embedded(Arc::new(embedded)) })
    }

    /// Checks everything but the functions' code.
    fn look_through<'a>(&self, wasm: &'a [u8]) -> Result<Outside<'a>, LoadError> {
        let outside = screen::outside(wasm, &self.limits)?;
        outside.sections.read()?;
        Ok(outside)
    }

    fn compile(&self, wasm: &[u8], outside: &Outside<'_>) -> Result<Vec<u8>, LoadError> {
        let effort = effort::estimate(wasm, &outside.types, &self.limits.compile)?;
        self.compile_with(effort, self.limits.compile.time, wasm)
    }

    fn compile_with(&self, effort: Effort, time: Duration, wasm: &[u8]) -> Result<Vec<u8>, LoadError> {
        let (engine, limits, layout, wasm) = (self.engine.clone(), self.limits, self.layout, wasm.to_vec());
        compile::within(time, move || match effort {
            Effort::Full => engine.precompile_module(&wasm),
            Effort::Plain => setup::plain_compiler(&limits, layout)?.precompile_module(&wasm),
        })
    }

    /// # Safety
    /// As [`load_precompiled`](Self::load_precompiled).
    unsafe fn adopt(&self, code: &[u8]) -> Result<wasmtime::Module, LoadError> {
        // SAFETY: the caller's promise.
        unsafe { wasmtime::Module::deserialize(&self.engine, code) }.map_err(unfit)
    }

    fn link(&self, compiled: &wasmtime::Module) -> Result<Linked, LoadError> {
        let export = |name| compiled.get_export_index(name).ok_or(RefusalError::MissingExport(name));
        Ok(Linked {
            instance: self.linker.instantiate_pre(compiled).map_err(unfit)?,
            memory: export(MEMORY)?,
            guest_call: export(GUEST_CALL)?,
            starts: STARTS.iter().filter_map(|name| compiled.get_export_index(name)).collect(),
        })
    }

    fn module(&self, name: &str, compiled: &wasmtime::Module, origin: Origin) -> Result<Module, LoadError> {
        Ok(Module { name: name.into(), origin, code: Code::Linked(self.link(compiled)?) })
    }

    /// The module's code, made executable if it is not.
    pub(crate) fn linked<'a>(&self, module: &'a Module) -> Result<&'a Linked, ModuleError> {
        let embedded = match &module.code {
            Code::Linked(linked) => return Ok(linked),
            Code::Embedded(embedded) => embedded,
        };
        let linked = embedded.linked.get_or_init(|| {
            // SAFETY: who loaded it promised that it is our own machine code.
            let compiled = unsafe { self.adopt_embedded(embedded.code) };
            compiled.and_then(|compiled| self.link(&compiled)).map_err(|cause| ModuleError::Host(cause.to_string()))
        });
        linked.as_ref().map_err(Clone::clone)
    }

    /// # Safety
    /// As [`load_precompiled`](Self::load_precompiled).
    unsafe fn adopt_embedded(&self, code: &'static [u8]) -> Result<wasmtime::Module, LoadError> {
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        if let Some(placed) = crate::in_place::take(code) {
            // SAFETY: the caller's promise; and it is there as long as the process.
            return unsafe { wasmtime::Module::deserialize_raw(&self.engine, placed) }.map_err(unfit);
        }
        // SAFETY: the caller's promise.
        unsafe { self.adopt(code) }
    }

    /// Sees that deadlines are watched.
    pub(crate) fn ticker(&self) -> Result<(), ModuleError> {
        let ticker = self.ticker.get_or_init(|| {
            let failed = |cause| ModuleError::Host(format!("the deadline's thread could not be started: {cause}"));
            Ticker::start(self.engine.clone()).map_err(failed)
        });
        ticker.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    pub(crate) fn run(
        &self,
        limits: impl FnOnce() -> Limits,
        module: &Module,
        request: Request<'_>,
    ) -> Result<Reply, ModuleError> {
        let linked = self.linked(module)?;
        self.ticker()?;
        let _slot = self.slots.take();
        let mut evaluation = Evaluation::begin(&self.engine, limits(), linked, request)?;
        let answer = evaluation.ask();
        evaluation.with_log(answer)
    }
}

fn unfit(error: wasmtime::Error) -> LoadError {
    LoadError::Unfit(format!("{error:#}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compiled_ahead_gets_full_effort_however_hard_it_looks() {
        // One function of 120,000 operators, which add up to a few.
        let adds = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))".repeat(30_000);
        let text = format!(
            r#"(module (memory (export "memory") 1)
                 (func (export "__guest_call") (param i32 i32) (result i32) {adds} (local.get 0))
                 (@custom "io.kubewarden.metadata" "{{\"protocolVersion\":\"v1\"}}"))"#
        );
        let wasm = wat::parse_str(text).unwrap();
        let sandbox = Sandbox::new(Limits::default(), 1).unwrap();
        let here = sandbox.compile(&wasm, &sandbox.look_through(&wasm).unwrap()).unwrap();
        let ahead = sandbox.precompile(&wasm).unwrap();
        assert!(ahead.len() * 3 < here.len(), "{} bytes ahead, {} here", ahead.len(), here.len());
    }
}
