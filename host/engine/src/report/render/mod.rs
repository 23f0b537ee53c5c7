//! The formats: functions from a report, and the diagnostics in it, to text. They decide nothing.

mod human;
mod json;
mod message;
mod plain;
mod rows;
mod safe;
mod sarif;
mod short;
pub mod style;

pub use human::human;
pub use json::json;
pub use message::{Message, messages};
pub use plain::{is_hidden, one_line, printable};
pub use rows::{FindingRow, ObjectRow, ResultRow, RuleRow};
pub use safe::{text, to_json, write_json};
pub use sarif::sarif;
pub use short::short;
