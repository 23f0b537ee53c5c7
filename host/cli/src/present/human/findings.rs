//! What was found, one by one: how much is said of each, and how wide the terminal is.

use std::fmt::Write as _;

use engine::report::Report;
use engine::report::render::{self, Message};

use super::Detail;
use crate::present::output::{self, DIM, count};

/// More than this many findings nobody reads with their excerpts.
pub const READABLE: usize = 50;

/// How wide a text is where no terminal says it.
const WIDTH: usize = 140;

pub fn write(report: &Report<'_>, detail: Detail, text: &mut String) {
    let messages: Vec<Message<'_>> = render::messages(report).collect();
    let full = match detail {
        Detail::Fitting => messages.len() <= READABLE,
        Detail::Full => true,
        Detail::Short => false,
    };
    for message in &messages {
        *text += &if full { in_full(message) } else { render::short(message) };
    }
    if !full && !messages.is_empty() {
        text.push('\n');
        if detail == Detail::Fitting {
            let number = count(messages.len(), "finding");
            let _ = writeln!(
                text,
                "{DIM}{number}, each on one line; `--format full` shows the lines of the manifests and what to write \
                 instead,\n`--rule` and a path narrow down{DIM:#}\n"
            );
        }
    }
}

/// The message as wide as the terminal.
pub fn in_full(message: &Message<'_>) -> String {
    render::human(message, output::width().unwrap_or(WIDTH))
}
