//! Modules, bundles, configurations and templates in OCI registries: pushed, pulled by digest, signed and verified.
//!
//! A registry is a stranger. It may say anything, at any length, at any pace, and send us anywhere; what counts is that
//! content has the digest that was asked for, and that somebody who is trusted has signed that digest. It must not know what
//! a module decides, nor how one is run: it moves bytes, and vouches for them.
//!
//! # What holds it
//!
//! - **Digests.** A tag is [resolved](Registry::resolve) once; manifests and layers are then fetched by digest, and are what
//!   their digest says or an error.
//! - **Limits.** Every answer is [read piece by piece](transport) up to a [limit](Limits), in a given time. Nothing is ever
//!   unpacked: modules are layers as they are, and a compressed answer is refused.
//! - **Redirects and tokens.** Redirects are followed a few times, to https or within one host; passwords go to the registry
//!   and to its [token server](token) over https, and nowhere else.
//! - **Signatures.** In [cosign's forms](signature), by public key, offline: the payload must be signed by the key, and name
//!   this digest and this repository.
//!
//! # Form
//!
//! A module is Kubewarden's artifact: a manifest whose one layer is `application/vnd.wasm.content.layer.v1+wasm`, so that
//! `registry://` addresses work in policy-server and kwctl. A bundle is an index of such manifests, one for each rule. A
//! [configuration](Configuration) is a manifest whose one layer is its text. A template of services is a manifest with one
//! layer for each [file](files).
//!
//! ```no_run
//! use registry::{Identity, Options, PublicKey, Reference, Registry, Trust};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Registry::new(Options::default())?;
//! let reference: Reference = "registry://ghcr.io/kubewarden/policies/safe-labels:v1.0.0".parse()?;
//! let trust = Trust {
//!     keys: vec![PublicKey::from_pem(&std::fs::read("cosign.pub")?)?],
//!     annotations: Default::default(),
//!     identity: Identity::SameRepository,
//! };
//! let digest = registry.verify(&reference, &trust)?;
//! let module = registry.pull_module(&reference.at(digest))?;
//! # Ok(()) }
//! ```
//!
//! Policies ask about images through [`OciCalls`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]
// The essay leads whoever works here to the modules; to others their names say enough.
#![allow(rustdoc::private_intra_doc_links)]

mod base64_text;
mod configuration;
mod digest;
mod error;
mod files;
mod host_calls;
mod image;
mod keys;
mod manifest;
mod options;
mod push;
mod reference;
mod referrers;
mod registry;
mod signature;
mod token;
mod transport;
mod verify;

pub use configuration::{CONFIGURATION_TYPE, Configuration, KeptError};
pub use digest::{Digest, DigestError};
pub use error::RegistryError;
pub use files::{PulledFiles, TEMPLATE_TYPE};
pub use host_calls::{OPERATIONS, OciCalls};
pub use keys::{KeyError, KeyPair, PublicKey};
pub use manifest::{BUNDLE_TYPE, Bundle, BundleEntry, Manifest, RULE_ANNOTATION};
pub use oci_client::manifest::OciManifest;
pub use options::{Credentials, Limits, Options, PlainHttp};
pub use push::NewModule;
pub use reference::{Reference, ReferenceError, SCHEME};
pub use registry::{Artifact, ManifestAndConfig, Module, Registry};
pub use signature::{Fault, Identity, SignatureError, Trust};
