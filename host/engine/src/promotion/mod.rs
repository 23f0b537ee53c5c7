//! What production names, held against what staging named before: the facts that a rule about promotions decides by.
//!
//! Files are read as they are written ([`versions`]), each is of an environment by its name or by a mapping ([`Environments`]),
//! and a history says when each version was written ([`Timeline`]). It says when a version was written, and not when it ran:
//! nobody here sees a cluster. The module must not know git, nor how long is long enough.

mod elements;
mod environments;
mod pairs;
mod past;
mod reference;
mod region;
mod shared;
mod stage;
#[cfg(test)]
mod tests;
mod text;
mod timeline;
mod versions;

pub use environments::{Environments, Mapped};
pub use pairs::{Pairs, Present, Side};
pub use past::{FileChange, Step};
pub(crate) use reference::{as_known, reference};
pub use shared::{Own, Shared};
pub(crate) use stage::{Said, is_of_other_tool, of_live, of_step};
pub use stage::{Stage, may_be_production};
pub use timeline::{Named, Stood, Timeline, named};
pub use versions::{MOST_VERSIONS, Version, versions};
