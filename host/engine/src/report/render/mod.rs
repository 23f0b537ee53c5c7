//! The formats: functions from a report, and the diagnostics in it, to text. They decide nothing.

pub mod human;
mod json;
mod message;
mod rows;
mod sarif;
mod short;
pub mod style;

pub use crate::shown::{count, is_hidden, one_line, printable, text, to_json, write_json};
pub use json::json;
pub use message::{Message, messages};
pub use rows::{FindingRow, ObjectRow, ResultRow, RuleRow};
pub use sarif::sarif;
pub use short::short;
