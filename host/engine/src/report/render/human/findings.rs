//! What was found, one by one: how much is said of each.

use std::fmt::Write as _;

use super::message::in_full;
use super::{Detail, Run};
use crate::report::Report;
use crate::report::render::message::{Message, brief_messages, messages};
use crate::report::render::short::short;
use crate::report::render::style::DIM;
use crate::shown::count;

/// Above this number of findings, each is shown on one line.
pub const READABLE: usize = 50;

/// Writes them, and says how many of them are failures: where a rule is broken or could not decide.
pub(super) fn write(report: &Report<'_>, run: &Run<'_>, text: &mut String) -> usize {
    let full = match run.detail {
        Detail::Fitting => messages(report).nth(READABLE).is_none(),
        Detail::Full => true,
        Detail::Short => false,
    };
    let mut messages: Vec<Message<'_>> =
        if full { messages(report).collect() } else { brief_messages(report).collect() };
    messages.sort_by_key(Message::rank);
    for message in &messages {
        *text += &if full { in_full(message, run.screen) } else { short(message) };
    }
    if !full && !messages.is_empty() {
        text.push('\n');
        if run.detail == Detail::Fitting {
            let number = count(messages.len(), "finding");
            let _ = writeln!(
                text,
                "{DIM}{number}, one line each. `--format full` shows the lines of the manifests and the fixes;\n`--rule` and \
                 a path show fewer.{DIM:#}\n"
            );
        }
    }
    messages.iter().filter(|message| message.is_failure()).count()
}
