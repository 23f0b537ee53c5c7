//! The floor: a fresh instance of a guest that answers at once.

use engine::{CallError, HostCall, HostCalls, Runtime};
use protocol::contract::KUBEWARDEN_SECTION;
use sandbox::{Limits, Module, Sandbox};

/// A guest that does nothing but answer.
pub struct Empty {
    sandbox: Sandbox,
    module: Module,
}

struct Nothing;

impl HostCalls for Nothing {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        Err(call.unanswered("there is nothing"))
    }
}

impl Empty {
    pub fn new() -> Self {
        let text = format!(
            r#"(module
                 (import "wapc" "__guest_response" (func $response (param i32 i32)))
                 (memory (export "memory") 1)
                 (data (i32.const 0) "true")
                 (func (export "__guest_call") (param i32 i32) (result i32)
                   (call $response (i32.const 0) (i32.const 4))
                   (i32.const 1))
                 (@custom "{KUBEWARDEN_SECTION}" "{{\"protocolVersion\":\"v1\"}}"))"#
        );
        let wasm = wat::parse_str(text).expect("it is well-formed");
        let sandbox = Sandbox::new(Limits::default(), 1).expect("wasmtime runs here");
        let module = sandbox.load("empty", &wasm).expect("it loads");
        Self { sandbox, module }
    }

    pub fn call(&self) -> usize {
        self.sandbox.call(&self.module, "validate", b"{}", &Nothing).expect("it answers").bytes.len()
    }
}
