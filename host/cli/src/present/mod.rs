//! What people and machines get to see: colours, the report for people, progress. It decides nothing.

pub mod human;
pub mod markdown;
pub mod output;
pub mod progress;
