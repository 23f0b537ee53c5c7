//! What a running module asks of its host, and why it may get no answer.
//!
//! A guest sees an error as text, a host as a kind: a server counts denials and failures apart, and keeps the cause.

use std::error::Error;
use std::sync::Arc;

use protocol::{LookUp, contract};
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
    /// It is something else.
    pub fn read<T: Deserialize<'a>>(&self) -> Result<T, CallError> {
        serde_json::from_slice(self.payload).map_err(|cause| CallError::invalid(Unreadable(cause)))
    }

    /// The path of the capability: `oci/v1/manifest_digest`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.operation)
    }

    /// The denial of a call that nobody answers here.
    #[must_use]
    pub fn unanswered(&self, why: &'static str) -> CallError {
        Denial::Unanswered { path: self.path(), why }.into()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the look-up is not readable: {0}")]
struct Unreadable(#[source] serde_json::Error);

/// Answers a module's look-ups. The one dispatcher: whatever it does not know or allow, it denies.
pub trait HostCalls {
    /// The answer as JSON.
    ///
    /// # Errors
    /// Why there is no answer; the guest sees its text.
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError>;

    /// Of each of these kinds, whether it is known that there is no object of it at all, so that no look-up finds one.
    fn lacks(&self, kinds: &[LookUp]) -> Vec<bool> {
        vec![false; kinds.len()]
    }
}

/// Why a call has no answer. Its text is what the guest sees, and part of the contract: rules tell denials
/// ([`contract::LOOK_UP_NOT_ALLOWED`]) and absent objects ([`contract::NOT_FOUND`]) by it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// The module may not ask this here.
    #[error("{marker}: {0}", marker = contract::LOOK_UP_NOT_ALLOWED)]
    Denied(Denial),
    /// The object that was asked for does not exist.
    #[error("{}", contract::NOT_FOUND)]
    NotFound,
    /// The module asked for something that makes no sense.
    #[error(transparent)]
    Invalid(Arc<dyn Error + Send + Sync>),
    /// Whoever was asked, a cluster or a registry, gave no answer that can be used.
    #[error(transparent)]
    Failed(Arc<dyn Error + Send + Sync>),
}

impl CallError {
    /// The question makes no sense, for this reason.
    pub fn invalid(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Invalid(cause.into().into())
    }

    /// There is no answer, for this reason.
    pub fn failed(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into().into())
    }

    /// The name of its kind, to count by: `denied`, `not-found`, `invalid`, `failed`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::NotFound => "not-found",
            Self::Invalid(_) => "invalid",
            Self::Failed(_) => "failed",
        }
    }
}

impl From<Denial> for CallError {
    fn from(why: Denial) -> Self {
        Self::Denied(why)
    }
}

/// Why a module may not ask something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// waPC knows several bindings; here there is one.
    #[error("there is no binding {0}")]
    NoBinding(String),
    /// The contract has no such operation.
    #[error("there is no operation {0}")]
    NoOperation(String),
    /// The module's metadata does not declare the operation.
    #[error("the module does not declare {0}")]
    Undeclared(String),
    /// The module's metadata does not declare the kind.
    #[error("the rule does not declare {api_version} {kind}")]
    UndeclaredKind {
        /// As it was asked for.
        api_version: String,
        /// As it was asked for.
        kind: String,
    },
    /// The module declares the operation, and the configuration does not allow it.
    #[error("the configuration does not allow {0}")]
    Withheld(String),
    /// Objects of this kind may be there and cannot all be seen.
    #[error("{kind} cannot be seen: {reason}")]
    Unseen {
        /// The kind.
        kind: String,
        /// Why, without a full stop.
        reason: String,
    },
    /// Nobody is reached from here who could answer.
    #[error("{path}: {why}")]
    Unanswered {
        /// The operation.
        path: String,
        /// Why nobody answers it.
        why: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn each_kind_has_a_name_and_keeps_its_cause() {
        let call = HostCall { binding: "b", namespace: "n", operation: "o", payload: b"{" };
        let errors = [
            (call.unanswered("nobody is here"), "denied", "look-up not allowed: n/o: nobody is here"),
            (CallError::NotFound, "not-found", "not found"),
            (call.read::<u8>().unwrap_err(), "invalid", "the look-up is not readable: "),
            (CallError::failed(io::Error::other("gone")), "failed", "gone"),
        ];
        for (error, kind, text) in errors {
            assert_eq!(error.kind(), kind);
            assert!(error.to_string().starts_with(text), "{error}");
            let cause = match &error {
                CallError::Invalid(cause) => {
                    cause.source().and_then(|cause| cause.downcast_ref::<serde_json::Error>()).is_some()
                }
                CallError::Failed(cause) => cause.downcast_ref::<io::Error>().is_some(),
                CallError::Denied(_) | CallError::NotFound => true,
            };
            assert!(cause, "{error} has lost its cause");
        }
    }
}
