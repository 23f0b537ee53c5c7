//! One evaluation: a fresh instance, its start functions, one call. Everything that it leaves behind is dropped with it.

use std::marker::PhantomData;

use engine::{ModuleError, Reply};
use wasmtime::{Engine, Instance, ModuleExport, Store, Trap};

use crate::Limits;
use crate::module::Linked;
use crate::state::{Request, State, cause};
use crate::ticker::ticks;
use crate::wasi::Exit;

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
        let mut store = Store::new(engine, State::new(request, limits, module.memory));
        store.limiter(State::growth);
        store.set_epoch_deadline(ticks(limits.deadline));
        let instance = match module.instance.instantiate(&mut store) {
            Ok(instance) => instance,
            // A start section runs inside, and traps; anything else is the host's trouble.
            Err(error) if error.is::<Trap>() => return Err(store.data_mut().why(&error)),
            Err(error) => {
                let reason = store.data_mut().stopped_or_denied();
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
                Err(state.denied().unwrap_or(said))
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
