//! Why a word on the command line does not fit, and how to read one of a few.

use std::ops::RangeInclusive;

use engine::config::suggestion;

/// Why a word does not fit. The parser of the command line shows the word and the option beside it.
#[derive(Debug, thiserror::Error)]
pub enum WordError {
    /// It is not one of the known words.
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
    /// The file is missing.
    #[error("expected a file after `=`")]
    NoFile,
    /// It is no whole number, or not one that the option takes.
    #[error("expected {0}")]
    NotANumber(&'static str),
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
/// The word is not one of the names.
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

/// Reads a whole number of this range. `expected` says it in words, with the unit: `whole seconds, such as 30`.
pub fn number<T: TryFrom<u64> + 'static>(
    range: RangeInclusive<u64>,
    expected: &'static str,
) -> impl Fn(&str) -> Result<T, WordError> + Clone + Send + Sync + 'static {
    move |word: &str| {
        let number = word.parse::<u64>().ok().filter(|number| range.contains(number));
        number.and_then(|number| T::try_from(number).ok()).ok_or(WordError::NotANumber(expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_outside_of_the_range_or_the_type_is_refused() {
        let percent = number::<u8>(0..=100, "a percentage from 0 to 100");
        assert!(matches!((percent("0"), percent("100")), (Ok(0), Ok(100))));
        for word in ["101", "256", "-1", "5s", "1.5", ""] {
            let refused = percent(word).map_err(|cause| cause.to_string());
            assert!(matches!(&refused, Err(said) if said == "expected a percentage from 0 to 100"), "{word}");
        }
        assert!(number::<u8>(1..=u64::MAX, "a number")("256").is_err(), "it is no u8");
    }
}
