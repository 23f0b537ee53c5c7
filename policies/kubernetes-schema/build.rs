//! Turns the tables of this rule into Rust: `tables/types.txt` (what Kubernetes serves, made by `make kubernetes-tables`)
//! and `tables/checks.txt` (what its validation asks of it besides) become constants that need no reading at run time.
//!
//! A check of a type or field that does not exist fails the build.
#![allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// Lines of code for a field's or a type's checks, by type.
#[derive(Default)]
struct Checks {
    fields: BTreeMap<String, String>,
    type_itself: String,
}

fn main() {
    let read = |name: &str| {
        println!("cargo::rerun-if-changed=tables/{name}");
        fs::read_to_string(Path::new("tables").join(name)).unwrap_or_else(|cause| panic!("tables/{name}: {cause}"))
    };
    let (types, checks) = (read("types.txt"), read("checks.txt"));
    let output = Path::new(&env::var("OUT_DIR").expect("cargo says where")).join("tables.rs");
    fs::write(output, tables(&types, &checks)).expect("the folder of a build is writable");
}

fn tables(types: &str, checks: &str) -> String {
    let names: Vec<&str> =
        types.split("\n\n").filter_map(|block| block.lines().next()?.strip_prefix("type ")).collect();
    let index: BTreeMap<&str, usize> = names.iter().copied().zip(0..).collect();
    let mut checks = read_checks(checks, &names, &fields_of(types));
    let implied = implied(types, &checks);
    let mut code = String::new();
    let (mut kinds, mut gone, mut all) = (String::new(), String::new(), String::new());
    for block in types.split("\n\n") {
        let mut lines = block.lines().filter(|line| !line.starts_with('#'));
        let Some(first) = lines.next() else { continue };
        let words: Vec<&str> = first.split(' ').collect();
        match words.as_slice() {
            ["versions", versions @ ..] => {
                let minor = |version: &&str| version.split('.').nth(1).expect("a version such as 1.36.3").to_owned();
                let minors: Vec<String> = versions.iter().map(minor).collect();
                writeln!(code, "pub const MINORS: &[u8] = &[{}];", minors.join(", ")).expect("memory");
            }
            ["kind", ..] => {
                for line in [first].into_iter().chain(lines) {
                    let words: Vec<&str> = line.split(' ').collect();
                    let [_, api_version, kind, _, scope, name, ref rest @ ..] = words[..] else { panic!("{line}") };
                    let (since, until) = range(rest.first().copied());
                    let is_namespaced = scope == "namespaced";
                    writeln!(
                        kinds,
                        "Kind {{ api_version: {api_version:?}, name: {kind:?}, is_namespaced: {is_namespaced}, shape: {}, \
                         since: {since}, until: {until} }},",
                        index[name]
                    )
                    .expect("memory");
                }
            }
            ["gone", ..] => {
                for line in [first].into_iter().chain(lines) {
                    let words: Vec<&str> = line.split(' ').collect();
                    writeln!(gone, "({:?}, {:?}),", words[1], words[2]).expect("memory");
                }
            }
            ["type", name] => {
                let mut own = checks.remove(*name).unwrap_or_default();
                for line in lines.clone() {
                    if let Some((field, of)) = is_there(line).filter(|(_, of)| implied.contains(*of)) {
                        write!(own.type_itself, "Rule::Implied({field:?}, {}),", index[of]).expect("memory");
                    }
                }
                // Two lengths are compared sooner than two texts.
                let name_of = |line: &&str| line.split(' ').next().map(|name| (name.len(), name.to_owned()));
                let mut lines: Vec<&str> = lines.collect();
                lines.sort_by_key(name_of);
                let fields: String = lines.into_iter().map(|line| field(name, line, &mut own, &index)).collect();
                let unknown: Vec<&String> = own.fields.keys().collect();
                assert!(unknown.is_empty(), "checks.txt: {name} has no field {unknown:?}");
                writeln!(all, "Type {{ name: {name:?}, fields: &[{fields}], checks: &[{}] }},", own.type_itself)
                    .expect("memory");
            }
            _ => panic!("types.txt: {first}"),
        }
    }
    assert!(checks.is_empty(), "checks.txt: no such types: {:?}", checks.keys());
    writeln!(code, "pub const OBJECT_META: u16 = {};", index["meta.v1.ObjectMeta"]).expect("memory");
    writeln!(code, "pub const JSON_SCHEMA_PROPS: u16 = {};", index["apiextensions.v1.JSONSchemaProps"])
        .expect("memory");
    write!(
        code,
        "pub static KINDS: &[Kind] = &[\n{kinds}];\npub static GONE: &[(&str, &str)] = &[\n{gone}];\n\
         pub static TYPES: &[Type] = &[\n{all}];\n"
    )
    .expect("memory");
    code
}

/// The field of a struct that is there whether or not it is written, and its type.
fn is_there(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    let (name, shape) = (words.next()?, words.next()?);
    // What a server fills in is not asked for.
    shape.strip_suffix('!').map(|of| (name, of)).filter(|(name, _)| !matches!(*name, "status" | "metadata"))
}

/// The types that ask for something even where nothing of them is written.
fn implied<'t>(types: &'t str, checks: &BTreeMap<String, Checks>) -> BTreeSet<&'t str> {
    let all: Vec<(&str, Vec<&str>)> = types
        .split("\n\n")
        .filter_map(|block| {
            let mut lines = block.lines();
            let name = lines.next()?.strip_prefix("type ")?;
            Some((name, lines.filter_map(|line| is_there(line).map(|(_, of)| of)).collect()))
        })
        .collect();
    let mut implied: BTreeSet<&str> = all
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| checks.get(*name).is_some_and(|own| !own.type_itself.is_empty()))
        .collect();
    loop {
        let more: Vec<&str> = all
            .iter()
            .filter(|(name, inner)| !implied.contains(name) && inner.iter().any(|of| implied.contains(of)))
            .map(|(name, _)| *name)
            .collect();
        if more.is_empty() {
            return implied;
        }
        implied.extend(more);
    }
}

/// One line of a type: `name shape @since-until enum=a,b`.
fn field(of: &str, line: &str, checks: &mut Checks, index: &BTreeMap<&str, usize>) -> String {
    let mut words = line.splitn(3, ' ');
    let (name, mut kind, rest) = (words.next().expect("a name"), words.next().expect("a shape"), words.next());
    let rest = rest.unwrap_or_default();
    let (range_text, values) = rest.split_once("enum=").map_or((rest, None), |(range, values)| (range, Some(values)));
    let (since, until) = range(range_text.split_whitespace().next());
    let mut shape = String::new();
    let mut ends = 0;
    if let Some(is_there) = kind.strip_suffix('!') {
        kind = is_there;
    }
    loop {
        if let Some(items) = kind.strip_prefix("[]") {
            shape += "Shape::List(&";
            kind = items;
        } else if let Some(items) = kind.strip_prefix("{}") {
            shape += "Shape::Map(&";
            kind = items;
        } else {
            break;
        }
        ends += 1;
    }
    shape += &match kind {
        "string" => "Shape::Text".into(),
        "bool" => "Shape::Bool".into(),
        "int32" => "Shape::Int32".into(),
        "int64" => "Shape::Int64".into(),
        "double" => "Shape::Double".into(),
        "bytes" => "Shape::Bytes".into(),
        "quantity" => "Shape::Quantity".into(),
        "int-or-string" => "Shape::IntOrString".into(),
        "time" => "Shape::Time".into(),
        "micro-time" => "Shape::MicroTime".into(),
        "any" => "Shape::Any".into(),
        "object" => "Shape::Object".into(),
        "schema-or-list" => "Shape::SchemaOrList".into(),
        "schema-or-bool" => "Shape::SchemaOrBool".into(),
        "schema-or-strings" => "Shape::SchemaOrStrings".into(),
        name => format!("Shape::Struct({})", index.get(name).unwrap_or_else(|| panic!("{of}.{line}: no type {name}"))),
    };
    shape += &")".repeat(ends);
    // Fields of the same name follow each other where their shape has changed; the checks are of both.
    let mut own = checks.fields.remove(name).unwrap_or_default();
    if let Some(values) = values.filter(|_| !own.contains("AnyValue") && !own.contains("Check::Enum")) {
        let values = values.split(',').map(|value| {
            let (value, range_text) =
                value.split_once('@').map_or((value, None), |(value, range)| (value, Some(range)));
            let (since, until) = range(range_text);
            format!("({value:?}, {since}, {until})")
        });
        write!(own, "Check::Enum(&[{}]),", values.collect::<Vec<_>>().join(", ")).expect("memory");
    }
    format!("Field {{ name: {name:?}, shape: {shape}, since: {since}, until: {until}, checks: &[{own}] }},\n")
}

/// `@34-` or `34-35`: both ends, open where nothing is said.
fn range(text: Option<&str>) -> (u8, u8) {
    let Some((since, until)) = text.map(|text| text.trim_start_matches('@')).and_then(|text| text.split_once('-'))
    else {
        return (0, u8::MAX);
    };
    let bound = |text: &str, open| if text.is_empty() { open } else { text.parse().expect("a minor version") };
    (bound(since, 0), bound(until, u8::MAX))
}

fn fields_of(types: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let blocks = types.split("\n\n").filter_map(|block| {
        let mut lines = block.lines();
        let name = lines.next()?.strip_prefix("type ")?;
        Some((name, lines.filter_map(|line| line.split(' ').next()).collect()))
    });
    blocks.collect()
}

/// The checks of each type, as code. `*` in a type's name stands for each version.
fn read_checks(text: &str, names: &[&str], known: &BTreeMap<&str, BTreeSet<&str>>) -> BTreeMap<String, Checks> {
    let mut all: BTreeMap<String, Checks> = BTreeMap::new();
    let mut current: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if !line.starts_with(' ') {
            let patterns = line.split(' ');
            current = patterns.flat_map(|pattern| matching(pattern, names)).collect();
            assert!(!current.is_empty(), "checks.txt: no type {line}");
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        // Versions of a type differ; one of them has the field.
        let has = |name: &String, field: &str| known[name.as_str()].contains(field);
        let fields = words[0].split(',').filter(|field| *field != "=");
        for field in fields {
            assert!(current.iter().any(|name| has(name, field)), "checks.txt: {current:?} has no field {field}");
        }
        for name in &current {
            let checks = all.entry(name.clone()).or_default();
            if let ["=", rule @ ..] = words.as_slice() {
                checks.type_itself += &type_check(rule);
            } else {
                for field in words[0].split(',').filter(|field| has(name, field)) {
                    let (required, rest): (Vec<&str>, Vec<&str>) =
                        words[1..].iter().partition(|word| word.starts_with('!'));
                    for word in required {
                        let rule = if word == "!" { "Required" } else { "NotEmpty" };
                        checks.type_itself += &format!("Rule::{rule}({field:?}),");
                    }
                    let code: String = rest.iter().map(|word| field_check(word)).collect();
                    *checks.fields.entry(field.to_owned()).or_default() += &code;
                }
            }
        }
    }
    all
}

fn matching(pattern: &str, names: &[&str]) -> Vec<String> {
    let is_match = |name: &&&str| match pattern.split_once('*') {
        Some((start, end)) => name.starts_with(start) && name.ends_with(end) && name.len() >= start.len() + end.len(),
        None => **name == pattern,
    };
    names.iter().filter(is_match).map(|name| (*name).to_owned()).collect()
}

fn list(words: &str) -> String {
    words.split(',').map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}

/// `oneof a,b`: of a type itself.
fn type_check(words: &[&str]) -> String {
    match words {
        ["exactly", fields] => format!("Rule::Exactly(&[{}]),", list(fields)),
        ["at-most", fields] => format!("Rule::AtMost(&[{}]),", list(fields)),
        ["call", function] => format!("Rule::Call(crate::validation::{}),", function.replace('-', "_")),
        other => panic!("checks.txt: {other:?}"),
    }
}

/// A word behind a field.
fn field_check(word: &str) -> String {
    match word {
        "any-value" => return "Check::AnyValue,".into(),
        "list-filled" => return "Check::ListFilled,".into(),
        "filled" => return "Check::Filled,".into(),
        "unchecked" => return "Check::Unchecked,".into(),
        "gated" => return "Check::Gated,".into(),
        _ => {}
    }
    if let Some((least, most)) = word.split_once("..") {
        let bound = |text: &str, open: &str| if text.is_empty() { open.to_owned() } else { text.to_owned() };
        return format!("Check::Range({}, {}),", bound(least, "i64::MIN"), bound(most, "i64::MAX"));
    }
    match word.split_once('=') {
        Some(("one-of", values)) => {
            let values = values.split('|').map(|value| format!("({value:?}, 0, u8::MAX)"));
            format!("Check::Enum(&[{}]),", values.collect::<Vec<_>>().join(", "))
        }
        Some(("key", fields)) => format!("Check::Key(&[{}]),", list(fields)),
        Some(("most", count)) => format!("Check::Most({count}),"),
        Some(("at-least", amount)) => format!("Check::AtLeast({amount:?}),"),
        Some(("length", count)) => format!("Check::Length({count}),"),
        Some(("keys", format)) => format!("Check::Keys(&formats::{}),", format.replace('-', "_").to_uppercase()),
        Some(("values", format)) => format!("Check::Text(&formats::{}),", format.replace('-', "_").to_uppercase()),
        None => format!("Check::Text(&formats::{}),", word.replace('-', "_").to_uppercase()),
        Some(_) => panic!("checks.txt: {word}"),
    }
}
