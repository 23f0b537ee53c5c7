//! Why a command ends without an answer.

use std::{fmt, io};

/// Why a command could not do its work. Each is one clear message and exit code 2.
#[derive(Debug)]
pub enum Failure {
    /// The words on the command line do not fit.
    Usage(String),
    /// A file that is needed cannot be read.
    File(String),
    /// The bundle cannot be used.
    Bundle(String),
    /// A registry does not give or take what it should.
    Registry(String),
    /// A cluster cannot be talked to.
    Cluster(String),
    /// The output cannot be written.
    Output(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message)
            | Self::File(message)
            | Self::Bundle(message)
            | Self::Registry(message)
            | Self::Cluster(message) => formatter.write_str(message),
            Self::Output(cause) => write!(formatter, "cannot write the output: {cause}"),
        }
    }
}

impl std::error::Error for Failure {}
