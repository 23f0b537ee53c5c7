//! From the parser's events to trees: anchors, merge keys, duplicate keys, and the budgets that hostile text runs into.
//!
//! It must not know how a text is cut into documents, nor what an object of Kubernetes is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StrInput, options};

use super::Limits;
use super::dialect;
use super::members;
use super::node::{Entry, Node, Value};
use super::problem::ProblemKind;
use super::scalar::{self, Scalar, Tag};
use super::source::Span;

/// A problem before its place has a line and a column.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: ProblemKind,
    pub(super) span: Span,
    pub(super) related: Option<(&'static str, Span)>,
}

impl Failure {
    pub(super) const fn new(kind: ProblemKind, span: Span) -> Self {
        Self { kind, span, related: None }
    }
}

/// What is left for a file, of what its [`Limits`] allow.
#[derive(Debug)]
pub(super) struct Budget {
    nodes: usize,
    alias_bytes: usize,
    is_spent: bool,
}

impl Budget {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { nodes: limits.nodes, alias_bytes: limits.alias_bytes, is_spent: false }
    }

    /// Whether something was wanted that is no longer there: then the rest of the file is not worth a look.
    pub(super) const fn is_spent(&self) -> bool {
        self.is_spent
    }
}

/// Parses `text`, which stands at byte `offset` of the file and is one document for all that the splitter knows; should
/// there be more, each is a tree. JSON is YAML but for two escapes.
///
/// # Errors
/// All that is wrong with it; never empty.
pub(super) fn parse(
    text: &str,
    offset: usize,
    is_json: bool,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Vec<Node>, Vec<Failure>> {
    let parser = Parser::new_from_str_with_options(
        text,
        options! {
            emit_comments: false,
            emit_anchor_events: true,
            // The builder counts for itself; the parser's stacks only must not grow beyond.
            flow_nesting_limit: limits.depth + 1,
            block_nesting_limit: limits.depth + 1,
        },
    );
    let mut builder =
        Builder { parser, text, offset, is_json, limits, budget, anchors: BTreeMap::new(), duplicates: Vec::new() };
    let outcome = builder.documents();
    let mut failures = builder.duplicates;
    match outcome {
        Ok(nodes) if failures.is_empty() => Ok(nodes),
        Ok(_) => Err(failures),
        Err(failure) => {
            failures.push(failure);
            Err(failures)
        }
    }
}

/// An anchored value, kept for the aliases to come.
struct Anchor {
    node: Node,
    /// What a copy takes, in bytes.
    weight: usize,
    /// How many levels of mappings and lists it has.
    height: usize,
}

struct Builder<'text, 'budget> {
    parser: Parser<'text, StrInput<'text>>,
    text: &'text str,
    offset: usize,
    is_json: bool,
    limits: &'budget Limits,
    budget: &'budget mut Budget,
    anchors: BTreeMap<usize, Anchor>,
    duplicates: Vec<Failure>,
}

impl<'text> Builder<'text, '_> {
    fn documents(&mut self) -> Result<Vec<Node>, Failure> {
        let mut nodes = Vec::new();
        loop {
            match self.next()?.0 {
                Event::StreamEnd => return Ok(nodes),
                Event::DocumentStart(..) => {
                    self.anchors.clear();
                    let (event, span) = self.next()?;
                    nodes.push(self.node(event, span, 0)?);
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'text>, Span), Failure> {
        loop {
            let (event, span) = match self.parser.next_event() {
                Some(Ok((event, span))) => (event, span.byte_range().unwrap_or_default()),
                Some(Err(error)) => return Err(self.syntax(&error)),
                None => return Err(self.unexpected_end()),
            };
            let span = Span::new(self.offset + span.start, self.offset + span.end);
            match event {
                Event::Anchor(_, name) if !dialect::is_anchor_name(&name) => {
                    let message = "only letters, digits, `-` and `_` can name an anchor";
                    return Err(Failure::new(ProblemKind::Syntax(message.into()), span));
                }
                Event::Anchor(..) => {}
                event => return Ok((event, span)),
            }
        }
    }

    /// The value that begins with this event, `depth` levels down.
    fn node(&mut self, event: Event<'text>, span: Span, depth: usize) -> Result<Node, Failure> {
        self.count(span)?;
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let span = self.scalar_span(&text, style, span)?;
                if tag.is_some() && span.is_empty() && dialect::is_tag_glued(self.text, self.within(span.end)) {
                    let message = "a space is missing between the tag and the comma";
                    return Err(Failure::new(ProblemKind::Syntax(message.into()), span));
                }
                let tag = Tag::of(tag.as_deref(), style == ScalarStyle::Plain);
                let value = scalar::resolve(text, tag).and_then(Scalar::into_value);
                (Node { value: value.map_err(|kind| Failure::new(kind, span))?, span }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.sequence(span, self.deeper(depth, 1, span)?)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.mapping(span, self.deeper(depth, 1, span)?)?, anchor),
            Event::Alias(anchor) => return self.alias(anchor, span, depth),
            _ => return Err(self.unexpected_end()),
        };
        if anchor != 0 {
            self.define(anchor, &node)?;
        }
        Ok(node)
    }

    fn sequence(&mut self, start: Span, depth: usize) -> Result<Node, Failure> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let last = items.last().map_or(start, |item| item.span);
                return Ok(Node { value: Value::Sequence(items), span: enclosing(start, last, span) });
            }
            items.push(self.node(event, span, depth)?);
        }
    }

    fn mapping(&mut self, start: Span, depth: usize) -> Result<Node, Failure> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged: Vec<Range<usize>> = Vec::new();
        loop {
            let (event, key_span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                let last = entries.last().map_or(start, |entry| entry.value.span);
                let entries = members::unique(entries, &merged, &mut self.duplicates);
                return Ok(Node { value: Value::Mapping(entries), span: enclosing(start, last, key_span) });
            }
            let key = self.key(event, key_span)?;
            let (event, span) = self.next()?;
            match key {
                Some(key) => {
                    let value = self.node(event, span, depth)?;
                    if value.span.is_empty() && dialect::is_colon_glued(self.text, self.within(key_span.end)) {
                        let message = "a space is missing between the colon and what follows";
                        return Err(Failure::new(ProblemKind::Syntax(message.into()), key_span));
                    }
                    entries.push(Entry { key, key_span, value });
                }
                None => {
                    let before = entries.len();
                    self.merge(event, span, depth, &mut entries)?;
                    merged.push(before..entries.len());
                }
            }
        }
    }

    /// The key that begins with this event; `None` for the merge key.
    fn key(&mut self, event: Event<'text>, span: Span) -> Result<Option<Box<str>>, Failure> {
        let at = |kind| Failure::new(kind, span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar_span(&text, style, span)?;
                let tag = Tag::of(tag.as_deref(), style == ScalarStyle::Plain);
                if text == "<<" && matches!(tag, Tag::Open | Tag::NonSpecific | Tag::Merge) {
                    return Ok(None);
                }
                let scalar = scalar::resolve(text, tag).map_err(at)?;
                if anchor != 0 {
                    let value = scalar.clone().into_value().map_err(at)?;
                    self.define(anchor, &Node { value, span })?;
                }
                scalar.into_key().map(Some).map_err(at)
            }
            Event::Alias(anchor) => {
                let scalar = match self.alias(anchor, span, 0)?.value {
                    Value::String(text) => Scalar::Text(Cow::Owned(text.into())),
                    Value::Null => Scalar::Null,
                    Value::Bool(value) => Scalar::Bool(value),
                    Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                        (Some(value), _) => Scalar::Int(value),
                        (None, Some(value)) => Scalar::Uint(value),
                        (None, None) => Scalar::Float(number.as_f64().unwrap_or(f64::NAN)),
                    },
                    value @ (Value::Sequence(_) | Value::Mapping(_)) => {
                        return Err(at(ProblemKind::InvalidKey(value.description())));
                    }
                };
                scalar.into_key().map(Some).map_err(at)
            }
            Event::SequenceStart(..) => Err(at(ProblemKind::InvalidKey("a list"))),
            Event::MappingStart(..) => Err(at(ProblemKind::InvalidKey("a mapping"))),
            _ => Err(self.unexpected_end()),
        }
    }

    /// The entries that `<<` brings, as go-yaml does it: of a list, the last mapping first, for the earlier to win.
    fn merge(
        &mut self,
        event: Event<'text>,
        span: Span,
        depth: usize,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Failure> {
        let is_alias = matches!(event, Event::Alias(_));
        match self.node(event, span, depth)?.value {
            Value::Mapping(members) => entries.extend(members),
            Value::Sequence(items) if !is_alias => {
                for item in items.into_iter().rev() {
                    let Value::Mapping(members) = item.value else {
                        return Err(Failure::new(ProblemKind::InvalidMerge, item.span));
                    };
                    entries.extend(members);
                }
            }
            _ => return Err(Failure::new(ProblemKind::InvalidMerge, span)),
        }
        Ok(())
    }

    /// Keeps a copy for the aliases to come. It is charged too: anchors nest.
    fn define(&mut self, id: usize, node: &Node) -> Result<(), Failure> {
        let (weight, height) = measure(node);
        self.charge(weight + size_of::<Anchor>(), node.span)?;
        self.anchors.insert(id, Anchor { node: node.clone(), weight, height });
        Ok(())
    }

    fn alias(&mut self, id: usize, span: Span, depth: usize) -> Result<Node, Failure> {
        let Some(anchor) = self.anchors.get(&id) else {
            return Err(Failure::new(ProblemKind::RecursiveAlias, span));
        };
        let (weight, height) = (anchor.weight, anchor.height);
        self.deeper(depth, height, span)?;
        self.charge(weight, span)?;
        let value = self.anchors.get(&id).map_or(Value::Null, |anchor| anchor.node.value.clone());
        Ok(Node { value, span })
    }

    /// `depth`, and `levels` more.
    const fn deeper(&self, depth: usize, levels: usize, span: Span) -> Result<usize, Failure> {
        let limit = self.limits.depth;
        if depth + levels > limit {
            return Err(Failure::new(ProblemKind::TooDeep { limit }, span));
        }
        Ok(depth + levels)
    }

    fn count(&mut self, span: Span) -> Result<(), Failure> {
        let Some(left) = self.budget.nodes.checked_sub(1) else {
            self.budget.is_spent = true;
            return Err(Failure::new(ProblemKind::TooManyNodes { limit: self.limits.nodes }, span));
        };
        self.budget.nodes = left;
        Ok(())
    }

    fn charge(&mut self, weight: usize, span: Span) -> Result<(), Failure> {
        let Some(left) = self.budget.alias_bytes.checked_sub(weight) else {
            self.budget.is_spent = true;
            return Err(Failure::new(ProblemKind::TooMuchAliasing { limit: self.limits.alias_bytes }, span));
        };
        self.budget.alias_bytes = left;
        Ok(())
    }

    /// The scalar's span, without the line breaks behind a block scalar, if Kubernetes' reader takes the scalar.
    fn scalar_span(&self, text: &str, style: ScalarStyle, span: Span) -> Result<Span, Failure> {
        let limit = self.limits.scalar_bytes;
        if text.len() > limit {
            return Err(Failure::new(ProblemKind::ScalarTooLong { size: text.len(), limit }, span));
        }
        let start = span.start as usize;
        let raw = || self.text.get(self.within(span.start)..self.within(span.end)).unwrap_or_default();
        match style {
            ScalarStyle::Literal | ScalarStyle::Folded => Ok(Span::new(start, start + raw().trim_ascii_end().len())),
            ScalarStyle::DoubleQuoted if !self.is_json => match dialect::json_escape(raw()) {
                None => Ok(span),
                Some(at) => {
                    let message = "only JSON knows this escape".into();
                    let at = start + at;
                    Err(Failure::new(ProblemKind::Syntax(message), Span::new(at, at + 2)))
                }
            },
            _ => Ok(span),
        }
    }

    /// The offset within `text` of an offset in the file.
    const fn within(&self, offset: u32) -> usize {
        (offset as usize).saturating_sub(self.offset)
    }

    #[cold]
    fn syntax(&self, error: &ScanError) -> Failure {
        let at = self.offset + error.marker().byte_offset().unwrap_or(self.text.len());
        let kind = match error.kind() {
            ErrorKind::RecursionLimitExceeded => ProblemKind::TooDeep { limit: self.limits.depth },
            ErrorKind::UnknownAnchor => ProblemKind::UnknownAnchor,
            ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabNotAllowed => {
                ProblemKind::TabIndentation
            }
            kind => ProblemKind::Syntax(kind.to_string()),
        };
        Failure::new(kind, Span::new(at, at))
    }

    /// The parser gives no event where there must be one. Its grammar has no such case.
    #[cold]
    fn unexpected_end(&self) -> Failure {
        let at = self.offset + self.text.len();
        Failure::new(ProblemKind::Syntax("unexpected end".into()), Span::new(at, at))
    }
}

/// From the start of a collection to its closing bracket, or else to its last member.
fn enclosing(start: Span, last: Span, end: Span) -> Span {
    let end = if end.is_empty() { last.end } else { end.end };
    Span { start: start.start, end: end.max(start.start) }
}

/// What a copy of the node takes in bytes, roughly, and how many levels it has.
fn measure(node: &Node) -> (usize, usize) {
    let own = size_of::<Node>();
    let below = |weight: usize, height: usize, member: &Node| {
        let (more, levels) = measure(member);
        (weight + more, height.max(levels + 1))
    };
    match &node.value {
        Value::Null | Value::Bool(_) | Value::Number(_) => (own, 0),
        Value::String(text) => (own + text.len(), 0),
        Value::Sequence(items) => items.iter().fold((own, 1), |(weight, height), item| below(weight, height, item)),
        Value::Mapping(entries) => entries.iter().fold((own, 1), |(weight, height), entry| {
            below(weight + size_of::<Entry>() - own + entry.key.len(), height, &entry.value)
        }),
    }
}
