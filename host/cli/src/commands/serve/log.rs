//! The log of a server: a JSON object a line, on standard error.

use std::io::Write as _;

use serde_json::Value;

/// Writes a line.
pub fn log(line: &Value) {
    // Written at once: standard error takes each piece by a call of its own, and two threads must not mix their lines. If it is
    // closed, the line is lost.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
