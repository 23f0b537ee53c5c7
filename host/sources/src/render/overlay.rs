//! What kustomize made of marked files, held beside what it really makes: which place wrote each field.

use std::collections::BTreeMap;

use engine::manifest::{Manifest, Node, Object, SourcePlace, Span, Value};

use super::mark::{self, Mark, Marks, Shift, text_of};

/// The places of a rendered text.
#[derive(Debug, Default)]
pub struct Places {
    pub proven: BTreeMap<u32, SourcePlace>,
    pub nearest: BTreeMap<u32, SourcePlace>,
    pub objects: BTreeMap<u32, SourcePlace>,
}

/// Where a node, or the mapping of that name, may have been written.
#[derive(Clone, Copy)]
struct Writer<'a> {
    text: usize,
    node: &'a Node,
    object: Option<&'a str>,
    is_patch: bool,
    shift: Option<&'a Shift>,
}

impl<'a> From<&Mark<'a>> for Writer<'a> {
    fn from(mark: &Mark<'a>) -> Self {
        let Mark { text, node, object, is_patch, shift, .. } = *mark;
        Self { text, node, object, is_patch, shift }
    }
}

impl Writer<'_> {
    fn place(&self, span: Span) -> SourcePlace {
        let span = self.shift.map_or(span, |shift| shift.outer(span));
        SourcePlace { text: self.text, span, name: self.object.map(str::to_owned) }
    }
}

/// The places of the objects of a rendering; of each object only where the marked one is the same but for its marks.
pub fn places(real: &Manifest, marked: &Manifest, marks: &Marks<'_>) -> Places {
    let mut tracer = Tracer { marks, is_made: false, places: Places::default() };
    let pairs = pairs(real, marked);
    for (start, object, marked) in pairs {
        let writers = tracer.writers(&marked.node);
        tracer.is_made = writers.iter().all(|writer| writer.is_patch);
        if is_same(&object.node, &marked.node) {
            tracer.walk(&object.node, &marked.node, &writers);
        }
        if let Some(writer) = writers.iter().find(|writer| !writer.is_patch) {
            let span = writer.node.locate(&[]);
            let place = writer.place(span);
            tracer.places.objects.insert(start, place);
        }
    }
    tracer.places
}

/// Each object beside the marked one: kustomize keeps their order.
fn pairs<'m>(real: &'m Manifest, marked: &'m Manifest) -> Vec<(u32, &'m Object, &'m Object)> {
    let objects = |manifest: &'m Manifest| {
        manifest.documents.iter().flat_map(|it| it.objects().iter().map(move |object| (it.span.start, object)))
    };
    let is_alike = |one: &Object, other: &Object| one.kind == other.kind && one.api_version == other.api_version;
    let in_order: Vec<_> =
        objects(real).zip(objects(marked)).map(|((start, one), (_, other))| (start, one, other)).collect();
    let count = objects(real).count();
    if count == objects(marked).count() && in_order.iter().all(|(_, one, other)| is_alike(one, other)) {
        return in_order;
    }
    let named = |object: &Object| {
        let mut same = objects(marked).filter(|(_, it)| is_alike(it, object) && it.name == object.name);
        same.next().map(|(_, object)| object)
    };
    objects(real).filter_map(|(start, object)| Some((start, object, named(object)?))).collect()
}

/// Whether the marked node is the real one, marks aside.
fn is_same(real: &Node, marked: &Node) -> bool {
    match (&real.value, &marked.value) {
        (Value::Mapping(entries), Value::Mapping(others)) => {
            let count = others.iter().filter(|entry| mark::key(&entry.key).is_none()).count();
            let is_same = |entry: &engine::manifest::Entry| {
                marked.get(&entry.key).is_some_and(|other| is_same(&entry.value, other))
            };
            entries.len() == count && entries.iter().all(is_same)
        }
        (Value::Sequence(items), Value::Sequence(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(one, other)| is_same(one, other))
        }
        (one, Value::String(text)) => text_of(one).is_some_and(|one| one == mark::unmarked(text).0),
        (one, other) => one == other,
    }
}

struct Tracer<'t, 'a> {
    marks: &'t Marks<'a>,
    /// Whether a chart or a generator has made the object, so that a patch may not be all that wrote a mapping.
    is_made: bool,
    places: Places,
}

impl<'a> Tracer<'_, 'a> {
    /// Who wrote a mapping, by the marks in it.
    fn writers(&self, marked: &Node) -> Vec<Writer<'a>> {
        let Value::Mapping(entries) = &marked.value else { return Vec::new() };
        let marks = entries.iter().filter_map(|entry| self.marks.get(mark::key(&entry.key)?));
        let mut writers: Vec<Writer<'a>> = marks.map(Writer::from).collect();
        // What is laid over an object comes behind it.
        writers.sort_by_key(|writer| writer.is_patch);
        writers
    }

    fn walk(&mut self, real: &Node, marked: &Node, writers: &[Writer<'a>]) {
        match &real.value {
            Value::Mapping(entries) => {
                for entry in entries {
                    let Some(other) = marked.get(&entry.key) else { continue };
                    let named = writers.iter().filter_map(|writer| Some((*writer, writer.node.entry(&entry.key)?)));
                    let named: Vec<(Writer<'a>, &engine::manifest::Entry)> = named.collect();
                    let is_open = self.is_made && named.iter().all(|(writer, _)| writer.is_patch);
                    match &entry.value.value {
                        Value::Mapping(_) | Value::Sequence(_) => {
                            let of_child = self.writers(other);
                            // Of those that have the key, the one that wrote what is there now.
                            let is_child = |(writer, at): &&(Writer<'a>, &engine::manifest::Entry)| {
                                of_child
                                    .iter()
                                    .any(|it| std::ptr::eq(it.node, &raw const at.value) && it.text == writer.text)
                            };
                            let writer = named.iter().find(is_child).or(named.first()).filter(|_| !is_open);
                            if let Some((writer, at)) = writer {
                                self.insert(entry.key_span, writer.place(at.key_span));
                            } else if let Some(place) = self.key_place(other, &entry.key).filter(|_| !is_open) {
                                self.insert(entry.key_span, place);
                            }
                            let inner = if of_child.is_empty() {
                                named.iter().map(|(writer, at)| Writer { node: &at.value, ..*writer }).collect()
                            } else {
                                of_child
                            };
                            self.walk(&entry.value, other, &inner);
                        }
                        _ => self.scalar(entry, other, if is_open { &[] } else { &named }),
                    }
                }
            }
            Value::Sequence(items) => {
                let Value::Sequence(others) = &marked.value else { return };
                for (item, other) in items.iter().zip(others) {
                    let mut writers_of_item = self.writers(other);
                    if writers_of_item.is_empty() {
                        let same = |writer: &Writer<'a>| {
                            let Value::Sequence(candidates) = &writer.node.value else { return None };
                            let node = candidates.iter().find(|candidate| is_equal(candidate, item))?;
                            Some(Writer { node, ..*writer })
                        };
                        writers_of_item = writers.iter().filter_map(same).collect();
                    }
                    if matches!(item.value, Value::Mapping(_) | Value::Sequence(_)) {
                        self.walk(item, other, &writers_of_item);
                    } else if let Some(mark) = self.last_mark(other) {
                        self.insert(item.span, Writer::from(mark).place(mark.node.span));
                    } else if let Some(writer) = writers_of_item.first() {
                        self.insert(item.span, writer.place(writer.node.span));
                    }
                }
            }
            _ => {}
        }
    }

    fn scalar(
        &mut self,
        entry: &engine::manifest::Entry,
        marked: &Node,
        named: &[(Writer<'a>, &engine::manifest::Entry)],
    ) {
        if let Some(mark) = self.last_mark(marked).copied() {
            let writer = Writer::from(&mark);
            self.insert(entry.value.span, writer.place(mark.node.span));
            let at = mark.entry.filter(|at| at.key == entry.key);
            self.insert(entry.key_span, writer.place(at.map_or(mark.node.span, |at| at.key_span)));
            return;
        }
        // What has no mark is where the mapping that it is in was written, if the same stands there.
        if let Some((writer, at)) = named.iter().find(|(_, at)| is_equal(&at.value, &entry.value)) {
            self.insert(entry.value.span, writer.place(at.value.span));
            self.insert(entry.key_span, writer.place(at.key_span));
        }
    }

    /// The mark that a scalar ends with.
    fn last_mark(&self, marked: &Node) -> Option<&Mark<'a>> {
        self.marks.last(marked.as_str()?)
    }

    /// Where a mapping was written under that key, by the marks in it.
    fn key_place(&self, marked: &Node, key: &str) -> Option<SourcePlace> {
        let Value::Mapping(entries) = &marked.value else { return None };
        let mut marks = entries.iter().filter_map(|entry| self.marks.get(mark::key(&entry.key)?));
        let (mark, at) = marks.find_map(|mark| Some((mark, mark.entry.filter(|at| &*at.key == key)?)))?;
        Some(Writer::from(mark).place(at.key_span))
    }

    fn insert(&mut self, at: Span, place: SourcePlace) {
        if !at.is_empty() {
            self.places.proven.insert(at.start, place);
        }
    }
}

/// Whether two nodes have the same value, wherever they stand.
pub fn is_equal(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Mapping(entries), Value::Mapping(others)) => {
            let is_same =
                |entry: &engine::manifest::Entry| other.get(&entry.key).is_some_and(|it| is_equal(&entry.value, it));
            entries.len() == others.len() && entries.iter().all(is_same)
        }
        (Value::Sequence(items), Value::Sequence(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(one, other)| is_equal(one, other))
        }
        (one, other) => one == other,
    }
}
