//! Parts of texts and spellings of names, each in the form that makes the smallest module.

use sdk::prelude::*;
pub use sdk::text::{after, decode_base64, holds};

/// What stands between the letters that are outside. One function for all places, to be in the module once.
pub fn pieces(text: &str, is_outside: fn(char) -> bool) -> Vec<&str> {
    text.split(is_outside).collect()
}

/// Its lines, the last one too where nothing ends it.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    pieces(text, |letter| letter == '\n').into_iter()
}

/// The text before and behind the first of these bytes, which are ASCII. One function for all places, and smaller than
/// those of the standard library, which search for anything.
pub fn cut<'a>(text: &'a str, at: &[u8]) -> Option<(&'a str, &'a str)> {
    let index = text.bytes().position(|byte| at.contains(&byte))?;
    Some((text.get(..index)?, text.get(index + 1..)?))
}

/// The same of the last of these bytes.
pub fn cut_last<'a>(text: &'a str, at: &[u8]) -> Option<(&'a str, &'a str)> {
    let index = text.as_bytes().iter().rposition(|byte| at.contains(byte))?;
    Some((text.get(..index)?, text.get(index + 1..)?))
}

/// Whether one of these bytes is in the text.
pub fn has(text: &str, any: &[u8]) -> bool {
    cut(text, any).is_some()
}

/// Whether the text begins with one of these bytes.
pub fn begins(text: &str, any: &[u8]) -> bool {
    text.bytes().next().is_some_and(|byte| any.contains(&byte))
}

/// The text without these bytes at its end.
pub fn without_end<'a>(text: &'a str, any: &[u8]) -> &'a str {
    let length = text.as_bytes().iter().rposition(|byte| !any.contains(byte)).map_or(0, |last| last + 1);
    text.get(..length).unwrap_or_default()
}

/// The text without these bytes at either end.
pub fn without<'a>(text: &'a str, any: &[u8]) -> &'a str {
    let text = without_end(text, any);
    let start = text.bytes().position(|byte| !any.contains(&byte)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

/// The last word of a name in snake case.
pub fn last_word(name: &str) -> &str {
    cut_last(name, b"_").map_or(name, |(_, last)| last)
}

/// `dbPassword`, `db-password` and `DB.PASSWORD` as `db_password`.
pub fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut was_small = false;
    for letter in name.bytes().map(char::from) {
        if letter.is_ascii_uppercase() && was_small {
            snake.push('_');
        }
        was_small = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        snake.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' });
    }
    snake
}

/// The letters and digits alone.
pub fn squashed(text: &str) -> String {
    text.bytes().filter(u8::is_ascii_alphanumeric).map(char::from).collect()
}

/// Whether the text is one of the words, in any case.
pub fn is_one_of(words: &[&str], text: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}
