//! Rules for this repository itself.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod arrows;
mod circles;
mod coming_from;
mod documentation;
mod documents;
mod files;
mod policies;
mod words;
