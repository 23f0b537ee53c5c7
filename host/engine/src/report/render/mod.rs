//! The formats: functions from a report, and the diagnostics in it, to text. They decide nothing.

mod gaps;
mod github;
mod gitlab;
pub mod human;
mod json;
mod junit;
pub mod markdown;
mod message;
pub mod policy_report;
mod rows;
mod sarif;
mod short;
pub mod style;

pub use crate::shown::{count, is_hidden, one_line, printable, text, to_json, write_json};
pub use gaps::{Gap, gaps, worst_first};
pub use github::github;
pub use gitlab::gitlab;
pub use json::json;
pub use junit::junit;
pub use message::{Message, messages};
pub use rows::{FindingRow, ObjectRow, ResultRow, RuleRow};
pub use sarif::{Accepted, sarif};
pub use short::short;
