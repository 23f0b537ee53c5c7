//! The binary as people and scripts meet it: what it prints, byte for byte, and how it ends.
//!
//! Most tests run it on a bundle made for them, whose rules answer the same whatever they are asked; so a test says what
//! a rule found and how that reads, and does not change with the rules of the project.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod base;
mod baseline;
mod bundles;
mod config;
mod configuration;
mod definitions;
mod dockerfiles;
mod explain;
mod import;
mod json;
mod logs;
mod outputs;
mod profiles;
mod readme;
mod report;
mod rules;
mod sarif;
mod schema;
mod secrets;
mod support;
mod terminal;
mod trees;
mod unchecked;
mod usage;
mod watch;
mod watching;
mod worlds;
