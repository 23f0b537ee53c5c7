//! The readiness checklist of each service: which of its checks pass, and what is found under those that do not.
//!
//! The lines are the rules of the bundle; the answers are a [`Report`](crate::Report)'s. Nothing is judged here. The
//! [formats](render) are functions of a scorecard, the same on every host.

mod model;
pub mod render;
mod service;
#[cfg(test)]
mod tests;

pub use model::{Answer, Card, Line, Mark, Owner, Remark, Scorecard, SectionCard, Share, Standing};
pub use service::{Grouping, NameSource};
