//! Tags that move: what is pulled by them is not the same from one day to the next.

use alloc::string::String;

/// Whether a tag moves: it is listed, or it is made of nothing but listed words and variants, so that no part of it is a
/// version. A `*` at the start of what is listed stands for anything.
#[must_use]
pub fn is_mutable(tag: &str, listed: &[String]) -> bool {
    let is_listed = |word: &str| listed.iter().any(|listed| is_like(listed, word));
    is_listed(tag) || tag.split('-').all(|part| is_listed(part) || is_variant(part))
}

/// Whether a word is what was listed, in any case; a `*` at the start of that stands for anything.
fn is_like(listed: &str, word: &str) -> bool {
    match listed.strip_prefix('*') {
        Some(end) => {
            let start = word.len().checked_sub(end.len());
            start.and_then(|start| word.get(start..)).is_some_and(|rest| rest.eq_ignore_ascii_case(end))
        }
        None => listed.eq_ignore_ascii_case(word),
    }
}

/// What official images are built upon, and how: a release of it may follow, which is no version of the image.
const VARIANTS: &[&str] = &[
    "alpine",
    "slim",
    "bookworm",
    "bullseye",
    "buster",
    "stretch",
    "trixie",
    "forky",
    "noble",
    "jammy",
    "focal",
    "bionic",
    "debian",
    "ubuntu",
    "ubi",
    "distroless",
    "scratch",
    "fat",
    "minimal",
    "perl",
    "fpm",
    "apache",
    "nonroot",
    "debug",
    "windowsservercore",
    "nanoserver",
    "amd64",
    "arm64",
];

fn is_variant(part: &str) -> bool {
    let name = part.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    VARIANTS.iter().any(|variant| variant.eq_ignore_ascii_case(name) || variant.eq_ignore_ascii_case(part))
}
