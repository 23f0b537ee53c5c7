//! Turns of phrase over which readers stumble stay away from what people read: documentation, messages and comments.

use std::fs;
use std::path::Path;

use seaworthy_tests::artifacts::workspace;
use walkdir::{DirEntry, WalkDir};

/// In lower case.
const UNCLEAR: [&str; 5] = ["is none", "are none", "there is not is", "nobody knows", "nobody needs"];

/// Where people read, the files of the top level besides.
const FOLDERS: [&str; 7] = ["charts", "docs", "editors", "host", "integrations", "policies", "sdk"];

fn is_read(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["md", "rs", "ts", "yaml"].iter().any(|read| extension == *read))
}

fn is_ours(entry: &DirEntry) -> bool {
    !["dist", "node_modules", "target"].iter().any(|folder| entry.file_name() == *folder)
}

/// Whether the words are in a text as whole words, in lower case.
fn says(text: &str, words: &str) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    text.match_indices(words).any(|(at, _)| {
        let (before, from) = text.as_bytes().split_at(at);
        !is_word(before.last()) && !is_word(from.get(words.len()))
    })
}

#[test]
fn what_people_read_does_not_make_them_stumble() {
    let below =
        FOLDERS.iter().flat_map(|folder| WalkDir::new(workspace().join(folder)).into_iter().filter_entry(is_ours));
    let all = below.chain(WalkDir::new(workspace()).max_depth(1)).flatten().filter(|entry| is_read(entry.path()));
    let (mut read, mut unclear) = (0, Vec::new());
    for entry in all {
        read += 1;
        let text = fs::read_to_string(entry.path()).expect("it is text").to_lowercase();
        let lines = text.lines().enumerate();
        unclear.extend(lines.filter_map(|(number, line)| {
            let words = UNCLEAR.iter().find(|words| says(line, words))?;
            Some(format!("{}:{}: {words}", entry.path().display(), number + 1))
        }));
    }
    assert!(read > 500, "{read} files are few");
    assert!(unclear.is_empty(), "say who does what:\n{}", unclear.join("\n"));
}

#[test]
fn whole_words_are_found() {
    for (text, is_said) in [
        ("there is none", true),
        ("this none", false),
        ("(is none)", true),
        ("is nonesuch", false),
        ("is `none`", false),
    ] {
        assert_eq!(says(text, "is none"), is_said, "{text}");
    }
}
