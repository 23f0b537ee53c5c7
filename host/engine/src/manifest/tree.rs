//! The tree of an object, as long as the object is kept: as it was read, or packed into a tenth of the memory.
//!
//! Where there are many objects, nobody looks at most of them at any one time. Such a tree is packed, and whoever wants to
//! see it for a while has it unpacked for that while ([`Tree::look`]). It must not know what the object is.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use protocol::FieldMask;

use super::node::Node;
use super::packed;
use super::span::Span;

/// An object's tree.
#[derive(Clone, Debug)]
pub struct Tree(Kept);

#[derive(Clone, Debug)]
enum Kept {
    Whole(Arc<Node>),
    Packed {
        bytes: Box<[u8]>,
        /// Made for who keeps a reference into it, and there from then on.
        whole: OnceLock<Box<Node>>,
    },
}

/// A look at a tree, which may have been unpacked for it.
#[derive(Debug)]
pub enum Look<'a> {
    /// It is there anyway.
    There(&'a Node),
    /// It is gone with the look.
    Unpacked(Box<Node>),
}

impl Tree {
    /// The tree for a while. Prefer it to the dereference, after which a packed tree is kept unpacked.
    #[must_use]
    pub fn look(&self) -> Look<'_> {
        match &self.0 {
            Kept::Whole(node) => Look::There(node),
            Kept::Packed { bytes, whole } => match whole.get() {
                Some(node) => Look::There(node),
                None => Look::Unpacked(Box::new(packed::unpack(bytes))),
            },
        }
    }

    /// Packs the tree, with what the mask keeps of it.
    pub fn pack(&mut self, mask: &FieldMask) {
        let bytes = packed::pack(&self.look(), mask, self.gone());
        self.0 = Kept::Packed { bytes, whole: OnceLock::new() };
    }

    /// Bytes of the tree where it is packed; none where it is not.
    #[must_use]
    pub fn packed_bytes(&self) -> usize {
        match &self.0 {
            Kept::Whole(_) => 0,
            Kept::Packed { bytes, .. } => bytes.len(),
        }
    }

    /// Whether both trees are packed, and into the same bytes: then they are the same tree, and neither is unpacked.
    pub(crate) fn is_packed_like(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kept::Packed { bytes, .. }, Kept::Packed { bytes: others, .. }) => bytes == others,
            _ => false,
        }
    }

    /// Where its text has values that are no longer in the tree.
    #[must_use]
    pub fn gone(&self) -> Vec<Span> {
        match &self.0 {
            Kept::Whole(_) => Vec::new(),
            Kept::Packed { bytes, .. } => packed::gone(bytes),
        }
    }

    /// Whether the tree takes its full memory.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        match &self.0 {
            Kept::Whole(_) => true,
            Kept::Packed { whole, .. } => whole.get().is_some(),
        }
    }

    /// Has `change` change the tree, which stays as it is kept.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Node)) {
        match &mut self.0 {
            Kept::Whole(node) => change(Arc::make_mut(node)),
            Kept::Packed { bytes, whole } => {
                let mut node = packed::unpack(bytes);
                change(&mut node);
                *bytes = packed::pack(&node, &FieldMask::whole(), packed::gone(bytes));
                *whole = OnceLock::new();
            }
        }
    }
}

impl Deref for Tree {
    type Target = Node;

    fn deref(&self) -> &Node {
        match &self.0 {
            Kept::Whole(node) => node,
            Kept::Packed { bytes, whole } => whole.get_or_init(|| Box::new(packed::unpack(bytes))),
        }
    }
}

impl Deref for Look<'_> {
    type Target = Node;

    fn deref(&self) -> &Node {
        match self {
            Self::There(node) => node,
            Self::Unpacked(node) => node,
        }
    }
}

impl From<Node> for Tree {
    fn from(node: Node) -> Self {
        Self(Kept::Whole(Arc::new(node)))
    }
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        *self.look() == *other.look()
    }
}
