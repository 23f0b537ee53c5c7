//! `seaworthy readiness` as people meet it, and the proof that the sample service is ready in every line for one reason each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod breaks;
#[allow(dead_code)]
#[path = "../command_line/bundles.rs"]
mod bundles;
mod formats;
mod gate;
mod maturity;
#[allow(dead_code)]
#[path = "../command_line/support.rs"]
mod support;
