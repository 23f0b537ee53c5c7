//! Why something could not be read, to stand behind its path.

use std::io;

use engine::documents::DocumentError;

/// Why a file, a folder or a stream gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is nothing at that path.
    #[error("does not exist")]
    Missing(#[source] io::Error),
    /// Nobody lets us.
    #[error("may not be read (permission denied)")]
    Denied(#[source] io::Error),
    /// The system failed otherwise.
    #[error("cannot be read: {0}")]
    System(#[source] io::Error),
    /// A file was asked for.
    #[error("is a folder")]
    Folder,
    /// A device or a pipe, which could hang or never end.
    #[error("is not a regular file; to read a pipe, give `-`")]
    Special,
    /// A log whose first line has more bytes than are read of all.
    #[error("is not a log: its first line has more than {0} bytes")]
    NoLines(usize),
    /// A file such as `.gitignore` that is a link, or that nobody would write by hand.
    #[error("is a link or has more than {0} bytes: it is not read, and neither is its folder")]
    Ignores(usize),
    /// Its patterns are more than can be matched together.
    #[error("has patterns that cannot be matched: {0}")]
    Patterns(#[source] ignore::Error),
    /// A Dockerfile that is no text.
    #[error("is not UTF-8")]
    NotText,
    /// A file with the name of a Dockerfile is not one.
    #[error("is not a Dockerfile that can be built: {0}")]
    Dockerfile(#[source] SyntaxError),
    /// A folder that is mapped to an environment and cannot be found.
    #[error("{cause}: --environments names it for {stage}; correct the path")]
    Environment {
        /// The environment.
        stage: &'static str,
        /// Why it cannot be found.
        cause: Box<Self>,
    },
    /// A folder that is mapped to an environment and has nothing to compare.
    #[error("is mapped to an environment by --environments, and no file in it can name a version: correct the path")]
    NoEnvironment,
    /// A file of production that is not compared with staging, or not all of it.
    #[error("{0}, so that its promotion is not checked")]
    Promotion(String),
    /// No document for rules can be made of it.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

/// Why a text is no Dockerfile.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct SyntaxError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl From<io::Error> for ReadError {
    fn from(cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::NotFound => Self::Missing(cause),
            io::ErrorKind::PermissionDenied => Self::Denied(cause),
            _ => Self::System(cause),
        }
    }
}

/// Why an argument that names a log names none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Standard input has no name.
    #[error("say whose log standard input is: `NAME=-`")]
    Nobody,
    /// There is nothing behind the name.
    #[error("no file is named")]
    NoFile,
}

/// Why paths of a repository cannot be listed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TreeError {
    #[error("the repository cannot be seen whole ({0})")]
    Unseen(String),
    #[error("the repository has more than the {0} files, or longer paths than can be listed")]
    TooLarge(usize),
    #[error("the repository {0}")]
    Document(#[from] DocumentError),
}
