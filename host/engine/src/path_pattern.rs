//! Patterns for places in an object: `$.spec.template.spec.containers[*].image`, or the same without `$.`.
//!
//! A pattern means a place and everything below it. It is a JSONPath of names, numbers and `*` alone: what somebody waives
//! must be read at a glance.

use protocol::path::Segment;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    Any,
}

impl PathPattern {
    /// Reads a pattern; `None` if it is not valid, or means the whole object.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$').unwrap_or(text);
        let mut steps = Vec::new();
        // Without `$.` it begins with a name.
        if !rest.starts_with(['.', '[']) {
            (steps, rest) = name(rest).map(|(step, rest)| (vec![step], rest))?;
        }
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('.') {
                Some(after) => name(after)?,
                None => bracket(rest.strip_prefix('[')?)?,
            };
            steps.push(step);
            rest = after;
        }
        (!steps.is_empty()).then(|| Self { text: text.to_owned(), steps })
    }

    /// The text that it was read from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the place of this path is meant, or lies below one that is.
    #[must_use]
    pub fn covers(&self, path: &[Segment]) -> bool {
        self.steps.len() <= path.len()
            && self.steps.iter().zip(path).all(|(step, segment)| match (step, segment) {
                (Step::Any, _) => true,
                (Step::Key(key), Segment::Key(name)) => key == name,
                (Step::Index(index), Segment::Index(at)) => index == at,
                _ => false,
            })
    }
}

/// A name up to the next `.` or `[`.
fn name(text: &str) -> Option<(Step, &str)> {
    let (name, rest) = text.split_at(text.find(['.', '[']).unwrap_or(text.len()));
    match name {
        "" => None,
        "*" => Some((Step::Any, rest)),
        name if name.contains(['*', '\'', '"', ']', '?', ' ']) => None,
        name => Some((Step::Key(name.to_owned()), rest)),
    }
}

/// `*]`, `3]`, `'key']` or `"key"]`.
fn bracket(text: &str) -> Option<(Step, &str)> {
    for quote in ['\'', '"'] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (key, rest) = quoted.split_once(quote)?;
            return Some((Step::Key(key.to_owned()), rest.strip_prefix(']')?));
        }
    }
    let (inside, rest) = text.split_once(']')?;
    let step = if inside == "*" { Step::Any } else { Step::Index(inside.parse().ok()?) };
    Some((step, rest))
}

#[cfg(test)]
mod tests {
    use protocol::path::parse;

    use super::*;

    fn covers(pattern: &str, path: &str) -> bool {
        PathPattern::parse(pattern).unwrap().covers(&parse(path).unwrap())
    }

    #[test]
    fn a_pattern_means_a_place_and_what_is_below() {
        let image = "$['spec']['containers'][1]['image']";
        for pattern in [
            "$.spec.containers[*].image",
            "spec.containers[1]",
            "spec",
            "$['spec'][\"containers\"][1].image",
            "*.containers[*].*",
            "$.spec.*",
        ] {
            assert!(covers(pattern, image), "{pattern}");
        }
        for pattern in ["spec.containers[0]", "spec.image", "containers", "spec.containers[1].image.tag", "$.spec[1]"] {
            assert!(!covers(pattern, image), "{pattern}");
        }
        assert!(covers("metadata.annotations['a.b/c']", "$['metadata']['annotations']['a.b/c']"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in
            ["", "$", "$.", ".", "spec.", "spec..a", "spec[", "spec[]", "spec[a]", "spec['a", "a b", "$..a", "a*"]
        {
            assert_eq!(PathPattern::parse(text), None, "{text}");
        }
    }
}
