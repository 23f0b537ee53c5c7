//! The operators that a variable of Flux may have behind its name, in the way of bash: what its envsubst makes of a value.
//!
//! It must not know what variables there are.

/// Bytes of one variable with its operator.
const LENGTH: usize = 4_096;

/// Bytes that operators may make of a text: more fits into no cluster, and replacements inside of replacements multiply.
pub const MOST: usize = 16 << 20;

/// What stands in the braces of a variable.
#[derive(Clone, Copy, Debug)]
pub struct Variable<'a> {
    pub name: &'a str,
    operator: Operator<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Operator<'a> {
    Plain,
    Length,
    Default(&'a str),
    Case(&'a str),
    /// From where, and how many bytes.
    Part(&'a str, Option<&'a str>),
    Trim {
        is_suffix: bool,
        is_longest: bool,
        pattern: &'a str,
    },
    /// Which, what, and by what. Nothing to replace it by is another thing than an empty text.
    Replace(char, &'a str, Option<&'a str>),
}

impl<'a> Variable<'a> {
    /// Reads it; none if Flux refuses it.
    pub fn read(inner: &'a str) -> Option<Self> {
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        if let Some(name) = inner.strip_prefix('#') {
            let is_name = !name.is_empty() && name.chars().all(is_name);
            return is_name.then_some(Self { name, operator: Operator::Length });
        }
        let end = inner.find(|letter| !is_name(letter)).unwrap_or(inner.len());
        let (name, rest) = inner.split_at_checked(end)?;
        let operator = Operator::read(rest).filter(|_| !name.is_empty())?;
        Some(Self { name, operator })
    }

    /// Whether something stands for it where nobody sets it.
    pub const fn has_default(self) -> bool {
        matches!(self.operator, Operator::Default(_))
    }

    /// What may hold variables too.
    pub fn arguments(self) -> Vec<&'a str> {
        match self.operator {
            Operator::Plain | Operator::Length | Operator::Case(_) => Vec::new(),
            Operator::Default(text) | Operator::Trim { pattern: text, .. } => vec![text],
            Operator::Part(from, length) => [Some(from), length].into_iter().flatten().collect(),
            Operator::Replace(_, what, by) => [Some(what), by].into_iter().flatten().collect(),
        }
    }

    /// What it comes to; none if that is not known.
    pub fn value(self, value: impl Fn(&str) -> String, fill: impl Fn(&str) -> Option<String>) -> Option<String> {
        let value = value(self.name);
        Some(match self.operator {
            Operator::Plain => value,
            Operator::Length => value.len().to_string(),
            // An empty value counts as none.
            Operator::Default(text) if value.is_empty() => fill(text)?,
            Operator::Default(_) => value,
            Operator::Case(",,") => value.to_lowercase(),
            Operator::Case("^^") => value.to_uppercase(),
            Operator::Case(of_first) => {
                let mut letters = value.chars();
                let first: String = match letters.next() {
                    Some(first) if of_first == "," => first.to_lowercase().collect(),
                    first => first.into_iter().flat_map(char::to_uppercase).collect(),
                };
                first + letters.as_str()
            }
            Operator::Part(from, length) => {
                part(&value, &fill(from)?, length.map_or(Some(None), |it| fill(it).map(Some))?)?
            }
            Operator::Trim { is_suffix, is_longest, pattern } => {
                trimmed(&value, &fill(pattern)?, is_suffix, is_longest)?
            }
            Operator::Replace(which, what, by) => {
                let (what, by) = (fill(what)?, by.map_or(Some(None), |by| fill(by).map(Some))?);
                match (which, by) {
                    ('#', Some(by)) => value.strip_prefix(&what).map(|rest| by + rest).unwrap_or(value),
                    ('%', Some(by)) => value.strip_suffix(&what).map(|rest| rest.to_owned() + &by).unwrap_or(value),
                    ('#' | '%', None) => value,
                    ('*', by) => {
                        let by = by.unwrap_or_default();
                        if value.matches(what.as_str()).count().saturating_mul(by.len()) > MOST {
                            return None;
                        }
                        value.replace(&what, &by)
                    }
                    (_, by) => value.replacen(&what, &by.unwrap_or_default(), 1),
                }
            }
        })
    }
}

impl<'a> Operator<'a> {
    fn read(rest: &'a str) -> Option<Self> {
        let default = [":=", ":-", ":?", ":+", "="].iter().find_map(|sign| rest.strip_prefix(sign));
        if let Some(default) = default {
            return Some(Self::Default(default));
        }
        if let Some(part) = rest.strip_prefix(':') {
            let (from, length) = cut(part, ':').map_or((part, None), |(from, length)| (from, Some(length)));
            return (!from.is_empty() && length.is_none_or(|it| !it.is_empty())).then_some(Self::Part(from, length));
        }
        if let Some(replace) = rest.strip_prefix('/') {
            let (which, replace) = match replace.chars().next()? {
                '/' => ('*', replace.get(1..)?),
                which @ ('#' | '%') => (which, replace.get(1..)?),
                _ => ('1', replace),
            };
            // What is escaped is not read here.
            let (what, by) = cut(replace, '/').filter(|_| !replace.contains('\\'))?;
            return (!what.is_empty()).then_some(Self::Replace(which, what, Some(by).filter(|by| !by.is_empty())));
        }
        for (sign, is_suffix) in [('#', false), ('%', true)] {
            if let Some(once) = rest.strip_prefix(sign) {
                let twice = once.strip_prefix(sign);
                let (pattern, is_longest) = (twice.unwrap_or(once), twice.is_some());
                return (!pattern.is_empty()).then_some(Self::Trim { is_suffix, is_longest, pattern });
            }
        }
        match rest {
            "" => Some(Self::Plain),
            "," | ",," | "^" | "^^" => Some(Self::Case(rest)),
            _ => None,
        }
    }
}

/// What stands before and behind a sign that is not inside of a variable.
fn cut(text: &str, sign: char) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let rest = text.get(from..)?;
        let (at, opening) = (rest.find(sign)?, rest.find("${"));
        match opening.filter(|opening| *opening < at) {
            Some(opening) => from = text.len() - closed(rest.get(opening + 2..)?)?.1.len(),
            None => return Some((text.get(..from + at)?, rest.get(at + sign.len_utf8()..)?)),
        }
    }
}

/// Some bytes of a value: all where what says which is no number.
fn part(value: &str, from: &str, length: Option<String>) -> Option<String> {
    let whole = i64::try_from(value.len()).ok()?;
    let Ok(from) = from.parse::<i64>() else { return Some(value.to_owned()) };
    let from = if from < 0 { (whole + from).max(0) } else { from };
    let end = match length.map(|length| length.parse::<i64>()) {
        None => whole,
        Some(Err(_)) => return Some(value.to_owned()),
        Some(Ok(length)) if length < 0 => whole.saturating_add(length),
        Some(Ok(length)) => from.saturating_add(length).min(whole),
    };
    if end < from {
        return Some(String::new());
    }
    // Half a letter is nothing that YAML could hold.
    value.get(usize::try_from(from).ok()?..usize::try_from(end).ok()?).map(str::to_owned)
}

/// A value without what a pattern matches at one of its ends.
fn trimmed(value: &str, pattern: &str, is_suffix: bool, is_longest: bool) -> Option<String> {
    // Whether `*` goes over a slash, and what a class looks like backwards, is not read here.
    if pattern.contains(['[', ']', '\\']) || pattern.contains(['*', '?']) && value.contains('/') {
        return None;
    }
    let (letters, pattern): (Vec<char>, Vec<char>) = (value.chars().collect(), pattern.chars().collect());
    let count = letters.len();
    let is_match = |length: &usize| {
        let part = if is_suffix { letters.get(count - length..) } else { letters.get(..*length) };
        part.is_some_and(|part| matches(&pattern, part))
    };
    let length = if is_longest { (1..=count).rev().find(is_match) } else { (1..=count).find(is_match) };
    let Some(length) = length else { return Some(value.to_owned()) };
    let kept = if is_suffix { letters.get(..count - length) } else { letters.get(length..) };
    kept.map(|kept| kept.iter().collect())
}

/// Whether a pattern of `*`, `?` and letters matches all of the text.
fn matches(pattern: &[char], text: &[char]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // Where the last `*` can take one more letter.
    let mut again: Option<(&[char], &[char])> = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (Some(('*', behind)), _) => {
                again = Some((behind, text));
                pattern = behind;
            }
            (Some((wanted, behind)), Some((found, rest))) if *wanted == '?' || wanted == found => {
                (pattern, text) = (behind, rest);
            }
            (None, None) => return true,
            _ => {
                let Some((behind, [_, rest @ ..])) = again else { return false };
                again = Some((behind, rest));
                (pattern, text) = (behind, rest);
            }
        }
    }
}

/// What stands before the brace that closes the variable, and what behind it: a default may hold variables too.
pub fn closed(text: &str) -> Option<(&str, &str)> {
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
