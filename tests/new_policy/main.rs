//! Authors outside of this repository: the SDK can be packaged, and a rule that `seaworthy new policy` starts is built, tested,
//! pushed, pulled and run with cargo alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[allow(dead_code)]
#[path = "../command_line/support.rs"]
mod support;

mod outside;
mod packages;
#[allow(dead_code)]
#[path = "../registry/server.rs"]
mod server;
mod written;
