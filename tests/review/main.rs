//! `seaworthy review` on a scripted history: one commit for each kind of change, mixed ones, and those that try to look
//! smaller than they are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod approvals;
mod classes;
mod companions;
mod environments;
mod history;
mod moves;
mod promotions;
mod pull_requests;
mod regions;
mod rendered;
#[path = "../command_line/support.rs"]
mod support;
#[path = "../rendering/tools.rs"]
mod tools;
