//! What guests and hosts say to each other.
//!
//! A rule runs as a WebAssembly module; a host (command line, webhook, browser, policy-server) hands it one request and
//! gets one outcome. Everything that crosses that border, or that a host reads from a module without running it, is
//! defined here and nowhere else: the [`RuleMetadata`] in a module's custom section, the [`FieldMask`] that says which
//! part of an object a rule may see, the [`Outcome`] it answers, and the normalised JSONPaths inside a [`Finding`].
//!
//! The crate must not know how a module is run, nor what any rule decides. It is `no_std`: it is part of every module.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

pub mod contract;
pub mod documents;
mod fix;
pub mod glob;
mod kinds;
pub mod mask;
mod metadata;
mod outcome;
pub mod path;
pub mod region;
pub mod stage;
pub mod text;
pub mod told;
pub mod yaml;

pub use fix::{Applicability, Edit, Fix, Json};
pub use kinds::{IDENTITY, WORKLOADS, WorkloadKind, api_group, resource_name, workload_kind};
pub use mask::FieldMask;
pub use metadata::{Example, Expectation, KindMatch, LookUp, Profile, RuleMetadata, Section, Severity, Tool};
pub use outcome::{Finding, Level, NO_CONTAINERS, Outcome, Verdict, WRONG_TYPE};
