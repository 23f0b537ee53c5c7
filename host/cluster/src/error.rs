//! What can go wrong between here and an API server, in words for whoever has to fix it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use kube::client::AuthError;

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The server answered with an error; after retries, where those can help.
    #[error("{0}")]
    Refused(Status),
    /// There was no answer: no connection, a broken one, credentials that could not be had.
    #[error("the API server cannot be reached: {0}")]
    Unreachable(String),
    /// There was no whole answer in this time.
    #[error("no whole answer in {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The answer had more bytes than this.
    #[error("an answer of more than {} MiB", .0 >> 20)]
    TooLarge(usize),
    /// The answer is not what the API documents.
    #[error("the answer is not readable: {0}")]
    Unreadable(String),
}

/// What a server says of its error: `Status` of `meta/v1`, or else what can be read in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// HTTP.
    pub code: u16,
    /// In words; empty where it gives none.
    pub message: String,
    /// `metadata.continue`: with 410, where an expired list may be taken up again.
    pub continue_token: Option<String>,
}

impl RequestError {
    /// Whether this is the answer of that HTTP code.
    #[must_use]
    pub const fn is(&self, code: u16) -> bool {
        matches!(self, Self::Refused(status) if status.code == code)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, .. } = self;
        let reason = match code {
            401 => "the API server does not accept the credentials",
            403 => "forbidden",
            404 => "not found",
            410 => "expired",
            429 => "the API server is too busy",
            500..=599 => "the API server failed",
            _ => "refused",
        };
        let colon = if message.is_empty() { "" } else { ": " };
        write!(formatter, "{reason} ({code}){colon}{message}")
    }
}

/// Why nothing can be done with a cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// The way to it is not known: there is no kubeconfig, or it cannot be used.
    #[error("no cluster to talk to: {0}")]
    Access(String),
    /// A request that everything depends on failed.
    #[error("while {during}: {cause}")]
    Request {
        /// What it was for, as in "while discovering what is served".
        during: &'static str,
        /// Why it failed.
        #[source]
        cause: RequestError,
    },
    /// It does not serve a kind that is needed.
    #[error("the cluster does not serve {0}")]
    NotServed(String),
    /// This process cannot work with it: no threads, or one that is gone.
    #[error("this process cannot talk to the cluster: {0}")]
    Host(String),
}

/// Why a look-up by a module has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookUpError {
    /// Whether the kind is served is not known.
    #[error("{api_version} {kind} cannot be looked up: {reason}")]
    Kind { api_version: String, kind: String, reason: String },
    /// The server did not give what was asked for; what.
    #[error("{what}: {cause}")]
    Request { what: String, cause: RequestError },
    /// There is more of it than a module can read.
    #[error("all {kind} together exceed {limit} MiB; look up fewer of them")]
    TooMuch { kind: String, limit: usize },
    /// An item of a list is not an object that can be read.
    #[error("{0}")]
    Object(String),
    #[error("the look-up is not readable: it names no namespace")]
    NoNamespace,
    #[error("the API server left the access review without an answer")]
    NoReview,
}

/// What is wrong with the credentials, if that is what has failed. What a credential plugin was given and has printed is left
/// out: both may be secret.
pub fn credentials(cause: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(cause);
    while let Some(cause) = next {
        match cause.downcast_ref::<AuthError>() {
            Some(AuthError::AuthExecRun { out, .. }) => {
                return Some(format!(
                    "no credentials: the credential plugin of the kubeconfig failed ({})",
                    out.status
                ));
            }
            Some(AuthError::AuthExecParse(_) | AuthError::ParseTokenKey(_)) => {
                return Some(
                    "no credentials: the credential plugin of the kubeconfig did not print an ExecCredential".into(),
                );
            }
            Some(cause) => return Some(format!("no credentials: {cause}")),
            None => next = cause.source(),
        }
    }
    None
}
