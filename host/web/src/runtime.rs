//! Runs modules with the WebAssembly that is there: V8's, SpiderMonkey's, JavaScriptCore's.
//!
//! The guest's side of it, instances and waPC's imports, is JavaScript (`library/src/sandbox.ts`): every call of a guest
//! would cross into it anyway. Look-ups come back into the engine while it waits for the guest, through a closure that
//! borrows only what it answers from.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use engine::{HostCall, HostCalls, ModuleError, Reply, Runtime};
use wasm_bindgen::prelude::*;

use crate::error::CompileError;

/// Runs modules, but for those that were stopped.
#[derive(Default)]
pub struct Environment {
    stopped: RefCell<BTreeMap<String, ModuleError>>,
}

/// A compiled module.
pub struct Module {
    name: String,
    compiled: sandbox::Module,
}

mod sandbox {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen(raw_module = "../sandbox.js")]
    extern "C" {
        /// A module, compiled.
        pub type Module;

        /// Why an evaluation gave no answer.
        pub type Failure;

        /// Compiles a module that was looked through.
        #[wasm_bindgen(catch)]
        pub fn compile(name: &str, wasm: &[u8]) -> Result<Module, JsValue>;

        /// Calls one operation of a fresh instance; throws a [`Failure`]. The bytes of `payload` are read before the
        /// first look-up only, since that may move the engine's memory.
        #[wasm_bindgen(catch)]
        pub fn evaluate(
            module: &Module,
            operation: &str,
            payload: &[u8],
            look_up: &dyn Fn(String, String, String, Vec<u8>) -> JsValue,
        ) -> Result<Vec<u8>, JsValue>;

        /// `guest`, `noReply`, `tooLarge`, `memory`, or anything else: a trap.
        #[wasm_bindgen(method, getter)]
        pub fn kind(this: &Failure) -> String;

        #[wasm_bindgen(method, getter)]
        pub fn message(this: &Failure) -> String;

        /// What the guest had written for people to read.
        #[wasm_bindgen(method, getter)]
        pub fn log(this: &Failure) -> String;

        /// Bytes: of a reply that is too large, of a memory that may not grow.
        #[wasm_bindgen(method, getter)]
        pub fn size(this: &Failure) -> u32;
    }
}

/// Bytes of an answer; `sandbox.ts` has the same.
const REPLY_BYTES: usize = 1 << 20;

impl Environment {
    /// Has every later call of that module answer that it was stopped at the deadline, or else interrupted the engine.
    pub fn stop(&self, name: &str, deadline: Option<Duration>) {
        let interrupted = || ModuleError::Trap("it interrupted the engine".into());
        self.stopped.borrow_mut().insert(name.to_owned(), deadline.map_or_else(interrupted, ModuleError::Deadline));
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self, name: &str) -> bool {
        self.stopped.borrow().contains_key(name)
    }

    /// Lets it run again.
    pub fn forget(&self, name: &str) {
        self.stopped.borrow_mut().remove(name);
    }
}

impl crate::session::Compile for Environment {
    fn compile(&self, name: &str, wasm: &[u8]) -> Result<Module, CompileError> {
        let compiled = sandbox::compile(name, wasm)
            .map_err(|cause| CompileError(cause.unchecked_into::<sandbox::Failure>().message()))?;
        Ok(Module { name: name.to_owned(), compiled })
    }

    fn is_stopped(&self, name: &str) -> bool {
        self.is_stopped(name)
    }

    fn forget(&self, name: &str) {
        self.forget(name);
    }
}

impl Runtime for Environment {
    type Module = Module;

    fn call(
        &self,
        module: &Module,
        operation: &str,
        payload: &[u8],
        host: &dyn HostCalls,
    ) -> Result<Reply, ModuleError> {
        if let Some(why) = self.stopped.borrow().get(&module.name) {
            return Err(why.clone());
        }
        let look_up = |binding: String, namespace: String, operation: String, payload: Vec<u8>| {
            let call = HostCall { binding: &binding, namespace: &namespace, operation: &operation, payload: &payload };
            match host.call(call) {
                Ok(answer) => js_sys::Uint8Array::from(&*answer).into(),
                Err(refusal) => JsValue::from_str(&refusal.to_string()),
            }
        };
        let answer = sandbox::evaluate(&module.compiled, operation, payload, &look_up);
        let bytes = answer.map_err(|cause| why(&cause.unchecked_into()))?;
        // What a guest that answers has written for people to read is nobody's here.
        Ok(Reply { bytes, log: String::new() })
    }
}

fn why(failure: &sandbox::Failure) -> ModuleError {
    let size = failure.size() as usize;
    let error = match &*failure.kind() {
        "guest" => ModuleError::Guest(failure.message()),
        "noReply" => ModuleError::NoReply,
        "tooLarge" => ModuleError::ReplyTooLarge { size, limit: REPLY_BYTES },
        "memory" => ModuleError::Memory(size),
        _ => ModuleError::Trap(failure.message()),
    };
    error.after(&failure.log())
}
