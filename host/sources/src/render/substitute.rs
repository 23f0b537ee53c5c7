//! What Flux fills in after a build: `${name}`, with a default behind `:=` or `:-`. A name that nobody knows stays as it
//! is, and `$${name}` is no variable.

use std::collections::BTreeMap;

/// Variables and their values.
pub type Variables = BTreeMap<String, String>;

/// The text with its variables filled in.
pub fn substituted(text: &str, variables: &Variables) -> String {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, behind)) = rest.split_once("${") {
        filled.push_str(before);
        // An escaped one loses its first `$`, and stays.
        if filled.ends_with('$') {
            filled.push('{');
            rest = behind;
            continue;
        }
        let value = behind.split_once('}').and_then(|(inner, after)| Some((value(inner, variables)?, after)));
        match value {
            Some((value, after)) => {
                filled.push_str(value);
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

fn value<'v>(inner: &'v str, variables: &'v Variables) -> Option<&'v str> {
    let end = inner.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    let is_name = !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit());
    let default = rest.strip_prefix(":=").or_else(|| rest.strip_prefix(":-"));
    if !is_name || default.is_none() && !rest.is_empty() {
        return None;
    }
    // An empty value counts as none where there is a default.
    let known = variables.get(name).map(String::as_str).filter(|known| default.is_none() || !known.is_empty());
    known.or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_as_flux_does() {
        let variables = Variables::from([("a".into(), "1".into()), ("empty".into(), String::new())]);
        for (text, filled) in [
            ("x: ${a}", "x: 1"),
            ("${a}${b:=2}${b:-3}", "123"),
            ("${a:=2} ${empty:=4} ${empty}", "1 4 "),
            ("${b} $${a} $a ${1} ${a", "${b} ${a} $a ${1} ${a"),
            ("${a/x/y} ${b:=a b}", "${a/x/y} a b"),
        ] {
            assert_eq!(substituted(text, &variables), filled, "{text}");
        }
    }
}
