//! New services and rules from templates: plain files with placeholders, and a `template.yaml` that says which answers they
//! need and where they go.
//!
//! A [`Template`] is one of ours or a folder of anybody's. With [`Answers`] it is [`rendered`](render()) to files, which a
//! [`Plan`] writes where none is yet. A [`Record`] in what was written says from what, so that a newer template can be
//! [compared](Record::changes).
//!
//! This crate must not know what a manifest means, nor what rules ask of it: the tests of the command line check what the
//! templates make.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod answers;
mod backstage;
mod declaration;
mod placeholders;
mod plan;
mod record;
mod render;
mod template;

pub use answers::{AnswerError, Answers};
pub use backstage::software_template;
pub use declaration::{Answer, Declaration};
pub use placeholders::RenderError;
pub use plan::{Conflict, Plan, WriteError};
pub use record::{Change, Origin, RECORD, Record, RecordError};
pub use render::{File, Rendered, render};
pub use template::{BYTES as TEMPLATE_BYTES, Template, TemplateError};
