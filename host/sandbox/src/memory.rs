//! A guest's memory, as its imports see it.
//!
//! Every pointer and length comes from the guest and may be any number. A slice that does not lie in its memory is a trap,
//! found by [`slice`] or [`slice_mut`], which is the only way to the memory.

use wasmtime::{Caller, Error, Extern, Result, bail};

use crate::state::State;

/// The guest's memory and its evaluation's state, side by side.
pub(crate) fn memory<'a>(caller: &'a mut Caller<'_, State>) -> Result<(&'a mut [u8], &'a mut State)> {
    let export = caller.data().memory;
    match caller.get_module_export(&export) {
        Some(Extern::Memory(memory)) => Ok(memory.data_and_store_mut(caller)),
        _ => bail!("it has no memory"),
    }
}

/// The part of a guest's memory that it names.
pub(crate) fn slice(memory: &[u8], ptr: u32, len: u32) -> Result<&[u8]> {
    let start = ptr as usize;
    let found = start.checked_add(len as usize).and_then(|end| memory.get(start..end));
    found.ok_or_else(|| outside(memory.len(), ptr, len))
}

/// [`slice`], to write.
pub(crate) fn slice_mut(memory: &mut [u8], ptr: u32, len: u32) -> Result<&mut [u8]> {
    let (start, size) = (ptr as usize, memory.len());
    let found = start.checked_add(len as usize).and_then(|end| memory.get_mut(start..end));
    found.ok_or_else(|| outside(size, ptr, len))
}

fn outside(size: usize, ptr: u32, len: u32) -> Error {
    Error::msg(format!("{len} bytes at {ptr} do not lie in its memory of {size}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_lies_in_memory_or_is_an_error() {
        let mut memory = [7; 16];
        for (ptr, len) in [(0, 0), (0, 16), (15, 1), (16, 0)] {
            assert_eq!(slice(&memory, ptr, len).unwrap().len(), len as usize);
            assert_eq!(slice_mut(&mut memory, ptr, len).unwrap().len(), len as usize);
        }
        for (ptr, len) in [(0, 17), (16, 1), (17, 0), (u32::MAX, 1), (1, u32::MAX), (u32::MAX, u32::MAX)] {
            assert!(slice(&memory, ptr, len).is_err(), "{ptr} {len}");
            assert!(slice_mut(&mut memory, ptr, len).is_err(), "{ptr} {len}");
        }
    }
}
