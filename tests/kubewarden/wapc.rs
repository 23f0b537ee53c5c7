//! A waPC host in as few lines as the contract has, on wasmtime alone: no line of it is shared with `host/`.
//!
//! waPC gives a guest nine imports under `wapc`; a guest exports `memory` and `__guest_call(operation_length,
//! payload_length) -> i32`, where 1 is success, and has `_start` and `wapc_init` called before if it has them.

use std::collections::BTreeSet;

use wasmtime::{Caller, Engine, Extern, ExternType, Instance, Linker, Memory, Module, Store, ValType};

/// Answers a guest: namespace, operation, payload.
pub type Answers = Box<dyn Fn(&str, &str, &[u8]) -> Result<Vec<u8>, String>>;

struct State {
    operation: Vec<u8>,
    payload: Vec<u8>,
    response: Option<Vec<u8>>,
    error: Option<String>,
    host_response: Vec<u8>,
    host_error: Vec<u8>,
    answers: Answers,
    /// What was asked for, as Kubewarden names capabilities: `kubernetes/get_resource`.
    calls: Vec<String>,
}

/// A module as policy-server holds it: compiled once, instantiated for each request.
pub struct Policy {
    engine: Engine,
    module: Module,
    linker: Linker<State>,
}

/// The imports of waPC, each with the number of its parameters and results. All are i32.
const IMPORTS: [(&str, usize, usize); 9] = [
    ("__guest_request", 2, 0),
    ("__guest_response", 2, 0),
    ("__guest_error", 2, 0),
    ("__host_call", 8, 1),
    ("__host_response_len", 0, 1),
    ("__host_response", 1, 0),
    ("__host_error_len", 0, 1),
    ("__host_error", 1, 0),
    ("__console_log", 2, 0),
];

impl Policy {
    /// Loads a module, and insists on what a policy-server insists on: no imports but waPC's, the exports that it calls.
    pub fn load(engine: &Engine, name: &str, wasm: &[u8]) -> Self {
        let module = Module::new(engine, wasm).unwrap_or_else(|cause| panic!("{name}: {cause:?}"));
        for import in module.imports() {
            let known = IMPORTS.iter().find(|(known, ..)| import.module() == "wapc" && import.name() == *known);
            let (_, parameters, results) = known.unwrap_or_else(|| panic!("{name} imports {import:?}"));
            assert_eq!(shape(&import.ty()), (*parameters, *results), "{name}: {}", import.name());
        }
        let exports: BTreeSet<&str> = module.exports().map(|export| export.name()).collect();
        assert!(exports.contains("memory") && exports.contains("__guest_call"), "{name} exports {exports:?}");
        assert_eq!(shape(&module.get_export("__guest_call").unwrap()), (2, 1), "{name}");
        Self { engine: engine.clone(), module, linker: linker(engine) }
    }

    /// Calls one operation of a fresh instance. Gives the response, or what the guest said instead, and what it asked for.
    pub fn call(&self, operation: &str, payload: &[u8], answers: Answers) -> (Result<Vec<u8>, String>, Vec<String>) {
        let state = State {
            operation: operation.as_bytes().to_vec(),
            payload: payload.to_vec(),
            response: None,
            error: None,
            host_response: Vec::new(),
            host_error: Vec::new(),
            answers,
            calls: Vec::new(),
        };
        let mut store = Store::new(&self.engine, state);
        let instance = self.linker.instantiate(&mut store, &self.module).unwrap();
        start(&instance, &mut store);
        let guest_call = instance.get_typed_func::<(u32, u32), i32>(&mut store, "__guest_call").unwrap();
        let lengths = (u32::try_from(operation.len()).unwrap(), u32::try_from(payload.len()).unwrap());
        let done = guest_call.call(&mut store, lengths);
        let state = store.into_data();
        let response = match done {
            Err(trap) => Err(format!("trapped: {trap:?}")),
            Ok(1) => state.response.ok_or_else(|| "success without a response".to_owned()),
            Ok(_) => Err(state.error.unwrap_or_else(|| "failure without an error".to_owned())),
        };
        (response, state.calls)
    }
}

fn shape(kind: &ExternType) -> (usize, usize) {
    let ExternType::Func(function) = kind else { panic!("{kind:?} is no function") };
    assert!(function.params().chain(function.results()).all(|value| matches!(value, ValType::I32)), "{function:?}");
    (function.params().len(), function.results().len())
}

fn start(instance: &Instance, store: &mut Store<State>) {
    for name in ["_start", "wapc_init"] {
        if let Ok(function) = instance.get_typed_func::<(), ()>(&mut *store, name) {
            function.call(&mut *store, ()).unwrap();
        }
    }
}

fn linker(engine: &Engine) -> Linker<State> {
    let mut linker = Linker::new(engine);
    linker
        .func_wrap("wapc", "__guest_request", |mut caller: Caller<'_, State>, operation: u32, payload: u32| {
            let (bytes, more) = (caller.data().operation.clone(), caller.data().payload.clone());
            write(&mut caller, operation, &bytes);
            write(&mut caller, payload, &more);
        })
        .unwrap();
    linker
        .func_wrap("wapc", "__guest_response", |mut caller: Caller<'_, State>, at: u32, length: u32| {
            let bytes = read(&mut caller, at, length);
            caller.data_mut().response = Some(bytes);
        })
        .unwrap();
    linker
        .func_wrap("wapc", "__guest_error", |mut caller: Caller<'_, State>, at: u32, length: u32| {
            let message = text(&mut caller, at, length);
            caller.data_mut().error = Some(message);
        })
        .unwrap();
    linker
        .func_wrap("wapc", "__host_response_len", |caller: Caller<'_, State>| length(&caller.data().host_response))
        .unwrap();
    linker
        .func_wrap("wapc", "__host_response", |mut caller: Caller<'_, State>, at: u32| {
            let bytes = caller.data().host_response.clone();
            write(&mut caller, at, &bytes);
        })
        .unwrap();
    linker
        .func_wrap("wapc", "__host_error_len", |caller: Caller<'_, State>| length(&caller.data().host_error))
        .unwrap();
    linker
        .func_wrap("wapc", "__host_error", |mut caller: Caller<'_, State>, at: u32| {
            let bytes = caller.data().host_error.clone();
            write(&mut caller, at, &bytes);
        })
        .unwrap();
    linker.func_wrap("wapc", "__console_log", |_: Caller<'_, State>, _: u32, _: u32| {}).unwrap();
    linker.func_wrap("wapc", "__host_call", host_call).unwrap();
    linker
}

#[allow(clippy::too_many_arguments)]
fn host_call(
    mut caller: Caller<'_, State>,
    binding: u32,
    binding_length: u32,
    namespace: u32,
    namespace_length: u32,
    operation: u32,
    operation_length: u32,
    payload: u32,
    payload_length: u32,
) -> i32 {
    let binding = text(&mut caller, binding, binding_length);
    let namespace = text(&mut caller, namespace, namespace_length);
    let operation = text(&mut caller, operation, operation_length);
    let payload = read(&mut caller, payload, payload_length);
    let answer = if binding == "kubewarden" {
        (caller.data().answers)(&namespace, &operation, &payload)
    } else {
        Err(format!("unknown binding: {binding}"))
    };
    let state = caller.data_mut();
    state.calls.push(format!("{namespace}/{operation}"));
    match answer {
        Ok(bytes) => {
            state.host_response = bytes;
            1
        }
        Err(message) => {
            state.host_error = message.into_bytes();
            0
        }
    }
}

fn memory(caller: &mut Caller<'_, State>) -> Memory {
    caller.get_export("memory").and_then(Extern::into_memory).expect("looked for when it was loaded")
}

fn read(caller: &mut Caller<'_, State>, at: u32, length: u32) -> Vec<u8> {
    let memory = memory(caller);
    memory.data(&caller)[at as usize..][..length as usize].to_vec()
}

fn text(caller: &mut Caller<'_, State>, at: u32, length: u32) -> String {
    String::from_utf8(read(caller, at, length)).expect("what a guest says is UTF-8")
}

fn write(caller: &mut Caller<'_, State>, at: u32, bytes: &[u8]) {
    let memory = memory(caller);
    memory.data_mut(caller)[at as usize..][..bytes.len()].copy_from_slice(bytes);
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("an answer is small")
}
