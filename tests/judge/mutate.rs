//! Mutations of objects: fields misspelt, moved, dropped and doubled, and values of other types, ranges and forms. The same
//! seed makes the same objects on every machine.

use serde_json::{Map, Number, Value};

/// A small generator of numbers (SplitMix64).
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count.max(1) as u64).unwrap_or_default()
    }

    fn one<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len())]
    }
}

/// A step on the way to a value.
#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

/// The object with one mutation, or with two.
pub fn mutated(object: &Value, random: &mut Random) -> Value {
    let mut object = object.clone();
    let count = if random.below(10) == 0 { 2 } else { 1 };
    for _ in 0..count {
        mutate(&mut object, random);
    }
    object
}

fn mutate(object: &mut Value, random: &mut Random) {
    let mut ways = Vec::new();
    collect(object, &mut Vec::new(), &mut ways);
    // Who it is stays: of another kind nobody could say anything.
    ways.retain(|way| !matches!(way.as_slice(), [] | [Step::Key(_)] if is_identity(way)));
    let Some(way) = (!ways.is_empty()).then(|| random.one(&ways).clone()) else { return };
    match random.below(12) {
        0 | 1 => remove(object, &way),
        2 => misspell(object, &way, random),
        3 => relocate(object, &way, &ways, random),
        4 => double(object, &way),
        5 => add_unknown(object, &way, random),
        6 => exchange(object, &way, &ways, random),
        7 => retype(object, &way, random),
        _ => change(object, &way, random),
    }
}

fn is_identity(way: &[Step]) -> bool {
    matches!(way, []) || matches!(way, [Step::Key(key)] if key == "apiVersion" || key == "kind")
}

fn collect(value: &Value, way: &mut Vec<Step>, ways: &mut Vec<Vec<Step>>) {
    ways.push(way.clone());
    let mut visit = |step, child| {
        way.push(step);
        collect(child, way, ways);
        way.pop();
    };
    match value {
        Value::Object(members) => {
            // Whatever order the map keeps.
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            members.into_iter().for_each(|(key, child)| visit(Step::Key(key.clone()), child));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, child)| visit(Step::Index(index), child)),
        _ => {}
    }
}

fn at<'v>(object: &'v mut Value, way: &[Step]) -> Option<&'v mut Value> {
    way.iter().try_fold(object, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(*index),
    })
}

fn remove(object: &mut Value, way: &[Step]) {
    let Some((last, parents)) = way.split_last() else { return };
    match (at(object, parents), last) {
        (Some(Value::Object(members)), Step::Key(key)) => drop(members.remove(key)),
        (Some(Value::Array(items)), Step::Index(index)) => drop(items.remove(*index)),
        _ => {}
    }
}

/// Gives a member another key: letters that change places or case, are missing or too many.
fn misspell(object: &mut Value, way: &[Step], random: &mut Random) {
    let Some((Step::Key(key), parents)) = way.split_last() else { return remove(object, way) };
    let mut letters: Vec<char> = key.chars().collect();
    let place = random.below(letters.len());
    match random.below(5) {
        0 if letters.len() > 1 => letters.swap(place.saturating_sub(1), place.max(1)),
        1 => drop(letters.remove(place)),
        2 => letters.insert(place, 'e'),
        3 => letters = key.to_lowercase().chars().collect(),
        _ => letters = key.to_uppercase().chars().collect(),
    }
    let name: String = letters.into_iter().collect();
    if let Some(Value::Object(members)) = at(object, parents)
        && let Some(value) = members.remove(key)
    {
        members.insert(name, value);
    }
}

/// Moves a member to another map: one further out, further in, or anywhere.
fn relocate(object: &mut Value, way: &[Step], ways: &[Vec<Step>], random: &mut Random) {
    let Some((Step::Key(key), parents)) = way.split_last() else { return remove(object, way) };
    let Some(value) = at(object, way).map(|value| value.clone()) else { return };
    remove(object, way);
    let target = match random.below(3) {
        0 if !parents.is_empty() => parents[..parents.len() - 1].to_vec(),
        1 => random.one(ways).clone(),
        _ => {
            let near: Vec<&Vec<Step>> = ways.iter().filter(|way| way.len() == parents.len() + 1).collect();
            if near.is_empty() { Vec::new() } else { (*random.one(&near)).clone() }
        }
    };
    if let Some(Value::Object(members)) = at(object, &target) {
        members.insert(key.clone(), value);
    }
}

fn double(object: &mut Value, way: &[Step]) {
    let Some((last, parents)) = way.split_last() else { return };
    match (at(object, parents), last) {
        (Some(Value::Array(items)), Step::Index(index)) => items.push(items[*index].clone()),
        (Some(Value::Object(members)), Step::Key(key)) => {
            if let Some(Value::Array(items)) = members.get_mut(key)
                && let Some(first) = items.first().cloned()
            {
                items.push(first);
            }
        }
        _ => {}
    }
}

fn add_unknown(object: &mut Value, way: &[Step], random: &mut Random) {
    const KEYS: [&str; 12] = [
        "extra",
        "name",
        "namespace",
        "spec",
        "labels",
        "type",
        "image",
        "replicas",
        "containers",
        "port",
        "key",
        "value",
    ];
    let key = (*random.one(&KEYS)).to_owned();
    let value = random
        .one(&[Value::from("x"), Value::from(1), Value::Object(Map::new()), Value::Null, Value::from(true)])
        .clone();
    if let Some(Value::Object(members)) = at(object, way) {
        members.insert(key, value);
    } else {
        change(object, way, random);
    }
}

/// Takes the value of another place.
fn exchange(object: &mut Value, way: &[Step], ways: &[Vec<Step>], random: &mut Random) {
    let other = random.one(ways).clone();
    let value = at(object, &other).map(|value| value.clone());
    if let (Some(value), Some(place)) = (value, at(object, way)) {
        let is_alike = std::mem::discriminant(&value) == std::mem::discriminant(place);
        if is_alike && !value.is_object() {
            *place = value;
        } else {
            change(object, way, random);
        }
    }
}

fn retype(object: &mut Value, way: &[Step], random: &mut Random) {
    let Some(place) = at(object, way) else { return };
    *place = match (&*place, random.below(4)) {
        (_, 0) => Value::Null,
        (Value::String(text), 1) => text.parse::<i64>().map_or_else(|_| Value::from(5), Value::from),
        (Value::String(_), 2) => Value::from(true),
        (Value::String(text), _) => Value::Array(vec![Value::from(text.as_str())]),
        (Value::Number(number), 1 | 2) => Value::from(number.to_string()),
        (Value::Number(_), _) => Value::from(false),
        (Value::Bool(flag), 1 | 2) => Value::from(flag.to_string()),
        (Value::Bool(_), _) => Value::from(1),
        (Value::Array(items), 1) => items.first().cloned().unwrap_or(Value::Null),
        (Value::Array(_), 2) => Value::Array(Vec::new()),
        (Value::Array(_), _) => Value::Object(Map::new()),
        (Value::Object(_), 1) => Value::Array(vec![place.clone()]),
        (Value::Object(_), 2) => Value::from("text"),
        (Value::Object(_), _) => Value::Object(Map::new()),
        (Value::Null, _) => Value::from(""),
    };
}

/// Another value of the same type.
fn change(object: &mut Value, way: &[Step], random: &mut Random) {
    let Some(place) = at(object, way) else { return };
    match place {
        Value::Bool(flag) => *flag = !*flag,
        Value::Number(_) => {
            let numbers = [-1, 0, 1, 2, 10, 255, 512, 1000, 65535, 65536, 86401, 1 << 31, 1 << 40, i64::MAX];
            *place = match random.below(numbers.len() + 1) {
                index if index < numbers.len() => Value::from(numbers[index]),
                _ => Number::from_f64(1.5).map_or(Value::Null, Value::Number),
            };
        }
        Value::String(text) => *place = Value::from(other_text(text, random)),
        Value::Array(items) => {
            if random.below(2) == 0 {
                items.clear();
            } else {
                items.reverse();
            }
        }
        Value::Object(_) => *place = Value::Object(Map::new()),
        Value::Null => {}
    }
}

fn other_text(text: &str, random: &mut Random) -> String {
    const TEXTS: [&str; 44] = [
        "",
        " ",
        "a",
        "A",
        "a b",
        "a_b",
        "a.b",
        "-a",
        "a-",
        "a/b",
        "example.com/a",
        "/a",
        "../a",
        "..",
        "a/../b",
        "*",
        "*.example.com",
        "1",
        "0",
        "-1",
        "1.5",
        "10%",
        "150%",
        "100m",
        "1Gi",
        "512K",
        "1e3",
        "true",
        "None",
        "Always",
        "Never",
        "Default",
        "TCP",
        "tcp",
        "10.0.0.1",
        "10.0.0.300",
        "10.0.0.0/8",
        "10.0.0.0/33",
        "::1",
        "fd00::/64",
        "v1",
        "apps/v1",
        "2026-01-01T00:00:00Z",
        "ä",
    ];
    match random.below(8) {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        2 => format!("{text}-"),
        3 => format!("{text}{}", "a".repeat(1 + random.below(260))),
        4 => text.chars().skip(1).collect(),
        5 => {
            let mut letters: Vec<char> = text.chars().collect();
            if let Some(first) = letters.first_mut() {
                *first = if first.is_uppercase() { first.to_ascii_lowercase() } else { first.to_ascii_uppercase() };
            }
            letters.into_iter().collect()
        }
        _ => (*random.one(&TEXTS)).to_owned(),
    }
}
