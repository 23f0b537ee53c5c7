//! The same contract in a shared object: one exported function, so that a test can load a rule natively by its file and
//! ask it what it asks the module. Never shipped.
#![allow(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;

use super::answer;
use crate::rule::Rule;
use crate::world::Host;

/// Takes bytes that live as long as the call: a response, an error, or the answer to a look-up.
pub type Sink = extern "C" fn(context: *mut c_void, bytes: *const u8, length: usize);

/// What the loader provides: answers a look-up into `sink`, and returns 1 for an answer, 0 for an error text.
pub type LookUp = extern "C" fn(
    host: *mut c_void,
    namespace: *const u8,
    namespace_length: usize,
    operation: *const u8,
    operation_length: usize,
    payload: *const u8,
    payload_length: usize,
    sink: Sink,
    context: *mut c_void,
) -> i32;

/// One call: the operation and its payload, the host for look-ups, and the sink for the response. 1 is success, and
/// anything else an error text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// UTF-8 name of the operation.
    pub operation: *const u8,
    /// Its length in bytes.
    pub operation_length: usize,
    /// JSON.
    pub payload: *const u8,
    /// Its length in bytes.
    pub payload_length: usize,
    /// Passed to `look_up` as it is.
    pub host: *mut c_void,
    /// Answers look-ups.
    pub look_up: LookUp,
    /// Takes the response or the error.
    pub sink: Sink,
    /// Passed to `sink` as it is.
    pub context: *mut c_void,
}

/// Answers one call.
///
/// # Safety
/// Every pointer of `call` is valid for its length for the duration of the call.
pub unsafe fn guest_call<R: Rule>(call: &Call) -> i32 {
    // SAFETY: promised by the caller.
    let (operation, payload) = unsafe {
        (
            core::slice::from_raw_parts(call.operation, call.operation_length),
            core::slice::from_raw_parts(call.payload, call.payload_length),
        )
    };
    let answered = answer::<R>(operation, payload, &NativeHost { host: call.host, look_up: call.look_up });
    let (ok, bytes) = match answered {
        Ok(response) => (1, response),
        Err(message) => (0, message.into_bytes()),
    };
    (call.sink)(call.context, bytes.as_ptr(), bytes.len());
    ok
}

struct NativeHost {
    host: *mut c_void,
    look_up: LookUp,
}

impl Host for NativeHost {
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        extern "C" fn copy(context: *mut c_void, bytes: *const u8, length: usize) {
            // SAFETY: `context` is the vector below, and the loader passes a valid slice.
            unsafe { (*context.cast::<Vec<u8>>()).extend_from_slice(core::slice::from_raw_parts(bytes, length)) };
        }
        let mut answer: Vec<u8> = Vec::new();
        let ok = (self.look_up)(
            self.host,
            namespace.as_ptr(),
            namespace.len(),
            operation.as_ptr(),
            operation.len(),
            payload.as_ptr(),
            payload.len(),
            copy,
            (&raw mut answer).cast(),
        );
        if ok == 1 { Ok(answer) } else { Err(String::from_utf8_lossy(&answer).into_owned()) }
    }
}

/// Nothing: a shared object links std.
#[macro_export]
#[doc(hidden)]
macro_rules! without_std {
    () => {};
}

/// Exports a rule from a shared object. Written by the `policy!` macro.
#[macro_export]
#[doc(hidden)]
macro_rules! export {
    ($rule:ty, $(($section:literal, $bytes:literal)),*) => {
        const _: () = {
            #[unsafe(no_mangle)]
            unsafe extern "C" fn seaworthy_call(call: &$crate::abi::Call) -> i32 {
                // SAFETY: passed on from the loader.
                unsafe { $crate::abi::guest_call::<$rule>(call) }
            }
        };
    };
}
