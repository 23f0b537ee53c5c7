//! The readiness checklist of each service: which of its lines hold, and what is found under those that do not.
//!
//! The lines are the rules of the bundle; the answers are a [`Report`](crate::Report)'s. Nothing is judged here, and no
//! format is known but Markdown, HTML and JSON, which are the same on every host.

mod html;
mod json;
mod markdown;
mod model;
mod service;
#[cfg(test)]
mod tests;

pub use model::{Answer, Card, Line, Mark, Owner, Remark, Scorecard, SectionCard, Share};
pub use service::{Grouping, NameSource};
