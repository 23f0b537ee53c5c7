//! Rules as native code, behind the trait that the sandbox fills: each loaded from the shared object that its crate builds
//! beside the module, and called by the same contract.
#![allow(unsafe_code)]

use std::ffi::c_void;

use engine::{HostCall, HostCalls, ModuleError, Reply, Runtime};
use sdk::abi::{Call, Sink};

use crate::artifacts;

/// Runs rules without a sandbox.
#[derive(Clone, Copy, Debug)]
pub struct Native;

/// One rule's shared object.
#[derive(Debug)]
pub struct Library {
    call: unsafe extern "C" fn(&Call) -> i32,
    /// Keeps the code mapped for as long as `call` points into it.
    _library: libloading::Library,
}

impl Library {
    /// Opens a rule's shared object.
    ///
    /// # Panics
    /// If it was not built.
    #[must_use]
    pub fn open(rule: &str) -> Self {
        let path = artifacts::native(rule);
        // SAFETY: the file is a build product of this workspace, and its initialisers are Rust's own.
        let library = unsafe { libloading::Library::new(&path) };
        let library = library.unwrap_or_else(|cause| panic!("{}: {cause}; run `make native`", path.display()));
        // SAFETY: the SDK exports the function with this signature; see `sdk::abi`.
        let symbol = unsafe { library.get::<unsafe extern "C" fn(&Call) -> i32>(b"seaworthy_call") };
        let call = *symbol.expect("a rule exports its entry point");
        Self { call, _library: library }
    }
}

impl Runtime for Native {
    type Module = Library;

    fn call(
        &self,
        module: &Library,
        operation: &str,
        payload: &[u8],
        host: &dyn HostCalls,
    ) -> Result<Reply, ModuleError> {
        let mut response: Vec<u8> = Vec::new();
        let host: &dyn HostCalls = host;
        let call = Call {
            operation: operation.as_ptr(),
            operation_length: operation.len(),
            payload: payload.as_ptr(),
            payload_length: payload.len(),
            host: (&raw const host).cast_mut().cast(),
            look_up,
            sink: append,
            context: (&raw mut response).cast(),
        };
        // SAFETY: all pointers are to locals that outlive the call.
        let ok = unsafe { (module.call)(&call) };
        if ok == 1 {
            Ok(Reply { bytes: response, log: String::new() })
        } else {
            Err(ModuleError::Guest(String::from_utf8_lossy(&response).into_owned()))
        }
    }
}

/// Appends to the vector that `context` is.
extern "C" fn append(context: *mut c_void, bytes: *const u8, length: usize) {
    // SAFETY: `context` is the vector of the caller above, and the rule passes a valid slice.
    unsafe { (*context.cast::<Vec<u8>>()).extend_from_slice(std::slice::from_raw_parts(bytes, length)) };
}

#[allow(clippy::too_many_arguments)]
extern "C" fn look_up(
    host: *mut c_void,
    namespace: *const u8,
    namespace_length: usize,
    operation: *const u8,
    operation_length: usize,
    payload: *const u8,
    payload_length: usize,
    sink: Sink,
    context: *mut c_void,
) -> i32 {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // SAFETY: `host` is the reference in `call` above, and the rule passes valid slices.
    let (host, namespace, operation, payload) = unsafe {
        (
            *host.cast::<&dyn HostCalls>(),
            text(std::slice::from_raw_parts(namespace, namespace_length)),
            text(std::slice::from_raw_parts(operation, operation_length)),
            std::slice::from_raw_parts(payload, payload_length),
        )
    };
    let call = HostCall { binding: "kubewarden", namespace: &namespace, operation: &operation, payload };
    let (ok, answer) = match host.call(call) {
        Ok(answer) => (1, answer),
        Err(cause) => (0, cause.to_string().into_bytes()),
    };
    sink(context, answer.as_ptr(), answer.len());
    ok
}
