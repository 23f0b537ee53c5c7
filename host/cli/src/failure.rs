//! Why a command ends without an answer.

use std::io;

/// Why a command could not do its work. Each is one clear message and exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The words on the command line do not fit.
    #[error("{0}")]
    Usage(String),
    /// A file that is needed cannot be read.
    #[error("{0}")]
    File(String),
    /// The bundle cannot be used.
    #[error("{0}")]
    Bundle(String),
    /// A registry does not give or take what it should.
    #[error("{0}")]
    Registry(String),
    /// A cluster cannot be talked to.
    #[error("{0}")]
    Cluster(String),
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[source] io::Error),
}
