//! `seaworthy serve` as an API server meets it: the binary on loopback, asked over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod chart;
mod cluster;
mod life;
mod limits;
mod look_ups;
mod looping;
mod policies;
mod reviews;
mod server;
mod stand_in;
#[allow(dead_code)]
#[path = "../command_line/support.rs"]
mod support;
mod tls;
mod traces;
mod undefended;
