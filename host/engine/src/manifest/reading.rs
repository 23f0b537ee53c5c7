//! From a text to its documents, and what is wrong with them.

use super::budget::Budget;
use super::failure::Failure;
use super::parse::{self, Parsed};
use super::split::{self, Chunk, TooMany};
use super::strict_json::{self, NotJson, Values};
use super::{
    Content, Document, Limits, Node, Problem, ProblemKind, Related, Source, Span, Value, kustomization, object, source,
    template,
};

/// What has been read of a text.
pub(super) struct Reading<'text> {
    text: &'text str,
    source: &'text Source,
    /// Where in its file the text begins.
    offset: usize,
    limits: &'text Limits,
    is_kustomization: bool,
    pub(super) documents: Vec<Document>,
    pub(super) problems: Vec<Problem>,
}

impl<'text> Reading<'text> {
    /// `is_kustomization` says that the file is one by its name.
    pub(super) fn new(source: &'text Source, limits: &'text Limits, is_kustomization: bool) -> Self {
        let (documents, problems) = (Vec::new(), Vec::new());
        Self { text: source.whole(), source, offset: 0, limits, is_kustomization, documents, problems }
    }

    /// The same for a text that begins at that byte of its file: all places are places in the file, but for the lines and
    /// columns of problems, which whoever knows the file has to set.
    pub(super) fn at(self, offset: usize) -> Self {
        Self { offset, ..self }
    }

    pub(super) fn read(&mut self) {
        if let Some(at) = source::beyond_lines(self.text, self.limits.lines) {
            let kind = ProblemKind::TooManyLines { limit: self.limits.lines };
            return self.report(Failure::new(kind, self.span(at, at)));
        }
        if strict_json::may_be(self.text) {
            match self.read_json() {
                Ok(()) => return,
                // `{a: b}` is YAML.
                Err(NotJson) => {
                    self.documents.clear();
                    self.problems.clear();
                }
            }
        }
        self.read_yaml();
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.offset + start, self.offset + end)
    }

    pub(super) fn read_json(&mut self) -> Result<(), NotJson> {
        let mut budget = Budget::new(self.limits);
        let mut values = Values::new(self.text, self.limits, &mut budget).at(self.offset);
        while let Some((parsed, start, end)) = values.next()? {
            if self.documents.len() == self.limits.documents {
                self.too_many_documents(start);
                break;
            }
            let text = self.text.get(start..end).unwrap_or_default();
            let span = self.span(start, end);
            match source::forbidden(text, true) {
                Some((at, kind)) => self.refuse(kind, span, start + at),
                None => self.take(span, parsed),
            }
            if values.is_spent() {
                break;
            }
        }
        Ok(())
    }

    fn read_yaml(&mut self) {
        match split::yaml(self.text, self.limits.documents) {
            Err(TooMany(at)) => self.too_many_documents(at),
            Ok(chunks) => {
                let mut budget = Budget::new(self.limits);
                for chunk in &chunks {
                    self.read_chunk(chunk, &mut budget);
                    if budget.is_spent() {
                        break;
                    }
                }
            }
        }
    }

    fn read_chunk(&mut self, chunk: &Chunk, budget: &mut Budget) {
        let span = self.span(chunk.at, chunk.end);
        let text = self.text.get(chunk.start..chunk.end).unwrap_or_default();
        if let Some((at, kind)) = source::forbidden(text, false) {
            return self.refuse(kind, span, chunk.start + at);
        }
        match chunk.content {
            split::Content::Some => {}
            split::Content::Empty => return self.push(span, Content::Empty),
            split::Content::Misspelt => {
                self.report(Failure::new(ProblemKind::InvalidSeparator, self.span(chunk.at, chunk.at + 3)));
                return self.push(span, Content::Broken);
            }
        }
        let parsed = parse::parse(text, self.offset + chunk.start, self.limits, budget);
        if parsed.node.is_none() && template::explains(text, &parsed.failures) {
            return self.push(span, Content::Template);
        }
        self.take(span, parsed);
    }

    fn take(&mut self, span: Span, parsed: Parsed) {
        parsed.failures.into_iter().for_each(|failure| self.report(failure));
        match parsed.node {
            Some(node) => self.read_document(span, node),
            None => self.push(span, Content::Broken),
        }
    }

    fn read_document(&mut self, span: Span, mut node: Node) {
        if node.value == Value::Null {
            return self.push(span, Content::Empty);
        }
        // Kustomize decodes the first document and no other.
        if self.is_kustomization && self.documents.iter().all(|it| matches!(it.content, Content::Empty)) {
            kustomization::complete(&mut node);
        }
        if template::is_kind(&node) {
            return self.push(span, Content::Template);
        }
        match object::read(node) {
            object::Read::Other(node) => self.push(span, Content::Other(node)),
            object::Read::Objects(objects, failures) => {
                let is_broken = !failures.is_empty();
                if objects.is_empty() && is_broken && failures.iter().all(|it| it.kind == ProblemKind::TemplatedItem) {
                    return self.push(span, Content::Template);
                }
                failures.into_iter().for_each(|failure| self.report(failure));
                let content = match objects {
                    objects if !objects.is_empty() => Content::Objects(objects),
                    _ if is_broken => Content::Broken,
                    _ => Content::Empty,
                };
                self.push(span, content);
            }
        }
    }

    fn push(&mut self, span: Span, content: Content) {
        self.documents.push(Document { span, content });
    }

    fn refuse(&mut self, kind: ProblemKind, document: Span, at: usize) {
        self.report(Failure::new(kind, self.span(at, at)));
        self.push(document, Content::Broken);
    }

    fn too_many_documents(&mut self, at: usize) {
        let kind = ProblemKind::TooManyDocuments { limit: self.limits.documents };
        self.report(Failure::new(kind, self.span(at, at)));
    }

    pub(super) fn report(&mut self, failure: Failure) {
        let Failure { kind, span, related } = failure;
        let position = self.source.position(span.start);
        let related = related.map(|(message, span)| {
            let position = self.source.position(span.start);
            Related { message, span, position }
        });
        self.problems.push(Problem { kind, span, position, related });
    }
}
