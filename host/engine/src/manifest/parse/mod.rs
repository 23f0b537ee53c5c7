//! From tokens to trees: the grammar of libyaml's parser, anchors, merge keys, duplicate keys, and the budgets that
//! hostile text runs into.
//!
//! It must not know how a text is cut into documents, nor what an object of Kubernetes is.

mod collection;
mod keys;
mod steps;

use std::borrow::Cow;

use super::Limits;
use super::anchors::Anchors;
use super::budget::Budget;
use super::failure::{Failure, Result};
use super::members;
use super::node::{Entry, Node, Value};
use super::problem::ProblemKind;
use super::scalar::{self, Scalar, Tag};
use super::scan::{Fault, Kind, Refusal, Scanner, Style, Token};
use super::span::Span;
use collection::{Collection, Context, Key, Shape, Step};

/// A document's value, if it can be read, and what is wrong with the document.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) node: Option<Node>,
    pub(super) failures: Vec<Failure>,
}

/// Parses the first document of `text`, which stands at byte `offset` of the file. Kubernetes reads no further, so that
/// whatever comes behind is a failure.
pub(super) fn parse(text: &str, offset: usize, limits: &Limits, budget: &mut Budget) -> Parsed {
    let mut builder = Builder {
        scanner: Scanner::new(text, limits.depth + 1),
        offset,
        limits,
        budget,
        anchors: Anchors::default(),
        handles: Vec::new(),
        duplicates: Vec::new(),
        open: Vec::new(),
        items: Vec::new(),
        entries: Vec::new(),
    };
    let outcome = builder.document();
    let mut failures = std::mem::take(&mut builder.duplicates);
    let node = match outcome {
        Ok(node) if failures.is_empty() => {
            failures.extend(builder.behind());
            Some(node)
        }
        Ok(_) => None,
        Err(failure) => {
            failures.push(*failure);
            None
        }
    };
    Parsed { node, failures }
}

struct Builder<'text, 'budget> {
    scanner: Scanner<'text>,
    offset: usize,
    limits: &'budget Limits,
    budget: &'budget mut Budget,
    anchors: Anchors<'text>,
    /// What `%TAG` says: a handle, and what it stands for.
    handles: Vec<(&'text str, Cow<'text, [u8]>)>,
    duplicates: Vec<Failure>,
    /// The collections that are open, and what is in them so far, for each to be made in its size.
    open: Vec<Collection<'text>>,
    items: Vec<Node>,
    entries: Vec<Entry>,
}

impl<'text> Builder<'text, '_> {
    fn document(&mut self) -> Result<Node> {
        match self.peek()? {
            Kind::End => return Ok(self.empty(0)),
            Kind::Version(..) | Kind::TagDirective { .. } | Kind::DocumentStart => {
                self.directives()?;
                if !matches!(self.peek()?, Kind::DocumentStart) {
                    return Err(self.expected("did not find expected <document start>"));
                }
                let token = self.next()?;
                if is_document_end(self.peek()?) {
                    return Ok(self.empty(token.end));
                }
            }
            _ => {}
        }
        let node = self.root()?;
        // Kubernetes' parser looks one token ahead.
        self.peek()?;
        Ok(node)
    }

    /// What stands behind the document.
    fn behind(&mut self) -> Option<Failure> {
        while matches!(self.peek(), Ok(Kind::DocumentEnd)) {
            self.next().ok()?;
        }
        let at = match self.scanner.peek() {
            Ok(Token { kind: Kind::End, .. }) => return None,
            Ok(token) => token.start,
            Err(refusal) => refusal.at,
        };
        Some(Failure::new(ProblemKind::Behind, self.span(at, at)))
    }

    fn directives(&mut self) -> Result<()> {
        let mut has_version = false;
        while matches!(self.peek()?, Kind::Version(..) | Kind::TagDirective { .. }) {
            let token = self.next()?;
            match token.kind {
                Kind::Version(..) if has_version => {
                    return Err(self.syntax("found duplicate %YAML directive", token.start));
                }
                Kind::Version(1, 1) => has_version = true,
                Kind::TagDirective { handle, prefix } => {
                    if self.handles.iter().any(|(known, _)| *known == handle) {
                        return Err(self.syntax("found duplicate %TAG directive", token.start));
                    }
                    self.handles.push((handle, prefix));
                }
                _ => return Err(self.syntax("found incompatible YAML document", token.start)),
            }
        }
        Ok(())
    }

    /// The document's value, without recursion: what is open stands in `open`.
    fn root(&mut self) -> Result<Node> {
        let mut step = Step::Value(Context::Block);
        loop {
            let done = match step {
                Step::Value(context) => self.begin(context)?,
                Step::Empty(at) => {
                    let node = self.empty(at);
                    self.count(node.span)?;
                    Some(node)
                }
                Step::Pair => {
                    let start = self.next()?.start;
                    self.open(Shape::Pair, start, None)?;
                    None
                }
                Step::End(end) => Some(self.close(end)?),
            };
            let mut collection = match (self.open.pop(), done) {
                (None, Some(node)) => return Ok(node),
                (None, None) => return Err(self.expected("unexpected end")),
                (Some(mut collection), Some(node)) => {
                    self.accept(&mut collection, node)?;
                    collection
                }
                (Some(collection), None) => collection,
            };
            step = self.step(&mut collection)?;
            self.open.push(collection);
        }
    }

    /// What comes next in the innermost collection.
    fn step(&mut self, collection: &mut Collection<'text>) -> Result<Step> {
        match collection.shape {
            Shape::BlockSequence => self.block_sequence(),
            Shape::Indentless => self.indentless_sequence(),
            Shape::BlockMapping => self.block_mapping(collection),
            Shape::FlowSequence => self.flow_sequence(collection),
            Shape::FlowMapping => self.flow_mapping(collection),
            Shape::Pair => self.pair(collection),
        }
    }

    /// Reads the value that begins with the next token; `None` where that opens a collection.
    fn begin(&mut self, context: Context) -> Result<Option<Node>> {
        if let Kind::Alias(name) = *self.peek()? {
            let token = self.next()?;
            let span = self.span(token.start, token.end);
            self.count(span)?;
            return Ok(Some(self.anchors.resolve(name, span, self.open.len(), self.limits, self.budget)?));
        }
        let (anchor, tag) = self.properties()?;
        // An alias may stand within what is being defined, and a second anchor of that name too.
        let anchor = anchor.map(|name| (name, self.anchors.begin(name)));
        let token = self.scanner.peek().map_err(|refusal| failure(refusal, self.offset, self.limits))?;
        let start = token.start;
        let is_block = context != Context::Flow;
        let shape = match token.kind {
            Kind::Scalar { .. } => {
                let (text, style, span) = self.scalar()?;
                self.count(span)?;
                return self.value(text, style == Style::Plain, span, anchor, tag).map(Some);
            }
            Kind::BlockEntry if context == Context::BlockMember => Shape::Indentless,
            Kind::FlowSequenceStart => Shape::FlowSequence,
            Kind::FlowMappingStart => Shape::FlowMapping,
            Kind::BlockSequenceStart if is_block => Shape::BlockSequence,
            Kind::BlockMappingStart if is_block => Shape::BlockMapping,
            _ if anchor.is_some() || tag.is_some() => {
                let at = tag.as_ref().map_or(start, |(_, end)| *end);
                let span = self.span(at, at);
                self.count(span)?;
                return self.value(Cow::Borrowed(""), true, span, anchor, tag).map(Some);
            }
            _ => return Err(self.expected("did not find expected node content")),
        };
        self.open(shape, start, anchor)?;
        if shape != Shape::Indentless {
            self.next()?;
        }
        Ok(None)
    }

    fn scalar(&mut self) -> Result<(Cow<'text, str>, Style, Span)> {
        let token = self.next()?;
        let Kind::Scalar { text, style } = token.kind else { return Err(self.syntax("unexpected end", token.start)) };
        let span = self.span(token.start, token.end);
        let limit = self.limits.scalar_bytes;
        if text.len() > limit {
            return Err(Failure::new(ProblemKind::ScalarTooLong { size: text.len(), limit }, span).into());
        }
        if style != Style::Block {
            return Ok((text, style, span));
        }
        // Without the line breaks and blanks behind it.
        let raw = self.scanner.slice(token.start, token.end);
        Ok((text, style, self.span(token.start, token.start + raw.trim_ascii_end().len())))
    }

    fn value(
        &mut self,
        text: Cow<'text, str>,
        is_plain: bool,
        span: Span,
        anchor: Option<(&'text str, usize)>,
        tag: Option<Tagged<'text>>,
    ) -> Result<Node> {
        let tag = Tag::of(tag.as_ref().map(|(tag, _)| &**tag), is_plain);
        let value = scalar::resolve(text, tag).and_then(Scalar::into_value);
        let node = Node { value: value.map_err(|kind| Failure::new(kind, span))?, span };
        self.define(anchor, &node)?;
        Ok(node)
    }

    fn define(&mut self, anchor: Option<(&'text str, usize)>, node: &Node) -> Result<()> {
        match anchor {
            Some((name, id)) => Ok(self.anchors.define(name, id, node, self.limits, self.budget)?),
            None => Ok(()),
        }
    }

    fn open(&mut self, shape: Shape, start: usize, anchor: Option<(&'text str, usize)>) -> Result<()> {
        let (span, limit) = (self.span(start, start), self.limits.depth);
        if self.open.len() >= limit {
            return Err(Failure::new(ProblemKind::TooDeep { limit }, span).into());
        }
        self.count(span)?;
        let base = match shape {
            Shape::BlockSequence | Shape::Indentless | Shape::FlowSequence => self.items.len(),
            Shape::BlockMapping | Shape::FlowMapping | Shape::Pair => self.entries.len(),
        };
        let (is_first, key, is_alias, merged) = (true, None, false, Vec::new());
        self.open.push(Collection { shape, start, base, anchor, is_first, key, is_alias, merged });
        Ok(())
    }

    /// Makes a value of the innermost collection: from its first member, or what marks that, to its last, or from bracket
    /// to bracket.
    fn close(&mut self, end: Option<usize>) -> Result<Node> {
        let Some(collection) = self.open.pop() else { return Err(self.expected("unexpected end")) };
        let start = self.span(collection.start, collection.start);
        let (value, first, last) = match collection.shape {
            Shape::BlockSequence | Shape::Indentless | Shape::FlowSequence => {
                let items: Vec<Node> = self.items.drain(collection.base..).collect();
                let first = items.first().filter(|_| collection.shape == Shape::Indentless).map(|item| item.span);
                let last = items.last().map(|item| item.span);
                (Value::Sequence(items), first, last)
            }
            Shape::BlockMapping | Shape::FlowMapping | Shape::Pair => {
                let entries: Vec<Entry> = self.entries.drain(collection.base..).collect();
                let last = entries.last().map(|entry| entry.value.span);
                let entries = members::unique(entries, &collection.merged, &mut self.duplicates);
                (Value::Mapping(entries), None, last)
            }
        };
        let span = match end {
            Some(end) => Span { end: self.span(end, end).end, ..start },
            None => {
                let start = first.unwrap_or(start).start;
                Span { start, end: last.map_or(start, |last| last.end).max(start) }
            }
        };
        let node = Node { value, span };
        self.define(collection.anchor, &node)?;
        Ok(node)
    }

    /// Keeps a value that the collection has.
    fn accept(&mut self, collection: &mut Collection<'text>, node: Node) -> Result<()> {
        let Some(Key { text, span, .. }) = collection.key.take() else {
            self.items.push(node);
            return Ok(());
        };
        match text {
            Some(text) => self.entries.push(Entry { key: text, key_span: span, value: node }),
            None => {
                let before = self.entries.len() - collection.base;
                self.merge(node, collection.is_alias)?;
                collection.merged.push(before..self.entries.len() - collection.base);
            }
        }
        Ok(())
    }

    /// The entries that `<<` brings, as go-yaml does it: of a list, the last mapping first, for the earlier to win.
    fn merge(&mut self, node: Node, is_alias: bool) -> Result<()> {
        let invalid = |span| Err(Failure::new(ProblemKind::InvalidMerge, span).into());
        match node.value {
            Value::Mapping(members) => self.entries.extend(members),
            Value::Sequence(items) if !is_alias => {
                for item in items.into_iter().rev() {
                    let Value::Mapping(members) = item.value else { return invalid(item.span) };
                    self.entries.extend(members);
                }
            }
            _ => return invalid(node.span),
        }
        Ok(())
    }

    /// An anchor and a tag, in any order, and where the tag ends.
    fn properties(&mut self) -> Result<Properties<'text>> {
        let (mut anchor, mut tag) = (None, None);
        loop {
            match self.peek()? {
                Kind::Anchor(name) if anchor.is_none() => anchor = Some(*name),
                Kind::Tag { .. } if tag.is_none() => {}
                _ => return Ok((anchor, tag)),
            }
            let token = self.next()?;
            if let Kind::Tag { handle, suffix } = token.kind {
                tag = Some((self.tag_name(handle, suffix, token.start)?, token.end));
            }
        }
    }

    fn tag_name(&self, handle: &'text str, suffix: Cow<'text, [u8]>, at: usize) -> Result<TagName<'text>> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        let prefix: &[u8] = match self.handles.iter().find(|(known, _)| *known == handle) {
            Some((_, prefix)) => prefix,
            None if handle == "!" => b"!",
            None if handle == "!!" => scalar::YAML_NAMESPACE,
            None => return Err(self.syntax("found undefined tag handle", at)),
        };
        Ok(Cow::Owned([prefix, &suffix].concat()))
    }

    fn empty(&self, at: usize) -> Node {
        Node { value: Value::Null, span: self.span(at, at) }
    }

    fn count(&mut self, span: Span) -> Result<()> {
        self.budget.count(self.limits, span)
    }

    fn peek(&mut self) -> Result<&Kind<'text>> {
        match self.scanner.peek() {
            Ok(token) => Ok(&token.kind),
            Err(refusal) => Err(failure(refusal, self.offset, self.limits).into()),
        }
    }

    fn next(&mut self) -> Result<Token<'text>> {
        Ok(self.scanner.next().map_err(|refusal| failure(refusal, self.offset, self.limits))?)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.offset + start, self.offset + end)
    }

    #[cold]
    fn syntax(&self, message: &'static str, at: usize) -> Box<Failure> {
        failure(Refusal::syntax(message, at), self.offset, self.limits).into()
    }

    /// The next token is not what must come.
    #[cold]
    fn expected(&mut self, message: &'static str) -> Box<Failure> {
        match self.scanner.peek() {
            Ok(token) => {
                let at = token.start;
                self.syntax(message, at)
            }
            Err(refusal) => failure(refusal, self.offset, self.limits).into(),
        }
    }

    #[cold]
    fn null_key(&self, at: usize) -> Box<Failure> {
        Failure::new(ProblemKind::InvalidKey("null"), self.span(at, at)).into()
    }
}

/// A tag in full.
type TagName<'text> = Cow<'text, [u8]>;

/// A tag, and where it ends.
type Tagged<'text> = (TagName<'text>, usize);

/// An anchor's name and a tag, which may stand before a value.
type Properties<'text> = (Option<&'text str>, Option<Tagged<'text>>);

/// What cannot be part of a document's value.
const fn is_document_end(kind: &Kind<'_>) -> bool {
    matches!(kind, Kind::End | Kind::DocumentStart | Kind::DocumentEnd | Kind::Version(..) | Kind::TagDirective { .. })
}

#[cold]
fn failure(refusal: Refusal, offset: usize, limits: &Limits) -> Failure {
    let kind = match refusal.fault {
        Fault::Syntax(message) => ProblemKind::Syntax(message.into()),
        Fault::Tab => ProblemKind::TabIndentation,
        Fault::Depth => ProblemKind::TooDeep { limit: limits.depth },
    };
    let at = offset + refusal.at;
    Failure::new(kind, Span::new(at, at))
}
