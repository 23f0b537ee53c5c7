//! Anybody's Kubewarden policy under this host: the capabilities it may use, sessions recorded and replayed, mutations.
//!
//! Whether a policy may ask at all is the engine's gate to say. What comes through is answered by a [`Dispatcher`]: from
//! the input, from a cluster or a registry where one is at hand, or by this crate itself ([`net`], [`certificate`]). A
//! [`Recorder`](session::Recorder) around it writes down what was asked and answered, in `kwctl`'s format; a
//! [`Replay`](session::Replay) stands in its place and answers from what was written down.
//!
//! [`mutation`] is the other way round: what a policy would change becomes an edit of the manifest's text.
//!
//! The crate must not know how a module is run (that is the engine's [`engine::Runtime`]), nor how a cluster or a registry
//! is reached. It prints nothing and touches no file.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod certificate;
mod dispatcher;
pub mod mutation;
pub mod net;
pub mod session;

pub use dispatcher::Dispatcher;
