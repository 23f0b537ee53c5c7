//! A collection whose members are being read, and what may come next in it.

use std::ops::Range;

use super::super::span::Span;

/// Where a node may stand, and what it may be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    Flow,
    Block,
    /// In a block mapping, where the items of a list need no indentation.
    BlockMember,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    BlockSequence,
    /// A list that is a block mapping's value, and not indented.
    Indentless,
    BlockMapping,
    FlowSequence,
    FlowMapping,
    /// `[key: value]`, a mapping of one member.
    Pair,
}

/// A collection that is open.
pub(super) struct Collection<'text> {
    pub(super) shape: Shape,
    pub(super) start: usize,
    /// Where its members begin among those of all.
    pub(super) base: usize,
    pub(super) anchor: Option<(&'text str, usize)>,
    pub(super) is_first: bool,
    /// The key whose value comes next.
    pub(super) key: Option<Key>,
    /// Whether an alias is that value.
    pub(super) is_alias: bool,
    /// Which entries merge keys brought.
    pub(super) merged: Vec<Range<usize>>,
}

/// What comes next in a collection.
pub(super) enum Step {
    Value(Context),
    /// A value of which nothing is written.
    Empty(usize),
    /// A collection without brackets, in a list with brackets.
    Pair,
    /// Nothing; with the end of the closing bracket, if it has one.
    End(Option<usize>),
}

/// A key and where it ends; without a text, the merge key.
pub(super) struct Key {
    pub(super) text: Option<Box<str>>,
    pub(super) span: Span,
    pub(super) end: usize,
}
