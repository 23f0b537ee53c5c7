//! What a policy author depends on, and nothing else.
//!
//! A rule is one file: a declaration in `policy!` (documentation, severity, what it reads, what it looks up, settings)
//! and one function, [`Rule::check`](rule::Rule::check), that looks at an object through views and adds findings:
//!
//! - [`Request`](request::Request) gives the [`Object`](object::Object), or the same as a [`Workload`](workload::Workload)
//!   with its [`Container`](workload::Container)s of every class;
//! - every value is a [`Field`](field::Field), there or not, that knows its path and never lies about its type;
//! - the [`World`](world::World) answers look-ups of declared kinds;
//! - [`Findings`](findings::Findings) takes what is wrong, where, and what to write instead.
//!
//! The SDK must not know how a module is run (only [`abi`] does, and little of it), nor any rule. It reads objects through
//! views and not through typed structs of the whole API: those cost a module 700 KiB, and views 30.
#![warn(missing_docs)]
#![cfg_attr(not(feature = "testing"), no_std)]

#[doc(hidden)]
pub extern crate alloc;
// A shared object needs a panic handler and an allocator, which std brings; a module gets its own from `abi`.
#[cfg(not(target_arch = "wasm32"))]
extern crate std;

#[doc(hidden)]
pub mod abi;
pub mod cron;
pub mod definition;
pub mod environment;
pub mod field;
pub mod findings;
pub mod fix;
pub mod generator;
pub mod handler;
pub mod image;
mod json;
pub mod label;
pub mod link;
mod malformed;
mod memory;
pub mod near;
pub mod object;
pub mod pods;
pub mod probe;
mod quantity;
pub mod relation;
pub mod release;
pub mod replicas;
pub mod request;
pub mod requirement;
pub mod rows;
pub mod rule;
pub mod secrets;
pub mod seen;
pub mod selector;
pub mod service;
pub mod serving;
pub mod settings;
pub mod stage;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod undecided;
pub mod value;
pub mod workload;
pub mod world;

pub use image::{ImageReference, ImageReferenceError};
#[doc(hidden)]
pub use macros::policy as declared_policy;
pub use protocol::{api_group, documents, glob, path, resource_name, workload_kind};
pub use quantity::{Quantity, QuantityError};

/// Declares a rule: see `seaworthy-macros` for what stands in it.
#[macro_export]
macro_rules! policy {
    ($($declaration:tt)*) => { $crate::declared_policy! { $crate; $($declaration)* } };
}

/// All that a rule usually needs.
pub mod prelude {
    pub use alloc::borrow::ToOwned;
    pub use alloc::format;
    pub use alloc::string::{String, ToString};
    pub use alloc::vec;
    pub use alloc::vec::Vec;

    pub use protocol::{Fix, Json};

    pub use crate::field::Field;
    pub use crate::findings::Findings;
    pub use crate::fix;
    pub use crate::object::Object;
    pub use crate::policy;
    pub use crate::relation::Relation;
    pub use crate::request::Request;
    pub use crate::rule::Rule;
    pub use crate::selector::{LabelSelector, map_matches, map_selects};
    pub use crate::undecided::{Undecided, not_applicable};
    pub use crate::workload::{Class, Container, Workload};
    pub use crate::world::{Within, World};
    pub use crate::{ImageReference, Quantity};
}
