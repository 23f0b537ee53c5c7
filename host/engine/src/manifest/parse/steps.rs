//! What comes next in a collection that is open: a member, or its end.

use super::super::failure::Result;
use super::super::scan::Kind;
use super::{Builder, Collection, Context, Key, Step, is_document_end};

impl<'text> Builder<'text, '_> {
    pub(super) fn block_sequence(&mut self) -> Result<Step> {
        match self.peek()? {
            Kind::BlockEntry => {
                let end = self.next()?.end;
                Ok(match self.peek()? {
                    Kind::BlockEntry | Kind::BlockEnd => Step::Empty(end),
                    _ => Step::Value(Context::Block),
                })
            }
            Kind::BlockEnd => {
                self.next()?;
                Ok(Step::End(None))
            }
            _ => Err(self.expected("did not find expected '-' indicator")),
        }
    }

    pub(super) fn indentless_sequence(&mut self) -> Result<Step> {
        if !matches!(self.peek()?, Kind::BlockEntry) {
            return Ok(Step::End(None));
        }
        let end = self.next()?.end;
        Ok(match self.peek()? {
            Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => Step::Empty(end),
            _ => Step::Value(Context::Block),
        })
    }

    pub(super) fn block_mapping(&mut self, collection: &mut Collection<'text>) -> Result<Step> {
        match self.peek()? {
            Kind::Key => {}
            Kind::BlockEnd => {
                self.next()?;
                return Ok(Step::End(None));
            }
            _ => return Err(self.expected("did not find expected key")),
        }
        let end = self.next()?.end;
        if matches!(self.peek()?, Kind::Key | Kind::Value | Kind::BlockEnd) {
            return Err(self.null_key(end));
        }
        let key = self.key(Context::BlockMember)?;
        let is_end = |kind: &Kind<'_>| matches!(kind, Kind::Key | Kind::Value | Kind::BlockEnd);
        self.member(collection, key, Context::BlockMember, is_end)
    }

    pub(super) fn flow_sequence(&mut self, collection: &mut Collection<'text>) -> Result<Step> {
        let is_end = |kind: &Kind<'_>| matches!(kind, Kind::FlowSequenceEnd);
        if let Some(step) =
            self.flow_end(collection, is_end, "did not find expected ',' or ']'", "unclosed bracket '['")?
        {
            return Ok(step);
        }
        Ok(match self.peek()? {
            Kind::Key => Step::Pair,
            _ => Step::Value(Context::Flow),
        })
    }

    pub(super) fn pair(&mut self, collection: &mut Collection<'text>) -> Result<Step> {
        if !collection.is_first {
            return Ok(Step::End(None));
        }
        collection.is_first = false;
        if matches!(self.peek()?, Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd) {
            return Err(self.null_key(collection.start));
        }
        let key = self.key(Context::Flow)?;
        let is_end = |kind: &Kind<'_>| matches!(kind, Kind::FlowEntry | Kind::FlowSequenceEnd);
        self.member(collection, key, Context::Flow, is_end)
    }

    pub(super) fn flow_mapping(&mut self, collection: &mut Collection<'text>) -> Result<Step> {
        let is_end = |kind: &Kind<'_>| matches!(kind, Kind::FlowMappingEnd);
        if let Some(step) =
            self.flow_end(collection, is_end, "did not find expected ',' or '}'", "unclosed bracket '{'")?
        {
            return Ok(step);
        }
        if !matches!(self.peek()?, Kind::Key) {
            // A key alone: what follows is no value of it.
            let key = self.key(Context::Flow)?;
            return Ok(Self::valueless(collection, key));
        }
        let end = self.next()?.end;
        if matches!(self.peek()?, Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd) {
            return Err(self.null_key(end));
        }
        let key = self.key(Context::Flow)?;
        let is_end = |kind: &Kind<'_>| matches!(kind, Kind::FlowEntry | Kind::FlowMappingEnd);
        self.member(collection, key, Context::Flow, is_end)
    }

    /// Takes the comma between two members, or the closing bracket.
    fn flow_end(
        &mut self,
        collection: &mut Collection<'text>,
        is_end: fn(&Kind<'_>) -> bool,
        missing: &'static str,
        unclosed: &'static str,
    ) -> Result<Option<Step>> {
        if !is_end(self.peek()?) {
            if !collection.is_first {
                match self.peek()? {
                    Kind::FlowEntry => drop(self.next()?),
                    kind if is_document_end(kind) => return Err(self.syntax(unclosed, collection.start)),
                    _ => return Err(self.expected(missing)),
                }
            }
            collection.is_first = false;
            if is_document_end(self.peek()?) {
                return Err(self.syntax(unclosed, collection.start));
            }
        }
        if is_end(self.peek()?) { Ok(Some(Step::End(Some(self.next()?.end)))) } else { Ok(None) }
    }

    /// The value of a key that was read.
    fn member(
        &mut self,
        collection: &mut Collection<'text>,
        key: Key,
        context: Context,
        is_end: fn(&Kind<'_>) -> bool,
    ) -> Result<Step> {
        if !matches!(self.peek()?, Kind::Value) {
            return Ok(Self::valueless(collection, key));
        }
        self.next()?;
        let kind = self.peek()?;
        if is_end(kind) {
            return Ok(Self::valueless(collection, key));
        }
        collection.is_alias = matches!(kind, Kind::Alias(_));
        collection.key = Some(key);
        Ok(Step::Value(context))
    }

    fn valueless(collection: &mut Collection<'text>, key: Key) -> Step {
        let end = key.end;
        collection.key = Some(key);
        collection.is_alias = false;
        Step::Empty(end)
    }
}
