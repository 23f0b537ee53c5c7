//! Anchored values, and the aliases that stand for them.
//!
//! Each alias is a copy, so that what they cost is counted: in memory, and in levels. It must not know where in a document
//! they stand.

use std::collections::BTreeMap;

use super::Limits;
use super::budget::Budget;
use super::failure::{Failure, Result};
use super::node::{Entry, Node, Value};
use super::problem::ProblemKind;
use super::span::Span;

/// An anchored value, kept for the aliases to come.
struct Anchor {
    node: Node,
    /// What a copy takes, in bytes.
    weight: usize,
    /// How many levels of mappings and lists it has.
    height: usize,
}

/// The anchors of one document.
#[derive(Default)]
pub(super) struct Anchors<'text> {
    /// By name: which of all definitions is the last to begin, and its value once it has ended.
    by_name: BTreeMap<&'text str, (usize, Option<Anchor>)>,
    begun: usize,
}

impl<'text> Anchors<'text> {
    /// From here on the name stands for the value that begins here.
    pub(super) fn begin(&mut self, name: &'text str) -> usize {
        self.begun += 1;
        self.by_name.insert(name, (self.begun, None));
        self.begun
    }

    /// Keeps a copy for the aliases to come, unless another value has the name by now. It is charged too: anchors nest.
    pub(super) fn define(
        &mut self,
        name: &str,
        id: usize,
        node: &Node,
        limits: &Limits,
        budget: &mut Budget,
    ) -> Result<()> {
        let (weight, height) = measure(node);
        budget.charge(weight + size_of::<Anchor>(), limits, node.span)?;
        if let Some((current, anchor)) = self.by_name.get_mut(name)
            && *current == id
        {
            *anchor = Some(Anchor { node: node.clone(), weight, height });
        }
        Ok(())
    }

    /// What the alias at `span`, `depth` levels down, stands for.
    pub(super) fn resolve(
        &self,
        name: &str,
        span: Span,
        depth: usize,
        limits: &Limits,
        budget: &mut Budget,
    ) -> Result<Node> {
        let anchor = match self.by_name.get(name) {
            None => return Err(Failure::new(ProblemKind::UnknownAnchor, span).into()),
            Some((_, None)) => return Err(Failure::new(ProblemKind::RecursiveAlias, span).into()),
            Some((_, Some(anchor))) => anchor,
        };
        if depth + anchor.height > limits.depth {
            return Err(Failure::new(ProblemKind::TooDeep { limit: limits.depth }, span).into());
        }
        budget.charge(anchor.weight, limits, span)?;
        Ok(Node { value: anchor.node.value.clone(), span })
    }
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
