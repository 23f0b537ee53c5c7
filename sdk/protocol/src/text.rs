//! Searching texts, in the form that makes the smallest module: the standard library's search for a text brings along 6 KiB,
//! and cutting one in two another 6, most of it to say what went wrong.

/// Whether the words are in the text.
#[must_use]
pub fn holds(text: &str, words: &str) -> bool {
    after(text, words).is_some()
}

/// What follows the words where they are first in the text.
#[must_use]
pub fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let start = position(text, words)?;
    text.get(start + words.len()..)
}

/// What is before the words where they are first in the text.
#[must_use]
pub fn before<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.get(..position(text, words)?)
}

fn position(text: &str, words: &str) -> Option<usize> {
    (0..=text.len()).find(|at| text.as_bytes().get(*at..).is_some_and(|rest| rest.starts_with(words.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_where_they_are_first() {
        for (text, words, found) in [
            ("a||b||c", "||", Some(("a", "b||c"))),
            ("||", "||", Some(("", ""))),
            ("aab", "ab", Some(("a", ""))),
            ("é→", "→", Some(("é", ""))),
            ("a", "", Some(("", "a"))),
            ("a|b", "||", None),
            ("", "a", None),
        ] {
            assert_eq!(before(text, words).zip(after(text, words)), found, "{text}");
            assert_eq!(holds(text, words), found.is_some(), "{text}");
        }
    }
}
