//! Printing: to a terminal with colours, to anything else without; and what to say when nothing can be printed.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anstream::{AutoStream, ColorChoice, StripStream};
use engine::report::render::human::Screen;
pub use engine::report::render::style::{BOLD, CYAN, DIM, GREEN, RED, YELLOW};
pub use engine::report::render::{count, one_line, printable};

use super::table::WIDTH;
use crate::failure::Failure;

/// Columns that prose takes at least: a terminal that is narrower breaks it anywhere.
const NARROW: usize = 40;

/// Writes to standard output. That nobody reads any more, as with `| head`, is no error: what was decided stands.
pub fn print(text: &str) -> Result<(), Failure> {
    stream(|out| out.write_all(text.as_bytes()))
}

/// Writes to standard output as [`print`] does. Where colours are taken out, what is left is written at once: standard output
/// would take each line by a call of its own.
pub fn stream<W: FnOnce(&mut dyn io::Write) -> io::Result<()>>(write: W) -> Result<(), Failure> {
    if AutoStream::choice(&io::stdout()) == ColorChoice::Never {
        let mut plain = StripStream::new(Vec::new());
        let mut stdout = io::stdout().lock();
        let written = write(&mut plain).and_then(|()| stdout.write_all(&plain.into_inner()));
        return unless_nobody_reads(written.and_then(|()| stdout.flush()));
    }
    let mut stdout = anstream::stdout().lock();
    unless_nobody_reads(write(&mut stdout).and_then(|()| stdout.flush()))
}

/// As [`stream`] for JSON, in which there are no colours to be taken out: nobody looks for them in megabytes.
pub fn stream_json<W: FnOnce(&mut dyn io::Write) -> io::Result<()>>(write: W) -> Result<(), Failure> {
    let mut stdout = io::BufWriter::with_capacity(64 << 10, io::stdout().lock());
    unless_nobody_reads(write(&mut stdout).and_then(|()| stdout.flush()))
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

/// Says on standard error how things are.
pub fn note(message: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{DIM}{}{DIM:#}", printable(message));
}

/// A path in a message.
#[must_use]
pub fn shown(path: &Path) -> String {
    one_line(&path.display().to_string())
}

/// Empties the terminal, if standard output is one.
pub fn clear_screen() {
    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() {
        // What cannot be cleared stays.
        let _ = stdout.write_all(b"\x1b[2J\x1b[3J\x1b[H").and_then(|()| stdout.flush());
    }
}

/// Columns of the terminal that standard output is shown on. Otherwise, what every terminal has.
#[must_use]
pub fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout()).map_or(WIDTH, |(width, _)| usize::from(width.0)).max(NARROW)
}

/// What standard output is shown on: the terminal, or otherwise a wide text.
#[must_use]
pub fn screen() -> Screen {
    const WIDE: usize = 140;
    let width = terminal_size::terminal_size_of(io::stdout()).map_or(WIDE, |(width, _)| usize::from(width.0));
    Screen { width, has_links: takes_links(io::stdout().is_terminal(), |name| env::var(name).ok()) }
}

/// Whether a text may have links (OSC 8): on the terminals that are known to show them. Others may show their codes.
fn takes_links(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    // What other programs take for a word of the user; 0 is no.
    if let Some(forced) = variable("FORCE_HYPERLINK").filter(|value| !value.is_empty()) {
        return forced != "0";
    }
    let is = |name: &str, known: &[&str]| variable(name).is_some_and(|value| known.contains(&value.as_str()));
    let vte = variable("VTE_VERSION").and_then(|version| version.parse::<u32>().ok());
    is_terminal
        && (is("TERM_PROGRAM", &["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "WarpTerminal", "zed"])
            || is("TERM", &["xterm-kitty", "alacritty", "foot", "foot-extra", "xterm-ghostty", "contour"])
            // GNOME Terminal and its relatives, from 0.50 on.
            || vte.is_some_and(|version| version >= 5_000)
            || ["WT_SESSION", "KONSOLE_VERSION", "DOMTERM"].iter().any(|name| variable(name).is_some()))
}

/// Whether this is a job that nobody watches.
#[must_use]
pub fn is_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

#[cfg(test)]
mod tests {
    use super::takes_links;

    #[test]
    fn links_are_for_terminals_that_show_them_and_for_whoever_asks() {
        let of = |is_terminal: bool, set: &'static [(&str, &str)]| {
            takes_links(is_terminal, |name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        for known in [[("TERM", "xterm-kitty")], [("VTE_VERSION", "7600")], [("WT_SESSION", "1")]] {
            let known: &'static [(&str, &str)] = Box::leak(Box::new(known));
            assert!(of(true, known) && !of(false, known), "{known:?}");
        }
        assert!(!of(true, &[("TERM", "xterm-256color")]) && !of(true, &[("VTE_VERSION", "4600")]) && !of(true, &[]));
        assert!(of(false, &[("FORCE_HYPERLINK", "1")]) && !of(true, &[("FORCE_HYPERLINK", "0"), ("TERM", "foot")]));
    }
}
