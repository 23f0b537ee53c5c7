//! waPC's imports: how a guest gets its request, gives its answer and asks its host.
//!
//! Every pointer and length comes from the guest and may be any number: see [`memory`](crate::memory).

use engine::{HostCall, ModuleError};
use wasmtime::{Caller, Linker, Result};

use crate::memory::{memory, slice, slice_mut};
use crate::signature::Signature;
use crate::state::State;

/// The import module.
pub(crate) const MODULE: &str = "wapc";

const SIGNATURES: [Signature; 9] = [
    Signature::new("__console_log", "ii", ""),
    Signature::new("__guest_error", "ii", ""),
    Signature::new("__guest_request", "ii", ""),
    Signature::new("__guest_response", "ii", ""),
    Signature::new("__host_call", "iiiiiiii", "i"),
    Signature::new("__host_error", "i", ""),
    Signature::new("__host_error_len", "", "i"),
    Signature::new("__host_response", "i", ""),
    Signature::new("__host_response_len", "", "i"),
];

/// The type that an import of this name has, if there is such a one.
pub(crate) fn signature(name: &str) -> Option<Signature> {
    SIGNATURES.into_iter().find(|signature| signature.name == name)
}

/// Defines all of them.
pub(crate) fn define(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap(MODULE, "__guest_request", |mut caller: Caller<'_, State>, operation, payload| {
        let (memory, state) = memory(&mut caller)?;
        let request = state.request;
        write(memory, operation, request.operation.as_bytes())?;
        write(memory, payload, request.payload)
    })?;
    linker.func_wrap(MODULE, "__guest_response", guest_response)?;
    linker.func_wrap(MODULE, "__guest_error", |mut caller: Caller<'_, State>, ptr, len| -> Result<()> {
        let (memory, state) = memory(&mut caller)?;
        let message = slice(memory, ptr, len)?;
        let kept = message.get(..state.limits.message_bytes).unwrap_or(message);
        state.guest_error = Some(String::from_utf8_lossy(kept).into_owned());
        Ok(())
    })?;
    linker.func_wrap(MODULE, "__host_call", host_call)?;
    linker
        .func_wrap(MODULE, "__host_response_len", |caller: Caller<'_, State>| length(caller.data().host_response()))?;
    linker.func_wrap(MODULE, "__host_response", |mut caller: Caller<'_, State>, ptr| {
        let (memory, state) = memory(&mut caller)?;
        write(memory, ptr, state.host_response())
    })?;
    linker.func_wrap(MODULE, "__host_error_len", |caller: Caller<'_, State>| length(caller.data().host_error()))?;
    linker.func_wrap(MODULE, "__host_error", |mut caller: Caller<'_, State>, ptr| {
        let (memory, state) = memory(&mut caller)?;
        write(memory, ptr, state.host_error())
    })?;
    linker.func_wrap(MODULE, "__console_log", |mut caller: Caller<'_, State>, ptr, len| -> Result<()> {
        let (memory, state) = memory(&mut caller)?;
        state.log.line(slice(memory, ptr, len)?);
        Ok(())
    })?;
    Ok(())
}

fn guest_response(mut caller: Caller<'_, State>, ptr: u32, len: u32) -> Result<()> {
    let (memory, state) = memory(&mut caller)?;
    let reply = slice(memory, ptr, len)?;
    let limit = state.limits.reply_bytes;
    if reply.len() > limit {
        return Err(state.stop(ModuleError::ReplyTooLarge { size: reply.len(), limit }));
    }
    state.reply = Some(reply.to_vec());
    Ok(())
}

/// Asks the host; 1 says that there is a response, 0 that there is an error. Eight numbers, as waPC has it.
#[allow(clippy::too_many_arguments)]
fn host_call(
    mut caller: Caller<'_, State>,
    binding: u32,
    binding_len: u32,
    namespace: u32,
    namespace_len: u32,
    operation: u32,
    operation_len: u32,
    payload: u32,
    payload_len: u32,
) -> Result<i32> {
    let (memory, state) = memory(&mut caller)?;
    let call = HostCall {
        binding: text(memory, binding, binding_len)?,
        namespace: text(memory, namespace, namespace_len)?,
        operation: text(memory, operation, operation_len)?,
        payload: slice(memory, payload, payload_len)?,
    };
    // To the guest an error is its text.
    let answer = state.request.host.call(call).map_err(|refusal| refusal.to_string());
    // A look-up may have been slow, and straight code after it would not meet the epoch again.
    if let Some(late) = state.deadline_passed() {
        return Err(state.stop(late));
    }
    let ok = answer.is_ok();
    state.host_answer = Some(answer);
    Ok(i32::from(ok))
}

fn write(memory: &mut [u8], ptr: u32, bytes: &[u8]) -> Result<()> {
    let len = u32::try_from(bytes.len())?;
    slice_mut(memory, ptr, len)?.copy_from_slice(bytes);
    Ok(())
}

fn text(memory: &[u8], ptr: u32, len: u32) -> Result<&str> {
    Ok(std::str::from_utf8(slice(memory, ptr, len)?)?)
}

fn length(bytes: &[u8]) -> Result<u32> {
    Ok(u32::try_from(bytes.len())?)
}
