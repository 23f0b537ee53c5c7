//! What a text is made of, to the parser: tokens with their places, and why there are no more.

use std::borrow::Cow;

/// A token and its place, in bytes.
#[derive(Clone, Debug)]
pub(in crate::manifest) struct Token<'text> {
    pub(in crate::manifest) kind: Kind<'text>,
    pub(in crate::manifest) start: usize,
    pub(in crate::manifest) end: usize,
}

#[derive(Clone, Debug)]
pub(in crate::manifest) enum Kind<'text> {
    /// The end of the text.
    End,
    /// `%YAML`, with its version.
    Version(u8, u8),
    /// `%TAG`.
    TagDirective {
        handle: &'text str,
        prefix: Cow<'text, [u8]>,
    },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    /// `-`
    BlockEntry,
    /// `,`
    FlowEntry,
    /// `?`, or what stands before a key that needs none.
    Key,
    /// `:`
    Value,
    Alias(&'text str),
    Anchor(&'text str),
    /// `!suffix`, `!handle!suffix` or `!<suffix>`, whose handle is empty, as is that of `!`.
    Tag {
        handle: &'text str,
        suffix: Cow<'text, [u8]>,
    },
    Scalar {
        text: Cow<'text, str>,
        style: Style,
    },
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::manifest) enum Style {
    Plain,
    Quoted,
    /// `|` and `>`.
    Block,
}

/// Why a text has no more tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::manifest) enum Fault {
    /// In words.
    Syntax(&'static str),
    /// A tab where there must be spaces.
    Tab,
    /// Flow brackets nest deeper than allowed.
    Depth,
}

/// A fault and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::manifest) struct Refusal {
    pub(in crate::manifest) fault: Fault,
    pub(in crate::manifest) at: usize,
}

impl Refusal {
    #[cold]
    pub(in crate::manifest) const fn syntax(message: &'static str, at: usize) -> Self {
        Self { fault: Fault::Syntax(message), at }
    }
}
