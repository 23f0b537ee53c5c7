//! Packs the tree of an object into bytes: the same values at the same places, in a tenth of the memory.
//!
//! A value is a byte that says what it is, where it begins behind the one before, how long it stands in the text, and what
//! it holds. Places grow by little from value to value, and most keys are names that all manifests share, so that either
//! takes a byte. The bytes never leave the process: they are read by the code that wrote them.

mod keys;

use protocol::FieldMask;
use serde_json::Number;

use super::node::{Entry, Node, Value};
use super::span::Span;
use keys::KEYS;

/// What a value is, in the lowest bits of its first byte.
const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NUMBER: u8 = 3;
const STRING: u8 = 4;
const SEQUENCE: u8 = 5;
const MAPPING: u8 = 6;

/// How long the value stands in the text, in the next two bits: it is told, or it is that of what the value holds, without
/// quotes or with.
const TOLD: u8 = 0;
const PLAIN: u8 = 1;
const QUOTED: u8 = 2;

/// How much the value holds, in the highest bits; where they are all set, it is told.
const MUCH: usize = 7;

/// The tree with what the mask keeps of it, and behind it where the rest was.
pub(super) fn pack(node: &Node, mask: &FieldMask, gone: Vec<Span>) -> Box<[u8]> {
    let mut packer = Packer { bytes: Vec::new(), at: 0, gone };
    packer.node(node, mask);
    for Span { start, end } in std::mem::take(&mut packer.gone) {
        packer.place(start);
        packer.number(u64::from(end - start));
        packer.at = end;
    }
    packer.bytes.into_boxed_slice()
}

/// The tree that was packed into these bytes.
pub(super) fn unpack(bytes: &[u8]) -> Node {
    Unpacker { bytes, at: 0 }.node()
}

/// Where the text of the tree has values that the mask has not kept.
pub(super) fn gone(bytes: &[u8]) -> Vec<Span> {
    let mut unpacker = Unpacker { bytes, at: 0 };
    unpacker.node();
    let mut gone = Vec::new();
    while !unpacker.bytes.is_empty() {
        let start = unpacker.place() as usize;
        let span = Span::new(start, start + unpacker.length());
        unpacker.at = span.end;
        gone.push(span);
    }
    gone
}

struct Packer {
    bytes: Vec<u8>,
    /// Where the last thing ended, or began if it holds others.
    at: u32,
    gone: Vec<Span>,
}

impl Packer {
    fn node(&mut self, Node { value, span }: &Node, mask: &FieldMask) {
        match value {
            Value::Null => self.head(NULL, 0, *span),
            Value::Bool(false) => self.head(FALSE, 0, *span),
            Value::Bool(true) => self.head(TRUE, 0, *span),
            Value::Number(number) => self.text(NUMBER, &number.to_string(), *span),
            Value::String(text) => self.text(STRING, text, *span),
            Value::Sequence(items) => {
                self.head(SEQUENCE, items.len(), *span);
                self.at = span.start;
                items.iter().for_each(|item| self.node(item, mask));
            }
            Value::Mapping(entries) => {
                let kept = || entries.iter().filter_map(|entry| Some((entry, mask.field(&entry.key)?)));
                self.head(MAPPING, kept().count(), *span);
                self.at = span.start;
                kept().for_each(|(entry, mask)| self.entry(entry, mask));
                let is_gone = |entry: &&Entry| mask.field(&entry.key).is_none();
                self.gone.extend(entries.iter().filter(is_gone).map(|Entry { key_span, value, .. }| Span {
                    start: key_span.start.min(value.span.start),
                    end: key_span.end.max(value.span.end),
                }));
            }
        }
    }

    fn entry(&mut self, Entry { key, key_span, value }: &Entry, mask: &FieldMask) {
        match KEYS.binary_search(&&**key) {
            Ok(index) => self.bytes.push(u8::try_from(index).unwrap_or(u8::MAX)),
            Err(_) => {
                self.bytes.push(u8::MAX);
                self.number(key.len() as u64);
                self.bytes.extend_from_slice(key.as_bytes());
            }
        }
        self.place(key_span.start);
        self.difference(i64::from(key_span.end - key_span.start) - i64::try_from(key.len()).unwrap_or_default());
        self.at = key_span.end;
        self.node(value, mask);
    }

    fn text(&mut self, kind: u8, text: &str, span: Span) {
        self.head(kind, text.len(), span);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn head(&mut self, kind: u8, holds: usize, span: Span) {
        let length = (span.end - span.start) as usize;
        let stands = match length {
            length if length == holds => PLAIN,
            length if length == holds + 2 => QUOTED,
            _ => TOLD,
        };
        let few = holds.min(MUCH);
        self.bytes.push(kind | stands << 3 | u8::try_from(few).unwrap_or_default() << 5);
        if few == MUCH {
            self.number(holds as u64);
        }
        self.place(span.start);
        if stands == TOLD {
            self.number(length as u64);
        }
        self.at = span.end;
    }

    fn place(&mut self, start: u32) {
        self.difference(i64::from(start) - i64::from(self.at));
    }

    fn difference(&mut self, difference: i64) {
        self.number((difference << 1 ^ difference >> 63).cast_unsigned());
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7F) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

/// Reads what a [`Packer`] wrote. Other bytes never get here, so they are not refused.
struct Unpacker<'a> {
    bytes: &'a [u8],
    at: u32,
}

impl Unpacker<'_> {
    fn node(&mut self) -> Node {
        let head = self.byte();
        let few = usize::from(head >> 5);
        let holds = if few == MUCH { self.length() } else { few };
        let start = self.place();
        let length = match head >> 3 & 3 {
            PLAIN => holds,
            QUOTED => holds + 2,
            _ => self.length(),
        };
        let span = Span::new(start as usize, start as usize + length);
        self.at = span.end;
        let value = match head & 7 {
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            NUMBER => Value::Number(self.text(holds).parse::<Number>().unwrap_or_else(|_| 0.into())),
            STRING => Value::String(self.text(holds).into()),
            SEQUENCE => {
                self.at = span.start;
                Value::Sequence((0..holds).map(|_| self.node()).collect())
            }
            MAPPING => {
                self.at = span.start;
                Value::Mapping((0..holds).map(|_| self.entry()).collect())
            }
            _ => Value::Null,
        };
        Node { value, span }
    }

    fn entry(&mut self) -> Entry {
        let key: Box<str> = match KEYS.get(usize::from(self.byte())) {
            Some(key) => (*key).into(),
            None => {
                let length = self.length();
                self.text(length).into()
            }
        };
        let start = self.place() as usize;
        let length = i64::try_from(key.len()).unwrap_or_default() + self.difference();
        let key_span = Span::new(start, start + usize::try_from(length).unwrap_or_default());
        self.at = key_span.end;
        Entry { key, key_span, value: self.node() }
    }

    fn text(&mut self, length: usize) -> &str {
        let (text, rest) = self.bytes.split_at_checked(length).unwrap_or_default();
        self.bytes = rest;
        std::str::from_utf8(text).unwrap_or_default()
    }

    fn place(&mut self) -> u32 {
        u32::try_from(i64::from(self.at) + self.difference()).unwrap_or_default()
    }

    fn difference(&mut self) -> i64 {
        let number = self.number();
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    fn length(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or_default()
    }

    fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7F) << shift;
            shift += 7;
            if byte < 0x80 || shift > 63 {
                return number;
            }
        }
    }

    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *byte
    }
}

#[cfg(test)]
mod tests {
    use super::super::Content;
    use super::super::tests::read_text;
    use super::*;

    fn root(yaml: &str) -> Node {
        let manifest = read_text(yaml);
        match &manifest.documents[0].content {
            Content::Other(node) => node.clone(),
            Content::Objects(objects) => (*objects[0].node).clone(),
            other => panic!("{other:?}: {yaml}"),
        }
    }

    #[test]
    fn the_keys_are_sorted_and_each_is_there_once() {
        assert!(KEYS.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        let long = "x".repeat(70_000);
        for yaml in [
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {'a/b': \"c\", d: e}}\nspec:\n  containers:\n  - name: a\n    args: [x, 'y', \"z\\n\"]\n  nodeName:\n",
            "a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n",
            "n: [0, -1, 1.5, 1e30, 18446744073709551615, -9223372036854775808, 0x10, 1.0]\nb: [yes, false, ~, '', null]\n",
            "text: |\n  one\n  two\n\nfolded: >-\n  a\n  b\n\"a b\": \"ä😀\"\n? q\n: {}\ne: []\n",
            "{\"a\": {\"b\": [[], {}, [[{}]]]}}",
            &format!("long: {long}\nlist: [{}]\n", "1, ".repeat(1000)),
            &format!("{}a: 1\n", "\n".repeat(200_000)),
        ] {
            let node = root(yaml);
            assert_eq!(unpack(&pack(&node, &FieldMask::whole(), Vec::new())), node, "{yaml}");
        }
    }

    #[test]
    fn what_is_masked_is_gone_and_the_rest_stands_where_it_stood() {
        let node = root("spec: {a: [{b: 1, c: 2}, {c: 3}], d: {e: 4}}\nstatus: {x: y}\n");
        let mask = FieldMask::of_entries(&["spec.a.b", "spec.d"]);
        let packed = pack(&node, &mask, Vec::new());
        let kept = unpack(&packed);
        let json = serde_json::to_value(&kept).unwrap();
        assert_eq!(json, serde_json::json!({"spec": {"a": [{"b": 1}, {}], "d": {"e": 4}}}));
        let place = |node: &Node| node.get("spec").and_then(|spec| spec.get("d")?.get("e")).map(|node| node.span);
        assert_eq!(place(&kept), place(&node));
        let text = "spec: {a: [{b: 1, c: 2}, {c: 3}], d: {e: 4}}\nstatus: {x: y}\n";
        let gone = gone(&packed).into_iter().map(|Span { start, end }| &text[start as usize..end as usize]);
        assert_eq!(gone.collect::<Vec<_>>(), ["c: 2", "c: 3", "status: {x: y}"]);
    }

    #[test]
    fn a_packed_object_takes_a_fraction_of_its_text() {
        let yaml = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\n  labels:\n    app: web\nspec:\n  selector:\n    app: web\n  ports:\n  - name: http\n    port: 80\n    targetPort: 8080\n    protocol: TCP\n";
        let bytes = pack(&root(yaml), &FieldMask::whole(), Vec::new()).len();
        assert!(bytes < yaml.len() * 7 / 10, "{bytes} of {}", yaml.len());
    }
}
