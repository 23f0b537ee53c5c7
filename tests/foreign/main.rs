//! Policies of somebody else's under `seaworthy check --policy`: one written with Kubewarden's published SDK, and small
//! ones written by hand for what the SDK would not do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod capabilities;
mod mutations;
mod policies;
mod sdk_policy;
mod sessions;
#[allow(dead_code)]
#[path = "../command_line/support.rs"]
mod support;
