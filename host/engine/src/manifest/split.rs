//! Cuts a text into documents, so that one that cannot be read does not take the others with it.
//!
//! YAML makes this safe without parsing: `---` and `...` at the start of a line end whatever comes before, a block
//! scalar too, and are an error inside of quotes. It must not know more of YAML than that, its comments and directives.

/// One document of a text. Ranges are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Where to begin parsing: with the document's directives.
    pub(super) start: usize,
    /// Behind its last line.
    pub(super) end: usize,
    /// Where a reader sees it begin: at its `---`, or its first line that is neither blank nor a comment.
    pub(super) at: usize,
    /// What a look at its lines tells.
    pub(super) content: Content,
}

/// What is in a document, as far as its lines tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing but comments.
    Empty,
    /// Something to parse.
    Some,
    /// It begins with `---` and a letter: a misspelt separator, which Kubernetes refuses.
    Misspelt,
}

/// More documents than allowed: the offset of the first of those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany(pub(super) usize);

/// The documents of a YAML text, which together are all of it. A text of comments is one that is empty.
pub(super) fn yaml(text: &str, limit: usize) -> Result<Vec<Chunk>, TooMany> {
    let mut splitter = Splitter::new(limit);
    for (start, line) in Lines::new(text.as_bytes()) {
        let end = start + line.len();
        if let Some(rest) = after_marker(line, b"---") {
            if splitter.at.is_some() {
                splitter.push(start)?;
            }
            splitter.at = Some(start);
            splitter.content = if is_blank(rest) { Content::Empty } else { Content::Some };
        } else if line.starts_with(b"---") {
            if splitter.at.is_some() || splitter.has_directives {
                splitter.push(start)?;
            }
            splitter.at = Some(start);
            splitter.content = Content::Misspelt;
        } else if after_marker(line, b"...").is_some_and(is_blank) {
            // It belongs to the document that it ends, if there is one.
            if splitter.at.is_some() || splitter.has_directives {
                splitter.push(end)?;
            }
            splitter.start = end;
        } else if line.starts_with(b"%") && splitter.at.is_none() {
            splitter.has_directives = true;
        } else if !is_blank(line) {
            splitter.at.get_or_insert(start);
            if splitter.content == Content::Empty {
                splitter.content = Content::Some;
            }
        }
    }
    if splitter.at.is_some() || splitter.has_directives {
        splitter.push(text.len())?;
    } else if let Some(last) = splitter.chunks.last_mut() {
        last.end = text.len();
    } else {
        splitter.chunks.push(Chunk { start: 0, end: text.len(), at: 0, content: Content::Empty });
    }
    Ok(splitter.chunks)
}

struct Splitter {
    chunks: Vec<Chunk>,
    limit: usize,
    start: usize,
    at: Option<usize>,
    content: Content,
    has_directives: bool,
}

impl Splitter {
    const fn new(limit: usize) -> Self {
        Self { chunks: Vec::new(), limit, start: 0, at: None, content: Content::Empty, has_directives: false }
    }

    /// Ends the document, and begins the next.
    fn push(&mut self, end: usize) -> Result<(), TooMany> {
        // Directives without a document are for the parser to refuse.
        let content = if self.at.is_some() { self.content } else { Content::Some };
        let at = self.at.take().unwrap_or(self.start);
        if self.chunks.len() == self.limit {
            return Err(TooMany(at));
        }
        self.chunks.push(Chunk { start: self.start, end, at, content });
        (self.start, self.content, self.has_directives) = (end, Content::Empty, false);
        Ok(())
    }
}

/// What follows the marker, where a line begins with it.
pub(super) fn after_marker<'line>(line: &'line [u8], marker: &[u8]) -> Option<&'line [u8]> {
    let rest = line.strip_prefix(marker)?;
    matches!(rest.first(), None | Some(b' ' | b'\t' | b'\n' | b'\r')).then_some(rest)
}

pub(super) fn is_blank(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start().first(), None | Some(b'#'))
}

/// The lines of a text with their breaks (LF, CR LF or CR), each with its offset.
pub(super) struct Lines<'text> {
    bytes: &'text [u8],
    start: usize,
}

impl<'text> Lines<'text> {
    pub(super) const fn new(bytes: &'text [u8]) -> Self {
        Self { bytes, start: 0 }
    }
}

impl<'text> Iterator for Lines<'text> {
    type Item = (usize, &'text [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.start..).filter(|rest| !rest.is_empty())?;
        let length = match memchr::memchr2(b'\n', b'\r', rest) {
            Some(at) if rest.get(at..at + 2) == Some(b"\r\n") => at + 2,
            Some(at) => at + 1,
            None => rest.len(),
        };
        let start = self.start;
        self.start += length;
        Some((start, rest.get(..length)?))
    }
}
