//! The seam between deciding and running: how the engine has a rule's module evaluated, by whatever runs WebAssembly here.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// One request of a running module to its host (`__host_call`), all from a guest that may be hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCall<'a> {
    /// waPC binding, `kubewarden`.
    pub binding: &'a str,
    /// waPC namespace: `kubernetes`, `oci`, `net`, `crypto`, `tracing`.
    pub namespace: &'a str,
    /// Operation: `get_resource`, `v1/manifest_digest`, ...
    pub operation: &'a str,
    /// JSON, not yet looked at.
    pub payload: &'a [u8],
}

impl<'a> HostCall<'a> {
    /// The payload as what the operation takes.
    ///
    /// # Errors
    /// It is something else; a sentence for the guest.
    pub fn read<T: Deserialize<'a>>(&self) -> Result<T, String> {
        serde_json::from_slice(self.payload).map_err(|cause| format!("the look-up is not readable: {cause}"))
    }
}

/// Answers a module's look-ups. The one dispatcher: whatever it does not know or allow, it denies.
pub trait HostCalls {
    /// The answer as JSON.
    ///
    /// # Errors
    /// The refusal or the failure in a sentence; the guest sees it.
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, String>;
}

/// What a module answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The bytes of `__guest_response`, bounded but not yet looked at.
    pub bytes: Vec<u8>,
    /// What it wrote with `__console_log`, cut at the host's limit.
    pub log: String,
}

/// Why a module gave no answer. Each is the verdict `error` of that rule alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleError {
    /// It ran past its deadline and was stopped.
    Deadline(Duration),
    /// It wanted more memory, in bytes, than it may have.
    Memory(usize),
    /// It wanted more table elements, memories or instances than it may have.
    Resources(String),
    /// It trapped: unreachable code, a bad pointer, a stack too deep.
    Trap(String),
    /// It answered with an error of its own (`__guest_error`).
    Guest(String),
    /// It returned without a response or an error.
    NoReply,
    /// Its reply was larger than the limit; both in bytes.
    ReplyTooLarge {
        /// What it wanted to say.
        size: usize,
        /// What it may say.
        limit: usize,
    },
    /// The host itself could not run it.
    Host(String),
    /// Any of the others, by a module that had written something before: it may say why.
    Logged {
        /// What happened.
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
}

impl fmt::Display for ModuleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline(limit) => write!(formatter, "stopped after {} ms without an answer", limit.as_millis()),
            Self::Memory(limit) => write!(formatter, "stopped at its memory limit of {} MiB", limit >> 20),
            Self::Resources(what) => write!(formatter, "stopped at a limit: {what}"),
            Self::Trap(cause) => write!(formatter, "trapped: {cause}"),
            Self::Guest(message) => write!(formatter, "reported an error: {message}"),
            Self::NoReply => formatter.write_str("returned without an answer"),
            Self::ReplyTooLarge { size, limit } => {
                write!(formatter, "answered with {size} bytes, more than the {limit} allowed")
            }
            Self::Host(cause) => write!(formatter, "could not be run: {cause}"),
            Self::Logged { cause, log } => write!(formatter, "{cause}; its log ends with: {log}"),
        }
    }
}

impl std::error::Error for ModuleError {}

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
