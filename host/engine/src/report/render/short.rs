//! A message on one line, as compilers write it and editors read it.

use super::message::{Level, Message};
use super::style::{BOLD, RED, YELLOW};
use crate::manifest::Position;

/// `k8s/web.yaml:12:9: high[rule]: ...`, with a line break behind.
#[must_use]
pub fn short(message: &Message<'_>) -> String {
    let style = if message.level == Level::Warning { YELLOW } else { RED };
    let level = message.level.name();
    let id = message.rule.as_ref().map_or(String::new(), |rule| format!("[{rule}]"));
    let file = &message.file;
    let at = match message.place {
        Some((Position { line, column }, _)) => format!("{BOLD}{file}:{line}:{column}{BOLD:#}: "),
        None if file.is_empty() => String::new(),
        None => format!("{BOLD}{file}{BOLD:#}: "),
    };
    format!("{at}{style}{level}{id}{style:#}: {}\n", message.title)
}
