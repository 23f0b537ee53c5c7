//! Normalised JSONPaths (RFC 9535, section 2.7): how a finding says where.
//!
//! `$['spec']['containers'][0]['image']` names exactly one place, whether or not anything is there.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A member of an object, by name.
    Key(String),
    /// An element of an array, counted from zero.
    Index(usize),
}

/// Appends `['key']`, escaped as the RFC asks.
pub fn push_key(path: &mut String, key: &str) {
    path.push_str("['");
    for character in key.chars() {
        match character {
            '\'' => path.push_str("\\'"),
            '\\' => path.push_str("\\\\"),
            '\u{8}' => path.push_str("\\b"),
            '\t' => path.push_str("\\t"),
            '\n' => path.push_str("\\n"),
            '\u{c}' => path.push_str("\\f"),
            '\r' => path.push_str("\\r"),
            control if control < ' ' => {
                let code = control as u32;
                path.push_str("\\u00");
                path.push(if code >= 16 { '1' } else { '0' });
                path.push(char::from_digit(code & 15, 16).unwrap_or('0'));
            }
            other => path.push(other),
        }
    }
    path.push_str("']");
}

/// Appends `[index]`.
pub fn push_index(path: &mut String, index: usize) {
    // Writing to a string cannot fail.
    let _ = write!(path, "[{index}]");
}

/// Reads a normalised path back into its steps; `None` where it is not one.
#[must_use]
pub fn parse(path: &str) -> Option<Vec<Segment>> {
    let mut rest = path.strip_prefix('$')?;
    let mut segments = Vec::new();
    while !rest.is_empty() {
        rest = rest.strip_prefix('[')?;
        if let Some(quoted) = rest.strip_prefix('\'') {
            let (key, after) = unquote(quoted)?;
            segments.push(Segment::Key(key));
            rest = after.strip_prefix(']')?;
        } else {
            let (digits, after) = rest.split_once(']')?;
            segments.push(Segment::Index(digits.parse().ok()?));
            rest = after;
        }
    }
    Some(segments)
}

/// The key up to the closing quote, and what follows the quote.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => return Some((key, text.get(at + 1..)?)),
            '\\' => match characters.next()?.1 {
                'b' => key.push('\u{8}'),
                't' => key.push('\t'),
                'n' => key.push('\n'),
                'f' => key.push('\u{c}'),
                'r' => key.push('\r'),
                'u' => {
                    let (start, _) = characters.next()?;
                    let code = u32::from_str_radix(text.get(start..start + 4)?, 16).ok()?;
                    key.push(char::from_u32(code)?);
                    characters.nth(2)?;
                }
                other => key.push(other),
            },
            other => key.push(other),
        }
    }
    None
}

/// The path as people write it: `spec.containers[0].image`, quoted only where a key needs it.
#[must_use]
pub fn shorten(path: &str) -> String {
    let mut short = String::with_capacity(path.len());
    for step in path.strip_prefix('$').unwrap_or(path).split_inclusive(']') {
        match step.strip_prefix("['").and_then(|step| step.strip_suffix("']")) {
            Some(key) if !key.is_empty() && !key.contains(is_special) => {
                if !short.is_empty() {
                    short.push('.');
                }
                short.push_str(key);
            }
            _ => short.push_str(step),
        }
    }
    short
}

fn is_special(character: char) -> bool {
    !(character.is_ascii_alphanumeric() || character == '_' || character == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_survives_the_round_trip() {
        for key in ["spec", "app.kubernetes.io/name", "it's", "back\\slash", "\u{1}\u{1f}\t\n", "é", ""] {
            let mut path = String::from("$");
            push_key(&mut path, key);
            push_index(&mut path, 7);
            assert_eq!(parse(&path), Some(alloc::vec![Segment::Key(key.into()), Segment::Index(7)]), "{path}");
        }
    }

    #[test]
    fn what_is_no_normalised_path_is_refused() {
        for path in ["", "spec", "$.spec", "$['spec'", "$[x]", "$['a'][", "$['\\u00"] {
            assert_eq!(parse(path), None, "{path}");
        }
    }

    #[test]
    fn people_read_the_short_form() {
        assert_eq!(shorten("$['spec']['containers'][0]['image']"), "spec.containers[0].image");
        assert_eq!(shorten("$['metadata']['labels']['a.b/c']"), "metadata.labels['a.b/c']");
    }
}
