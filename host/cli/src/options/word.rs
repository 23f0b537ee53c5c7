//! Why a word on the command line does not fit, and how to read one of a few.

use engine::config::suggestion;

/// Why a word does not fit. The parser of the command line shows the word and the option beside it.
#[derive(Debug, thiserror::Error)]
pub enum WordError {
    /// It is none of those that there are.
    #[error("expected {}{hint}", .known.join(", "))]
    Unknown {
        /// Those.
        known: Vec<&'static str>,
        /// The one that was meant, in words, or nothing.
        hint: String,
    },
    /// A name or a value is missing.
    #[error("expected NAME=VALUE")]
    NoValue,
    /// There is no name for what is in a cluster in it.
    #[error("expected lower-case letters, digits and `-` between them, 63 at most")]
    NotAName,
    /// It is one name, and not two.
    #[error("expected a namespace and a name: kubewarden/policy-server")]
    NoNamespace,
    /// It names nothing in a registry.
    #[error("{}", .0.cause)]
    NoReference(#[source] registry::ReferenceError),
}

/// The one of that name.
///
/// # Errors
/// There is none.
pub fn one_of<T: Copy>(
    all: impl IntoIterator<Item = T>,
    name: impl Fn(T) -> &'static str,
    word: &str,
) -> Result<T, WordError> {
    let mut known = Vec::new();
    for one in all {
        if name(one) == word {
            return Ok(one);
        }
        known.push(name(one));
    }
    let hint = suggestion(word, &known);
    Err(WordError::Unknown { known, hint })
}
