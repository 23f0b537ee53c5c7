//! Runs machine code where it lies in this binary, instead of a copy: its pages come from the file when they are first
//! run, and all processes of the binary share them. It must not know what a module is.
//!
//! Only for Linux on x86-64. Elsewhere instruction caches must be told, or a signed binary's pages may not change their
//! protection; there the code is copied.

use std::collections::BTreeSet;
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::mm::{MprotectFlags, mprotect};
use wasmtime::{Config, CustomCodeMemory, Error, Result};

/// Lets an engine of this configuration run code that it does not own.
pub(crate) fn allow(config: &mut Config) {
    config.with_custom_code_memory(Some(Arc::new(Protection { page: rustix::param::page_size() })));
}

/// The code as wasmtime takes it in place, if it begins at a page and was not taken before: wasmtime tells code by its
/// address, so that a second sandbox of the process needs a copy.
pub(crate) fn take(code: &'static [u8]) -> Option<NonNull<[u8]>> {
    static TAKEN: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());
    let address = code.as_ptr().addr();
    let is_free = || TAKEN.lock().unwrap_or_else(PoisonError::into_inner).insert(address);
    (address.is_multiple_of(rustix::param::page_size()) && is_free()).then(|| NonNull::from(code))
}

/// Makes code executable: what wasmtime does by itself with code that it copied.
struct Protection {
    page: usize,
}

impl CustomCodeMemory for Protection {
    fn required_alignment(&self) -> usize {
        self.page
    }

    fn publish_executable(&self, start: *const u8, length: usize) -> Result<()> {
        let start = start.cast_mut().cast::<c_void>();
        // SAFETY: wasmtime names the code of one module, which begins at a page and ends with padding. Nobody writes there:
        // embedded code is constant, and wasmtime has made what it copied read-only.
        unsafe { mprotect(start, length, MprotectFlags::READ | MprotectFlags::EXEC) }.map_err(Error::new)
    }

    fn unpublish_executable(&self, _: *const u8, _: usize) -> Result<()> {
        // What was copied is unmapped next, and what is embedded is not taken again.
        Ok(())
    }
}
