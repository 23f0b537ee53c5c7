//! What Flux fills in after a build: `${name}`, with a default behind `:=`, `:-` or `=`. An unknown name stays as it
//! is, and `$${name}` is no variable.

use std::collections::{BTreeMap, BTreeSet};

/// Variables and their values.
pub type Variables = BTreeMap<String, String>;

/// Defaults in defaults.
const DEPTH: usize = 8;

/// Bytes of one variable with its default.
const LENGTH: usize = 4_096;

/// The documents of a text without those in which a variable stands that is not among these, and how many those are.
pub fn settled(text: &str, names: &BTreeSet<String>) -> (String, usize) {
    const BETWEEN: &str = "\n---\n";
    let is_settled = |document: &&str| {
        document.match_indices("${").all(|(at, opening)| {
            let before = document.get(..at).unwrap_or_default();
            let behind = document.get(at + opening.len()..).unwrap_or_default();
            let found = closed(behind).and_then(|(inner, _)| variable(inner));
            before.ends_with('$') || found.is_none_or(|(name, _)| names.contains(name))
        })
    };
    let (known, open): (Vec<&str>, Vec<&str>) = text.split(BETWEEN).partition(is_settled);
    (known.join(BETWEEN), open.len())
}

/// The text with its variables filled in.
pub fn substituted(text: &str, variables: &Variables) -> String {
    filled(text, variables, 0)
}

fn filled(text: &str, variables: &Variables, depth: usize) -> String {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, behind)) = rest.split_once("${") {
        filled.push_str(before);
        // An escaped one loses its first `$`, and stays.
        if filled.ends_with('$') {
            filled.push('{');
            rest = behind;
            continue;
        }
        let value = closed(behind).and_then(|(inner, after)| Some((value(inner, variables, depth)?, after)));
        match value {
            Some((value, after)) => {
                filled.push_str(&value);
                rest = after;
            }
            None => {
                filled.push_str("${");
                rest = behind;
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// What stands before the brace that closes the variable, and what behind it: a default may hold variables too.
fn closed(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().take(LENGTH) {
        match byte {
            b'{' if at > 0 && text.as_bytes().get(at - 1) == Some(&b'$') => depth += 1,
            b'}' if depth == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The name of a variable and its default, by what stands in its braces.
fn variable(inner: &str) -> Option<(&str, Option<&str>)> {
    let end = inner.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    let is_name = !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit());
    let default = [":=", ":-", "="].iter().find_map(|sign| rest.strip_prefix(sign));
    (is_name && (default.is_some() || rest.is_empty())).then_some((name, default))
}

fn value(inner: &str, variables: &Variables, depth: usize) -> Option<String> {
    let (name, default) = variable(inner)?;
    // An empty value counts as none where there is a default.
    let known = variables.get(name).map(String::as_str).filter(|known| default.is_none() || !known.is_empty());
    let of_default = |default: &str| (depth < DEPTH).then(|| filled(default, variables, depth + 1));
    known.map(str::to_owned).or_else(|| default.and_then(of_default))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_in_defaults_have_an_end() {
        let deep = |depth: usize| format!("{}1{}", "${b:-".repeat(depth), "}".repeat(depth));
        assert_eq!(substituted(&deep(DEPTH), &Variables::new()), "1");
        assert!(substituted(&deep(10_000), &Variables::new()).starts_with("${b:-"), "it stays as it is");
    }

    #[test]
    fn variables_are_filled_in_as_flux_does() {
        let variables = Variables::from([("a".into(), "1".into()), ("empty".into(), String::new())]);
        for (text, filled) in [
            ("x: ${a}", "x: 1"),
            ("${a}${b:=2}${b:-3}", "123"),
            ("${a:=2} ${empty:=4} ${empty}", "1 4 "),
            ("${a=2} ${b=2} ${empty=4}", "1 2 4"),
            ("${b} $${a} $a ${1} ${a", "${b} ${a} $a ${1} ${a"),
            ("${a/x/y} ${b:=a b}", "${a/x/y} a b"),
            ("${b:-${a}}${b:-x${c:=2}}", "1x2"),
            ("${b:=${c}} {a} ${b:=${a}", "${c} {a} ${b:=1"),
        ] {
            assert_eq!(substituted(text, &variables), filled, "{text}");
        }
    }

    #[test]
    fn a_document_with_a_variable_that_is_not_settled_is_left_out() {
        let names = BTreeSet::from(["a".to_owned()]);
        let text = "x: ${a}\n---\nx: ${b}\n---\nx: ${b:=1}\n---\nx: $${b} $b ${1}\n---\nx: ${a:=${b}}\n";
        assert_eq!(settled(text, &names), ("x: ${a}\n---\nx: $${b} $b ${1}".to_owned(), 3));
        assert_eq!(settled("x: ${b}\n", &names), (String::new(), 1));
        assert_eq!(settled("", &names), (String::new(), 0));
    }
}
