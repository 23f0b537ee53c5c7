//! What people and machines get to see: colours, prose, progress. It decides nothing.

pub mod markdown;
pub mod output;
pub mod progress;
pub mod table;
