//! Marks in YAML: copies of objects, patches and values in which every value says where it was written, so that what a
//! tool makes of them says so too.
//!
//! A scalar carries its mark at its end, `1.4.2zq17qz`; a mapping has a member of that name. Letters and digits pass
//! through labels, templates and YAML alike. What marks are read from is believed only where it is the real output once
//! they are taken out. The module must not know a tool.

use std::collections::BTreeSet;

use engine::manifest::{Entry, Manifest, Node, Span, Value};

/// A place that has a mark.
#[derive(Clone, Copy, Debug)]
pub struct Mark<'a> {
    /// The manifest that it is in, by its number.
    pub text: usize,
    /// The value; a mapping as a whole.
    pub node: &'a Node,
    /// What the mapping that it is in calls it.
    pub entry: Option<&'a Entry>,
    /// The number of the mark of the value that it is in: see [`Marks::trail`].
    around: Option<usize>,
    /// The name of the object that it is in, as it stands there.
    pub object: Option<&'a str>,
    /// Whether it stands in something that is laid over an object.
    pub is_patch: bool,
    /// Of a text in a text: where its lines are in that.
    pub shift: Option<&'a Shift>,
}

/// How to mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Objects and patches: mappings and scalars, but what things are known and selected by.
    Objects,
    /// Values of a chart: scalars alone. What counts as true stays so, and what counts as false stays as it is.
    Values,
}

/// All marks of one rendering.
#[derive(Debug, Default)]
pub struct Marks<'a> {
    pub(super) all: Vec<Mark<'a>>,
    /// Scalars of values that are marked by another number: where a chart counts and compares, no text may stand.
    pub numbers: bool,
    /// Whether what is false in values is marked too, although the mark counts as true.
    pub falses: bool,
    /// What is false and is written as 0, which is false too, by its manifest and where it begins there. Nothing else is
    /// marked then.
    pub zeros: BTreeSet<(usize, u32)>,
    /// The paths of values that have no mark: `rbac.create`.
    pub without: BTreeSet<String>,
    /// The marks of what is filled into texts, which have marks of their own behind it.
    pub(super) fillings: BTreeSet<usize>,
}

/// Where a manifest is marked.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub text: usize,
    pub style: Style,
    pub object: Option<&'a str>,
    pub is_patch: bool,
    /// Of a text in a text: where its lines are in that.
    pub shift: Option<&'a Shift>,
}

/// Where a text in a text is, such as a patch that a kustomization holds.
#[derive(Clone, Debug)]
pub struct Shift {
    /// The whole, where single lines are not known.
    whole: Span,
    /// Of each line where it begins and ends in the inner text, and where it begins in the outer one.
    lines: Vec<(u32, u32, u32)>,
}

impl Shift {
    /// A text that a scalar of another text is.
    pub fn new(inner: &str, outer: &str, whole: Span) -> Self {
        let mut lines = Vec::new();
        let (mut at, mut begin) = (0, whole.start as usize);
        // The first line of a block begins behind its indentation, all others before it.
        for line in inner.split_inclusive('\n') {
            let text = line.trim_end_matches(['\n', '\r']);
            let found = outer.get(begin..(whole.end as usize).max(begin)).unwrap_or_default();
            let found = found.split('\n').next().unwrap_or_default();
            let indent = found.len() - found.trim_start_matches(' ').len();
            let fits = |skip: usize| found.get(skip..).is_some_and(|rest| rest.trim_end() == text.trim_end());
            let Some(skip) = (0..=indent).find(|skip| fits(*skip)) else { break };
            let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            lines.push((number(at), number(at + text.len()), number(begin + skip)));
            at += line.len();
            begin += found.len() + 1;
        }
        Self { whole, lines }
    }

    /// Where a place in the inner text is in the outer one.
    pub fn outer(&self, span: Span) -> Span {
        let line = self.lines.iter().find(|(start, end, _)| (*start..=*end).contains(&span.start));
        let moved = line.map(|(start, end, outer)| Span {
            start: outer + (span.start - start),
            end: outer + (span.end.min(*end) - start),
        });
        moved.unwrap_or(self.whole)
    }
}

/// Keys whose values things are known by, merged by, or selected by. Those that end with `Name` are names as well.
const KNOWN_BY: [&str; 18] = [
    "name",
    "namespace",
    "kind",
    "apiVersion",
    "apiGroup",
    "key",
    "containerPort",
    "port",
    "protocol",
    "mountPath",
    "devicePath",
    "ip",
    "topologyKey",
    "whenUnsatisfiable",
    "type",
    "uid",
    "$patch",
    "$retainKeys",
];

/// Keys of mappings that are left as they are.
const LEFT: [&str; 9] =
    ["labels", "matchLabels", "selector", "annotations", "data", "stringData", "binaryData", "metadata", "roleRef"];

impl<'a> Marks<'a> {
    /// The mark of that number.
    pub fn get(&self, number: usize) -> Option<&Mark<'a>> {
        self.all.get(number)
    }

    pub fn iter(&self) -> impl Iterator<Item = (usize, &Mark<'a>)> {
        self.all.iter().enumerate()
    }

    /// The mark and those of the mappings and lists that it is in, from the inside.
    pub fn trail(&self, number: usize) -> impl Iterator<Item = &Mark<'a>> {
        let around = |mark: &&Mark<'a>| mark.around.and_then(|at| self.all.get(at));
        std::iter::successors(self.all.get(number), move |mark| around(mark))
    }

    /// A copy of one value that will stand under that key, marked.
    pub fn value(&mut self, entry: &'a Entry, key: &str, context: Context<'a>) -> String {
        let mut text = String::new();
        if matches!(entry.value.value, Value::Mapping(_) | Value::Sequence(_)) {
            self.write(&entry.value, Some(entry), None, context, !is_left(key, context.style), &mut text);
            return text;
        }
        let Context { text: of, object, is_patch, shift, .. } = context;
        match self.scalar(self.all.len(), &entry.value.value, key, context.style) {
            Some(marked) => {
                let (node, entry) = (&entry.value, Some(entry));
                self.all.push(Mark { text: of, node, entry, around: None, object, is_patch, shift });
                marked
            }
            None => plain(&entry.value),
        }
    }

    /// The text of a value that is filled into others, with its mark.
    pub fn filling(&mut self, entry: &'a Entry, value: &str, text: usize) -> String {
        let (number, node) = (self.all.len(), &entry.value);
        let (entry, around, object, shift) = (Some(entry), None, None, None);
        self.all.push(Mark { text, node, entry, around, object, is_patch: true, shift });
        self.fillings.insert(number);
        format!("{value}{}", name(number))
    }

    /// The mark that a text ends with; where that text was filled in, the mark of what was.
    pub fn last(&self, text: &str) -> Option<&Mark<'a>> {
        let (plain, found, is_last) = unmarked(text);
        let last = found.last().copied().filter(|_| is_last)?;
        // What wrote one line of several has not written all of them.
        if has_lines(&plain) {
            return self.all.get(last).filter(|mark| mark.node.as_str().is_some_and(has_lines));
        }
        let before = found.len().checked_sub(2).and_then(|at| found.get(at)).filter(|at| self.fillings.contains(*at));
        let text = text.trim_end_matches('\n');
        let filled = before.filter(|before| text.ends_with(&format!("{}{}", name(**before), name(last))));
        self.all.get(filled.copied().unwrap_or(last))
    }

    /// A copy of a document as JSON, marked.
    pub fn document(&mut self, node: &'a Node, context: Context<'a>) -> String {
        let mut text = String::new();
        self.write(node, None, None, context, true, &mut text);
        text
    }

    /// A copy of a whole manifest, its documents apart.
    pub fn manifest(&mut self, manifest: &'a Manifest, context: Context<'a>) -> Option<String> {
        let mut copy = String::new();
        for document in &manifest.documents {
            let objects = document.objects();
            if objects.is_empty() {
                let node = node_of(document)?;
                copy += &format!("---\n{}\n", self.document(node, context));
            }
            for object in objects.iter().filter(|object| object.path == "$" || objects.len() > 1) {
                let context = Context { object: object.name.as_deref(), ..context };
                let is_schema = object.kind == "CustomResourceDefinition";
                let text = if is_schema { plain(&object.node) } else { self.document(&object.node, context) };
                copy += &format!("---\n{text}\n");
            }
        }
        Some(copy)
    }

    fn write(
        &mut self,
        node: &'a Node,
        entry: Option<&'a Entry>,
        around: Option<usize>,
        context: Context<'a>,
        is_marked: bool,
        out: &mut String,
    ) {
        let number = self.all.len();
        let Context { text, object, is_patch, shift, .. } = context;
        let mark = Mark { text, node, entry, around, object, is_patch, shift };
        match &node.value {
            Value::Mapping(entries) => {
                self.all.push(mark);
                out.push('{');
                let is_marked_itself = is_marked && context.style == Style::Objects;
                if is_marked_itself {
                    out.push_str(&format!("{}:\"\"", quoted(&name(number))));
                }
                for (index, entry) in entries.iter().enumerate() {
                    if index > 0 || is_marked_itself {
                        out.push(',');
                    }
                    out.push_str(&quoted(&entry.key));
                    out.push(':');
                    let is_marked = is_marked && !is_left(&entry.key, context.style);
                    self.write(&entry.value, Some(entry), Some(number), context, is_marked, out);
                }
                out.push('}');
            }
            Value::Sequence(items) => {
                self.all.push(mark);
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.write(item, None, Some(number), context, is_marked, out);
                }
                out.push(']');
            }
            Value::Null => out.push_str("null"),
            scalar => {
                let key = entry.map_or("", |entry| &*entry.key);
                if *scalar == Value::Bool(false) && self.zeros.contains(&(text, node.span.start)) {
                    return out.push('0');
                }
                let is_marked = self.zeros.is_empty()
                    && is_marked
                    && (self.without.is_empty() || !self.without.contains(&self.path(around, key)));
                let marked = is_marked.then(|| self.scalar(number, scalar, key, context.style)).flatten();
                match marked {
                    Some(text) => {
                        self.all.push(mark);
                        out.push_str(&text);
                    }
                    None => out.push_str(&plain(node)),
                }
            }
        }
    }

    /// The keys on the way to a member, with dots between them.
    fn path(&self, around: Option<usize>, key: &str) -> String {
        let above = around.into_iter().flat_map(|number| self.trail(number)).filter_map(|mark| mark.entry);
        let mut keys: Vec<&str> = std::iter::once(key).chain(above.map(|entry| &*entry.key)).collect();
        keys.reverse();
        keys.join(".")
    }

    /// The scalar with its mark, as JSON; none where it may have none.
    fn scalar(&self, number: usize, value: &Value, key: &str, style: Style) -> Option<String> {
        match (style, value) {
            (Style::Objects, _) if is_known_by(key) => None,
            // Without a tag and a digest, what stands at the end of an image is its name.
            (Style::Objects, Value::String(image)) if key == "image" => {
                let last = image.rsplit('/').next().unwrap_or_default();
                last.contains([':', '@']).then(|| quoted(&format!("{image}{}", name(number))))
            }
            (_, Value::String(text)) if text.is_empty() => None,
            // On its last line: on one of its own it would be none of YAML.
            (_, Value::String(text)) => {
                let (lines, end) = text.split_at(text.trim_end_matches('\n').len());
                Some(quoted(&format!("{lines}{}{end}", name(number))))
            }
            (Style::Objects, Value::Bool(value)) => Some(quoted(&format!("{value}{}", name(number)))),
            (Style::Objects, Value::Number(value)) => Some(quoted(&format!("{value}{}", name(number)))),
            (Style::Values, Value::Bool(value)) if *value || self.falses => {
                Some(quoted(&format!("{value}{}", name(number))))
            }
            (Style::Values, Value::Number(value)) if self.numbers && value.as_f64() != Some(0.0) => {
                Some(numbered(number)?.to_string())
            }
            _ => None,
        }
    }
}

/// The number that stands for a number with that mark. Charts print larger ones as `1e+06`.
pub fn numbered(number: usize) -> Option<usize> {
    Some(number + 300_000).filter(|it| *it < 1_000_000)
}

/// A text without its marks, the marks, and whether it ends with one, line ends aside.
pub fn unmarked(text: &str) -> (String, Vec<usize>, bool) {
    let (mut plain, mut marks, mut rest, mut is_last) = (String::with_capacity(text.len()), Vec::new(), text, false);
    while let Some(at) = rest.find("zq") {
        let (before, behind) = rest.split_at(at);
        plain.push_str(before);
        match number(behind) {
            Some((number, length)) => {
                marks.push(number);
                rest = behind.get(length..).unwrap_or_default();
                is_last = rest.bytes().all(|byte| byte == b'\n');
            }
            None => {
                plain.push_str("zq");
                rest = behind.get(2..).unwrap_or_default();
            }
        }
    }
    plain.push_str(rest);
    (plain, marks, is_last)
}

/// The mark that a key of a mapping is, if it is one and no more.
pub fn key(text: &str) -> Option<usize> {
    number(text).filter(|(_, length)| *length == text.len()).map(|(number, _)| number)
}

fn number(text: &str) -> Option<(usize, usize)> {
    let inner = text.strip_prefix("zq")?;
    let (digits, _) = inner.split_once("qz")?;
    Some((digits.parse().ok()?, digits.len() + 4))
}

fn name(number: usize) -> String {
    format!("zq{number}qz")
}

fn is_known_by(key: &str) -> bool {
    KNOWN_BY.contains(&key) || key.ends_with("Name")
}

pub fn is_left(key: &str, style: Style) -> bool {
    style == Style::Objects && LEFT.contains(&key)
}

/// A node as JSON.
pub fn plain(node: &Node) -> String {
    serde_json::to_string(node).unwrap_or_else(|_| "null".to_owned())
}

/// A text as JSON.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether a text has more than one line.
pub fn has_lines(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
}

/// The text of a scalar, as YAML would print it.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
    }
}

/// What a document of no object is.
pub fn node_of(document: &engine::manifest::Document) -> Option<&Node> {
    match &document.content {
        engine::manifest::Content::Other(node) => Some(node),
        engine::manifest::Content::Objects(objects) => objects.first().map(|object| &*object.node),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use engine::manifest::{Limits, read};

    use super::*;

    fn marked(yaml: &str, style: Style) -> String {
        let manifest = read("a.yaml", yaml.into(), &Limits::default());
        let mut marks = Marks { numbers: true, ..Marks::default() };
        let context = Context { text: 0, style, object: None, is_patch: false, shift: None };
        marks.manifest(&manifest, context).unwrap()
    }

    #[test]
    fn what_things_are_known_by_has_no_mark() {
        let yaml = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {a: b}}\nspec:\n  hostNetwork: true\n  \
                    containers:\n  - name: web\n    image: a/b:1\n  - image: a\n";
        let expected = "---\n{\"zq0qz\":\"\",\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\",\"labels\":\
                        {\"a\":\"b\"}},\"spec\":{\"zq3qz\":\"\",\"hostNetwork\":\"truezq4qz\",\"containers\":[{\"zq6qz\":\"\",\
                        \"name\":\"web\",\"image\":\"a/b:1zq7qz\"},{\"zq8qz\":\"\",\"image\":\"a\"}]}}\n";
        assert_eq!(marked(yaml, Style::Objects), expected);
    }

    #[test]
    fn what_counts_as_false_in_values_stays_so() {
        let yaml = "a: text\nb: true\nc: false\nd: 0\ne: 3\nf: \"\"\ng: null\nname: web\n";
        let expected = "---\n{\"a\":\"textzq1qz\",\"b\":\"truezq2qz\",\"c\":false,\"d\":0,\"e\":300003,\"f\":\"\",\"g\":null,\
                        \"name\":\"webzq4qz\"}\n";
        assert_eq!(marked(yaml, Style::Values), expected);
    }

    #[test]
    fn marks_are_read_back_and_what_looks_like_one_stays() {
        assert_eq!(unmarked("azq1qz:bzq22qz"), ("a:b".to_owned(), vec![1, 22], true));
        assert_eq!(unmarked("azq1qz\n"), ("a\n".to_owned(), vec![1], true));
        assert_eq!(unmarked("zqx zq1q zq3qz."), ("zqx zq1q .".to_owned(), vec![3], false));
        assert_eq!((key("zq7qz"), key("azq7qz"), key("zq7qzb")), (Some(7), None, None));
    }
}
