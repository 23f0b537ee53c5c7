//! Decides: reads manifests, keeps the world, plans which rule judges which object, evaluates and reports.
//!
//! The engine is pure. It must not know a file, a clock, a network, wasmtime or a browser: the same code runs on the
//! command line, behind the webhook and in a web page. What it needs from outside it takes as a value (the text of a
//! file, today's date) or through one trait ([`Runtime`], which runs a module).
#![forbid(unsafe_code)]

pub mod manifest;
mod runtime;

pub use runtime::{HostCall, HostCalls, ModuleError, Reply, Runtime};
