//! Why a registry's answer is not used. Each is said in a sentence that names the place.

use std::fmt;

use crate::{Digest, ReferenceError, SignatureError};

/// Why something could not be had from a registry, or could not be put there.
#[derive(Debug)]
pub enum RegistryError {
    /// The text names nothing.
    Reference(ReferenceError),
    /// There is no connection, or it broke.
    Connection {
        /// Where to.
        url: String,
        /// What happened.
        cause: String,
    },
    /// There is no such thing.
    NotFound(String),
    /// The registry wants other credentials, or none would do.
    Denied {
        /// What was asked for.
        url: String,
        /// What it said.
        cause: String,
    },
    /// The registry answered with an error.
    Status {
        /// What was asked for.
        url: String,
        /// HTTP status.
        status: u16,
        /// What it said.
        cause: String,
    },
    /// The credentials cannot be used.
    Credentials {
        /// For which registry.
        registry: String,
        /// Why not.
        cause: String,
    },
    /// It would have us go where we must not.
    Redirect {
        /// From where.
        url: String,
        /// Why we do not follow.
        cause: String,
    },
    /// It is larger than it may be, in bytes.
    TooLarge {
        /// What.
        what: String,
        /// What it may be.
        limit: u64,
    },
    /// It has another length than its descriptor says, in bytes.
    Length {
        /// What.
        what: String,
        /// What the descriptor says.
        expected: u64,
        /// What came; at most one more than expected, since reading ends there.
        actual: u64,
    },
    /// It is not what its digest says.
    Digest {
        /// What.
        what: String,
        /// What was asked for.
        expected: Digest,
        /// What came.
        actual: Digest,
    },
    /// It came compressed. Nothing is unpacked, since content is what its digest says as it is.
    Encoded {
        /// What.
        what: String,
        /// The `Content-Encoding`.
        encoding: String,
    },
    /// It is not written as it should be.
    Malformed {
        /// What.
        what: String,
        /// What is wrong.
        cause: String,
    },
    /// It is not of the kind that was asked for.
    Kind {
        /// What.
        what: String,
        /// What it is, and what to do.
        cause: String,
    },
    /// No signature says what it must.
    Signature {
        /// What should be signed.
        what: String,
        /// Why none counts.
        cause: SignatureError,
    },
    /// It could not be put there.
    Push {
        /// Where.
        what: String,
        /// What happened.
        cause: String,
    },
    /// This machine cannot talk to registries at all.
    Setup(String),
}

impl fmt::Display for RegistryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference(cause) => cause.fmt(formatter),
            Self::Connection { url, cause } => write!(formatter, "{url} cannot be reached: {cause}"),
            Self::NotFound(what) => write!(formatter, "{what} does not exist"),
            Self::Denied { url, cause } => write!(
                formatter,
                "{url} is not for us: {cause} (credentials are those of Docker's config.json: `docker login`)"
            ),
            Self::Status { url, status, cause } => write!(formatter, "{url} answered with {status}: {cause}"),
            Self::Credentials { registry, cause } => write!(formatter, "the credentials for {registry}: {cause}"),
            Self::Redirect { url, cause } => write!(formatter, "{url} leads elsewhere, which is not followed: {cause}"),
            Self::TooLarge { what, limit } => write!(formatter, "{what} is larger than the {limit} bytes allowed"),
            Self::Length { what, expected, actual } if actual > expected => {
                write!(formatter, "{what} is longer than the {expected} bytes that its descriptor says")
            }
            Self::Length { what, expected, actual } => {
                write!(formatter, "{what} ended after {actual} of the {expected} bytes that its descriptor says")
            }
            Self::Digest { what, expected, actual } => {
                write!(formatter, "{what} is not what was asked for: its digest is {actual} and not {expected}")
            }
            Self::Encoded { what, encoding } => {
                write!(formatter, "{what} came compressed ({encoding}), though it was asked for as it is")
            }
            Self::Malformed { what, cause } => write!(formatter, "{what} is not readable: {cause}"),
            Self::Kind { what, cause } => write!(formatter, "{what} {cause}"),
            Self::Signature { what, cause } => write!(formatter, "{what} is not verified: {cause}"),
            Self::Push { what, cause } => write!(formatter, "{what} cannot be pushed: {cause}"),
            Self::Setup(cause) => write!(formatter, "registries cannot be talked to: {cause}"),
        }
    }
}

impl std::error::Error for RegistryError {}

impl From<ReferenceError> for RegistryError {
    fn from(cause: ReferenceError) -> Self {
        Self::Reference(cause)
    }
}

/// The first cause of an error, which is the one that says what happened.
pub(crate) fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
