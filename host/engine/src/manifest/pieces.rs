//! Reads a long file piece by piece, in memory that grows with what is kept of its objects and not with its text.
//!
//! A piece is some documents, or some items of one list: a dump of a cluster is a single document. Each is read as a file
//! of its own would be, at its place in the file; then its objects are packed, and its text too, for whoever wants to see a
//! line of it. What cannot be read ends the file there: behind a quote that is not closed anything may be text.

use std::io::{self, Read};

use super::budget::Budget;
use super::cut::{Cut, Head, Items, Window};
use super::failure::Failure;
use super::node::{Entry, Node, Value};
use super::packed_text::{BLOCK, PackedText};
use super::parse;
use super::reading::Reading;
use super::source::{self, STRIDE, advance};
use super::strict_json::{self, Values};
use super::{
    Bounds, Content, Document, Keep, Limits, Object, Position, Problem, ProblemKind, Source, Span, object, template,
};

/// A piece has a sixteenth of what may be read at once, 512 KiB, where it can be cut there.
const PIECES_AT_ONCE: usize = 16;

/// How many problems of one list are told.
const PROBLEMS_TOLD: usize = 32;

/// Why the file is not read on.
enum Stop {
    Io(io::Error),
    /// A problem says it.
    Told,
}

impl From<io::Error> for Stop {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

type Result<T> = std::result::Result<T, Stop>;

/// What was read of a file.
pub(super) struct File {
    pub(super) source: Source,
    pub(super) documents: Vec<Document>,
    pub(super) problems: Vec<Problem>,
}

/// Reads a file in UTF-8.
pub(super) fn read(from: impl Read, bounds: &Bounds, keep: &Keep<'_>) -> io::Result<File> {
    let mut pieces = Pieces {
        from,
        bounds,
        keep,
        buffer: Vec::new(),
        start: 0,
        offset: 0,
        is_end: false,
        is_json: false,
        text: TextPacker::default(),
        documents: Vec::new(),
        count: 0,
        problems: Vec::new(),
    };
    match pieces.read() {
        Err(Stop::Io(cause)) => Err(cause),
        Ok(()) | Err(Stop::Told) => Ok(pieces.finish()),
    }
}

struct Pieces<'a, R> {
    from: R,
    bounds: &'a Bounds,
    keep: &'a Keep<'a>,
    /// What has come of the file; what is before `start` has been read.
    buffer: Vec<u8>,
    start: usize,
    /// Where in the text the rest begins.
    offset: usize,
    is_end: bool,
    is_json: bool,
    text: TextPacker,
    documents: Vec<Document>,
    /// How many documents there were.
    count: usize,
    problems: Vec<Problem>,
}

impl<R: Read> Pieces<'_, R> {
    fn read(&mut self) -> Result<()> {
        self.fill()?;
        if self.rest().starts_with(b"\xEF\xBB\xBF") {
            self.start += 3;
        }
        self.is_json = self.rest().trim_ascii_start().starts_with(b"{");
        while !self.rest().is_empty() {
            let window = self.window();
            let cut = if self.is_json { window.json_documents() } else { window.yaml_documents() };
            match cut {
                Cut::Documents(length) => self.read_documents(length)?,
                Cut::List(head) => self.read_list(head)?,
                Cut::TooLong => return Err(self.too_long()),
            }
            self.fill()?;
        }
        Ok(())
    }

    /// Has as much at hand as a document may have.
    fn fill(&mut self) -> io::Result<()> {
        let most = self.bounds.piece.bytes;
        if self.is_end || self.rest().len() >= most {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        // Twice as much, so that what is left is moved once.
        let wanted = (2 * most).saturating_sub(self.buffer.len());
        self.buffer.reserve(wanted);
        let read = (&mut self.from).take(wanted as u64).read_to_end(&mut self.buffer)?;
        self.is_end = read < wanted;
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn window(&self) -> Window<'_> {
        let (rest, most) = (self.rest(), self.bounds.piece.bytes);
        let bytes = rest.get(..most).unwrap_or(rest);
        Window { bytes, is_end: self.is_end && bytes.len() == rest.len(), piece: most / PIECES_AT_ONCE }
    }

    /// Takes so many bytes of the text.
    fn take(&mut self, length: usize) -> Result<String> {
        let end = self.offset + length;
        if end as u64 > self.bounds.bytes.min(1 << 31) {
            let limit = usize::try_from(self.bounds.bytes).unwrap_or(usize::MAX);
            return Err(self.stop(ProblemKind::FileTooLarge { limit }, self.offset));
        }
        let bytes = self.rest().get(..length).unwrap_or_default().to_vec();
        let text = String::from_utf8(bytes).map_err(|cause| {
            let valid = cause.utf8_error().valid_up_to();
            self.text.push(cause.as_bytes().get(..valid).unwrap_or_default());
            self.stop(ProblemKind::Encoding { encoding: "UTF-8" }, self.offset + valid)
        })?;
        self.text.push(text.as_bytes());
        (self.start, self.offset) = (self.start + length, end);
        Ok(text)
    }

    fn stop(&mut self, kind: ProblemKind, at: usize) -> Stop {
        self.report(Failure::new(kind, Span::new(at, at)));
        Stop::Told
    }

    fn too_long(&mut self) -> Stop {
        self.stop(ProblemKind::ObjectTooLarge { limit: self.bounds.piece.bytes }, self.offset)
    }

    /// Notes a problem; the file is to say its line when its text is there.
    fn report(&mut self, Failure { kind, span, related }: Failure) {
        let position = Position { line: 1, column: 1 };
        let related = related.map(|(message, span)| super::Related { message, span, position });
        self.problems.push(Problem { kind, span, position, related });
    }

    fn read_documents(&mut self, length: usize) -> Result<()> {
        let offset = self.offset;
        let source = Source::new(self.take(length)?);
        // How many there may be is counted over all pieces.
        let limits = Limits { documents: usize::MAX, ..self.bounds.piece.clone() };
        let mut reading = Reading::new(&source, &limits, false).at(offset);
        if self.is_json {
            if reading.read_json().is_err() {
                // `{a: b}` is YAML.
                if !self.documents.is_empty() {
                    return Err(self.stop(ProblemKind::Syntax("this is no JSON, as the text before is".into()), offset));
                }
                self.is_json = false;
                (reading.documents, reading.problems) = (Vec::new(), Vec::new());
                reading.read();
            }
        } else {
            reading.read();
        }
        let Reading { documents, problems, .. } = reading;
        let is_stopped = problems.iter().any(|problem| problem.kind.is_of_size());
        self.problems.extend(problems);
        for document in documents {
            // Comments behind a document are no document of their own.
            let is_marked =
                source.text().get(document.span.start as usize - offset..).is_some_and(|it| it.starts_with("---"));
            if !matches!(document.content, Content::Empty) || is_marked || self.documents.is_empty() {
                self.push(document)?;
            }
        }
        if is_stopped { Err(Stop::Told) } else { Ok(()) }
    }

    fn push(&mut self, mut document: Document) -> Result<()> {
        let limit = self.bounds.documents;
        if self.count == limit {
            return Err(self.stop(ProblemKind::TooManyDocuments { limit }, document.span.start as usize));
        }
        self.count += 1;
        if let (Content::Empty, Some(Document { span, content: Content::Empty })) =
            (&document.content, self.documents.last_mut())
        {
            // A million of nothing is nothing.
            span.end = document.span.end;
            return Ok(());
        }
        document.pack(self.keep);
        self.documents.push(document);
        Ok(())
    }

    /// Reads a list, of which the head is next. What it is may stand behind its items.
    fn read_list(&mut self, head: Head) -> Result<()> {
        let start = self.offset;
        let before = self.take(head.length)?;
        let indent = " ".repeat(head.indent);
        let close = if self.is_json { "]}".to_owned() } else { format!("{indent}- {{}}\n") };
        let known = self.parse(&format!("{before}{close}"), 0, 0).node;
        let mut objects = Vec::new();
        let (mut first, mut is_versionless) = (0, false);
        loop {
            self.fill()?;
            let window = self.window();
            let items = if self.is_json { window.json_items() } else { window.yaml_items(head.indent) };
            let Some(Items { length, gap, is_last }) = items else { return Err(self.too_long()) };
            let offset = self.offset;
            let text = self.take(length)?;
            self.take(gap)?;
            let items = self.items(text, offset)?;
            let count = items.len();
            match object::read_from(list(known.as_ref(), items), first) {
                object::Read::Objects(found, failures) => {
                    for mut object in found {
                        self.keep.pack(&mut object);
                        objects.push(object);
                    }
                    let room = PROBLEMS_TOLD.saturating_sub(self.problems.len());
                    failures.into_iter().take(room).for_each(|failure| self.report(failure));
                }
                object::Read::Other(_) => is_versionless = true,
            }
            first += count;
            if is_last {
                break;
            }
        }
        self.fill()?;
        let window = self.window();
        let rest = if self.is_json { window.json_rest() } else { window.yaml_rest() };
        let Some(rest) = rest else { return Err(self.too_long()) };
        let after = self.take(rest)?;
        objects.shrink_to_fit();
        let told = self.problems.len();
        let content = self.content(&before, &format!("{indent}- "), &after, (start, objects));
        if is_versionless && matches!(content, Content::Broken) && self.problems.len() == told {
            self.report(Failure::new(ProblemKind::VersionBehindItems, Span::new(start, start)));
        }
        self.push(Document { span: Span::new(start, self.offset), content })
    }

    /// The items in a part of a list that stands at that place.
    fn items(&mut self, text: String, offset: usize) -> Result<Vec<Node>> {
        if let Some((at, kind)) = source::forbidden(&text, self.is_json) {
            return Err(self.stop(kind, offset + at));
        }
        // They are as deep in their document as in a list that stands alone, and a level more.
        let parsed = if self.is_json {
            self.parse(&format!("[{text}]"), offset.saturating_sub(1), 1)
        } else {
            self.parse(&text, offset, 1)
        };
        let parse::Parsed { node, failures } = parsed;
        match node {
            Some(Node { value: Value::Sequence(items), .. }) if failures.is_empty() => Ok(items),
            _ if failures.is_empty() => Err(self.stop(ProblemKind::Syntax("the list breaks off".into()), offset)),
            _ => {
                failures.into_iter().for_each(|failure| self.report(failure));
                Err(Stop::Told)
            }
        }
    }

    /// Parses one value, so many levels deep.
    fn parse(&self, text: &str, offset: usize, depth: usize) -> parse::Parsed {
        let mut limits = self.bounds.piece.clone();
        limits.depth = limits.depth.saturating_sub(depth);
        let mut budget = Budget::new(&limits);
        if !self.is_json {
            return parse::parse(text, offset, &limits, &mut budget);
        }
        match Values::new(text, &limits, &mut budget).at(offset).next() {
            Ok(Some((parsed, ..))) => parsed,
            Ok(None) | Err(strict_json::NotJson) => {
                let span = Span::new(offset, offset);
                let failure = Failure::new(ProblemKind::Syntax("this is no JSON".into()), span);
                parse::Parsed { node: None, failures: vec![failure] }
            }
        }
    }

    /// What a list comes to, whose head and rest are these: they are read with one item between them, of which nothing can
    /// be wrong.
    fn content(&mut self, before: &str, dash: &str, after: &str, (start, objects): (usize, Vec<Object>)) -> Content {
        const ITEM: &str = r#"{"apiVersion": "v1", "kind": "ConfigMap"}"#;
        let text =
            if self.is_json { format!("{before}{ITEM}{after}") } else { format!("{before}{dash}{ITEM}\n{after}") };
        let parse::Parsed { node, mut failures } = self.parse(&text, 0, 0);
        if node.is_none() && template::explains(&text, &failures) {
            return Content::Template;
        }
        let read = node.filter(|_| failures.is_empty()).map(object::read);
        match read {
            Some(object::Read::Other(_)) => {
                let span = Span::new(start, start);
                return Content::Other(Node { value: Value::Mapping(Vec::new()), span });
            }
            Some(object::Read::Objects(found, of_list)) => {
                failures.extend(of_list);
                if failures.is_empty() && found.len() == 1 {
                    return if objects.is_empty() { Content::Broken } else { Content::Objects(objects) };
                }
            }
            None => {}
        }
        if failures.is_empty() {
            failures.push(Failure::new(ProblemKind::Syntax("the list breaks off".into()), Span::default()));
        }
        for Failure { kind, .. } in failures {
            self.report(Failure::new(kind, Span::new(start, start)));
        }
        Content::Broken
    }

    fn finish(self) -> File {
        let Self { text, mut documents, mut problems, .. } = self;
        let source = text.finish();
        for Problem { span, position, related, .. } in &mut problems {
            *position = source.position(span.start);
            if let Some(related) = related {
                related.position = source.position(related.span.start);
            }
        }
        if documents.is_empty() && problems.is_empty() {
            documents.push(Document { span: Span::default(), content: Content::Empty });
        }
        documents.shrink_to_fit();
        File { source, documents, problems }
    }
}

/// A list with these items, of the kind that is known of it.
fn list(known: Option<&Node>, items: Vec<Node>) -> Node {
    let span = items.first().map_or_else(Span::default, |item| item.span);
    let entry = |key: &str, value| Entry { key: key.into(), key_span: span, value: Node { value, span } };
    let own =
        |key: &str| known.and_then(|known| known.entry(key)).filter(|entry| entry.value.as_str().is_some()).cloned();
    let (api_version, kind) = (own("apiVersion"), own("kind"));
    let (api_version, kind) = match kind {
        Some(kind) => (api_version, kind),
        // Which one it is stands behind, and its items say themselves what they are.
        None => (Some(entry("apiVersion", Value::String("v1".into()))), entry("kind", Value::String("List".into()))),
    };
    let entries = api_version.into_iter().chain([kind, entry("items", Value::Sequence(items))]);
    Node { value: Value::Mapping(entries.collect()), span }
}

/// Packs a text as it comes, and notes where its lines are.
struct TextPacker {
    packed: PackedText,
    index: Vec<Position>,
    pending: Vec<u8>,
    at: Position,
}

impl Default for TextPacker {
    fn default() -> Self {
        let at = Position { line: 1, column: 1 };
        Self { packed: PackedText::default(), index: Vec::new(), pending: Vec::new(), at }
    }
}

impl TextPacker {
    fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        let mut start = 0;
        // What follows a block tells whether its last line has ended.
        while self.pending.len() - start > BLOCK {
            for stride in (start..start + BLOCK).step_by(STRIDE) {
                self.index.push(self.at);
                self.at = advance(self.at, &self.pending, stride, stride + STRIDE);
            }
            self.packed.push(self.pending.get(start..start + BLOCK).unwrap_or_default());
            start += BLOCK;
        }
        self.pending.drain(..start);
    }

    fn finish(mut self) -> Source {
        for stride in (0..=self.pending.len()).step_by(STRIDE) {
            self.index.push(self.at);
            self.at = advance(self.at, &self.pending, stride, (stride + STRIDE).min(self.pending.len()));
        }
        self.packed.push(&self.pending);
        Source::of_packed(self.packed, self.index)
    }
}

#[cfg(test)]
mod tests;
