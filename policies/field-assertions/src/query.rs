//! JSONPath (RFC 9535) over an object's fields: jsonpath-rust reads the query, and this module follows it.
//!
//! It is followed here because jsonpath-rust's own evaluation finds no node where RFC 9535 finds one: `count()` of
//! nothing is not 0 there, and a filter directly inside a filter never holds. A rule that misses a container passes it.
//! It would also bring 900 KiB of the regex crate. The module must not know what is asserted about the nodes.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{borrow::ToOwned, format};

use jsonpath_rust::parser::errors::JsonPathError;
use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};
use jsonpath_rust::parser::parse_json_path;
use regex_lite::Regex;
use sdk::field::Field;
use sdk::value::Value;

/// A query that is well-formed and well-typed.
pub struct Query(JpQuery);

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// Why it is not a query, in a clause.
    pub fn parse(text: &str) -> Result<Self, String> {
        let query = parse_json_path(text).map_err(|cause| reason(&cause))?;
        check_segments(&query.segments)?;
        Ok(Self(query))
    }

    /// The nodes that it selects, in the RFC's order. Among them may be `null`, which is a field that is not set.
    pub fn select<'a>(&self, root: Field<'a>) -> Vec<Field<'a>> {
        follow(&self.0.segments, root, root)
    }
}

/// An I-Regexp (RFC 9485) that matches the whole of a text, or a part of it. Linear in the length of both.
///
/// # Errors
/// Why it is not an expression. Unicode properties, `\p{L}`, are not supported.
pub fn regex(pattern: &str, whole: bool) -> Result<Regex, String> {
    let mut translated = String::new();
    let (mut escaped, mut in_class) = (false, false);
    for character in pattern.chars() {
        match character {
            '.' if !escaped && !in_class => translated.push_str("[^\\n\\r]"),
            other => translated.push(other),
        }
        match character {
            '[' if !escaped => in_class = true,
            ']' if !escaped => in_class = false,
            _ => {}
        }
        escaped = character == '\\' && !escaped;
    }
    let translated = if whole { format!("^(?:{translated})$") } else { translated };
    Regex::new(&translated).map_err(|cause| format!("`{pattern}` is no regular expression: {cause}"))
}

/// One line of what the parser draws in several. Its first names the place: `--> 1:9`.
fn reason(cause: &JsonPathError) -> String {
    let text = cause.to_string();
    let column = text.split_once("--> 1:").and_then(|(_, rest)| rest.lines().next());
    match column {
        Some(column) => format!("the query goes wrong at character {column}"),
        None => text.lines().next().unwrap_or_default().to_owned(),
    }
}

/// The RFC's rules of type, which the parser leaves open: a function must not silently be nothing.
fn check_segments(segments: &[Segment]) -> Result<(), String> {
    for segment in segments {
        match segment {
            Segment::Descendant(segment) => check_segments(core::slice::from_ref(segment))?,
            Segment::Selector(selector) => check_selector(selector)?,
            Segment::Selectors(selectors) => selectors.iter().try_for_each(check_selector)?,
        }
    }
    Ok(())
}

fn check_selector(selector: &Selector) -> Result<(), String> {
    if let Selector::Filter(filter) = selector { check_filter(filter) } else { Ok(()) }
}

fn check_filter(filter: &Filter) -> Result<(), String> {
    match filter {
        Filter::Or(filters) | Filter::And(filters) => filters.iter().try_for_each(check_filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => check_filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => match &**expr {
            Test::RelQuery(segments) | Test::AbsQuery(JpQuery { segments }) => check_segments(segments),
            Test::Function(function) if function.is_comparable() => {
                Err("length(), count() and value() are compared with something".to_owned())
            }
            Test::Function(function) => check_function(function),
        },
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (left, right) = comparison.vals();
            [left, right].into_iter().try_for_each(|side| match side {
                Comparable::Function(function) if !function.is_comparable() => {
                    Err("match() and search() are compared with nothing".to_owned())
                }
                Comparable::Function(function) => check_function(function),
                Comparable::Literal(_) | Comparable::SingularQuery(_) => Ok(()),
            })
        }
    }
}

fn check_function(function: &TestFunction) -> Result<(), String> {
    match function {
        TestFunction::Custom(name, _) => Err(format!("there is no function {name}()")),
        TestFunction::Length(text) => check_value(text),
        TestFunction::Count(nodes) | TestFunction::Value(nodes) => match nodes {
            FnArg::Test(test) => match &**test {
                Test::RelQuery(segments) | Test::AbsQuery(JpQuery { segments }) => check_segments(segments),
                Test::Function(_) => Err("count() and value() take a query".to_owned()),
            },
            FnArg::Literal(_) | FnArg::Filter(_) => Err("count() and value() take a query".to_owned()),
        },
        TestFunction::Match(text, pattern) | TestFunction::Search(text, pattern) => {
            if let FnArg::Literal(Literal::String(pattern)) = pattern {
                regex(pattern, true)?;
            }
            check_value(text)?;
            check_value(pattern)
        }
    }
}

/// An argument that is one value: a literal, a query for at most one node, or another function.
fn check_value(argument: &FnArg) -> Result<(), String> {
    let FnArg::Test(test) = argument else {
        return if argument.is_lit() { Ok(()) } else { Err("a function takes no condition".to_owned()) };
    };
    match &**test {
        Test::Function(function) if function.is_comparable() => check_function(function),
        Test::Function(_) => Err("match() and search() are no arguments".to_owned()),
        Test::RelQuery(segments) | Test::AbsQuery(JpQuery { segments }) => {
            let is_singular =
                |segment: &Segment| matches!(segment, Segment::Selector(Selector::Name(_) | Selector::Index(_)));
            if segments.iter().all(is_singular) {
                Ok(())
            } else {
                Err("length(), match() and search() take a query for one node: no wildcard, slice or filter".to_owned())
            }
        }
    }
}

fn follow<'a>(segments: &[Segment], from: Field<'a>, root: Field<'a>) -> Vec<Field<'a>> {
    segments.iter().fold(alloc::vec![from], |nodes, segment| {
        let mut selected = Vec::new();
        nodes.into_iter().for_each(|node| follow_one(segment, node, root, &mut selected));
        selected
    })
}

fn follow_one<'a>(segment: &Segment, node: Field<'a>, root: Field<'a>, selected: &mut Vec<Field<'a>>) {
    match segment {
        Segment::Selector(selector) => select(selector, node, root, selected),
        Segment::Selectors(selectors) => {
            selectors.iter().for_each(|selector| select(selector, node, root, selected));
        }
        Segment::Descendant(inner) => {
            follow_one(inner, node, root, selected);
            children(node).into_iter().for_each(|child| follow_one(segment, child, root, selected));
        }
    }
}

fn select<'a>(selector: &Selector, node: Field<'a>, root: Field<'a>, selected: &mut Vec<Field<'a>>) {
    match selector {
        Selector::Name(name) => selected.extend(member(node, name)),
        Selector::Index(index) => selected.extend(element(node, *index)),
        Selector::Wildcard => selected.extend(children(node)),
        Selector::Slice(start, end, step) => slice(node, (*start, *end, step.unwrap_or(1)), selected),
        Selector::Filter(filter) => {
            selected.extend(children(node).into_iter().filter(|child| holds(filter, *child, root)));
        }
    }
}

fn member<'a>(node: Field<'a>, name: &str) -> Option<Field<'a>> {
    node.value()?.get(name).map(|_| node.entry(name))
}

fn element(node: Field<'_>, index: i64) -> Option<Field<'_>> {
    let Value::Array(items) = node.value()? else { return None };
    let length = i64::try_from(items.len()).ok()?;
    let index = if index < 0 { length + index } else { index };
    node.items().nth(usize::try_from(index).ok()?)
}

fn children(node: Field<'_>) -> Vec<Field<'_>> {
    match node.value() {
        Some(Value::Array(_)) => node.items().collect(),
        Some(Value::Object(_)) => node.entries().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}

/// RFC 9535, section 2.3.4.2.2.
fn slice<'a>(node: Field<'a>, (start, end, step): (Option<i64>, Option<i64>, i64), selected: &mut Vec<Field<'a>>) {
    let Some(Value::Array(items)) = node.value() else { return };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let normal = |index: i64| if index < 0 { length + index } else { index };
    let (mut at, end) = if step >= 0 {
        (normal(start.unwrap_or(0)).clamp(0, length), normal(end.unwrap_or(length)).clamp(0, length))
    } else {
        let end = end.map_or(-1, normal);
        (normal(start.unwrap_or(length - 1)).clamp(-1, length - 1), end.clamp(-1, length - 1))
    };
    while (step > 0 && at < end) || (step < 0 && at > end) {
        selected.extend(element(node, at));
        at = at.saturating_add(step);
    }
}

fn holds(filter: &Filter, node: Field<'_>, root: Field<'_>) -> bool {
    match filter {
        Filter::Or(filters) => filters.iter().any(|filter| holds(filter, node, root)),
        Filter::And(filters) => filters.iter().all(|filter| holds(filter, node, root)),
        Filter::Atom(FilterAtom::Filter { expr, not }) => holds(expr, node, root) != *not,
        Filter::Atom(FilterAtom::Test { expr, not }) => {
            let held = match &**expr {
                Test::Function(function) => evaluate(function, node, root) == Comparand::Bool(true),
                test => !nodes(test, node, root).is_empty(),
            };
            held != *not
        }
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (left, right) = comparison.vals();
            let (left, right) = (comparand(left, node, root), comparand(right, node, root));
            match &**comparison {
                Comparison::Eq(..) => left == right,
                Comparison::Ne(..) => left != right,
                Comparison::Lt(..) => left.is_less(right),
                Comparison::Lte(..) => left.is_less(right) || left == right,
                Comparison::Gt(..) => right.is_less(left),
                Comparison::Gte(..) => right.is_less(left) || left == right,
            }
        }
    }
}

/// One side of a comparison. Numbers are doubles, as in I-JSON.
#[derive(Clone, Copy)]
enum Comparand<'v> {
    Nothing,
    Null,
    Bool(bool),
    Number(f64),
    Text(&'v str),
    /// A list or a map.
    Structure(&'v Value<'v>),
}

impl<'v> Comparand<'v> {
    fn of(value: &'v Value<'v>) -> Self {
        match value {
            Value::Null | Value::Undeclared => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(text) => text.parse().map_or(Self::Nothing, Self::Number),
            Value::String(text) => Self::Text(text),
            Value::Array(_) | Value::Object(_) => Self::Structure(value),
        }
    }

    fn of_node(node: Field<'v>) -> Self {
        node.value().map_or(Self::Null, Self::of)
    }

    fn is_less(self, other: Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one < other,
            (Self::Text(one), Self::Text(other)) => one < other,
            _ => false,
        }
    }
}

impl PartialEq for Comparand<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) | (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Structure(Value::Array(one)), Self::Structure(Value::Array(other))) => {
                one.len() == other.len()
                    && one.iter().zip(*other).all(|(one, other)| Self::of(one) == Comparand::of(other))
            }
            (Self::Structure(Value::Object(one)), Self::Structure(whole @ Value::Object(other))) => {
                one.len() == other.len()
                    && one.iter().all(|(key, value)| {
                        whole.get(key).is_some_and(|other| Comparand::of(value) == Comparand::of(other))
                    })
            }
            _ => false,
        }
    }
}

fn comparand<'v>(side: &'v Comparable, node: Field<'v>, root: Field<'v>) -> Comparand<'v> {
    match side {
        Comparable::Literal(literal) => self::literal(literal),
        Comparable::Function(function) => evaluate(function, node, root),
        Comparable::SingularQuery(query) => {
            let (from, steps) = match query {
                SingularQuery::Current(steps) => (node, steps),
                SingularQuery::Root(steps) => (root, steps),
            };
            let found = steps.iter().try_fold(from, |node, step| match step {
                SingularQuerySegment::Name(name) => member(node, name),
                SingularQuerySegment::Index(index) => element(node, *index),
            });
            found.map_or(Comparand::Nothing, Comparand::of_node)
        }
    }
}

fn literal(literal: &Literal) -> Comparand<'_> {
    match literal {
        #[allow(clippy::cast_precision_loss)] // The parser takes no integer that a double does not hold.
        Literal::Int(value) => Comparand::Number(*value as f64),
        Literal::Float(value) => Comparand::Number(*value),
        Literal::String(value) => Comparand::Text(value),
        Literal::Bool(value) => Comparand::Bool(*value),
        Literal::Null => Comparand::Null,
    }
}

/// The nodes of a query within a filter.
fn nodes<'a>(test: &Test, node: Field<'a>, root: Field<'a>) -> Vec<Field<'a>> {
    match test {
        Test::RelQuery(segments) => follow(segments, node, root),
        Test::AbsQuery(query) => follow(&query.segments, root, root),
        Test::Function(_) => Vec::new(),
    }
}

/// RFC 9535, section 2.4.
fn evaluate<'v>(function: &'v TestFunction, node: Field<'v>, root: Field<'v>) -> Comparand<'v> {
    let value = |argument: &'v FnArg| match argument {
        FnArg::Literal(literal) => self::literal(literal),
        FnArg::Test(test) => match &**test {
            Test::Function(function) => evaluate(function, node, root),
            test => nodes(test, node, root).first().map_or(Comparand::Nothing, |node| Comparand::of_node(*node)),
        },
        FnArg::Filter(_) => Comparand::Nothing,
    };
    let selected = |argument: &FnArg| match argument {
        FnArg::Test(test) => nodes(test, node, root),
        FnArg::Literal(_) | FnArg::Filter(_) => Vec::new(),
    };
    #[allow(clippy::cast_precision_loss)] // No list in memory is that long.
    let number = |count: usize| Comparand::Number(count as f64);
    match function {
        TestFunction::Length(argument) => match value(argument) {
            Comparand::Text(text) => number(text.chars().count()),
            Comparand::Structure(Value::Array(items)) => number(items.len()),
            Comparand::Structure(Value::Object(members)) => number(members.len()),
            _ => Comparand::Nothing,
        },
        TestFunction::Count(argument) => number(selected(argument).len()),
        TestFunction::Value(argument) => match selected(argument).as_slice() {
            [one] => Comparand::of_node(*one),
            _ => Comparand::Nothing,
        },
        TestFunction::Match(text, pattern) => matches(value(text), value(pattern), true),
        TestFunction::Search(text, pattern) => matches(value(text), value(pattern), false),
        TestFunction::Custom(..) => Comparand::Nothing,
    }
}

fn matches<'v>(text: Comparand<'_>, pattern: Comparand<'_>, whole: bool) -> Comparand<'v> {
    let (Comparand::Text(text), Comparand::Text(pattern)) = (text, pattern) else { return Comparand::Bool(false) };
    Comparand::Bool(regex(pattern, whole).is_ok_and(|regex| regex.is_match(text)))
}
