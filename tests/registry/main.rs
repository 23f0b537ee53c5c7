//! Registries: a real one, to which the binary pushes and from which it pulls, signed and verified; and a malicious one, from
//! which nothing is to be had but an error.
//!
//! The real one is Debian's docker-registry on the loopback interface, one for each test. Each defence that a malicious one
//! meets has been taken away once, and its test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[allow(dead_code)]
#[path = "../command_line/bundles.rs"]
mod bundles;
mod commands;
mod configurations;
mod credentials;
mod forged;
mod host_calls;
mod hostile;
mod images;
mod oversized;
mod policies;
mod pushing;
mod redirects;
mod server;
mod signatures;
mod statements;
#[allow(dead_code)]
#[path = "../command_line/support.rs"]
mod support;
mod tags;
mod templates;
#[allow(dead_code)]
#[path = "../audit/tls.rs"]
mod tls;
