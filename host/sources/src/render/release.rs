//! Where the fields of a rendered chart come from: its templates where they write a field literally, and its values where
//! these were seen to arrive in it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use engine::manifest::{Content, Entry, Manifest, Node, Object, SourcePlace, Span, Value};

use super::lines::{Lines, Wanted};
use super::mark::{self, Mark, Marks, Shift, text_of};
use super::overlay::{Places, is_equal};

/// What was seen to arrive from values, by the offset in the rendered text at which a scalar or a key begins.
#[derive(Debug, Default)]
pub struct Traced {
    at: BTreeMap<u32, SourcePlace>,
    /// What a value is called and where, by the offset of the scalar that it wrote.
    keys: BTreeMap<u32, (Box<str>, SourcePlace)>,
}

fn place(text: usize, span: Span, shift: Option<&Shift>) -> SourcePlace {
    SourcePlace { text, span: shift.map_or(span, |shift| shift.outer(span)), name: None }
}

impl Traced {
    /// A value that wrote the scalar at an offset.
    pub fn insert(&mut self, at: u32, text: usize, entry: &Entry, shift: Option<&Shift>) {
        self.at.insert(at, place(text, entry.value.span, shift));
        self.keys.insert(at, (entry.key.clone(), place(text, entry.key_span, shift)));
    }

    /// The scalars that end with a value, and the mappings in values that they are in, as far as they are called alike.
    pub fn scalars(&mut self, real: &Manifest, marked: &Manifest, marks: &Marks<'_>) {
        for (object, other) in pairs(real, marked) {
            let mut above = Vec::new();
            self.walk(&object.node, &other.node, marks, &mut above);
        }
    }

    fn walk<'n>(&mut self, real: &'n Node, marked: &Node, marks: &Marks<'_>, above: &mut Vec<Option<&'n Entry>>) {
        match (&real.value, &marked.value) {
            (Value::Mapping(entries), Value::Mapping(_)) => {
                for entry in entries {
                    if let Some(other) = marked.get(&entry.key) {
                        above.push(Some(entry));
                        self.walk(&entry.value, other, marks, above);
                        above.pop();
                    }
                }
            }
            (Value::Sequence(items), Value::Sequence(others)) if items.len() == others.len() => {
                for (item, other) in items.iter().zip(others) {
                    above.push(None);
                    self.walk(item, other, marks, above);
                    above.pop();
                }
            }
            (scalar, _) => {
                let Some((number, is_whole)) = arrived(scalar, marked, marks) else { return };
                let Some(mark) = marks.get(number) else { return };
                self.at.insert(real.span.start, place(mark.text, mark.node.span, mark.shift));
                if is_whole {
                    self.keys(number, marks, above);
                }
            }
        }
    }

    /// The keys on the way to a value, from the inside, as long as those on the way to the field are the same; and beside
    /// each what stands beside it in the values too.
    fn keys(&mut self, number: usize, marks: &Marks<'_>, above: &[Option<&Entry>]) {
        let around = above.iter().rev().skip(1).chain([&None]);
        let written_around = marks.trail(number).skip(1).map(Some).chain([None]);
        let steps = marks.trail(number).zip(above.iter().rev()).zip(written_around.zip(around));
        for ((mark, entry), (written_around, around)) in steps {
            match (mark.entry, entry) {
                (Some(written), Some(entry)) if written.key == entry.key => {
                    let place = place(mark.text, written.key_span, mark.shift);
                    self.at.entry(entry.key_span.start).or_insert(place);
                }
                (None, None) => continue,
                _ => return,
            }
            if let (Some(written), Some(around)) = (written_around, around) {
                self.beside(written, &around.value);
            }
        }
    }

    /// The members of a mapping that stand alike in the mapping of values that it is made of.
    fn beside(&mut self, written: &Mark<'_>, mapping: &Node) {
        let Value::Mapping(entries) = &mapping.value else { return };
        for entry in entries {
            let Some(at) = written.node.entry(&entry.key).filter(|at| is_equal(&at.value, &entry.value)) else {
                continue;
            };
            let of = |span| place(written.text, span, written.shift);
            self.at.entry(entry.key_span.start).or_insert_with(|| of(at.key_span));
            if !entry.value.span.is_empty() && text_of(&entry.value.value).is_some() {
                self.at.entry(entry.value.span.start).or_insert_with(|| of(at.value.span));
            }
        }
    }
}

/// The mark of the value that a scalar ends with, and whether it is nothing else than that value.
fn arrived(real: &Value, marked: &Node, marks: &Marks<'_>) -> Option<(usize, bool)> {
    let real = text_of(real)?;
    if let Value::Number(number) = &marked.value {
        let number = usize::try_from(number.as_u64()?).ok()?;
        let (number, mark) = marks.iter().find(|(at, _)| mark::numbered(*at) == Some(number))?;
        return is_value(mark, &real).then_some((number, true));
    }
    let (text, found, is_last) = mark::unmarked(marked.as_str()?);
    let number = *found.last().filter(|_| is_last && text == real)?;
    let written = marks.get(number)?;
    let is_whole = is_value(written, &real);
    // Which line of a text wrote it, or which of its lines was written, is not known.
    let is_line = !mark::has_lines(&real) && !written.node.as_str().is_some_and(mark::has_lines);
    (is_whole || is_line).then_some((number, is_whole))
}

fn is_value(mark: &Mark<'_>, real: &str) -> bool {
    text_of(&mark.node.value).is_some_and(|text| text == real)
}

/// The objects of two renderings side by side: of each template and kind the first beside the first.
fn pairs<'m>(real: &'m Manifest, other: &'m Manifest) -> Vec<(&'m Object, &'m Object)> {
    let mut others: HashMap<(&str, &str), Vec<&Object>> = HashMap::new();
    for (source, object) in sourced(other).into_iter().rev() {
        others.entry((source, &object.kind)).or_default().push(object);
    }
    let pair =
        |(source, object): (&'m str, &'m Object)| Some((object, others.get_mut(&(source, &object.kind))?.pop()?));
    sourced(real).into_iter().filter_map(pair).collect()
}

/// The objects, each with the template that helm says wrote it.
fn sourced(manifest: &Manifest) -> Vec<(&str, &Object)> {
    let documents = manifest.documents.iter().flat_map(|document| {
        let text = match manifest.source.slice(document.span) {
            Cow::Borrowed(text) => text,
            // What a tool has just printed is not packed.
            Cow::Owned(_) => "",
        };
        let source = text.lines().take(3).find_map(|line| line.strip_prefix("# Source: ")).unwrap_or_default();
        document.objects().iter().map(move |object| (source.trim(), object))
    });
    documents.collect()
}

/// The keys of fields that are false, of which neither a template nor a value is known to say so.
pub fn unexplained_falses(real: &Manifest, lines: &Lines<'_>, traced: &Traced) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for object in real.objects() {
        each_entry(&object.node, &mut |entry| {
            let line = real.source.position(entry.key_span.start).line;
            let is_open = entry.value.value == Value::Bool(false) && !traced.at.contains_key(&entry.value.span.start);
            let found = lines.find(line, &Wanted::Key(&entry.key));
            if is_open && !found.is_some_and(|found| found.is_literal_behind) {
                keys.insert(entry.key.to_string());
            }
        });
    }
    keys
}

/// Where the fields begin that are false in the one rendering and 0 in the other.
pub fn zeros(real: &Manifest, other: &Manifest) -> Vec<u32> {
    let mut found = Vec::new();
    for (object, other) in pairs(real, other) {
        zeros_in(&object.node, &other.node, &mut found);
    }
    found
}

fn zeros_in(real: &Node, other: &Node, found: &mut Vec<u32>) {
    match (&real.value, &other.value) {
        (Value::Mapping(entries), Value::Mapping(_)) => {
            for entry in entries {
                other.get(&entry.key).into_iter().for_each(|other| zeros_in(&entry.value, other, found));
            }
        }
        (Value::Sequence(items), Value::Sequence(others)) if items.len() == others.len() => {
            items.iter().zip(others).for_each(|(item, other)| zeros_in(item, other, found));
        }
        (Value::Bool(false), other) if text_of(other).as_deref() == Some("0") => found.push(real.span.start),
        _ => {}
    }
}

fn each_entry<'n>(node: &'n Node, visit: &mut impl FnMut(&'n Entry)) {
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                visit(entry);
                each_entry(&entry.value, visit);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| each_entry(item, visit)),
        _ => {}
    }
}

/// The place that writes the value of a member literally, if a template does.
fn writes_value(real: &Manifest, lines: &Lines<'_>, entry: &Entry, line: u32) -> Option<SourcePlace> {
    let found = lines.find(line, &Wanted::Key(&entry.key)).filter(|found| found.is_literal)?;
    let is_scalar = !matches!(entry.value.value, Value::Mapping(_) | Value::Sequence(_));
    let is_on_line = real.source.position(entry.value.span.start).line == line;
    (is_scalar && is_on_line).then_some(found.behind)
}

/// Notes how much of each name a template makes anew every time.
pub fn note_names(real: &mut Manifest, lines: &Lines<'_>) {
    for document in &mut real.documents {
        let Content::Objects(objects) = &mut document.content else { continue };
        for object in objects {
            let at = object.node.get("metadata").and_then(|it| it.get("name")).map(|node| node.span.start);
            let Some((at, name)) = at.zip(object.name.as_deref()) else { continue };
            object.hash = lines.anew(real.source.position(at).line, name);
        }
    }
}

/// The places of all fields.
pub fn places(real: &Manifest, lines: &Lines<'_>, traced: &Traced, fallback: usize) -> Places {
    let mut places = Places::default();
    for document in &real.documents {
        for object in document.objects() {
            let start = real.source.position(object.node.locate(&[]).start).line;
            let whole = SourcePlace { text: fallback, span: Span { start: 0, end: 0 }, name: None };
            places.objects.insert(document.span.start, lines.document(start).unwrap_or(whole));
            each_entry(&object.node, &mut |entry| add_entry(real, lines, traced, entry, &mut places));
            each_item(&object.node, &mut |item| add_item(real, lines, traced, item, &mut places));
        }
    }
    places
}

fn add_entry(real: &Manifest, lines: &Lines<'_>, traced: &Traced, entry: &Entry, places: &mut Places) {
    let (at, value) = (entry.key_span.start, entry.value.span);
    let line = real.source.position(at).line;
    let found = lines.find(line, &Wanted::Key(&entry.key));
    let from_values = |offset: u32| traced.at.get(&offset).cloned();
    let same_key =
        || traced.keys.get(&value.start).filter(|(key, _)| *key == entry.key).map(|(_, place)| place.clone());
    let key_from_values = || from_values(at).or_else(same_key);
    match &found {
        Some(found) if found.is_literal => _ = places.proven.insert(at, found.place.clone()),
        found => match (key_from_values(), found) {
            (Some(place), _) => _ = places.proven.insert(at, place),
            (None, Some(found)) => _ = places.nearest.insert(at, found.place.clone()),
            (None, None) => {}
        },
    }
    if value.is_empty() || matches!(entry.value.value, Value::Mapping(_) | Value::Sequence(_)) {
        return;
    }
    if let Some(place) = from_values(value.start) {
        places.proven.insert(value.start, place);
    } else if let Some(place) = writes_value(real, lines, entry, line) {
        places.proven.insert(value.start, place);
    } else if let Some(found) = found {
        places.nearest.insert(value.start, found.place);
    }
}

fn add_item(real: &Manifest, lines: &Lines<'_>, traced: &Traced, item: &Node, places: &mut Places) {
    let (at, text) = (item.span.start, text_of(&item.value).unwrap_or_default());
    if let Some(place) = traced.at.get(&at) {
        places.proven.insert(at, place.clone());
    } else if let Some(found) = lines.find(real.source.position(at).line, &Wanted::Item(&text)) {
        let kept = if found.is_literal { &mut places.proven } else { &mut places.nearest };
        kept.insert(at, found.place);
    }
}

/// The scalars that are items of lists.
fn each_item<'n>(node: &'n Node, visit: &mut impl FnMut(&'n Node)) {
    match &node.value {
        Value::Mapping(entries) => entries.iter().for_each(|entry| each_item(&entry.value, visit)),
        Value::Sequence(items) => {
            for item in items {
                match item.value {
                    Value::Mapping(_) | Value::Sequence(_) => each_item(item, visit),
                    _ => visit(item),
                }
            }
        }
        _ => {}
    }
}
