//! Printing: to a terminal with colours, to anything else without; and what to say when nothing can be printed.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};
use engine::report::is_hidden;

use crate::failure::Failure;

pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
pub const RED: Style = AnsiColor::Red.on_default().bold();
pub const GREEN: Style = AnsiColor::Green.on_default();
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
pub const CYAN: Style = AnsiColor::Cyan.on_default();

/// Writes to standard output. That nobody reads any more, as with `| head`, is no error: what was decided stands.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    unless_nobody_reads(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Writes to standard output as it is made, with a line break at the end; as [`print`] otherwise.
pub fn stream<W: FnOnce(&mut dyn io::Write) -> io::Result<()>>(write: W) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    unless_nobody_reads(write(&mut stdout).and_then(|()| stdout.write_all(b"\n")).and_then(|()| stdout.flush()))
}

fn unless_nobody_reads(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(cause)),
        _ => Ok(()),
    }
}

/// Says on standard error why the command ends here.
pub fn complain(message: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{RED}error:{RED:#} {}", printable(message));
}

/// Says on standard error what is worth knowing and stops nothing.
pub fn warn(message: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{YELLOW}warning:{YELLOW:#} {}", printable(message));
}

/// The text with control characters escaped, so that no manifest and no module can write to the terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    escape(text, |character| character == '\n')
}

/// The same without line breaks: for what must not begin a line of its own, and pass for one of ours, nor for a command
/// to a CI system: GitHub obeys lines that begin with `::`, Azure Pipelines `##vso[` anywhere.
#[must_use]
pub fn one_line(text: &str) -> String {
    let safe = escape(text, |_| false);
    let safe =
        if safe.contains("##") { safe.replace("##vso[", "#\\u{23}vso[").replace("##[", "#\\u{23}[") } else { safe };
    match safe.trim_start().strip_prefix("::") {
        Some(rest) => format!("\\u{{3a}}:{rest}"),
        None => safe,
    }
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) && !keep(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// How many characters fit in a line of the terminal; `None` where standard output is none.
#[must_use]
pub fn width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// `1 file`, `2 files`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_a_command_to_a_ci_system() {
        for (name, safe) in [
            ("::error::x.yaml", "\\u{3a}:error::x.yaml"),
            ("a ##vso[task.complete]", "a #\\u{23}vso[task.complete]"),
            ("##[error]a", "#\\u{23}[error]a"),
            ("a::b #1", "a::b #1"),
        ] {
            assert_eq!(one_line(name), safe);
        }
    }
}
