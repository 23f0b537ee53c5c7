//! Comparing, searching and decoding texts, in the form that makes the smallest or the fastest module.

use alloc::string::String;
use alloc::vec::Vec;

pub use protocol::text::{after, before, holds};

/// Whether two texts are the same. `==` calls a function that compares byte by byte, which is most of what it takes to find a
/// key among a few of its length.
#[inline]
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    let ((eights, rest), (others, other_rest)) = (one.as_bytes().as_chunks::<8>(), other.as_bytes().as_chunks::<8>());
    one.len() == other.len()
        && eights.iter().zip(others).all(|(one, other)| u64::from_le_bytes(*one) == u64::from_le_bytes(*other))
        && rest.iter().zip(other_rest).all(|(one, other)| one == other)
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
    fn texts_are_the_same_if_each_byte_is() {
        let text = "securityContext.runAsNonRoot";
        for length in 0..text.len() {
            let (start, other) = (&text[..length], &text[..=length]);
            assert!(same(start, &String::from(start)));
            assert!(!same(start, other) && !same(other, start), "{start}");
            assert!(!same(other, &alloc::format!("{start}_")), "{other}");
            assert!(!same(other, &alloc::format!("_{}", &other[1..])), "{other}");
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
