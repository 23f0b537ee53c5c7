//! The words of an instruction: arguments, flags, the items of a JSON list, and the names of here-documents.
//!
//! All are ranges of the text that they are read from. Quotes hold spaces together and stay; nothing is replaced.

use std::ops::Range;

/// The next word from an offset on, if there is one. `escape` is the file's escape character.
pub fn next(text: &str, from: usize, escape: char) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    let start = from + rest.find(|character: char| !character.is_whitespace())?;
    let (mut quote, mut escaped) = (None, false);
    for (index, character) in text.get(start..)?.char_indices() {
        match quote {
            _ if escaped => escaped = false,
            // In single quotes nothing is escaped.
            Some('\'') if character == '\'' => quote = None,
            Some('\'') => {}
            _ if character == escape => escaped = true,
            Some(open) if character == open => quote = None,
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None if character.is_whitespace() => return Some(start..start + index),
            _ => {}
        }
    }
    Some(start..text.len())
}

/// All words from an offset on.
pub fn all(text: &str, from: usize, escape: char) -> Vec<Range<usize>> {
    std::iter::successors(next(text, from, escape), |word| next(text, word.end, escape)).collect()
}

/// The flags in front of the arguments, and where the arguments begin. `--` alone ends the flags.
pub fn flags(text: &str, from: usize, escape: char) -> (Vec<Range<usize>>, usize) {
    let (mut flags, mut at) = (Vec::new(), from);
    while let Some(word) =
        next(text, at, escape).filter(|word| text.get(word.clone()).is_some_and(|word| word.starts_with("--")))
    {
        at = word.end;
        if word.len() == 2 {
            break;
        }
        flags.push(word);
    }
    (flags, at)
}

/// The items of a JSON list of strings, each with the bytes of its literal; `None` if the text is not such a list.
pub fn exec(text: &str) -> Option<Vec<(String, Range<usize>)>> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    let items: Vec<String> = serde_json::from_str(text.trim()).ok()?;
    // It is a list of strings, so each quote that is not escaped begins or ends one.
    let (mut places, mut open, mut escaped) = (Vec::new(), None, false);
    for (index, byte) in text.bytes().enumerate() {
        match (open, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(start), b'"') => {
                places.push(start..index + 1);
                open = None;
            }
            (None, b'"') => open = Some(index),
            _ => {}
        }
    }
    Some(items.into_iter().zip(places).collect())
}

/// A here-document that a command begins: the line that ends it, and whether tabs in front of that do not count.
pub struct Heredoc {
    pub end: String,
    pub strips_tabs: bool,
}

/// The here-documents that the words of a command begin: `<<EOF`, `<<-"EOF"`, `3<<EOF`. `<<<` begins none.
pub fn heredocs(text: &str, from: usize, escape: char) -> Vec<Heredoc> {
    let read = |word: Range<usize>| {
        let word = text.get(word)?.trim_start_matches(|character: char| character.is_ascii_digit());
        let name = word.strip_prefix("<<")?;
        let (name, strips_tabs) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
        let is_name = !name.is_empty() && !name.contains('<');
        let end = name.chars().filter(|character| !matches!(character, '"' | '\'') && *character != escape).collect();
        is_name.then_some(Heredoc { end, strips_tabs })
    };
    all(text, from, escape).into_iter().filter_map(read).collect()
}
