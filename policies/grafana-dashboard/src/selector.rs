//! The selectors of the Grafana plugin of Backstage (`grafana/dashboard-selector`).
//!
//! A single word is a tag. Anything else is an expression in a little of JavaScript: `||`, `&&`, `!`, `==`, `!=`, and `@>` for
//! `includes`, over strings and the variables `title`, `tags`, `url`, `folderTitle` and `folderUrl`. Only the first two are
//! in the manifest of a dashboard, so that an answer may be unknown: `None`.

use sdk::value::Value;

/// The JSON of a dashboard, if it is in sight.
pub type Dashboard<'a> = Option<&'a Value<'a>>;

/// How deep parentheses and negations may be nested.
const MAX_DEPTH: usize = 32;

/// Whether the plugin can read the selector.
pub fn is_readable(selector: &str) -> bool {
    is_word(selector) || evaluate(selector, None).is_ok()
}

/// Whether the selector selects the dashboard.
pub fn selects(selector: &str, dashboard: Dashboard<'_>) -> Option<bool> {
    if is_word(selector) { has_tag(selector, dashboard) } else { evaluate(selector, dashboard).unwrap_or(Some(false)) }
}

/// Whether the dashboard has the tag.
pub fn has_tag(tag: &str, dashboard: Dashboard<'_>) -> Option<bool> {
    let tags = dashboard?.get("tags").map_or(&[][..], Value::items);
    Some(tags.iter().any(|known| known.str() == Some(tag)))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// A selector that the plugin cannot read.
struct Unreadable;

fn evaluate(selector: &str, dashboard: Dashboard<'_>) -> Result<Option<bool>, Unreadable> {
    let mut reader = Reader { rest: selector.trim_ascii(), dashboard };
    let value = reader.any_of(MAX_DEPTH)?;
    if reader.rest.is_empty() { Ok(value.truth()) } else { Err(Unreadable) }
}

/// What a part of an expression is.
#[derive(Clone, Copy)]
enum Operand<'a> {
    Text(&'a str),
    Tags,
    Truth(Option<bool>),
    Unknown,
}

impl Operand<'_> {
    const fn truth(self) -> Option<bool> {
        match self {
            Self::Text(text) => Some(!text.is_empty()),
            Self::Tags => Some(true),
            Self::Truth(truth) => truth,
            Self::Unknown => None,
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    dashboard: Dashboard<'a>,
}

impl<'a> Reader<'a> {
    /// Steps over a sign, if it comes next.
    fn takes(&mut self, sign: &str) -> bool {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.map_or(self.rest, str::trim_ascii_start);
        rest.is_some()
    }

    fn any_of(&mut self, depth: usize) -> Result<Operand<'a>, Unreadable> {
        let mut left = self.all_of(depth)?;
        while self.takes("||") {
            let right = self.all_of(depth)?;
            left = Operand::Truth(match (left.truth(), right.truth()) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            });
        }
        Ok(left)
    }

    fn all_of(&mut self, depth: usize) -> Result<Operand<'a>, Unreadable> {
        let mut left = self.comparison(depth)?;
        while self.takes("&&") {
            let right = self.comparison(depth)?;
            left = Operand::Truth(match (left.truth(), right.truth()) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            });
        }
        Ok(left)
    }

    fn comparison(&mut self, depth: usize) -> Result<Operand<'a>, Unreadable> {
        let left = self.single(depth)?;
        for sign in ["==", "!=", "@>"] {
            if self.takes(sign) {
                let right = self.single(depth)?;
                return Ok(Operand::Truth(self.compare(left, sign, right)));
            }
        }
        Ok(left)
    }

    fn compare(&self, left: Operand<'_>, sign: &str, right: Operand<'_>) -> Option<bool> {
        match (left, right) {
            (Operand::Text(left), Operand::Text(right)) => Some(match sign {
                "==" => left == right,
                "!=" => left != right,
                _ => right.is_empty() || left.as_bytes().windows(right.len()).any(|window| window == right.as_bytes()),
            }),
            (Operand::Tags, Operand::Text(tag)) if sign == "@>" => has_tag(tag, self.dashboard),
            // A list is no text.
            (Operand::Tags, Operand::Text(_)) => Some(sign == "!="),
            _ => None,
        }
    }

    fn single(&mut self, depth: usize) -> Result<Operand<'a>, Unreadable> {
        let deeper = depth.checked_sub(1).ok_or(Unreadable)?;
        if self.takes("!") {
            let truth = self.single(deeper)?.truth();
            return Ok(Operand::Truth(truth.map(|truth| !truth)));
        }
        if self.takes("(") {
            let value = self.any_of(deeper)?;
            return if self.takes(")") { Ok(value) } else { Err(Unreadable) };
        }
        for quote in ['\'', '"'] {
            if let Some(text) = self.rest.strip_prefix(quote) {
                let (text, rest) = text.split_once(quote).ok_or(Unreadable)?;
                self.rest = rest.trim_ascii_start();
                return Ok(Operand::Text(text));
            }
        }
        let end = self.rest.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(end).ok_or(Unreadable)?;
        self.rest = rest.trim_ascii_start();
        match name {
            "tags" => Ok(Operand::Tags),
            "title" => {
                let title = self.dashboard.and_then(|dashboard| dashboard.get("title")?.str());
                Ok(title.map_or(Operand::Unknown, Operand::Text))
            }
            "url" | "folderTitle" | "folderUrl" => Ok(Operand::Unknown),
            _ => Err(Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    fn selects_web(selector: &str) -> Option<bool> {
        let tags = [Value::String("web"), Value::String("generated")];
        let members = [("title", Value::String("Web overview")), ("tags", Value::Array(&tags))];
        selects(selector, Some(&Value::Object(&members)))
    }

    #[test]
    fn a_word_is_a_tag_and_anything_else_an_expression() {
        for (selector, expected) in [
            ("web", Some(true)),
            ("basket", Some(false)),
            ("tags @> 'web'", Some(true)),
            ("tags@>\"web\"", Some(true)),
            ("(tags @> 'x' || tags @> 'web') && tags @> 'generated'", Some(true)),
            ("tags @> 'x' || tags @> 'web' && tags @> 'y'", Some(false)),
            ("!(tags @> 'web')", Some(false)),
            ("!tags @> 'x'", None),
            ("title == 'Web overview'", Some(true)),
            ("title != 'Web overview'", Some(false)),
            ("title @> 'over'", Some(true)),
            ("title @> ''", Some(true)),
            ("folderTitle == 'Shop'", None),
            ("folderTitle == 'Shop' && tags @> 'x'", Some(false)),
            ("folderTitle == 'Shop' || tags @> 'web'", Some(true)),
            ("tags == 'web'", Some(false)),
            ("tags != 'web'", Some(true)),
        ] {
            assert_eq!(selects_web(selector), expected, "{selector}");
            assert!(is_readable(selector), "{selector}");
        }
    }

    #[test]
    fn what_is_not_in_sight_is_unknown() {
        assert_eq!(selects("web", None), None);
        assert_eq!(selects("title == 'Web'", None), None);
    }

    #[test]
    fn what_the_plugin_cannot_read_is_unreadable() {
        for selector in [
            "service=web",
            "tags @> web-1",
            "tags @>",
            "(tags @> 'a'",
            "tags @> 'a",
            "uid == 'a'",
            "a b",
            " ",
            "tags 'a'",
        ] {
            assert!(!is_readable(selector), "{selector}");
        }
        let nested =
            |depth: usize| std::iter::repeat_n('!', depth).chain("tags".chars()).collect::<std::string::String>();
        assert!(is_readable(&nested(30)));
        assert!(!is_readable(&nested(40)));
    }
}
