//! Changes of files: shown as unified diffs, and written over the very text that was judged. It must not know who wants them.

use std::collections::HashSet;
use std::path::Path;

use engine::manifest::{Limits, read};
use engine::report::hidden_lines;
use similar::{ChangeTag, TextDiff};

use crate::present::output::{BOLD, CYAN, DIM, GREEN, RED, one_line};
use crate::replace::{ReplaceError, replace};

/// A file whose text is to change.
pub struct FileChange {
    pub name: String,
    /// Its text as it was judged, without a byte order mark.
    pub old: String,
    pub new: String,
    /// Whether only what differs was edited; otherwise objects were written anew.
    pub is_clean: bool,
}

/// Writes the new text over the very text that was judged.
///
/// # Errors
/// It has another text by now, is a link, or cannot be written.
pub fn write(path: &Path, change: &FileChange) -> Result<(), ReplaceError> {
    let bytes = sources::read_regular(path, Limits::default().bytes)?;
    let mark = if bytes.starts_with(b"\xEF\xBB\xBF") { "\u{feff}" } else { "" };
    if bytes != format!("{mark}{}", change.old).into_bytes() {
        return Err(ReplaceError::Changed);
    }
    replace(path, format!("{mark}{}", change.new).as_bytes())
}

/// All changes as unified diffs. Values that may be secrets are not shown.
pub fn render(changes: &[FileChange], is_written: bool) -> String {
    let mut text = String::new();
    for change in changes {
        text.push_str(&diff(change));
        if !change.is_clean {
            text.push_str(&format!(
                "{DIM}The objects of {} are written anew, without their comments: something in them is shared (anchors) or \
                 unusual.{DIM:#}\n",
                one_line(&change.name)
            ));
        }
        text.push('\n');
    }
    if !changes.is_empty() && !is_written {
        text.push_str(&format!("{DIM}`--write` makes these changes.{DIM:#}\n\n"));
    }
    text
}

/// A unified diff. Values that may be secrets are not shown.
pub fn diff(change: &FileChange) -> String {
    let name = one_line(&change.name);
    let mut text = format!("{BOLD}--- {name}\n+++ {name}{BOLD:#}\n");
    let (old, new) = (Private::of(&change.old), Private::of(&change.new));
    let diff = TextDiff::from_lines(change.old.as_str(), change.new.as_str());
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        text.push_str(&format!("{CYAN}{}{CYAN:#}\n", hunk.header()));
        for line in hunk.iter_changes() {
            let is_private = match line.tag() {
                ChangeTag::Insert => new.has(line.new_index()),
                ChangeTag::Equal | ChangeTag::Delete => old.has(line.old_index()),
            };
            let said = line.value().trim_end_matches(['\n', '\r']);
            let said = if is_private { "(not shown)".into() } else { one_line(said) };
            text.push_str(&match line.tag() {
                ChangeTag::Equal => format!(" {said}\n"),
                ChangeTag::Delete => format!("{RED}-{said}{RED:#}\n"),
                ChangeTag::Insert => format!("{GREEN}+{said}{GREEN:#}\n"),
            });
        }
    }
    text
}

/// The lines of a text that a report would not show.
struct Private(HashSet<u32>);

impl Private {
    fn of(text: &str) -> Self {
        Self(hidden_lines(&read("", text.as_bytes().to_vec(), &Limits::default())).clone())
    }

    fn has(&self, index: Option<usize>) -> bool {
        // Lines are counted from 1.
        index.and_then(|index| u32::try_from(index + 1).ok()).is_some_and(|line| self.0.contains(&line))
    }
}
