//! The other side: every module as Kubewarden meets it, and what `seaworthy kubewarden` writes as Kubewarden reads it.
//!
//! The waPC host here is written from the contract alone ([`wapc`]), answers look-ups as a policy-server does
//! ([`cluster`]), and sends what an API server sends ([`admission`]). It shares no code with `host/`, which is only asked
//! for its verdicts, to compare.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod admission;
mod charts;
mod cluster;
mod command;
mod judging;
mod look_ups;
mod metadata;
mod operations;
mod policies;
mod schemas;
#[allow(dead_code)]
#[path = "../command_line/support.rs"]
mod support;
mod waivers;
mod wapc;
