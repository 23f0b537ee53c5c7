//! The keys of mappings: strings, whatever is written.

use std::borrow::Cow;

use super::super::failure::{Failure, Result};
use super::super::node::{Node, Value};
use super::super::problem::ProblemKind;
use super::super::scalar::{self, Scalar, Tag};
use super::super::scan::{Kind, Style};
use super::super::span::Span;
use super::{Builder, Context, Key, Tagged, failure};

impl<'text> Builder<'text, '_> {
    /// The key that begins with the next token.
    pub(super) fn key(&mut self, context: Context) -> Result<Key> {
        if let Kind::Alias(name) = *self.peek()? {
            let token = self.next()?;
            let span = self.span(token.start, token.end);
            let node = self.anchors.resolve(name, span, 0, self.limits, self.budget)?;
            return Ok(Key { text: Some(key_of(node.value, span)?), span, end: token.end });
        }
        let (anchor, tag) = self.properties()?;
        let token = self.scanner.peek().map_err(|refusal| failure(refusal, self.offset, self.limits))?;
        let at = token.start;
        let collection = match token.kind {
            Kind::Scalar { .. } => None,
            Kind::FlowSequenceStart | Kind::BlockSequenceStart => Some("a list"),
            Kind::BlockEntry if context == Context::BlockMember => Some("a list"),
            Kind::FlowMappingStart | Kind::BlockMappingStart => Some("a mapping"),
            _ => match &tag {
                Some((_, end)) => {
                    let end = *end;
                    return self.scalar_key(Cow::Borrowed(""), true, self.span(end, end), end, anchor, tag);
                }
                None if anchor.is_some() => return Err(self.null_key(at)),
                None => return Err(self.expected("did not find expected node content")),
            },
        };
        if let Some(found) = collection {
            return Err(Failure::new(ProblemKind::InvalidKey(found), self.span(at, at)).into());
        }
        let end = token.end;
        let (text, style, span) = self.scalar()?;
        self.scalar_key(text, style == Style::Plain, span, end, anchor, tag)
    }

    fn scalar_key(
        &mut self,
        text: Cow<'text, str>,
        is_plain: bool,
        span: Span,
        end: usize,
        anchor: Option<&'text str>,
        tag: Option<Tagged<'text>>,
    ) -> Result<Key> {
        let at = |kind| Failure::new(kind, span);
        let tag = Tag::of(tag.as_ref().map(|(tag, _)| &**tag), is_plain);
        let is_merge = text == "<<" && matches!(tag, Tag::Open | Tag::NonSpecific | Tag::Merge);
        let scalar = scalar::resolve(text, tag).map_err(at)?;
        if let Some(name) = anchor {
            let value = scalar.clone().into_value().map_err(at)?;
            let id = self.anchors.begin(name);
            self.define(Some((name, id)), &Node { value, span })?;
        }
        let text = if is_merge { None } else { Some(scalar.into_key().map_err(at)?) };
        Ok(Key { text, span, end })
    }
}

/// What an alias's value is as a key.
fn key_of(value: Value, span: Span) -> Result<Box<str>> {
    let scalar = match value {
        Value::String(text) => return Ok(text),
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(value),
        // From here on an integer that was a float would be another key.
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value @ -999_999..=999_999), _) => Scalar::Int(value),
            (None, Some(value)) if !number.is_u64() => Scalar::Float(value),
            _ => return Err(Failure::new(ProblemKind::InvalidKey("the alias of a large number"), span).into()),
        },
        value @ (Value::Sequence(_) | Value::Mapping(_)) => {
            return Err(Failure::new(ProblemKind::InvalidKey(value.description()), span).into());
        }
    };
    scalar.into_key().map_err(|kind| Failure::new(kind, span).into())
}
