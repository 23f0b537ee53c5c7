//! Where a long text can be cut, for its pieces to be read one by one: between documents, and between the items of a list
//! that is one document.
//!
//! A cut in the wrong place would be seen: it leaves a quote or a bracket open, and what is so broken is a problem. It must
//! not know more of YAML and JSON than where lines, quotes and brackets begin and end.

use super::split::{Lines, after_marker, is_blank};

/// The next piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// So many bytes of whole documents.
    Documents(usize),
    /// A document that is long, and a list of objects as it seems.
    List(Head),
    /// A document that goes on behind what is seen.
    TooLong,
}

/// The text of a list before its first item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Its bytes.
    pub(super) length: usize,
    /// The spaces before each item's dash. None in JSON.
    pub(super) indent: usize,
}

/// Items of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Items {
    /// Their bytes.
    pub(super) length: usize,
    /// The bytes between them and the next ones.
    pub(super) gap: usize,
    /// Whether no more items follow.
    pub(super) is_last: bool,
}

/// What is seen of a text, from where it has to be cut next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether nothing follows.
    pub(super) is_end: bool,
    /// The bytes that a piece should have: more only where it cannot be cut before.
    pub(super) piece: usize,
}

/// The places at which a text may be cut, the best of which is to be found.
#[derive(Default)]
struct Places {
    first: Option<usize>,
    best: Option<usize>,
}

impl Places {
    /// Adds a place. Whether it is enough.
    fn add(&mut self, at: usize, piece: usize) -> bool {
        self.first.get_or_insert(at);
        if at <= piece || self.best.is_none() {
            self.best = Some(at);
        }
        at >= piece
    }

    /// The next piece, if the first document has not the length of several.
    fn documents(&self, window: Window<'_>, list: impl FnOnce() -> Option<Head>) -> Cut {
        let end = self.first.or(window.is_end.then_some(window.bytes.len()));
        if end.is_none_or(|end| end > window.piece)
            && let Some(head) = list()
        {
            return Cut::List(head);
        }
        self.best.or(end).map_or(Cut::TooLong, Cut::Documents)
    }
}

impl<'a> Window<'a> {
    /// The next documents of YAML.
    pub(super) fn yaml_documents(self) -> Cut {
        let mut places = Places::default();
        let (mut has_begun, mut has_directive) = (false, false);
        for (start, line) in self.lines() {
            if line.starts_with(b"---") {
                // The directives of a document stand before its `---`.
                if has_begun && !has_directive && places.add(start, self.piece) {
                    break;
                }
                (has_begun, has_directive) = (true, false);
            } else if line.starts_with(b"%") {
                (has_begun, has_directive) = (true, true);
            } else if !is_blank(line) {
                (has_begun, has_directive) = (true, false);
            }
        }
        places.documents(self, || self.yaml_head())
    }

    /// The next values of JSON.
    pub(super) fn json_documents(self) -> Cut {
        let mut places = Places::default();
        let (mut head, mut text, mut key) = (None, 0..0, &b""[..]);
        for Token { at, byte, depth } in Tokens::new(self.bytes) {
            match byte {
                b'"' => text.start = at,
                // The quote that ends it.
                0 => text.end = at + 1,
                b':' if depth == 1 => key = self.bytes.get(text.clone()).unwrap_or_default(),
                b'[' if depth == 1 && places.first.is_none() && key == b"\"items\"" => {
                    head.get_or_insert(Head { length: at + 1, indent: 0 });
                }
                b'}' | b']' if depth == 0 && places.add(at + 1, self.piece) => break,
                _ => {}
            }
        }
        places.documents(self, || head)
    }

    /// A list's keys before its items, in the way of `kubectl get -o yaml`.
    fn yaml_head(self) -> Option<Head> {
        let mut lines = self.lines().filter(|(_, line)| !is_blank(line));
        let mut first = lines.next()?;
        if after_marker(first.1, b"---").is_some() {
            first = lines.next()?;
        }
        let is_items = |line: &[u8]| line.strip_prefix(b"items:").is_some_and(is_blank);
        let mut line = first;
        while !is_items(line.1) {
            line = lines.next().filter(|(at, line)| *at < self.piece && !ends_document(line))?;
        }
        let (length, line) = lines.next()?;
        let indent = spaces(line);
        begins_item(line, indent).then_some(Head { length, indent })
    }

    /// The next items of a list in YAML, of which one begins here.
    pub(super) fn yaml_items(self, indent: usize) -> Option<Items> {
        let mut places = Places::default();
        let mut end = None;
        for (start, line) in self.lines().skip(1).filter(|(_, line)| !is_blank(line)) {
            if ends_document(line) || spaces(line) <= indent && !begins_item(line, indent) {
                end = Some(start);
                break;
            }
            if spaces(line) == indent && places.add(start, self.piece) {
                break;
            }
        }
        places.items(self, end, 0)
    }

    /// The next items of a list in JSON, of which one begins here.
    pub(super) fn json_items(self) -> Option<Items> {
        let mut places = Places::default();
        let mut end = None;
        for Token { at, byte, depth } in Tokens::new(self.bytes) {
            match byte {
                b',' if depth == 0 && places.add(at, self.piece) => break,
                b']' if depth < 0 => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
        }
        // Without its bracket the list goes on, even if the text does not.
        let window = Window { is_end: false, ..self };
        places.items(window, end, 1)
    }

    /// What follows the items of a list, to the end of its document.
    pub(super) fn yaml_rest(self) -> Option<usize> {
        let end = self.lines().find(|(_, line)| ends_document(line)).map(|(at, _)| at);
        end.or(self.is_end.then_some(self.bytes.len()))
    }

    /// The same in JSON.
    pub(super) fn json_rest(self) -> Option<usize> {
        Tokens::new(self.bytes).find(|token| token.byte == b'}' && token.depth < -1).map(|token| token.at + 1)
    }

    /// The lines that are seen whole.
    fn lines(self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let is_whole = move |line: &[u8]| self.is_end || line.ends_with(b"\n");
        Lines::new(self.bytes).take_while(move |(_, line)| is_whole(line))
    }
}

impl Places {
    fn items(&self, window: Window<'_>, end: Option<usize>, gap: usize) -> Option<Items> {
        let end =
            end.or((window.is_end && self.best.is_none_or(|best| best < window.piece)).then_some(window.bytes.len()));
        match (end, self.best) {
            (Some(end), best) if best.is_none() || end <= window.piece => {
                Some(Items { length: end, gap: 0, is_last: true })
            }
            (_, best) => best.map(|length| Items { length, gap, is_last: false }),
        }
    }
}

/// Whether the line ends the document before it.
fn ends_document(line: &[u8]) -> bool {
    line.starts_with(b"---") || after_marker(line, b"...").is_some()
}

fn begins_item(line: &[u8], indent: usize) -> bool {
    spaces(line) == indent && after_marker(line.get(indent..).unwrap_or_default(), b"-").is_some()
}

fn spaces(line: &[u8]) -> usize {
    line.iter().take_while(|byte| **byte == b' ').count()
}

/// A bracket, a comma, a colon or a quote of JSON outside of strings; the quote that ends a string is 0.
struct Token {
    at: usize,
    byte: u8,
    /// How many brackets are open: before an opening one, and after a closing one.
    depth: isize,
}

struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: isize,
    is_in_string: bool,
}

impl<'a> Tokens<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0, is_in_string: false }
    }

    fn end_of_string(&mut self) -> Option<Token> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let at = self.at + memchr::memchr2(b'"', b'\\', rest)?;
            if self.bytes.get(at) == Some(&b'"') {
                self.at = at + 1;
                self.is_in_string = false;
                return Some(Token { at, byte: 0, depth: self.depth });
            }
            self.at = at + 2;
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if self.is_in_string {
            return self.end_of_string();
        }
        let rest = self.bytes.get(self.at..)?;
        let is_token = |byte: &u8| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']' | b',' | b':');
        let at = self.at + rest.iter().position(is_token)?;
        let byte = self.bytes.get(at).copied()?;
        self.at = at + 1;
        let mut depth = self.depth;
        match byte {
            b'"' => self.is_in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth -= 1;
                depth = self.depth;
            }
            _ => {}
        }
        Some(Token { at, byte, depth })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str, piece: usize, is_end: bool) -> Window<'_> {
        Window { bytes: text.as_bytes(), is_end, piece }
    }

    #[test]
    fn yaml_is_cut_before_documents() {
        let text = "# one\na: 1\n---\nb: 2\n...\n%YAML 1.1\n---\nc: |\n  ---\n---\nd: 4\n";
        let cut = |piece| window(text, piece, true).yaml_documents();
        let at = |what: &str| Cut::Documents(text.find(what).unwrap_or_default());
        assert_eq!(cut(1), at("---\nb"));
        assert_eq!(cut(20), at("---\nb"));
        assert_eq!(cut(text.len()), at("---\nd"));
        assert_eq!(window("---\na: 1\n", 4, true).yaml_documents(), Cut::Documents(9));
        assert_eq!(window("---\na: 1\n--", 4, false).yaml_documents(), Cut::TooLong);
        assert_eq!(window("a: 1\n---", 4, false).yaml_documents(), Cut::TooLong);
    }

    #[test]
    fn json_is_cut_behind_values() {
        let text = "{\"a\": \"}\\\"]\"}\n{\"b\": [{}]} [3]";
        let cut = |piece, is_end| window(text, piece, is_end).json_documents();
        assert_eq!(cut(1, true), Cut::Documents(13));
        assert_eq!(cut(20, true), Cut::Documents(13));
        assert_eq!(cut(27, true), Cut::Documents(25));
        assert_eq!(cut(100, false), Cut::Documents(29));
        assert_eq!(window("{\"a\": [", 1, false).json_documents(), Cut::TooLong);
    }

    #[test]
    fn lists_in_yaml_are_cut_between_items() {
        for (indent, kind) in [("", "kind: List\n"), ("  ", "kind: List\n"), ("", ""), (" ", "---\nkind: Pod\n")] {
            let head = "---\n# c\napiVersion: v1\nitems: # all\n# first\n";
            let items = ["- a: |\n    - x\n", "-\n    b: 1\n# c\n", "- - c\n"].map(|item| {
                let lines = item.lines().map(|line| format!("{indent}{line}\n"));
                lines.collect::<String>()
            });
            let text = format!("{head}{}{kind}", items.concat());
            let list = Cut::List(Head { length: head.len(), indent: indent.len() });
            assert_eq!(window(&text, 40, true).yaml_documents(), list, "{text}");
            let mut rest = &text[head.len()..];
            for (index, item) in items.iter().enumerate() {
                let cut = window(rest, 1, true).yaml_items(indent.len());
                assert_eq!(cut, Some(Items { length: item.len(), gap: 0, is_last: index == 2 }), "{rest}");
                rest = &rest[item.len()..];
            }
            let length = if kind.starts_with("---") { 0 } else { kind.len() };
            assert_eq!(window(rest, 1, true).yaml_rest(), Some(length));
        }
        for text in ["items:\na: b\n- c\n", "a: b\n---\nitems:\n- a\n", "items: []\n", "- items:\n", "items:\n"] {
            let cut = window(text, 0, true).yaml_documents();
            assert!(matches!(cut, Cut::Documents(_)), "{text}: {cut:?}");
        }
    }

    #[test]
    fn lists_in_json_are_cut_between_items() {
        let text = r#"{"a": {"items": [1]}, "b": "items", "items" : [{"x": "],"}, [1, 2], {}], "kind": {"k": "}"}} {}"#;
        let Cut::List(head) = window(text, 10, true).json_documents() else { panic!() };
        let mut rest = &text[head.length..];
        let mut items = Vec::new();
        loop {
            let cut = window(rest, 1, true).json_items().unwrap();
            items.push(&rest[..cut.length]);
            rest = &rest[cut.length + cut.gap..];
            if cut.is_last {
                break;
            }
        }
        assert_eq!(items, [r#"{"x": "],"}"#, " [1, 2]", " {}"]);
        assert_eq!(window(rest, 1, true).json_rest(), Some(rest.len() - 3));
        assert_eq!(window(" {}", 100, true).json_items(), None);
    }
}
