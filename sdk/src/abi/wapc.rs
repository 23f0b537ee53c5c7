//! waPC in a WebAssembly module: the guest's side of Kubewarden's contract.
//!
//! A guest that links std uses std's allocator and panic handler instead of those here.
#![allow(unsafe_code)]

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use protocol::contract::BINDING;

use super::answer;
use crate::rule::Rule;
use crate::world::Host;

#[doc(hidden)]
pub use bump::Bump;

mod bump;

mod wapc {
    #[link(wasm_import_module = "wapc")]
    unsafe extern "C" {
        pub fn __guest_request(operation: *mut u8, payload: *mut u8);
        pub fn __guest_response(response: *const u8, length: usize);
        pub fn __guest_error(message: *const u8, length: usize);
        pub fn __host_call(
            binding: *const u8,
            binding_length: usize,
            namespace: *const u8,
            namespace_length: usize,
            operation: *const u8,
            operation_length: usize,
            payload: *const u8,
            payload_length: usize,
        ) -> i32;
        pub fn __host_response_len() -> usize;
        pub fn __host_response(response: *mut u8);
        pub fn __host_error_len() -> usize;
        pub fn __host_error(message: *mut u8);
    }
}

/// One call from the host: takes the request, gives the response. 1 is success.
pub fn guest_call<R: Rule>(operation_length: usize, payload_length: usize) -> i32 {
    let mut operation = vec![0; operation_length];
    let mut payload = vec![0; payload_length];
    // SAFETY: both buffers have the lengths that the host named, and it writes no more than those.
    unsafe { wapc::__guest_request(operation.as_mut_ptr(), payload.as_mut_ptr()) };
    // A pure rule asks nobody, and its module then imports nothing to ask with.
    let is_pure = R::LOOKS_UP.is_empty() && R::CAPABILITIES.is_empty();
    let host: &dyn Host = if is_pure { &NoHost } else { &WapcHost };
    match answer::<R>(&operation, &payload, host) {
        Ok(response) => {
            // SAFETY: the host reads `length` bytes at the pointer before it returns.
            unsafe { wapc::__guest_response(response.as_ptr(), response.len()) };
            1
        }
        Err(message) => {
            // SAFETY: as above.
            unsafe { wapc::__guest_error(message.as_ptr(), message.len()) };
            0
        }
    }
}

struct NoHost;

impl Host for NoHost {
    fn call(&self, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        Err(String::new())
    }
}

struct WapcHost;

impl Host for WapcHost {
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        // SAFETY: the host reads the four slices before it returns.
        let ok = unsafe {
            wapc::__host_call(
                BINDING.as_ptr(),
                BINDING.len(),
                namespace.as_ptr(),
                namespace.len(),
                operation.as_ptr(),
                operation.len(),
                payload.as_ptr(),
                payload.len(),
            )
        };
        if ok == 1 {
            // SAFETY: has no arguments; the buffer has the length that the host named.
            let mut response = vec![0; unsafe { wapc::__host_response_len() }];
            // SAFETY: as above.
            unsafe { wapc::__host_response(response.as_mut_ptr()) };
            Ok(response)
        } else {
            // SAFETY: as above.
            let mut message = vec![0; unsafe { wapc::__host_error_len() }];
            // SAFETY: as above.
            unsafe { wapc::__host_error(message.as_mut_ptr()) };
            Err(String::from_utf8(message).unwrap_or_default())
        }
    }
}

/// What std would bring: an allocator and a panic handler. Written by the `policy!` macro, into guests that do not link it.
#[macro_export]
#[doc(hidden)]
macro_rules! without_std {
    () => {
        const _: () = {
            #[global_allocator]
            static HEAP: $crate::abi::Bump = $crate::abi::Bump::new();

            #[panic_handler]
            fn panic(_: &::core::panic::PanicInfo<'_>) -> ! {
                ::core::arch::wasm32::unreachable()
            }
        };
    };
}

/// Exports a rule as a module: its entry point and its custom sections. Written by the `policy!` macro.
#[macro_export]
#[doc(hidden)]
macro_rules! export {
    ($rule:ty, $(($section:literal, $bytes:literal)),*) => {
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn __guest_call(operation_length: usize, payload_length: usize) -> i32 {
                $crate::abi::guest_call::<$rule>(operation_length, payload_length)
            }
            $(
                const _: () = {
                    // Not `#[used]`: that would keep a second copy in the module's data, and so in its memory.
                    #[unsafe(link_section = $section)]
                    static SECTION: [u8; $bytes.len()] = *$bytes;
                };
            )*
        };
    };
}
