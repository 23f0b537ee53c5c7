//! Policies of somebody else's in `seaworthy check --policy`: found, loaded, asked, and what they would change.
//!
//! What a policy is and may do is known to the engine and to the library `foreign`; here are files, registries, clusters
//! and what a person types.

mod mutate;
mod policies;
mod route;
mod server;

pub use mutate::settle;
pub use policies::{Found, find, limits, load};
pub use route::{Asked, asking, asks_beyond, asks_registry};
pub use server::PolicyServer;
