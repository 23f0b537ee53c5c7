//! Reads expressions of CEL as far as their form and the names that they take from outside. What they come to, and of which
//! types their parts are, is not looked at.
//!
//! Whatever is not sure is let through: an expression that is nested too deeply, a name that a macro may define, and names of
//! functions.

use alloc::vec::Vec;

/// How deep parts may lie in one another before nobody looks any more: a module has little stack.
const DEPTH: usize = 48;

/// Names that stand for types, and what functions are grouped under.
const KNOWN: &[&str] = &[
    "any",
    "bool",
    "bytes",
    "double",
    "dyn",
    "google",
    "int",
    "kubernetes",
    "list",
    "map",
    "net",
    "null_type",
    "optional_type",
    "string",
    "type",
    "uint",
];

/// The types that an expression may make objects of.
const MADE: &[&str] = &["JSONPatch", "Object", "google", "kubernetes"];

/// A name that stands for something outside of the expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'t> {
    pub name: &'t str,
    /// What is taken of it: `replicas` in `variables.replicas`.
    pub member: Option<&'t str>,
}

/// The names that an expression takes from outside.
///
/// # Errors
/// It is not an expression: the byte at which that shows.
pub fn names(text: &str) -> Result<Vec<Name<'_>>, usize> {
    let mut reader = Reader { text, at: 0, depth: 0, found: Vec::new(), bound: Vec::new() };
    let read = reader.expression().and_then(|()| if reader.peek().is_some() { reader.fault() } else { Ok(()) });
    match read {
        Err(Fault::At(at)) => Err(at),
        Err(Fault::TooDeep) => Ok(Vec::new()),
        Ok(()) => {
            let Reader { mut found, bound, .. } = reader;
            found.retain(|found| !bound.contains(&found.name) && !KNOWN.contains(&found.name));
            Ok(found)
        }
    }
}

enum Fault {
    At(usize),
    TooDeep,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    found: Vec<Name<'t>>,
    /// Names that a macro may define, as in `list.all(item, item > 0)`.
    bound: Vec<&'t str>,
}

impl<'t> Reader<'t> {
    fn fault<T>(&self) -> Result<T, Fault> {
        Err(Fault::At(self.at))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte behind white space and comments.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']).len();
            match self.rest().strip_prefix("//") {
                Some(comment) => self.at += 2 + comment.find('\n').unwrap_or(comment.len()),
                None => return self.rest().bytes().next(),
            }
        }
    }

    fn take(&mut self, token: &str) -> bool {
        self.peek();
        let is_there = self.rest().starts_with(token);
        self.at += if is_there { token.len() } else { 0 };
        is_there
    }

    fn must(&mut self, token: &str) -> Result<(), Fault> {
        if self.take(token) { Ok(()) } else { self.fault() }
    }

    fn identifier(&mut self) -> Option<&'t str> {
        self.peek().filter(|byte| byte.is_ascii_alphabetic() || *byte == b'_')?;
        let rest = self.rest();
        let end = rest.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_')).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end)
    }

    /// Operands with operators between them. How these bind makes no difference to the form.
    fn expression(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Fault::TooDeep);
        }
        loop {
            while self.take("!") || self.take("-") {}
            self.member()?;
            if !self.operator() {
                break;
            }
        }
        if self.take("?") {
            self.expression()?;
            self.must(":")?;
            self.expression()?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn operator(&mut self) -> bool {
        let start = self.at;
        if self.identifier() == Some("in") {
            return true;
        }
        self.at = start;
        ["||", "&&", "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "%"].iter().any(|token| self.take(token))
    }

    /// Something, and what is taken of it.
    fn member(&mut self) -> Result<(), Fault> {
        // The name that it begins with, while it is nothing but names with points between them.
        let mut plain = self.primary()?;
        loop {
            if self.take(".") {
                let is_optional = self.take("?");
                let Some(name) = self.selector() else { return self.fault() };
                let is_call = self.take("(");
                if let Some(first) = plain.filter(|first| !is_call && !is_optional && *first + 1 == self.found.len())
                    && let Some(found) = self.found.get_mut(first)
                {
                    found.member.get_or_insert(name);
                }
                if is_call {
                    // It may be a function with a point in its name.
                    let is_first = |first: &usize| self.found.get(*first).is_some_and(|found| found.member.is_none());
                    if let Some(first) = plain.filter(is_first) {
                        self.found.remove(first);
                    }
                    self.arguments(true)?;
                }
                plain = plain.filter(|_| !is_call && !is_optional);
            } else if self.take("[") {
                plain = None;
                self.take("?");
                self.expression()?;
                self.must("]")?;
            } else if let (Some(first), true) = (plain, self.peek() == Some(b'{')) {
                if !self.found.get(first).is_some_and(|found| MADE.contains(&found.name)) {
                    return self.fault();
                }
                self.take("{");
                self.found.remove(first);
                plain = None;
                self.items("}", true)?;
            } else {
                return Ok(());
            }
        }
    }

    /// The name of a member; in backticks it may have any letters.
    fn selector(&mut self) -> Option<&'t str> {
        if !self.take("`") {
            return self.identifier();
        }
        let (name, _) = self.rest().split_once('`')?;
        self.at += name.len() + 1;
        Some(name)
    }

    /// The index of the name that it is, if it is one.
    fn primary(&mut self) -> Result<Option<usize>, Fault> {
        if self.take("(") {
            self.expression()?;
            return self.must(")").map(|()| None);
        }
        if self.take("[") {
            return self.items("]", false).map(|()| None);
        }
        if self.take("{") {
            return self.items("}", true).map(|()| None);
        }
        if self.number() || self.string()? {
            return Ok(None);
        }
        self.take(".");
        match self.identifier() {
            None | Some("in") => self.fault(),
            Some("true" | "false" | "null") => Ok(None),
            Some(_) if self.take("(") => self.arguments(false).map(|()| None),
            Some(name) => {
                self.found.push(Name { name, member: None });
                Ok(Some(self.found.len() - 1))
            }
        }
    }

    /// Items with commas between them, or pairs with colons, up to the token.
    fn items(&mut self, end: &str, are_pairs: bool) -> Result<(), Fault> {
        while !self.take(end) {
            self.take("?");
            // A field that is set is no name from outside.
            let start = self.at;
            let is_field = are_pairs && self.selector().is_some() && self.peek() == Some(b':');
            if !is_field {
                self.at = start;
                self.expression()?;
            }
            if are_pairs {
                self.must(":")?;
                self.expression()?;
            }
            if !self.take(",") {
                return self.must(end);
            }
        }
        Ok(())
    }

    /// The arguments of a call. A method that is a macro defines the names before its last argument.
    fn arguments(&mut self, is_method: bool) -> Result<(), Fault> {
        let mut last = None;
        while !self.take(")") {
            if is_method {
                self.bound.extend(last.take());
            }
            self.peek();
            let start = self.at;
            self.expression()?;
            let text = self.text.get(start..self.at).unwrap_or_default().trim();
            last = Some(text);
            if !self.take(",") {
                return self.must(")");
            }
        }
        Ok(())
    }

    fn number(&mut self) -> bool {
        self.peek();
        let bytes = self.rest().as_bytes();
        let digits = |from: usize, is_digit: fn(&u8) -> bool| {
            bytes.get(from..).unwrap_or_default().iter().take_while(|byte| is_digit(byte)).count()
        };
        let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
        let mut end = digits(0, u8::is_ascii_digit);
        if end == 1 && is(0, b"0") && is(1, b"xX") && digits(2, u8::is_ascii_hexdigit) > 0 {
            end = 2 + digits(2, u8::is_ascii_hexdigit);
        } else {
            let fraction = if is(end, b".") { digits(end + 1, u8::is_ascii_digit) } else { 0 };
            if end == 0 && fraction == 0 {
                return false;
            }
            end += if fraction > 0 { fraction + 1 } else { 0 };
            let sign = usize::from(is(end + 1, b"+-"));
            let exponent = if is(end, b"eE") { digits(end + 1 + sign, u8::is_ascii_digit) } else { 0 };
            end += if exponent > 0 { 1 + sign + exponent } else { 0 };
        }
        self.at += end + usize::from(is(end, b"uU"));
        true
    }

    fn string(&mut self) -> Result<bool, Fault> {
        let rest = self.rest();
        let prefix = rest.bytes().take(2).take_while(|byte| matches!(byte, b'r' | b'R' | b'b' | b'B')).count();
        let is_raw = rest.get(..prefix).is_some_and(|prefix| prefix.contains(['r', 'R']));
        let body = rest.get(prefix..).unwrap_or_default();
        let Some(end) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| body.starts_with(quote)) else {
            return Ok(false);
        };
        let mut at = end.len();
        loop {
            let left = body.get(at..).unwrap_or_default();
            let Some(letter) = left.chars().next().filter(|letter| end.len() == 3 || !matches!(letter, '\n' | '\r'))
            else {
                return self.fault();
            };
            if left.starts_with(end) {
                self.at += prefix + at + end.len();
                return Ok(true);
            }
            at += letter.len_utf8();
            if letter == '\\' && !is_raw {
                at += body.get(at..).and_then(|left| left.chars().next()).map_or(0, char::len_utf8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<&str>> {
        names(text).ok().map(|found| found.into_iter().map(|found| found.name).collect())
    }

    #[test]
    fn names_from_outside_are_found() {
        for (text, expected) in [
            ("object.spec.replicas <= 5", &["object"][..]),
            ("!('system:nodes' in request.userInfo.groups)", &["request"]),
            ("self.items.all(item, item.size > 0 && limit > 1)", &["self", "limit"]),
            ("self.a.map(k, v, k + v)", &["self"]),
            // What is called of a name alone may be a function of a library: `math.greatest(1, 2)`.
            ("self.map(k, k + 1)", &[]),
            ("cel.bind(x, self.a, x + x)", &["self"]),
            ("has(self.a) ? size(self.a) : 0", &["self", "self"]),
            ("type(self) == string", &["self"]),
            ("Object{spec: Object.spec{replicas: 2}}", &[]),
            ("[JSONPatch{op: 'add', path: \"/a\", value: object.a}]", &["object"]),
            ("{'a': self, ?b: self.?c[?0].orValue(1u)}", &["self", "self"]),
            ("a.`b-c/d`.e", &["a"]),
            ("r'\\' + b\"\\\"\" + '''\n'a''' // said", &[]),
            ("0x1F + .5 + 1e3 - 1.5E-3 in [1, 2,]", &[]),
            ("optional.of(1).hasValue() && quantity('1').isLessThan(quantity('2'))", &[]),
            ("5in self", &["self"]),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        let members = names("variables.replicas + variables.a.b + variables['c']");
        let members: Vec<_> = members.unwrap_or_default().into_iter().map(|found| found.member).collect();
        assert_eq!(members, [Some("replicas"), Some("a"), None]);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            "a b",
            "a-",
            "5aa",
            "100m",
            "*",
            "*.a",
            "..",
            "10.0.0.300",
            "fd00::/64",
            "'a",
            "high'",
            "a.",
            "(a",
            "[a",
            "{a}",
            "f(a",
            "a ? b",
            "a IN b",
            "a.'b'",
            "-",
            "\"a\nb\"",
            "a[",
            "Object{spec: 1}-",
            "in",
            "a.b{c}",
            "object{spec: 1}",
        ] {
            assert!(names(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_nested_too_deeply_is_not_looked_at() {
        let deep = |count: usize| ["(".repeat(count), "a".into(), ")".repeat(count)].concat();
        assert_eq!(read(&deep(40)), Some(["a"].into()));
        assert_eq!(read(&deep(20_000)), Some(Vec::new()));
    }
}
