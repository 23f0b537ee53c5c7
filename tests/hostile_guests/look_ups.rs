//! What a guest asks its host for goes to the host's dispatcher, whatever it is, and a denial comes back as one.

use engine::{CallError, HostCall, HostCalls, ModuleError};
use sandbox::Limits;

use crate::host::{Deny, Host, guest};

#[test]
fn a_denied_look_up_is_denied() {
    let host = Host::new(Limits::default());
    let module = host.load(guest!("looks_up")).unwrap();
    for operation in ["get_resource", "list_resources_all", "no/such/operation", ""] {
        let reply = host.call(&module, operation, b"{}", &Deny).unwrap();
        assert_eq!(reply.bytes, format!("0look-up not allowed: there is no operation {operation}").as_bytes());
    }
}

#[test]
fn with_a_host_that_denies_nothing_it_is_answered() {
    struct Echo;
    impl HostCalls for Echo {
        fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
            assert_eq!((call.binding, call.namespace), ("kubewarden", "kubernetes"));
            Ok([call.operation.as_bytes(), b" ", call.payload].concat())
        }
    }
    let host = Host::new(Limits::default());
    let module = host.load(guest!("looks_up")).unwrap();
    assert_eq!(host.call(&module, "get_resource", b"{}", &Echo).unwrap().bytes, b"1get_resource {}");
}

#[test]
fn an_operation_that_is_no_text_never_gets_to_the_host() {
    struct Never;
    impl HostCalls for Never {
        fn call(&self, _: HostCall<'_>) -> Result<Vec<u8>, CallError> {
            panic!("it got to the host")
        }
    }
    let text = r#"(module
      (import "wapc" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\ff")
      (func (export "__guest_call") (param i32 i32) (result i32)
        (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
          (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0))))"#;
    let host = Host::new(Limits::default());
    let module = host.load(text).unwrap();
    assert!(matches!(host.call(&module, "validate", b"{}", &Never), Err(ModuleError::Trap(_))));
}

#[test]
fn an_answer_that_does_not_fit_into_the_guests_memory_is_a_trap() {
    struct Much;
    impl HostCalls for Much {
        fn call(&self, _: HostCall<'_>) -> Result<Vec<u8>, CallError> {
            Ok(vec![b' '; 1 << 20])
        }
    }
    let host = Host::new(Limits::default());
    let module = host.load(guest!("looks_up")).unwrap();
    assert!(matches!(host.call(&module, "validate", b"{}", &Much), Err(ModuleError::Trap(_))));
}
