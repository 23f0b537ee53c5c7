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
    let mut told: Vec<Message<'_>> = Vec::new();
    if run.detail != Detail::Full {
        told.extend(brief_messages(report));
    }
    let full = run.detail == Detail::Full || run.detail == Detail::Fitting && told.len() <= READABLE;
    if full {
        told = messages(report).collect();
    }
    told.sort_by_key(Message::rank);
    for message in &told {
        *text += &if full { in_full(message, run.screen) } else { short(message) };
    }
    if !full && !told.is_empty() {
        text.push('\n');
        if run.detail == Detail::Fitting {
            let number = count(told.len(), "finding");
            let _ = writeln!(
                text,
                "{DIM}{number}, one line each. `--format full` shows the lines of the manifests and the fixes;\n`--rule` and \
                 a path show fewer.{DIM:#}\n"
            );
        }
    }
    told.iter().filter(|message| message.is_failure()).count()
}
