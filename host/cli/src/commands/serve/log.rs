//! The log of a server: a JSON object a line, on standard error.

use std::io::Write as _;

use serde_json::Value;

/// Writes a line.
pub fn log(line: &Value) {
    // If standard error is closed, the line is lost.
    let _ = writeln!(std::io::stderr(), "{line}");
}
