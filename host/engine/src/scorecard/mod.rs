//! The readiness checklist of each service: which of its checks pass, and what is found under those that do not.
//!
//! The lines are the rules of the bundle; the answers are a [`Report`](crate::Report)'s. Nothing is judged here. The
//! [formats](render) are functions of a scorecard, the same on every host.

mod model;
pub mod render;
mod service;
mod share;
#[cfg(test)]
mod tests;

pub use model::{Answer, Card, Line, Owner, Remark, Scorecard, SectionCard};
pub use service::{Grouping, NameSource};
pub use share::{Mark, Share, Standing};
