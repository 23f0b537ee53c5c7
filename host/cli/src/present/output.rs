//! Printing: to a terminal with colours, to anything else without; and what to say when nothing can be printed.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};

pub use engine::report::render::style::{BOLD, CYAN, DIM, GREEN, RED, YELLOW};
pub use engine::report::render::{count, one_line, printable};

use crate::failure::Failure;

/// Writes to standard output. That nobody reads any more, as with `| head`, is no error: what was decided stands.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    unless_nobody_reads(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Writes to standard output as it is made; as [`print`] otherwise.
pub fn stream<W: FnOnce(&mut dyn io::Write) -> io::Result<()>>(write: W) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
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

/// Empties the terminal, if standard output is one.
pub fn clear_screen() {
    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() {
        // What cannot be cleared stays.
        let _ = stdout.write_all(b"\x1b[2J\x1b[3J\x1b[H").and_then(|()| stdout.flush());
    }
}

/// How many characters fit in a line: in one of the terminal, or where standard output is none, in a wide one.
#[must_use]
pub fn width() -> usize {
    const WIDE: usize = 140;
    terminal_size::terminal_size_of(io::stdout()).map_or(WIDE, |(width, _)| usize::from(width.0))
}

/// Whether this is a job that nobody watches.
#[must_use]
pub fn is_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}
