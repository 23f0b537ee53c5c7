//! WASI preview 1 with nothing in it, for policies of somebody else's: no arguments, no environment, no files, no sockets,
//! and no way to tell one evaluation from another. What a language's runtime needs to come up is there, the rest answers
//! `EBADF` or `ENOSYS`. By hand, because the whole of it is these few lines, and a real WASI would bring an async runtime.
//!
//! `fd_write` to 1 and 2 goes to the log. Time and chance are [`Surroundings`](crate::surroundings::Surroundings).

use wasmtime::{Caller, Engine, FuncType, Linker, Result, Val, ValType};

use crate::memory::{memory, slice, slice_mut};
use crate::signature::Signature;
use crate::state::State;

/// The import module.
pub(crate) const MODULE: &str = "wasi_snapshot_preview1";

const SUCCESS: i32 = 0;
const BADF: i32 = 8;
const NOSYS: i32 = 52;

/// The functions that do something.
const ANSWERED: [Signature; 10] = [
    Signature::new("args_get", "ii", "i"),
    Signature::new("args_sizes_get", "ii", "i"),
    Signature::new("clock_res_get", "ii", "i"),
    Signature::new("clock_time_get", "iIi", "i"),
    Signature::new("environ_get", "ii", "i"),
    Signature::new("environ_sizes_get", "ii", "i"),
    Signature::new("fd_write", "iiii", "i"),
    Signature::new("proc_exit", "i", ""),
    Signature::new("random_get", "ii", "i"),
    Signature::new("sched_yield", "", "i"),
];

/// The functions that refuse, and with what.
const REFUSED: [(Signature, i32); 36] = [
    (Signature::new("fd_advise", "iIIi", "i"), BADF),
    (Signature::new("fd_allocate", "iII", "i"), BADF),
    (Signature::new("fd_close", "i", "i"), BADF),
    (Signature::new("fd_datasync", "i", "i"), BADF),
    (Signature::new("fd_fdstat_get", "ii", "i"), BADF),
    (Signature::new("fd_fdstat_set_flags", "ii", "i"), BADF),
    (Signature::new("fd_fdstat_set_rights", "iII", "i"), BADF),
    (Signature::new("fd_filestat_get", "ii", "i"), BADF),
    (Signature::new("fd_filestat_set_size", "iI", "i"), BADF),
    (Signature::new("fd_filestat_set_times", "iIIi", "i"), BADF),
    (Signature::new("fd_pread", "iiiIi", "i"), BADF),
    (Signature::new("fd_prestat_dir_name", "iii", "i"), BADF),
    (Signature::new("fd_prestat_get", "ii", "i"), BADF),
    (Signature::new("fd_pwrite", "iiiIi", "i"), BADF),
    (Signature::new("fd_read", "iiii", "i"), BADF),
    (Signature::new("fd_readdir", "iiiIi", "i"), BADF),
    (Signature::new("fd_renumber", "ii", "i"), BADF),
    (Signature::new("fd_seek", "iIii", "i"), BADF),
    (Signature::new("fd_sync", "i", "i"), BADF),
    (Signature::new("fd_tell", "ii", "i"), BADF),
    (Signature::new("path_create_directory", "iii", "i"), BADF),
    (Signature::new("path_filestat_get", "iiiii", "i"), BADF),
    (Signature::new("path_filestat_set_times", "iiiiIIi", "i"), BADF),
    (Signature::new("path_link", "iiiiiii", "i"), BADF),
    (Signature::new("path_open", "iiiiiIIii", "i"), BADF),
    (Signature::new("path_readlink", "iiiiii", "i"), BADF),
    (Signature::new("path_remove_directory", "iii", "i"), BADF),
    (Signature::new("path_rename", "iiiiii", "i"), BADF),
    (Signature::new("path_symlink", "iiiii", "i"), BADF),
    (Signature::new("path_unlink_file", "iii", "i"), BADF),
    (Signature::new("poll_oneoff", "iiii", "i"), NOSYS),
    (Signature::new("proc_raise", "i", "i"), NOSYS),
    (Signature::new("sock_accept", "iii", "i"), BADF),
    (Signature::new("sock_recv", "iiiiii", "i"), BADF),
    (Signature::new("sock_send", "iiiii", "i"), BADF),
    (Signature::new("sock_shutdown", "ii", "i"), BADF),
];

/// The type that a function of preview 1 has, if there is such a one.
pub(crate) fn signature(name: &str) -> Option<Signature> {
    let refused = REFUSED.iter().map(|(signature, _)| signature);
    ANSWERED.iter().chain(refused).find(|signature| signature.name == name).copied()
}

/// A guest left through `proc_exit`. Unwinds it as a trap would.
#[derive(Debug)]
pub(crate) struct Exit(pub(crate) u32);

impl std::fmt::Display for Exit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "it exited with code {}", self.0)
    }
}

impl std::error::Error for Exit {}

/// Defines all of it.
pub(crate) fn define(engine: &Engine, linker: &mut Linker<State>) -> Result<()> {
    for (signature, errno) in &REFUSED {
        let ty = FuncType::new(engine, signature.params().map(val_type), signature.results().map(val_type));
        linker.func_new(MODULE, signature.name, ty, |_, _, results| {
            if let Some(result) = results.first_mut() {
                *result = Val::I32(*errno);
            }
            Ok(())
        })?;
    }
    for name in ["args_get", "environ_get"] {
        linker.func_wrap(MODULE, name, |_: u32, _: u32| SUCCESS)?;
    }
    for name in ["args_sizes_get", "environ_sizes_get"] {
        linker.func_wrap(MODULE, name, |mut caller: Caller<'_, State>, count: u32, bytes: u32| -> Result<i32> {
            let (memory, _) = memory(&mut caller)?;
            slice_mut(memory, count, 4)?.fill(0);
            slice_mut(memory, bytes, 4)?.fill(0);
            Ok(SUCCESS)
        })?;
    }
    linker.func_wrap(MODULE, "clock_res_get", |mut caller: Caller<'_, State>, _: u32, out: u32| -> Result<i32> {
        let (memory, _) = memory(&mut caller)?;
        slice_mut(memory, out, 8)?.copy_from_slice(&1_000_u64.to_le_bytes());
        Ok(SUCCESS)
    })?;
    linker.func_wrap(
        MODULE,
        "clock_time_get",
        |mut caller: Caller<'_, State>, _: u32, _: u64, out: u32| -> Result<i32> {
            let (memory, state) = memory(&mut caller)?;
            slice_mut(memory, out, 8)?.copy_from_slice(&state.surroundings.now().to_le_bytes());
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(MODULE, "fd_write", fd_write)?;
    linker.func_wrap(MODULE, "proc_exit", |code: u32| -> Result<()> { Err(Exit(code).into()) })?;
    linker.func_wrap(MODULE, "random_get", |mut caller: Caller<'_, State>, ptr: u32, len: u32| -> Result<i32> {
        let (memory, state) = memory(&mut caller)?;
        state.surroundings.fill(slice_mut(memory, ptr, len)?);
        Ok(SUCCESS)
    })?;
    linker.func_wrap(MODULE, "sched_yield", || SUCCESS)?;
    Ok(())
}

/// Writes to the log if `fd` is 1 or 2: `count` pairs of pointer and length lie at `vectors`.
fn fd_write(mut caller: Caller<'_, State>, fd: u32, vectors: u32, count: u32, written: u32) -> Result<i32> {
    if !matches!(fd, 1 | 2) {
        return Ok(BADF);
    }
    let (memory, state) = memory(&mut caller)?;
    let mut total = 0_u32;
    for vector in slice(memory, vectors, count.saturating_mul(8))?.chunks_exact(8) {
        let (ptr, len) = vector.split_at(4);
        let len = word(len);
        state.log.write(slice(memory, word(ptr), len)?);
        total = total.saturating_add(len);
    }
    slice_mut(memory, written, 4)?.copy_from_slice(&total.to_le_bytes());
    Ok(SUCCESS)
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

fn val_type(letter: char) -> ValType {
    if letter == 'I' { ValType::I64 } else { ValType::I32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_little_endian() {
        assert_eq!(word(&[0x78, 0x56, 0x34, 0x12]), 0x1234_5678);
    }
}
