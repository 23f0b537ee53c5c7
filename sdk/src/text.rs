//! Searching and decoding texts, in the form that makes the smallest module: the standard library's search for a text brings along
//! 6 KiB, much of it to say what went wrong.

use alloc::string::String;
use alloc::vec::Vec;

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

/// The text that is encoded as base64, as a Secret's `data` is written; `None` where it is no base64, or no text.
#[must_use]
pub fn decode_base64(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let (mut bits, mut count) = (0u32, 0);
    for byte in encoded.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            // The rest stays in `bits`; the cast takes the eight lowest.
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf8(bytes).ok()
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

    #[test]
    fn decodes_what_kubernetes_encodes() {
        for (encoded, text) in
            [("", ""), ("YQ==", "a"), ("YWI=", "ab"), ("YWJj", "abc"), ("Y2hhbmdlbWU=", "changeme"), ("w6k=", "é")]
        {
            assert_eq!(decode_base64(encoded).as_deref(), Some(text));
        }
        assert_eq!(decode_base64("Y2hh\nbmdl\n").as_deref(), Some("change"));
    }

    #[test]
    fn what_is_no_base64_or_no_text_is_not_decoded() {
        for encoded in ["a-b", "${PASSWORD}", "//8="] {
            assert_eq!(decode_base64(encoded), None, "{encoded}");
        }
    }
}
