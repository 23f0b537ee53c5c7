//! Why a registry's answer is not used. Each is said in a sentence that names the place.

use reqwest::Url;

use crate::{Digest, ReferenceError, SignatureError};

/// Why something could not be had from a registry, or could not be put there.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The text names nothing.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// There is no connection, or it broke.
    #[error("{url} cannot be reached: {cause}")]
    Connection {
        /// Where to.
        url: String,
        /// What happened.
        cause: String,
    },
    /// There is no such thing.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The registry wants other credentials, or none would do.
    #[error("{url} is not for us: {cause} (credentials are those of Docker's config.json: `docker login`)")]
    Denied {
        /// What was asked for.
        url: String,
        /// What it said.
        cause: String,
    },
    /// The registry answered with an error.
    #[error("{url} answered with {status}: {cause}")]
    Status {
        /// What was asked for.
        url: String,
        /// HTTP status.
        status: u16,
        /// What it said.
        cause: String,
    },
    /// The credentials cannot be used.
    #[error("the credentials for {registry}: {cause}")]
    Credentials {
        /// For which registry.
        registry: String,
        /// Why not.
        cause: String,
    },
    /// It would have us go where we must not.
    #[error("{url} leads elsewhere, which is not followed: {cause}")]
    Redirect {
        /// From where.
        url: String,
        /// Why we do not follow.
        cause: String,
    },
    /// It is larger than it may be, in bytes.
    #[error("{what} is larger than the {limit} bytes allowed")]
    TooLarge {
        /// What.
        what: String,
        /// What it may be.
        limit: u64,
    },
    /// It has another length than its descriptor says, in bytes.
    #[error(
        "{what} {} the {expected} bytes that its descriptor says",
        if .actual > .expected { "is longer than".to_owned() } else { format!("ended after {} of", .actual) }
    )]
    Length {
        /// What.
        what: String,
        /// What the descriptor says.
        expected: u64,
        /// What came; at most one more than expected, since reading ends there.
        actual: u64,
    },
    /// It is not what its digest says.
    #[error("{what} is not what was asked for: its digest is {actual} and not {expected}")]
    Digest {
        /// What.
        what: String,
        /// What was asked for.
        expected: Digest,
        /// What came.
        actual: Digest,
    },
    /// It came compressed. Nothing is unpacked, since content is what its digest says as it is.
    #[error("{what} came compressed ({encoding}), though it was asked for as it is")]
    Encoded {
        /// What.
        what: String,
        /// The `Content-Encoding`.
        encoding: String,
    },
    /// It is not written as it should be.
    #[error("{what} is not readable: {cause}")]
    Malformed {
        /// What.
        what: String,
        /// What is wrong.
        cause: String,
    },
    /// It is not of the kind that was asked for.
    #[error("{what} {cause}")]
    Kind {
        /// What.
        what: String,
        /// What it is, and what to do.
        cause: String,
    },
    /// No signature says what it must.
    #[error("{what} is not verified: {cause}")]
    Signature {
        /// What should be signed.
        what: String,
        /// Why none counts.
        #[source]
        cause: SignatureError,
    },
    /// It could not be put there.
    #[error("{what} cannot be pushed: {cause}")]
    Push {
        /// Where.
        what: String,
        /// What happened.
        cause: String,
    },
    /// This machine cannot talk to registries at all.
    #[error("registries cannot be talked to: {0}")]
    Setup(String),
}

/// The first cause of an error, which is the one that says what happened.
pub(crate) fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// An address without what may be secret in it: storage behind a registry signs its addresses.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.to_string()
}
