//! The formats: functions from a report, and the diagnostics in it, to text. They decide nothing.

mod json;
mod rows;
mod safe;
mod sarif;

pub use json::json;
pub use rows::{FindingRow, ObjectRow, ResultRow, RuleRow};
pub use safe::{is_hidden, text, to_json, write_json};
pub use sarif::sarif;
