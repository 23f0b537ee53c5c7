//! What can go wrong between here and an API server, in words for whoever has to mend it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use kube::client::AuthError;

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// The server answered with an error; after retries, where those can help.
    Refused(Status),
    /// There was no answer: no connection, a broken one, credentials that could not be had.
    Unreachable(String),
    /// There was no whole answer in this time.
    Timeout(Duration),
    /// The answer had more bytes than this.
    TooLarge(usize),
    /// The answer is not what the API documents.
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

impl fmt::Display for RequestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(Status { code, message, .. }) => {
                let reason = match code {
                    401 => "the API server does not accept the credentials",
                    403 => "forbidden",
                    404 => "not found",
                    410 => "the list expired again and again",
                    429 => "the API server is too busy",
                    500..=599 => "the API server failed",
                    _ => "refused",
                };
                let colon = if message.is_empty() { "" } else { ": " };
                write!(formatter, "{reason} ({code}){colon}{message}")
            }
            Self::Unreachable(cause) => write!(formatter, "the API server cannot be reached: {cause}"),
            Self::Timeout(time) => write!(formatter, "no whole answer in {} s", time.as_secs_f64()),
            Self::TooLarge(bytes) => write!(formatter, "an answer of more than {} MiB", bytes >> 20),
            Self::Unreadable(cause) => write!(formatter, "the answer is not readable: {cause}"),
        }
    }
}

impl Error for RequestError {}

/// Why nothing can be done with a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterError {
    /// The way to it is not known: no kubeconfig, or one that does not hold.
    Access(String),
    /// A request that everything depends on failed.
    Request {
        /// What it was for, as in "while discovering what is served".
        during: &'static str,
        /// Why it failed.
        cause: RequestError,
    },
    /// It does not serve a kind that is needed.
    NotServed(String),
    /// This process cannot work with it: no threads, or one that is gone.
    Host(String),
}

impl fmt::Display for ClusterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Access(cause) => write!(formatter, "no cluster to talk to: {cause}"),
            Self::Request { during, cause } => write!(formatter, "while {during}: {cause}"),
            Self::NotServed(kind) => write!(formatter, "the cluster does not serve {kind}"),
            Self::Host(cause) => write!(formatter, "the cluster cannot be talked to from here: {cause}"),
        }
    }
}

impl Error for ClusterError {}

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
