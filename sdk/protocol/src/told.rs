//! How much is told to whoever sends an object to a cluster: the limits of an API server, and ours where it has none.
//!
//! It must not know what is told.

use alloc::string::String;
use alloc::vec::Vec;

use crate::text::before;

/// How much may be told, in bytes. An API server counts characters: bytes are no fewer.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Of one text.
    pub each: usize,
    /// Of all texts, with what joins them.
    pub all: usize,
}

/// The most of one warning, and of all together, that an API server passes on.
pub const WARNINGS: Room = Room { each: 256, all: 4096 };

/// The most that a denial says, and of one finding: nobody but us bounds what an API server passes on.
pub const MESSAGE: Room = Room { each: 1024, all: 8192 };

/// What ends a text that was cut.
const CUT: &str = "...";

/// Room that is kept for how many texts were left out.
const MORE: usize = 64;

/// How a key or a certificate begins. Nobody is shown one.
const PEM: &str = "-----BEGIN ";

/// The text on one line, without control characters: an API server drops a warning that has one, and a terminal obeys it.
#[must_use]
pub fn one_line(text: &str) -> String {
    let (text, end) = match before(text, PEM) {
        Some(before) => (before, CUT),
        None => (text, ""),
    };
    let mut line = String::with_capacity(text.len() + end.len());
    for char in text.chars() {
        line.push(if char.is_control() { ' ' } else { char });
    }
    line.push_str(end);
    line
}

/// The first of these texts, each once and cut to its limit, as far as there is room, and how many are left out.
pub fn fit(texts: &mut dyn Iterator<Item = String>, room: Room) -> (Vec<String>, usize) {
    let mut told: Vec<String> = Vec::new();
    let (mut left, mut more) = (room.all.saturating_sub(MORE), 0);
    for text in texts {
        let text = cut(text, room.each);
        if told.contains(&text) {
            continue;
        }
        // Two for what joins them. Behind one that is left out stands no other: the worst come first.
        match left.checked_sub(text.len() + 2).filter(|_| more == 0) {
            Some(rest) => {
                left = rest;
                told.push(text);
            }
            None => more += 1,
        }
    }
    (told, more)
}

fn cut(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let mut end = limit.saturating_sub(CUT.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(CUT);
    }
    text
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        for (text, length) in [("x".repeat(256), 256), ("x".repeat(257), 256), ("ä".repeat(200), 255)] {
            let cut = cut(text.clone(), WARNINGS.each);
            assert_eq!((cut.len(), cut.ends_with(CUT)), (length, text.len() > 256), "{cut}");
        }
    }

    #[test]
    fn a_text_is_one_line_and_shows_no_key() {
        let key = "`a\n\u{1b}[31m-----BEGIN PRIVATE KEY-----\nMIIE` is odd";
        assert_eq!(one_line(key), "`a  [31m...");
        assert_eq!(one_line("plain"), "plain");
    }

    #[test]
    fn what_has_no_room_is_counted_and_what_is_said_again_is_not() {
        let mut texts = (0..100).flat_map(|index| [format!("{index} {}", "x".repeat(98)), "again".to_string()]);
        let (told, more) = fit(&mut texts, WARNINGS);
        let length: usize = told.iter().map(String::len).sum();
        assert!(length <= WARNINGS.all && length > WARNINGS.all - 300, "{length}");
        assert_eq!((told.len() + more, told[1].as_str()), (101, "again"));
    }
}
