//! Parts of texts and spellings of names, each in the form that makes the smallest module.

use sdk::prelude::*;

/// What stands between the letters that are outside. One function for all places, to be in the module once.
pub fn pieces(text: &str, is_outside: fn(char) -> bool) -> Vec<&str> {
    text.split(is_outside).collect()
}

/// Its lines, the last one too where nothing ends it.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    pieces(text, |letter| letter == '\n').into_iter()
}

/// Whether the words are in the letters.
pub fn holds(letters: &str, words: &str) -> bool {
    after(letters, words).is_some()
}

/// What follows the words where they are first in the text; smaller than a search of the standard library's.
pub fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let start = text.as_bytes().windows(words.len()).position(|window| window == words.as_bytes())?;
    text.get(start + words.len()..)
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

/// Whether the letters end with those of the entry, which may be spelt in any way.
pub fn ends_with_letters(letters: &str, entry: &str) -> bool {
    let mut rest = letters.bytes().rev();
    let mut wanted = entry.bytes().rev().filter(u8::is_ascii_alphanumeric);
    wanted.all(|byte| rest.next() == Some(byte.to_ascii_lowercase()))
}

/// Whether the text is one of the words, in any case.
pub fn is_one_of(words: &[&str], text: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}
