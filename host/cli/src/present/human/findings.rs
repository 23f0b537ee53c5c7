//! What was found, one by one: how much is said of each, and how wide the terminal is.

use std::fmt::Write as _;

use engine::report::Report;
use engine::report::render::{self, Message};

use super::Detail;
use crate::present::output::{self, DIM, count};

/// Above this number of findings, each is shown on one line.
pub const READABLE: usize = 50;

/// The width of the text where there is no terminal.
const WIDTH: usize = 140;

pub fn write(report: &Report<'_>, detail: Detail, text: &mut String) {
    let mut messages: Vec<Message<'_>> = render::messages(report).collect();
    messages.sort_by_key(Message::rank);
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
                "{DIM}{number}, one line each. `--format full` shows the lines of the manifests and the fixes;\n`--rule` and \
                 a path show fewer.{DIM:#}\n"
            );
        }
    }
}

/// The message as wide as the terminal.
pub fn in_full(message: &Message<'_>) -> String {
    render::human(message, output::width().unwrap_or(WIDTH))
}
