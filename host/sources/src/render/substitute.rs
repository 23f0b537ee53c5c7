//! What Flux fills in after a build, as its envsubst does: `${name}`, empty where nobody sets it, with the operators of
//! [`operator`]. `$$` stands for a dollar.

mod operator;

use std::collections::{BTreeMap, BTreeSet};

use operator::{MOST, Variable, closed};

/// Variables and their values.
pub type Variables = BTreeMap<String, String>;

/// Variables in operators of variables.
const DEPTH: usize = 8;

/// What of a build can be filled in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// The documents, with their variables filled in.
    pub text: String,
    /// How many are left out, because what is not in the input may set a variable of theirs.
    pub open: usize,
    /// How many are left out, because an operator of theirs is not known.
    pub unreadable: usize,
}

/// What may set variables and is not in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The objects, in words.
    pub of: String,
    /// The variables that none of them can change.
    pub settled: BTreeSet<String>,
    /// Whether they may all be missing in the cluster too: then a default counts.
    pub is_optional: bool,
}

/// The text of a build with its variables filled in, document by document.
pub fn substituted(text: &str, variables: &Variables, missing: Option<&Missing>) -> Filled {
    const BETWEEN: &str = "\n---\n";
    let mut filled = Filled::default();
    let mut documents = Vec::new();
    for document in text.split(BETWEEN) {
        if is_spared(document) {
            documents.push(document.to_owned());
        } else if missing.is_some_and(|missing| !is_settled(document, missing, 0)) {
            filled.open += 1;
        } else if let Some(document) = fill(document, variables, 0) {
            documents.push(document);
        } else {
            filled.unreadable += 1;
        }
    }
    filled.text = documents.join(BETWEEN);
    filled
}

/// Whether the object says that nothing is to be filled in.
fn is_spared(document: &str) -> bool {
    document.lines().any(|line| line.trim() == "kustomize.toolkit.fluxcd.io/substitute: disabled")
}

/// Whether nothing that is missing can change the text. What cannot be read is nobody's.
fn is_settled(text: &str, missing: &Missing, depth: usize) -> bool {
    variables_in(text).all(|inner| {
        let Some(variable) = Variable::read(inner) else { return true };
        let is_known = missing.settled.contains(variable.name) || missing.is_optional && variable.has_default();
        let is_settled = |argument: &&str| is_settled(argument, missing, depth + 1);
        is_known && (depth >= DEPTH || variable.arguments().iter().all(is_settled))
    })
}

/// What stands in the braces of each variable.
fn variables_in(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let (_, behind) = rest.split_once('$')?;
            rest = behind.strip_prefix('$').unwrap_or(behind);
            if let Some((inner, after)) = behind.strip_prefix('{').and_then(closed) {
                rest = after;
                return Some(inner);
            }
        }
    })
}

/// The text with its variables filled in; none if one cannot be.
fn fill(text: &str, variables: &Variables, depth: usize) -> Option<String> {
    if depth > DEPTH {
        return None;
    }
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, behind)) = rest.split_once('$') {
        filled.push_str(before);
        if let Some(behind) = behind.strip_prefix('{') {
            let (inner, after) = closed(behind)?;
            let value = |name: &str| variables.get(name).map(|value| value.replace('\n', "")).unwrap_or_default();
            filled.push_str(&Variable::read(inner)?.value(value, |text| fill(text, variables, depth + 1))?);
            if filled.len() > MOST {
                return None;
            }
            rest = after;
        } else {
            filled.push('$');
            rest = behind.strip_prefix('$').unwrap_or(behind);
        }
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, variables: &Variables) -> Filled {
        substituted(text, variables, None)
    }

    #[test]
    fn defaults_in_defaults_have_an_end() {
        let deep = |depth: usize| format!("{}1{}", "${b:-".repeat(depth), "}".repeat(depth));
        assert_eq!(all(&deep(DEPTH), &Variables::new()).text, "1");
        assert_eq!(all(&deep(10_000), &Variables::new()).unreadable, 1);
    }

    #[test]
    fn replacements_in_replacements_have_an_end() {
        let variables = Variables::from([("v".to_owned(), "a".repeat(1_000))]);
        let nested = |depth: usize| format!("{}b{}", "${v//a/".repeat(depth), "}".repeat(depth));
        assert_eq!(all(&nested(2), &variables).text.len(), 1_000_000);
        assert_eq!(all(&nested(3), &variables).unreadable, 1);
        assert_eq!(all(&nested(2).repeat(20), &variables).unreadable, 1);
    }

    #[test]
    fn variables_are_filled_in_as_flux_does() {
        let pairs = [("a", "1"), ("empty", ""), ("v", "1.27.3"), ("host", "Shop.example.com"), ("lines", "a\nb\n")];
        let variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        for (text, filled) in [
            ("x: ${a}", "x: 1"),
            ("${a}${b:=2}${b:-3}", "123"),
            ("${a:=2} ${empty:=4} ${empty}", "1 4 "),
            ("${a=2} ${b=2} ${empty=4} ${b:?2} ${b:+2}", "1 2 4 2 2"),
            ("x${b}y ${1} ${b:=${c}}", "xy  "),
            ("$${a} $a $$ $$(A) $(A) $", "${a} $a $ $(A) $(A) $"),
            ("${b:=a b} {a} ${b:-${a}}${b:-x${c:=2}}", "a b {a} 1x2"),
            ("${v%.*} ${v%%.*} ${v#*.} ${v##*.} ${v%x} ${v#1.?7}", "1.27 1 27.3 3 1.27.3 .3"),
            ("${v/./-} ${v//./-} ${v/#1/2} ${v/%3/4} ${v/.27/} ${v//${a}/x}", "1-27.3 1-27-3 2.27.3 1.27.4 1.3 x.27.3"),
            (
                "${host,} ${host,,} ${host^} ${host^^}",
                "shop.example.com shop.example.com Shop.example.com SHOP.EXAMPLE.COM",
            ),
            ("${v:2} ${v:0:4} ${v:2:-2} ${v:9} ${v:x} ${#v} ${#b}", "27.3 1.27 27  1.27.3 6 0"),
            ("${lines}", "ab"),
        ] {
            assert_eq!(all(text, &variables), Filled { text: filled.into(), ..Filled::default() }, "{text}");
        }
    }

    #[test]
    fn a_document_that_cannot_be_filled_in_is_left_out() {
        for text in ["${a", "${b:=${a}", "${a-b}", "${a[@]}", "${ a }", "${!a}", "${a/b}", "${v%[0-9]}", "${v%/*}"] {
            let v = Variables::from([("v".to_owned(), "a/b".to_owned())]);
            let filled = all(&format!("x: ${{v}}\n---\nx: {text}\n"), &v);
            assert_eq!(filled, Filled { text: "x: a/b".into(), unreadable: 1, open: 0 }, "{text}");
        }
        let spared = "metadata:\n  annotations:\n    kustomize.toolkit.fluxcd.io/substitute: disabled\nx: ${a[@]} $$\n";
        assert_eq!(all(spared, &Variables::new()).text, spared);
    }

    #[test]
    fn a_document_with_a_variable_that_is_not_settled_is_left_out() {
        let mut missing = Missing { of: String::new(), settled: BTreeSet::from(["a".to_owned()]), is_optional: false };
        let variables = Variables::from([("a".to_owned(), "1".to_owned())]);
        let text = "x: ${a}\n---\nx: ${b}\n---\nx: ${b:=1}\n---\nx: $${b} $b\n---\nx: ${a:=${b}}\n";
        let filled = substituted(text, &variables, Some(&missing));
        assert_eq!(filled, Filled { text: "x: 1\n---\nx: ${b} $b".into(), open: 3, unreadable: 0 });
        assert_eq!(substituted("x: ${b%.*}\n", &variables, Some(&missing)).open, 1);
        assert_eq!(substituted("", &variables, Some(&missing)), Filled::default());
        // What need not be there may well be missing.
        missing.is_optional = true;
        let filled = substituted(text, &variables, Some(&missing));
        assert_eq!(filled, Filled { text: "x: 1\n---\nx: 1\n---\nx: ${b} $b".into(), open: 2, unreadable: 0 });
    }
}
