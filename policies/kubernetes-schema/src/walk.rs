//! Walks an object beside its shape: unknown fields, wrong types, what is missing, enums, ranges, formats. What a type asks
//! of several of its fields together is `validation`'s, which is called from here.

use sdk::field::Field;
use sdk::findings::Findings;
use sdk::prelude::*;
use sdk::seen::{Seen, hash};
use sdk::value::Value;

use crate::formats;
use crate::spelling::{self, Hint};
use crate::table::{self, Check, Kind, Rule, Shape, Type};

/// Whether a field is what SOPS keeps beside an object to decrypt it: whoever deploys the object takes that out.
pub fn is_seal(at: Field<'_>) -> bool {
    at.path() == "$['sops']" && at.value().and_then(|value| value.get("mac")).is_some()
}

/// One object on its way through the tables.
pub struct Walk<'a, 'w> {
    pub findings: &'w mut Findings,
    /// The minor version of Kubernetes.
    pub minor: u8,
    pub root: Field<'a>,
    /// The kind of the object.
    pub kind: &'static Kind,
    /// The structs around the one that is looked at, from the root on.
    around: Vec<(&'static Type, Field<'a>)>,
    /// Whether unknown fields are let through: Kubernetes reads a part of a CustomResourceDefinition by code of its own.
    is_lenient: bool,
    /// Whether the server looks at no more than the schema here.
    is_unchecked: bool,
    /// The paths of what is missing and was told, or stands misspelt elsewhere: what it should hold is not missed as well.
    told: Vec<String>,
}

impl<'a, 'w> Walk<'a, 'w> {
    pub fn new(findings: &'w mut Findings, minor: u8, root: Field<'a>, kind: &'static Kind) -> Self {
        Self {
            findings,
            minor,
            root,
            kind,
            around: Vec::new(),
            is_lenient: false,
            is_unchecked: false,
            told: Vec::new(),
        }
    }

    /// Whether a cluster has the object, and so has taken what is in it.
    pub fn is_in_cluster(&self) -> bool {
        self.root.get("metadata.uid").is_set()
    }

    /// The field is wrong: what, and what to write.
    pub fn fail(&mut self, at: Field<'a>, message: impl Into<String>, fix: impl Into<Fix>) {
        self.tell(at, message.into(), fix.into());
    }

    /// Apart from what converts its arguments, since it is called from hundreds of places.
    #[inline(never)]
    fn tell(&mut self, at: Field<'a>, message: String, fix: Fix) {
        let path = at.path();
        if self.is_told(&path) {
            return;
        }
        // A line by itself has to say which field it is about.
        let name = last(&path);
        let message = if name.is_empty() || message.contains(&format!("`{name}`")) {
            message
        } else {
            format!("`{name}`: {message}")
        };
        // The text at these places is somebody's secret, or may be.
        let is_secret =
            self.kind.name == "Secret" && (path.starts_with("$['data']") || path.starts_with("$['stringData']"));
        if is_secret || (path.contains("['env'][") && path.ends_with("['value']")) {
            self.findings.fail_concealed(at, message, fix);
        } else {
            self.findings.fail(at, message, fix);
        }
    }

    /// Something of this shape.
    pub fn value(&mut self, at: Field<'a>, shape: Shape) {
        let Some(value) = at.value() else { return };
        match (shape, value) {
            (Shape::Struct(index), Value::Object(_)) => self.structure(at, index),
            (Shape::List(items), Value::Array(_)) => {
                at.items().for_each(|item| self.item(item, *items));
            }
            (Shape::Map(values), Value::Object(_)) => at.entries().for_each(|(_, entry)| self.item(entry, *values)),
            (Shape::Text, Value::String(_))
            | (Shape::Bool, Value::Bool(_))
            | (Shape::Double, Value::Number(_))
            | (Shape::Quantity, Value::Number(_))
            | (Shape::IntOrString, Value::String(_))
            | (Shape::Object, Value::Object(_))
            | (Shape::Any, _) => {}
            (Shape::Int32 | Shape::IntOrString, Value::Number(text)) => {
                self.integer(at, text, text.parse::<i32>().is_ok())
            }
            (Shape::Int64, Value::Number(text)) => self.integer(at, text, text.parse::<i64>().is_ok()),
            (Shape::Bytes, Value::String(text)) => {
                if !formats::is_base64(text) {
                    let message =
                        "this is no base64: it is not one text in groups of four letters, digits, `+` and `/`";
                    self.findings.fail_concealed(
                        at,
                        message,
                        "the base64 of the value, or the plain value in stringData",
                    );
                }
            }
            (Shape::Quantity, Value::String(text)) => self.quantity(at, text),
            (Shape::Time, Value::String(text)) => self.time(at, formats::is_time(text), "2026-01-31T12:00:00Z"),
            (Shape::MicroTime, Value::String(text)) => {
                self.time(at, formats::is_micro_time(text), "2026-01-31T12:00:00.000000Z");
            }
            (Shape::SchemaOrList, Value::Array(_)) => self.schemas(at),
            (Shape::SchemaOrStrings, Value::Array(_)) => at.items().for_each(|item| self.value(item, Shape::Text)),
            (Shape::SchemaOrBool, Value::Bool(_)) => {}
            (Shape::SchemaOrList | Shape::SchemaOrBool | Shape::SchemaOrStrings, Value::Object(_)) => self.schema(at),
            (shape, value) => self.wrong_type(at, value, shape),
        }
    }

    /// An item of a list, or an entry of a map: `null` is one without anything in it.
    fn item(&mut self, at: Field<'a>, shape: Shape) {
        match shape {
            Shape::Struct(index) if !at.is_set() => self.structure(at, index),
            _ => self.value(at, shape),
        }
    }

    fn integer(&mut self, at: Field<'a>, text: &str, fits: bool) {
        if fits {
            return;
        }
        let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let message = if is_whole { "this number is too large for this field" } else { "this is no whole number" };
        self.fail(at, message, "a whole number");
    }

    fn quantity(&mut self, at: Field<'a>, text: &str) {
        if !formats::is_quantity(text) {
            let message = match Quantity::parse(text) {
                Err(cause) => cause.to_string(),
                Ok(_) => format!("`{text}` is no quantity"),
            };
            self.fail(at, message, "a quantity such as 500m or 1Gi");
        } else if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            let message = format!("Kubernetes reads `{text}` as 0");
            self.findings.warn(at, message, "a quantity such as 500m or 1Gi");
        }
    }

    fn time(&mut self, at: Field<'a>, is_time: bool, example: &str) {
        if !is_time {
            self.fail(at, "this is no time as RFC 3339 has it", format!("a time such as {example}"));
        }
    }

    fn schemas(&mut self, at: Field<'a>) {
        at.items().for_each(|item| self.schema(item));
    }

    fn schema(&mut self, at: Field<'a>) {
        let before = core::mem::replace(&mut self.is_lenient, true);
        self.value(at, Shape::Struct(table::JSON_SCHEMA_PROPS));
        self.is_lenient = before;
    }

    fn wrong_type(&mut self, at: Field<'a>, value: &Value<'_>, shape: Shape) {
        let wanted = match shape {
            Shape::Text | Shape::Bytes | Shape::Time | Shape::MicroTime => "a string",
            Shape::Bool => "a boolean",
            Shape::Int32 | Shape::Int64 => "a whole number",
            Shape::Double => "a number",
            Shape::Quantity => "a quantity",
            Shape::IntOrString => "a whole number or a string",
            Shape::List(_) => "a list",
            _ => "a map",
        };
        let fix = match (value, wanted) {
            (Value::Number(_) | Value::Bool(_), "a string") => "a string, in quotes",
            (Value::String("true" | "false"), "a boolean") => "a boolean, without quotes",
            (Value::String(_), "a whole number") => "a whole number, without quotes",
            _ => wanted,
        };
        self.fail(at, format!("this is {}, where Kubernetes takes {wanted}", value.noun()), fix);
    }

    /// A struct of that type; where nothing is set, without any field.
    fn structure(&mut self, at: Field<'a>, index: u16) {
        let Some(of) = table::type_at(index) else { return };
        self.around.push((of, at));
        let members = at.value().map(Value::members).unwrap_or_default();
        for (index, (key, value)) in members.iter().enumerate() {
            let field = of.field(key, self.minor);
            // Most fields are right at first sight, and need no place of their own.
            if field.is_some_and(|field| field.is_plain(value)) {
                continue;
            }
            let Some(child) = at.entry_at(index) else { continue };
            let Some(field) = field else {
                if !is_seal(child) {
                    self.unknown(of, key, child);
                }
                continue;
            };
            let before = self.is_unchecked;
            self.is_unchecked |= matches!(field.checks, [Check::Unchecked, ..]) || self.is_of_template(of, field.name);
            self.value(child, field.shape);
            if !self.is_unchecked {
                field.checks.iter().for_each(|check| self.check(child, *check));
            }
            self.is_unchecked = before;
        }
        if !self.is_unchecked {
            of.checks.iter().for_each(|rule| self.rule(at, *rule));
        }
        self.around.pop();
    }

    /// Of the claims that a StatefulSet makes, the server looks at the specification alone.
    fn is_of_template(&self, of: &'static Type, field: &str) -> bool {
        field == "metadata" && of.name == "core.v1.PersistentVolumeClaim" && self.around.len() > 1
    }

    fn unknown(&mut self, of: &'static Type, key: &str, child: Field<'a>) {
        if self.is_lenient {
            return self.findings.warn(
                child,
                format!("Kubernetes drops `{key}`: it does not know it here"),
                fix::remove(child),
            );
        }
        let Hint { text, fix, meant } = spelling::hint(&self.around, of, key, self.minor);
        let fix = fix.unwrap_or_else(|| fix::remove(child));
        self.fail(child, format!("`{key}` is unknown here{text}"), fix);
        self.told.extend(meant.filter(|meant| !meant.is_set()).map(Field::path));
    }

    /// Whether what is at this path is missing, and was told.
    pub fn is_told(&self, path: &str) -> bool {
        self.told.iter().any(|told| path.starts_with(told.as_str()))
    }

    /// Something required is missing: the outermost struct that is not there, and what has to be in it.
    fn miss(&mut self, at: Field<'a>, field: &'static str) {
        let missing = self.around.iter().map(|(_, place)| *place).find(|place| !place.is_set());
        // An item that is null is there, without anything in it.
        match missing.map(Field::path).filter(|path| path.ends_with("']")) {
            Some(path) => {
                let name = last(&path);
                self.fail(child(at, field), format!("`{name}` is required, with `{field}` in it"), format!("{name}:"));
                self.told.push(path);
            }
            None => self.fail(child(at, field), format!("`{field}` is required"), format!("{field}:")),
        }
    }

    fn check(&mut self, at: Field<'a>, check: Check) {
        let Some(value) = at.value() else { return };
        match (check, value) {
            (Check::Gated, _) if self.is_in_cluster() => {}
            (Check::Gated, _) => {
                let message =
                    format!("Kubernetes 1.{} drops this silently: its feature gate is off by default", self.minor);
                self.findings.warn(at, message, "remove it, unless the feature gate is on in your cluster");
            }
            (Check::Keys(format), Value::Object(_)) => {
                for (key, child) in at.entries() {
                    if !(format.is)(key) {
                        self.fail(child, format!("`{key}` is not {}", format.wanted), format.wanted);
                    }
                }
            }
            (Check::Key(fields), Value::Array(_)) => self.twice(at, fields),
            (Check::Most(most), Value::Array(items)) if items.len() > most => {
                self.fail(at, format!("{} items are more than {most}", items.len()), format!("at most {most} items"));
            }
            (Check::Most(most), Value::Object(members)) if members.len() > most => {
                self.fail(
                    at,
                    format!("{} entries are more than {most}", members.len()),
                    format!("at most {most} entries"),
                );
            }
            (Check::Most(_) | Check::Key(_) | Check::Keys(_), _) => {}
            (Check::ListFilled, Value::Array([])) => {
                self.fail(at, "this list is empty", "at least one item, or remove the field")
            }
            (Check::Filled | Check::Enum(_), Value::Array(items))
                if items.iter().any(|item| matches!(item, Value::Null)) =>
            {
                self.fail(at, "an item of this list is empty", "a text for each item");
            }
            (_, Value::Array(_)) => at.items().for_each(|item| self.check(item, check)),
            (_, Value::Object(_)) => at.entries().for_each(|(_, entry)| self.check(entry, check)),
            (Check::Filled, Value::String("")) => self.fail(at, "this is empty", "a text, or remove the field"),
            (Check::AtLeast(least), Value::String(text) | Value::Number(text)) => {
                let bound = Quantity::parse(least);
                if matches!((Quantity::parse(text), bound), (Ok(amount), Ok(bound)) if amount < bound) {
                    self.fail(at, format!("`{text}` is less than {least}"), format!("a quantity of at least {least}"));
                }
            }
            (Check::Enum(values), Value::String(text)) => self.one_of(at, text, values),
            (Check::Range(least, most), Value::Number(text)) => self.range(at, text, least, most),
            (Check::Text(format), Value::String(text)) if !text.is_empty() && !format.fits(text, self.minor) => {
                self.fail(at, format!("this is not {}", format.wanted), format.wanted);
            }
            (Check::Length(most), Value::String(text)) if text.len() > most => {
                self.fail(
                    at,
                    format!("{} characters are more than {most}", text.len()),
                    format!("at most {most} characters"),
                );
            }
            _ => {}
        }
    }

    fn one_of(&mut self, at: Field<'a>, text: &str, values: &[(&'static str, u8, u8)]) {
        let minor = self.minor;
        let served =
            || values.iter().filter(move |(_, since, until)| (*since..=*until).contains(&minor)).map(|value| value.0);
        // An empty text is as if nothing were set.
        if text.is_empty() || served().any(|value| value == text) {
            return;
        }
        let known = served().filter(|value| !value.is_empty()).collect::<Vec<_>>().join(", ");
        match spelling::nearest(text, served()) {
            Some(meant) => {
                self.fail(at, format!("`{text}` is not one of {known}; did you mean `{meant}`?"), fix::set(at, meant))
            }
            None => self.fail(at, format!("`{text}` is not one of {known}"), format!("one of {known}")),
        }
    }

    fn range(&mut self, at: Field<'a>, text: &str, least: i64, most: i64) {
        let Ok(number) = text.parse::<i64>() else { return };
        if (least..=most).contains(&number) {
            return;
        }
        let wanted = match (least, most) {
            (least, i64::MAX) => format!("at least {least}"),
            (i64::MIN, most) => format!("at most {most}"),
            (least, most) => format!("from {least} to {most}"),
        };
        self.fail(at, format!("{number} is out of range"), format!("a whole number {wanted}"));
    }

    /// Says which items of a list are there already, told apart by these fields.
    fn twice(&mut self, list: Field<'a>, fields: &'static [&'static str]) {
        let items: Vec<(Field<'a>, Option<&Value<'_>>)> = list.items().map(|item| (item, item.value())).collect();
        if items.len() < 2 {
            return;
        }
        let part = |item: Option<&Value<'a>>, field: &'static str| {
            let value = item.and_then(|item| if field.is_empty() { Some(*item) } else { item.get(field).copied() });
            value.filter(|value| !matches!(value, Value::Null | Value::String("")))
        };
        let mut seen = Seen::default();
        for (item, value) in &items {
            let is_same = |number: usize| {
                items
                    .get(number)
                    .is_some_and(|(_, other)| fields.iter().all(|field| part(*other, field) == part(*value, field)))
            };
            let mut texts = [""; 3];
            for (text, field) in texts.iter_mut().zip(fields) {
                *text = part(*value, field).and_then(|part| part.str()).unwrap_or_default();
            }
            let (hash, first) = (hash(&texts), fields.first().copied().unwrap_or_default());
            let is_there = seen.contains(hash, is_same);
            seen.push(hash);
            if part(*value, first).is_some() && is_there {
                let at = if first.is_empty() { *item } else { item.get(first) };
                self.fail(at, "this is given twice in this list", "another, or remove one of the two");
            }
        }
    }

    /// Of these fields, at most one is set, or exactly one.
    fn alternatives(&mut self, at: Field<'a>, fields: &'static [&'static str], needs_one: bool) {
        let is_given = |value: &Value<'_>| !matches!(value, Value::Null | Value::Array([]));
        let members = at.value().map(Value::members).unwrap_or_default();
        let given =
            || members.iter().filter(|(key, value)| is_given(value) && fields.contains(key)).map(|(key, _)| *key);
        let all = || if fields.len() > 8 { "the possible fields".to_owned() } else { fields.join(", ") };
        match given().count() {
            0 if needs_one => self.fail(at, format!("none of {} is set", all()), format!("one of {}", all())),
            0 | 1 => {}
            _ => {
                // The server names the later one, in its own order.
                let second = fields.iter().rev().find(|field| given().any(|key| key == **field));
                let second = child(at, second.copied().unwrap_or_default());
                self.fail(second, format!("only one of {} may be set", all()), fix::remove(second));
            }
        }
    }

    fn rule(&mut self, at: Field<'a>, rule: Rule) {
        match rule {
            Rule::Required(field) | Rule::NotEmpty(field) => {
                let is_missing = match at.value().and_then(|value| value.get(field)) {
                    None | Some(Value::Null | Value::String("") | Value::Array([])) => true,
                    Some(Value::Object([])) => matches!(rule, Rule::NotEmpty(_)),
                    Some(_) => false,
                };
                if is_missing {
                    self.miss(at, field);
                }
            }
            Rule::Implied(field, index) => {
                let given = at.value().and_then(|value| value.get(field));
                if given.is_none_or(|value| matches!(value, Value::Null)) {
                    self.structure(child(at, field), index);
                }
            }
            Rule::Exactly(fields) | Rule::AtMost(fields) => {
                self.alternatives(at, fields, matches!(rule, Rule::Exactly(_)))
            }
            Rule::Call(function) => function(self, at),
        }
    }
}

/// The last name in a path.
fn last(path: &str) -> &str {
    path.rsplit_once("['").and_then(|(_, rest)| rest.split_once("']")).map_or("", |(name, _)| name)
}

/// The field of that name, which Kubernetes knows.
pub fn child<'a>(at: Field<'a>, name: &'static str) -> Field<'a> {
    at.get(name)
}
