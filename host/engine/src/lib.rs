//! Decides: reads manifests, keeps the world, plans which rule judges which object, evaluates and reports.
//!
//! The engine is pure. It must not know a file, a clock, a network, wasmtime or a browser: the same code runs on the
//! command line, behind the webhook and in a web page. What it needs from outside it takes as a value (the text of a
//! file, today's date) or through one trait ([`Runtime`], which runs a module).
//!
//! On the way from text to report: [`manifest`] reads a file; [`Input`] holds all files and knows which objects stand for
//! themselves; [`World`] finds the others for a look-up; [`Judge`] asks every rule of a [`Bundle`] about an object;
//! [`Report`] says where everything stands.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod accept;
mod admission;
mod answers;
pub mod baseline;
mod before;
mod builtin;
mod bundle;
mod call;
mod capability;
pub mod changes;
pub mod config;
mod date;
pub mod documents;
pub mod edit;
mod file;
pub mod fixes;
pub mod imports;
mod input;
mod judge;
mod kept;
pub mod kustomize;
mod live;
mod lookups;
pub mod manifest;
pub mod maturity;
mod module;
mod path_pattern;
mod paths;
mod places;
pub mod pods;
mod policy;
mod profile;
pub mod promotion;
mod question;
mod redaction;
mod relations;
pub mod report;
pub mod review;
mod runtime;
mod scope;
pub mod scorecard;
mod selector;
mod settings;
mod shown;
mod spelling;
mod spot;
mod standing;
mod unchecked;
pub mod waiver;
mod wildcard;
mod world;
pub mod yaml;

pub use accept::accept;
pub use admission::{Admission, AdmissionRule};
pub use answers::Outlook;
pub use before::Before;
pub use bundle::{Bundle, Override, ProtocolError, Rule};
pub use call::{CallError, Denial, HostCall, HostCalls};
pub use capability::{Allowed, Capabilities, CapabilityError, Grant, InputAlone, OPERATIONS, Route};
pub use file::File;
pub use input::{Input, Skip, Skipped, Subject};
pub use judge::{Asked, Judge, Judgement};
pub use kept::kept_for;
pub use kustomize::kustomize_resources;
pub use live::Live;
pub use lookups::{LookUpRequest, LookUps, write_looked_up};
pub use module::{RawSections, RefusalError, Sections, is_rule_name};
pub use path_pattern::PathPattern;
pub use policy::{Policy, PolicyError};
pub use profile::{LeftOut, Reason as LeftOutReason, Selected};
pub use question::{Completeness, Extent, Operation, Question, UserInfo, Writer};
pub use report::Report;
pub use runtime::{ModuleError, Reply, Runtime};
pub use scope::{Folders, Scope};
pub use settings::{Settings, SettingsError};
pub use spot::Spot;
pub use standing::Standings;
pub use unchecked::{Source as UncheckedSource, Unchecked, Unrendered, shell_word};
pub use world::{BlindSpot, Viewpoint, World, is_definition};
