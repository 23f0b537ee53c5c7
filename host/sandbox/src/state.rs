//! What the host keeps for one running guest: its request, what it said, and what it may still take. It must not know how a
//! guest is started, nor which imports it has.

use std::time::Instant;

use engine::{HostCalls, ModuleError};
use wasmtime::{Error, ModuleExport, ResourceLimiter, Trap};

use crate::Limits;
use crate::log::Log;
use crate::surroundings::Surroundings;

/// What a guest is asked, and whom it may ask in turn.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) operation: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) host: &'a dyn HostCalls,
}

/// What the host keeps for a running guest.
pub(crate) struct State {
    /// Valid as long as the evaluation that holds this state; see [`Evaluation::begin`](crate::evaluation::Evaluation::begin).
    pub(crate) request: Request<'static>,
    pub(crate) limits: Limits,
    pub(crate) memory: ModuleExport,
    pub(crate) reply: Option<Vec<u8>>,
    pub(crate) guest_error: Option<String>,
    pub(crate) host_answer: Option<Result<Vec<u8>, String>>,
    pub(crate) log: Log,
    pub(crate) surroundings: Surroundings,
    started: Instant,
    growth: Growth,
    /// The reason for which the host unwound the guest, more precise than the trap that it did it by.
    stopped: Option<ModuleError>,
}

impl State {
    /// The state of a guest whose clock runs from here.
    pub(crate) fn new(request: Request<'static>, limits: Limits, memory: ModuleExport) -> Self {
        Self {
            request,
            limits,
            memory,
            reply: None,
            guest_error: None,
            host_answer: None,
            log: Log::new(limits.log_bytes),
            surroundings: Surroundings::default(),
            started: Instant::now(),
            growth: Growth {
                memory_bytes: limits.memory_bytes,
                table_elements: limits.table_elements,
                tables: limits.tables,
                denied: None,
            },
            stopped: None,
        }
    }

    /// The last look-up's answer; empty before the first and after a refusal.
    pub(crate) fn host_response(&self) -> &[u8] {
        self.host_answer.as_ref().and_then(|answer| answer.as_deref().ok()).unwrap_or_default()
    }

    /// The last look-up's refusal; empty before the first and after an answer.
    pub(crate) fn host_error(&self) -> &[u8] {
        self.host_answer.as_ref().and_then(|answer| answer.as_ref().err()).map(String::as_bytes).unwrap_or_default()
    }

    pub(crate) fn deadline_passed(&self) -> Option<ModuleError> {
        let deadline = self.limits.deadline;
        (self.started.elapsed() > deadline).then_some(ModuleError::Deadline(deadline))
    }

    /// Unwinds the guest for a reason: return this from an import.
    pub(crate) fn stop(&mut self, reason: ModuleError) -> Error {
        let error = Error::msg(reason.to_string());
        self.stopped = Some(reason);
        error
    }

    /// What decides how far it may grow.
    pub(crate) fn growth(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.growth
    }

    /// The limit that the guest was last held to, if there was one.
    pub(crate) fn denied(&mut self) -> Option<ModuleError> {
        self.growth.denied.take()
    }

    /// Why the host ended it, if it did.
    pub(crate) fn stopped_or_denied(&mut self) -> Option<ModuleError> {
        self.stopped.take().or_else(|| self.denied())
    }

    /// Why the guest was unwound.
    pub(crate) fn why(&mut self, error: &Error) -> ModuleError {
        if let Some(reason) = self.stopped.take() {
            return reason;
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => ModuleError::Deadline(self.limits.deadline),
            // Which of the two it was, an overflow or an abort after a denial, a guest does not tell either.
            _ => self.denied().unwrap_or_else(|| ModuleError::Trap(cause(error))),
        }
    }
}

/// The sentence that says why, without the frames around it.
pub(crate) fn cause(error: &Error) -> String {
    error.root_cause().to_string()
}

/// Says how far memory and tables may grow.
struct Growth {
    memory_bytes: usize,
    table_elements: usize,
    tables: usize,
    /// The limit that a growth was denied by. Guests rarely say so themselves: they abort.
    denied: Option<ModuleError>,
}

impl ResourceLimiter for Growth {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.memory_bytes;
        if !allowed {
            self.denied = Some(ModuleError::Memory(self.memory_bytes));
        }
        Ok(allowed)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.table_elements;
        if !allowed {
            self.denied =
                Some(ModuleError::Resources(format!("a table of more than {} elements", self.table_elements)));
        }
        Ok(allowed)
    }

    fn instances(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        self.tables
    }
}
