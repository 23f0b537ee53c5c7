//! One evaluation: a fresh instance, its start functions, one call. Everything that it leaves behind is dropped with it.

use std::marker::PhantomData;
use std::time::{Duration, Instant};

use engine::{HostCalls, ModuleError, Reply};
use wasmtime::{Engine, Error, Instance, ModuleExport, ResourceLimiter, Store, Trap};

use crate::Limits;
use crate::log::Log;
use crate::module::Linked;
use crate::ticker::ticks;
use crate::wasi::{Exit, Wasi};

/// What a guest is asked, and whom it may ask in turn.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) operation: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) host: &'a dyn HostCalls,
}

/// What the host keeps for a running guest.
pub(crate) struct State {
    /// Valid as long as the evaluation that holds this state; see [`Evaluation::begin`].
    pub(crate) request: Request<'static>,
    pub(crate) limits: Limits,
    pub(crate) memory: ModuleExport,
    pub(crate) reply: Option<Vec<u8>>,
    pub(crate) guest_error: Option<String>,
    pub(crate) host_answer: Option<Result<Vec<u8>, String>>,
    pub(crate) log: Log,
    pub(crate) wasi: Wasi,
    started: Instant,
    growth: Growth,
    /// The reason for which the host unwound the guest, more precise than the trap that it did it by.
    stopped: Option<ModuleError>,
}

impl State {
    /// The last look-up's answer; empty before the first and after a refusal.
    pub(crate) fn host_response(&self) -> &[u8] {
        self.host_answer.as_ref().and_then(|answer| answer.as_deref().ok()).unwrap_or_default()
    }

    /// The last look-up's refusal; empty before the first and after an answer.
    pub(crate) fn host_error(&self) -> &[u8] {
        self.host_answer.as_ref().and_then(|answer| answer.as_ref().err()).map(String::as_bytes).unwrap_or_default()
    }

    pub(crate) fn deadline_passed(&self) -> Option<ModuleError> {
        let deadline = self.limits.deadline;
        (self.started.elapsed() > deadline).then_some(ModuleError::Deadline(deadline))
    }

    /// Unwinds the guest for a reason: return this from an import.
    pub(crate) fn stop(&mut self, reason: ModuleError) -> Error {
        let error = Error::msg(reason.to_string());
        self.stopped = Some(reason);
        error
    }

    fn why(&mut self, error: &Error) -> ModuleError {
        if let Some(reason) = self.stopped.take() {
            return reason;
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => ModuleError::Deadline(self.limits.deadline),
            // Which of the two it was, an overflow or an abort after a denial, a guest does not tell either.
            _ => self.growth.denied.take().unwrap_or_else(|| ModuleError::Trap(cause(error))),
        }
    }
}

/// The sentence that says why, without the frames around it.
fn cause(error: &Error) -> String {
    error.root_cause().to_string()
}

/// Says how far memory and tables may grow.
struct Growth {
    memory_bytes: usize,
    table_elements: usize,
    tables: usize,
    /// The limit that a growth was denied by. Guests rarely say so themselves: they abort.
    denied: Option<ModuleError>,
}

impl ResourceLimiter for Growth {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.memory_bytes;
        if !allowed {
            self.denied = Some(ModuleError::Memory(self.memory_bytes));
        }
        Ok(allowed)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.table_elements;
        if !allowed {
            self.denied =
                Some(ModuleError::Resources(format!("a table of more than {} elements", self.table_elements)));
        }
        Ok(allowed)
    }

    fn instances(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        self.tables
    }
}

/// A guest that has started and waits to be asked.
pub(crate) struct Evaluation<'a> {
    store: Store<State>,
    instance: Instance,
    module: &'a Linked,
    borrows: PhantomData<Request<'a>>,
}

impl<'a> Evaluation<'a> {
    /// Instantiates the module and calls its start functions. The clock runs from here.
    pub(crate) fn begin(
        engine: &Engine,
        limits: Limits,
        module: &'a Linked,
        request: Request<'a>,
    ) -> Result<Self, ModuleError> {
        // SAFETY: a store's data must be 'static, and the request is borrowed for 'a. Only imports read it, they do so
        // while the guest runs, and it runs only inside `begin` and `ask`, whose evaluation lives no longer than 'a.
        // It is private to the crate and nobody copies it out of the state.
        let request = unsafe { std::mem::transmute::<Request<'a>, Request<'static>>(request) };
        let state = State {
            request,
            limits,
            memory: module.memory,
            reply: None,
            guest_error: None,
            host_answer: None,
            log: Log::new(limits.log_bytes),
            wasi: Wasi::default(),
            started: Instant::now(),
            growth: Growth {
                memory_bytes: limits.memory_bytes,
                table_elements: limits.table_elements,
                tables: limits.tables,
                denied: None,
            },
            stopped: None,
        };
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.growth);
        store.set_epoch_deadline(ticks(limits.deadline));
        let instance = match module.instance.instantiate(&mut store) {
            Ok(instance) => instance,
            // A start section runs inside, and traps; anything else is the host's trouble.
            Err(error) if error.is::<Trap>() => return Err(store.data_mut().why(&error)),
            Err(error) => {
                let state = store.data_mut();
                let reason = state.stopped.take().or_else(|| state.growth.denied.take());
                return Err(reason.unwrap_or_else(|| ModuleError::Host(cause(&error))));
            }
        };
        let mut evaluation = Self { store, instance, module, borrows: PhantomData };
        for start in &module.starts {
            evaluation.start(start)?;
        }
        Ok(evaluation)
    }

    fn start(&mut self, start: &ModuleExport) -> Result<(), ModuleError> {
        match self.call::<(), ()>(start, ()) {
            // How a command ends that has nothing to do: its main function returned.
            Err(error) if matches!(error.downcast_ref(), Some(Exit(0))) => Ok(()),
            Err(error) => Err(self.store.data_mut().why(&error)),
            Ok(()) => Ok(()),
        }
    }

    /// Calls the operation.
    pub(crate) fn ask(&mut self) -> Result<Vec<u8>, ModuleError> {
        let Request { operation, payload, .. } = self.store.data().request;
        let (Ok(operation), Ok(payload)) = (u32::try_from(operation.len()), u32::try_from(payload.len())) else {
            return Err(ModuleError::Host("the request is larger than a 32-bit guest's memory".into()));
        };
        let returned = self.call::<(u32, u32), u32>(&self.module.guest_call, (operation, payload));
        let state = self.store.data_mut();
        match returned {
            Err(error) => Err(state.why(&error)),
            Ok(1) if state.reply.is_some() => state.reply.take().ok_or(ModuleError::NoReply),
            // As Kubewarden's host has it: an error counts unless the call was a success with a reply.
            Ok(_) => {
                let said = state.guest_error.take().map_or(ModuleError::NoReply, ModuleError::Guest);
                Err(state.growth.denied.take().unwrap_or(said))
            }
        }
    }

    /// The answer with the log, when there is nothing more to ask.
    pub(crate) fn with_log(self, answer: Result<Vec<u8>, ModuleError>) -> Result<Reply, ModuleError> {
        let log = self.store.into_data().log.into_text();
        match answer {
            Ok(bytes) => Ok(Reply { bytes, log }),
            Err(cause) => Err(cause.after(&log)),
        }
    }

    fn call<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
        &mut self,
        export: &ModuleExport,
        params: P,
    ) -> wasmtime::Result<R> {
        let export = self.instance.get_module_export(&mut self.store, export);
        let Some(function) = export.and_then(wasmtime::Extern::into_func) else {
            wasmtime::bail!("an export is gone");
        };
        function.typed::<P, R>(&self.store)?.call(&mut self.store, params)
    }
}

/// The shorter of a limit and what is left until a moment.
pub(crate) fn left_until(limit: Duration, moment: Instant) -> Duration {
    limit.min(moment.saturating_duration_since(Instant::now()))
}
