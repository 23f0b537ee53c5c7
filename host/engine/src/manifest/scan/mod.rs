//! From text to tokens, by the grammar that Kubernetes reads with: libyaml's, as go-yaml v2 has it.
//!
//! Step by step this does what go-yaml's `scannerc.go` does, oddities included, because a token more or less is a field
//! that a rule does not see: `{a: b, ?c: d}` has the key `c`, `&a:b` is `:b` with the anchor `a`. YAML 1.2 and crates that
//! follow it read both otherwise. The differential test in `tests/oracle` holds the two to the same answer.
//!
//! It never panics, and its memory is bounded: a token is at most 1,024 characters ahead of the parser, and flow brackets
//! nest as deep as the caller allows. It must not know what tokens mean to one another; that is the parser's business.

mod property;
mod text;
mod token;

use std::collections::VecDeque;

pub(super) use token::{Fault, Kind, Refusal, Style, Token};

/// How far behind its start a key's `:` may stand, in characters.
const KEY_LENGTH: usize = 1024;

/// Where a key without `?` may have begun: known only when its `:` comes.
#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    is_possible: bool,
    /// Whether nothing but a key can stand there.
    is_required: bool,
    /// The number of its first token.
    token: usize,
    at: usize,
    line: usize,
    column: usize,
}

pub(super) struct Scanner<'text> {
    text: &'text str,
    bytes: &'text [u8],
    at: usize,
    /// Where the line begins; it stands for the line's number too.
    line: usize,
    /// How many bytes of the line before `at` go on with a character: columns count characters.
    wide: usize,
    /// How many flow brackets are open, and may be.
    flow: usize,
    flow_limit: usize,
    /// The column of the block collection that is open, or -1; and those around it.
    indent: isize,
    indents: Vec<isize>,
    is_key_allowed: bool,
    /// One for each open flow bracket, and one for the block around.
    keys: Vec<SimpleKey>,
    /// go-yaml's `simple_keys_by_tok`: by the number of a token, which of `keys` it may begin. It keeps what is outdated and
    /// loses what `[]` and `{}` begin, and the grammar that comes of it is the one to keep to. What the parser has passed
    /// is dropped.
    by_token: Vec<(usize, usize)>,
    tokens: VecDeque<Token<'text>>,
    /// How many tokens the parser has taken.
    taken: usize,
    is_available: bool,
    is_at_end: bool,
}

impl<'text> Scanner<'text> {
    /// Scans `text`, in which no control characters may be, nor byte order marks, and no line breaks but LF, CR LF and CR.
    pub(super) fn new(text: &'text str, flow_limit: usize) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            line: 0,
            wide: 0,
            flow: 0,
            flow_limit,
            indent: -1,
            indents: Vec::new(),
            is_key_allowed: true,
            keys: vec![SimpleKey::default()],
            by_token: Vec::new(),
            tokens: VecDeque::with_capacity(16),
            taken: 0,
            is_available: false,
            is_at_end: false,
        }
    }

    /// The next token, which stays the next one.
    pub(super) fn peek(&mut self) -> Result<&Token<'text>, Refusal> {
        if !self.is_available {
            self.fetch_more()?;
            self.is_available = true;
        }
        // Only a parser that goes on behind the end comes here without one.
        self.tokens.front().ok_or(Refusal::syntax("unexpected end", self.at))
    }

    /// Takes the next token.
    pub(super) fn next(&mut self) -> Result<Token<'text>, Refusal> {
        self.peek()?;
        self.is_available = false;
        self.taken += 1;
        self.tokens.pop_front().ok_or(Refusal::syntax("unexpected end", self.at))
    }

    /// Scans until the first token is known not to begin a key.
    fn fetch_more(&mut self) -> Result<(), Refusal> {
        while !self.is_at_end {
            if !self.tokens.is_empty() {
                let Some(&(_, index)) = self.by_token.iter().find(|(token, _)| *token == self.taken) else { break };
                // go-yaml panics where the key is gone.
                let key = self.keys.get(index).copied().ok_or(Refusal::syntax("unexpected end of a key", self.at))?;
                if !self.is_valid(key, index)? {
                    break;
                }
            }
            self.fetch()?;
        }
        Ok(())
    }

    fn fetch(&mut self) -> Result<(), Refusal> {
        self.skip_to_token();
        let column = self.column();
        self.unroll(isize::try_from(column).unwrap_or(isize::MAX));
        let Some(&byte) = self.bytes.get(self.at) else { return self.end() };
        if column == 0 {
            match byte {
                b'%' => return self.directive(),
                b'-' if self.is_marker(b"---") => return self.document_marker(Kind::DocumentStart),
                b'.' if self.is_marker(b"...") => return self.document_marker(Kind::DocumentEnd),
                _ => {}
            }
        }
        let is_flow = self.flow > 0;
        match byte {
            b'[' => self.open(Kind::FlowSequenceStart),
            b'{' => self.open(Kind::FlowMappingStart),
            b']' => self.close(Kind::FlowSequenceEnd),
            b'}' => self.close(Kind::FlowMappingEnd),
            b',' => self.flow_entry(),
            b'-' if self.is_blank_or_end(self.at + 1) => self.block_entry(),
            b'?' if is_flow || self.is_blank_or_end(self.at + 1) => self.key(),
            b':' if is_flow || self.is_blank_or_end(self.at + 1) => self.value(),
            b'*' => self.anchor(Kind::Alias),
            b'&' => self.anchor(Kind::Anchor),
            b'!' => self.tag(),
            b'|' | b'>' if !is_flow => self.block_scalar(byte == b'|'),
            b'\'' => self.single_quoted(),
            b'"' => self.double_quoted(),
            // What a block scalar's header, a comment behind a tab and the reserved indicators are here.
            b'|' | b'>' | b'%' | b'@' | b'`' | b'#' => {
                Err(Refusal::syntax("found character that cannot start any token", self.at))
            }
            b'\t' => {
                let tabs = self.bytes.get(self.at..).unwrap_or_default();
                let tabs = tabs.iter().take_while(|byte| **byte == b'\t').count();
                Err(Refusal { fault: Fault::Tab, at: self.at + tabs })
            }
            _ => self.plain(),
        }
    }

    fn push(&mut self, kind: Kind<'text>, start: usize) {
        self.tokens.push_back(Token { kind, start, end: self.at });
    }

    /// A token of `length` bytes.
    fn push_indicator(&mut self, kind: Kind<'text>, length: usize) {
        let start = self.at;
        self.at += length;
        self.push(kind, start);
    }

    /// Puts a token without a length in before the one of that number; behind all where the parser has taken that one.
    fn insert(&mut self, number: usize, kind: Kind<'text>, at: usize) {
        let token = Token { kind, start: at, end: at };
        match number.checked_sub(self.taken) {
            Some(position) if position <= self.tokens.len() => self.tokens.insert(position, token),
            _ => self.tokens.push_back(token),
        }
    }

    fn number(&self) -> usize {
        self.taken + self.tokens.len()
    }

    const fn column(&self) -> usize {
        self.at - self.line - self.wide
    }

    /// How the column compares with the indentation.
    fn indentation(&self) -> isize {
        isize::try_from(self.column()).unwrap_or(isize::MAX)
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Whether a space, a tab, a line break or the end of the text is there.
    fn is_blank_or_end(&self, at: usize) -> bool {
        matches!(self.bytes.get(at), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
    }

    fn is_marker(&self, marker: &[u8; 3]) -> bool {
        self.bytes.get(self.at..self.at + 3) == Some(marker) && self.is_blank_or_end(self.at + 3)
    }

    fn is_document_marker(&self) -> bool {
        self.column() == 0 && (self.is_marker(b"---") || self.is_marker(b"..."))
    }

    /// Takes a line break, if there is one.
    fn skip_break(&mut self) -> bool {
        match self.byte(self.at) {
            // kubectl drops one CR before each LF.
            b'\r' if self.bytes.get(self.at..self.at + 3) == Some(b"\r\r\n") => self.at += 3,
            b'\r' if self.byte(self.at + 1) == b'\n' => self.at += 2,
            b'\n' | b'\r' => self.at += 1,
            _ => return false,
        }
        self.begin_line();
        true
    }

    /// Whether the text ends here, and with it a line that has no line break: `kubectl` adds one.
    fn end_last_line(&mut self) -> bool {
        let is_end = self.at >= self.bytes.len();
        if is_end {
            self.begin_line();
        }
        is_end
    }

    const fn begin_line(&mut self) {
        self.line = self.at;
        self.wide = 0;
    }

    fn skip_blanks(&mut self) {
        while matches!(self.byte(self.at), b' ' | b'\t') {
            self.at += 1;
        }
    }

    /// Where the line ends, before its break.
    fn line_end(&self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        memchr::memchr2(b'\n', b'\r', rest).map_or(self.bytes.len(), |length| self.at + length)
    }

    /// Blanks, comments and line breaks. A tab is not skipped where a key may begin in a block.
    fn skip_to_token(&mut self) {
        loop {
            loop {
                match self.byte(self.at) {
                    b' ' => self.at += 1,
                    b'\t' if self.flow > 0 || !self.is_key_allowed => self.at += 1,
                    b'#' => {
                        self.at = self.line_end();
                        break;
                    }
                    _ => break,
                }
            }
            if !self.skip_break() {
                return;
            }
            if self.flow == 0 {
                self.is_key_allowed = true;
            }
        }
    }

    /// Closes the block collections that are indented deeper.
    fn unroll(&mut self, column: isize) {
        if self.flow > 0 {
            return;
        }
        while self.indent > column {
            self.push(Kind::BlockEnd, self.at);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Opens a block collection at that column, if none is; its token goes before the one of that number, or behind all.
    fn roll(&mut self, column: usize, number: Option<usize>, kind: Kind<'text>, at: usize) {
        let column = isize::try_from(column).unwrap_or(isize::MAX);
        if self.flow > 0 || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        self.insert(number.unwrap_or_else(|| self.number()), kind, at);
    }

    /// Whether the key may still be one: on this line, and near enough. `index` is its place in `keys`.
    fn is_valid(&mut self, key: SimpleKey, index: usize) -> Result<bool, Refusal> {
        if !key.is_possible {
            return Ok(false);
        }
        if key.line < self.line || key.column + KEY_LENGTH < self.column() {
            if key.is_required {
                return Err(Refusal::syntax("could not find expected ':'", key.at));
            }
            if let Some(key) = self.keys.get_mut(index) {
                key.is_possible = false;
            }
            return Ok(false);
        }
        Ok(true)
    }

    /// Keeps in mind that a key may begin here.
    fn save_key(&mut self) -> Result<(), Refusal> {
        if !self.is_key_allowed {
            return Ok(());
        }
        self.remove_key()?;
        let (column, token) = (self.column(), self.number());
        let is_required = self.flow == 0 && self.indent == self.indentation();
        if let Some(key) = self.keys.last_mut() {
            *key = SimpleKey { is_possible: true, is_required, token, at: self.at, line: self.line, column };
        }
        let taken = self.taken;
        self.by_token.retain(|(number, _)| *number >= taken && *number != token);
        self.by_token.push((token, self.keys.len() - 1));
        Ok(())
    }

    /// What may have been a key turns out not to be one.
    fn remove_key(&mut self) -> Result<(), Refusal> {
        let Some(key) = self.keys.last_mut().filter(|key| key.is_possible) else { return Ok(()) };
        if key.is_required {
            return Err(Refusal::syntax("could not find expected ':'", key.at));
        }
        key.is_possible = false;
        let token = key.token;
        self.forget(token);
        Ok(())
    }

    fn forget(&mut self, token: usize) {
        self.by_token.retain(|(number, _)| *number != token);
    }

    fn end(&mut self) -> Result<(), Refusal> {
        if self.column() != 0 {
            self.begin_line();
        }
        self.unroll(-1);
        self.remove_key()?;
        self.is_key_allowed = false;
        self.is_at_end = true;
        self.push(Kind::End, self.at);
        Ok(())
    }

    fn document_marker(&mut self, kind: Kind<'text>) -> Result<(), Refusal> {
        self.unroll(-1);
        self.remove_key()?;
        self.is_key_allowed = false;
        self.push_indicator(kind, 3);
        Ok(())
    }

    fn open(&mut self, kind: Kind<'text>) -> Result<(), Refusal> {
        self.save_key()?;
        self.keys.push(SimpleKey { token: self.number(), at: self.at, ..SimpleKey::default() });
        self.flow += 1;
        if self.flow > self.flow_limit {
            return Err(Refusal { fault: Fault::Depth, at: self.at });
        }
        self.is_key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn close(&mut self, kind: Kind<'text>) -> Result<(), Refusal> {
        self.remove_key()?;
        if self.flow > 0 {
            self.flow -= 1;
            if let Some(key) = self.keys.pop() {
                self.forget(key.token);
            }
        }
        self.is_key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn flow_entry(&mut self) -> Result<(), Refusal> {
        self.remove_key()?;
        self.is_key_allowed = true;
        self.push_indicator(Kind::FlowEntry, 1);
        Ok(())
    }

    fn block_entry(&mut self) -> Result<(), Refusal> {
        if self.flow == 0 {
            if !self.is_key_allowed {
                let message = "block sequence entries are not allowed in this context";
                return Err(Refusal::syntax(message, self.at));
            }
            self.roll(self.column(), None, Kind::BlockSequenceStart, self.at);
        }
        self.remove_key()?;
        self.is_key_allowed = true;
        self.push_indicator(Kind::BlockEntry, 1);
        Ok(())
    }

    fn key(&mut self) -> Result<(), Refusal> {
        if self.flow == 0 {
            if !self.is_key_allowed {
                return Err(Refusal::syntax("mapping keys are not allowed in this context", self.at));
            }
            self.roll(self.column(), None, Kind::BlockMappingStart, self.at);
        }
        self.remove_key()?;
        self.is_key_allowed = self.flow == 0;
        self.push_indicator(Kind::Key, 1);
        Ok(())
    }

    fn value(&mut self) -> Result<(), Refusal> {
        let index = self.keys.len().saturating_sub(1);
        let key = self.keys.get(index).copied().unwrap_or_default();
        if self.is_valid(key, index)? {
            self.insert(key.token, Kind::Key, key.at);
            self.roll(key.column, Some(key.token), Kind::BlockMappingStart, key.at);
            if let Some(key) = self.keys.get_mut(index) {
                key.is_possible = false;
            }
            self.forget(key.token);
            self.is_key_allowed = false;
        } else {
            if self.flow == 0 {
                if !self.is_key_allowed {
                    return Err(Refusal::syntax("mapping values are not allowed in this context", self.at));
                }
                self.roll(self.column(), None, Kind::BlockMappingStart, self.at);
            }
            self.is_key_allowed = self.flow == 0;
        }
        self.push_indicator(Kind::Value, 1);
        Ok(())
    }
}
