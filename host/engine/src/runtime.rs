//! The seam between deciding and running: how the engine has a rule's module evaluated, by whatever runs WebAssembly here.

use std::time::Duration;

use crate::call::HostCalls;

/// What a module answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The bytes of `__guest_response`, bounded but not yet looked at.
    pub bytes: Vec<u8>,
    /// What it wrote with `__console_log`, cut at the host's limit.
    pub log: String,
}

/// Why a module gave no answer. Each is the verdict `error` of that rule alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModuleError {
    /// It ran past its deadline and was stopped.
    #[error("stopped after {} ms without an answer", .0.as_millis())]
    Deadline(Duration),
    /// It missed its deadline so often in this run that it is not asked any more.
    #[error("switched off after {0} missed deadlines in this run")]
    SwitchedOff(u32),
    /// It was not asked, or stopped, because the time of the whole run was over.
    #[error("not checked: the run's time of {} s is over", .0.as_secs_f32())]
    RunTime(Duration),
    /// It wanted more memory, in bytes, than it may have.
    #[error("stopped at its memory limit of {} MiB", .0 >> 20)]
    Memory(usize),
    /// It wanted more table elements, memories or instances than it may have.
    #[error("stopped at a limit: {0}")]
    Resources(String),
    /// It trapped: unreachable code, a bad pointer, a stack too deep.
    #[error("trapped: {0}")]
    Trap(String),
    /// It answered with an error of its own (`__guest_error`).
    #[error("reported an error: {0}")]
    Guest(String),
    /// It returned without a response or an error.
    #[error("returned without an answer")]
    NoReply,
    /// Its reply was larger than the limit; both in bytes.
    #[error("answered with {size} bytes, more than the {limit} allowed")]
    ReplyTooLarge {
        /// What it wanted to say.
        size: usize,
        /// What it may say.
        limit: usize,
    },
    /// The host itself could not run it.
    #[error("could not be run: {0}")]
    Host(String),
    /// Any of the others, by a module that had written something before: it may say why.
    #[error("{cause}; its log ends with: {log}")]
    Logged {
        /// What happened.
        #[source]
        cause: Box<Self>,
        /// The end of what it had written, as it came.
        log: String,
    },
}

/// Bytes of a log that stand behind an error: a line or two.
const LOG_TOLD: usize = 512;

impl ModuleError {
    /// With the end of what the module had written, if it had.
    #[must_use]
    pub fn after(self, log: &str) -> Self {
        let log = log.trim_end();
        let tail = log.get(log.ceil_char_boundary(log.len().saturating_sub(LOG_TOLD))..).unwrap_or_default();
        if tail.is_empty() { self } else { Self::Logged { cause: Box::new(self), log: tail.to_owned() } }
    }

    /// Whether it ran past its deadline.
    #[must_use]
    pub fn is_deadline(&self) -> bool {
        match self {
            Self::Deadline(_) => true,
            Self::Logged { cause, .. } => cause.is_deadline(),
            _ => false,
        }
    }
}

/// Runs modules: wasmtime in the sandbox crate, the browser's own WebAssembly in the web crate. Every call is a fresh
/// instance with zeroed memory; nothing survives from one evaluation to the next.
pub trait Runtime {
    /// A module that is ready to be instantiated.
    type Module;

    /// Calls one waPC operation of a fresh instance.
    ///
    /// # Errors
    /// Whatever kept the module from answering.
    fn call(
        &self,
        module: &Self::Module,
        operation: &str,
        payload: &[u8],
        host: &dyn HostCalls,
    ) -> Result<Reply, ModuleError>;
}

/// One that is lent.
impl<R: Runtime> Runtime for &R {
    type Module = R::Module;

    fn call(
        &self,
        module: &Self::Module,
        operation: &str,
        payload: &[u8],
        host: &dyn HostCalls,
    ) -> Result<Reply, ModuleError> {
        (**self).call(module, operation, payload, host)
    }
}
