//! Policies of somebody else's under `seaworthy check --policy`: one written with Kubewarden's published SDK, and small
//! ones written by hand for what the SDK would not do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod bounds;
mod capabilities;
mod cluster;
mod mutations;
mod policies;
mod reports;
mod sdk_policy;
#[allow(dead_code)]
#[path = "../audit/server.rs"]
mod server;
mod sessions;
#[allow(dead_code)]
#[path = "../command_line/support.rs"]
mod support;
mod testing;
