//! Calico's selector language: `app == 'web' && (has(tier) || !(env in {'dev', 'test'}))`.
//!
//! The source is `libcalico-go/lib/selector`. An empty selector selects everything. A selector is evaluated while it is
//! read, since each is asked once. The module must not know whose labels it is given.

use core::fmt;

/// Parentheses and `!` nested deeper are refused: a module's stack is small.
const MAX_DEPTH: usize = 64;

/// A text that is no selector.
#[derive(Debug, PartialEq, Eq)]
pub struct SelectorError<'t> {
    /// What could not be read, to the end.
    rest: &'t str,
}

impl fmt::Display for SelectorError<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rest {
            "" => formatter.write_str("this selector ends too early"),
            rest => write!(formatter, "Calico does not understand this selector from `{rest}` on"),
        }
    }
}

impl core::error::Error for SelectorError<'_> {}

/// The labels of what may be selected.
pub type Labels<'l, 'a> = &'l dyn Fn(&str) -> Option<&'a str>;

/// Whether a selector selects what has these labels.
///
/// # Errors
/// The text is no selector.
pub fn selects<'t>(text: &'t str, labels: Labels<'_, '_>) -> Result<bool, SelectorError<'t>> {
    let mut reader = Reader { rest: text.trim_ascii(), labels };
    let selected = reader.rest.is_empty() || reader.any(MAX_DEPTH)?;
    if reader.rest.is_empty() { Ok(selected) } else { reader.refuse() }
}

struct Reader<'t, 'l, 'a> {
    /// What is left, without leading space.
    rest: &'t str,
    labels: Labels<'l, 'a>,
}

impl<'t> Reader<'t, '_, '_> {
    /// `a || b || c`
    fn any(&mut self, depth: usize) -> Result<bool, SelectorError<'t>> {
        let mut selected = self.all(depth)?;
        while self.eat("||") {
            selected |= self.all(depth)?;
        }
        Ok(selected)
    }

    /// `a && b && c`
    fn all(&mut self, depth: usize) -> Result<bool, SelectorError<'t>> {
        let mut selected = self.one(depth)?;
        while self.eat("&&") {
            selected &= self.one(depth)?;
        }
        Ok(selected)
    }

    fn one(&mut self, depth: usize) -> Result<bool, SelectorError<'t>> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.refuse();
        };
        if self.eat("!") {
            return Ok(!self.one(depth)?);
        }
        if self.eat("(") {
            let selected = self.any(depth)?;
            self.expect(")")?;
            return Ok(selected);
        }
        let start = self.rest;
        let word = self.word()?;
        if self.eat("(") {
            let selected = match word {
                "all" => true,
                // What belongs to no namespace, which no pod does.
                "global" => false,
                "has" => (self.labels)(self.word()?).is_some(),
                _ => return Err(SelectorError { rest: start }),
            };
            self.expect(")")?;
            return Ok(selected);
        }
        self.comparison((self.labels)(word))
    }

    /// What follows a key whose label has this value.
    fn comparison(&mut self, label: Option<&str>) -> Result<bool, SelectorError<'t>> {
        if self.eat("==") {
            return Ok(label == Some(self.string()?));
        }
        if self.eat("!=") {
            return Ok(label != Some(self.string()?));
        }
        let start = self.rest;
        Ok(match self.word()? {
            "in" => self.set_holds(label)?,
            "not" => {
                self.expect("in")?;
                !self.set_holds(label)?
            }
            "notin" => !self.set_holds(label)?,
            "contains" => {
                let part = self.string()?.as_bytes();
                label.is_some_and(|label| part.is_empty() || label.as_bytes().windows(part.len()).any(|at| at == part))
            }
            "starts" => {
                self.expect("with")?;
                let part = self.string()?;
                label.is_some_and(|label| label.starts_with(part))
            }
            "ends" => {
                self.expect("with")?;
                let part = self.string()?;
                label.is_some_and(|label| label.ends_with(part))
            }
            _ => return Err(SelectorError { rest: start }),
        })
    }

    /// `{'a', 'b'}`: whether the label is one of them.
    fn set_holds(&mut self, label: Option<&str>) -> Result<bool, SelectorError<'t>> {
        self.expect("{")?;
        let mut holds = false;
        while !self.eat("}") {
            holds |= label == Some(self.string()?);
            if !self.eat(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(holds)
    }

    /// A key, a function or an operator.
    fn word(&mut self) -> Result<&'t str, SelectorError<'t>> {
        let is_word = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '/' | '-');
        let end = self.rest.find(|character| !is_word(character)).unwrap_or(self.rest.len());
        match self.rest.split_at_checked(end) {
            Some((word, rest)) if end > 0 => {
                self.rest = rest.trim_ascii_start();
                Ok(word)
            }
            _ => self.refuse(),
        }
    }

    /// A value in single or double quotes, without escapes.
    fn string(&mut self) -> Result<&'t str, SelectorError<'t>> {
        for quote in ['\'', '"'] {
            if let Some((value, rest)) = self.rest.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
                self.rest = rest.trim_ascii_start();
                return Ok(value);
            }
        }
        self.refuse()
    }

    fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.map_or(self.rest, str::trim_ascii_start);
        rest.is_some()
    }

    fn expect(&mut self, token: &str) -> Result<(), SelectorError<'t>> {
        if self.eat(token) { Ok(()) } else { self.refuse() }
    }

    fn refuse<T>(&self) -> Result<T, SelectorError<'t>> {
        Err(SelectorError { rest: self.rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(key: &str) -> Option<&'static str> {
        match key {
            "app" => Some("web"),
            "example.com/tier" => Some("front-end"),
            "empty" => Some(""),
            _ => None,
        }
    }

    #[test]
    fn a_selector_means_what_calico_says() {
        for (selector, selected) in [
            ("", true),
            ("  ", true),
            ("all()", true),
            ("all( )", true),
            ("global()", false),
            ("app == 'web'", true),
            ("app=='web'", true),
            ("app == \"web\"", true),
            ("app == 'api'", false),
            ("missing == ''", false),
            ("empty == ''", true),
            ("app != 'web'", false),
            ("app != 'api'", true),
            ("missing != 'x'", true),
            ("has(app)", true),
            ("has( example.com/tier )", true),
            ("has(missing)", false),
            ("!has(missing)", true),
            ("! has(app)", false),
            ("!!has(app)", true),
            ("app in {'api', 'web'}", true),
            ("app in {\"web\"}", true),
            ("app in{'api'}", false),
            ("app in {}", false),
            ("missing in {'api'}", false),
            ("app not in {'api'}", true),
            ("app notin {'web'}", false),
            ("missing not in {'web'}", true),
            ("example.com/tier starts with 'front'", true),
            ("example.com/tier starts with 'end'", false),
            ("example.com/tier ends with 'end'", true),
            ("example.com/tier ends with 'front'", false),
            ("example.com/tier contains 't-e'", true),
            ("example.com/tier contains 'x'", false),
            ("app contains ''", true),
            ("app contains 'website'", false),
            ("missing contains ''", false),
            ("app == 'web' && has(missing)", false),
            ("app == 'web' || has(missing)", true),
            ("has(missing) && has(missing) || app == 'web'", true),
            ("app == 'web' || has(missing) && has(missing)", true),
            ("(app == 'web' || has(missing)) && has(missing)", false),
            ("!(app == 'web' && has(missing))", true),
            ("!app == 'api'", true),
            ("((app == 'web'))", true),
            ("in == 'x'", false),
        ] {
            assert_eq!(selects(selector, &label), Ok(selected), "{selector}");
        }
    }

    #[test]
    fn what_calico_does_not_understand_is_refused_from_there_on() {
        for (selector, rest) in [
            ("app", ""),
            ("app == web", "web"),
            ("app = 'web'", "= 'web'"),
            ("app == 'web' and has(tier)", "and has(tier)"),
            ("app == 'web", "'web"),
            ("app == 'web\"", "'web\""),
            ("(app == 'web'", ""),
            ("app == 'web')", ")"),
            ("app in ('web')", "('web')"),
            ("app in {'web'", ""),
            ("app in {web}", "web}"),
            ("app not has(x)", "has(x)"),
            ("app starts 'web'", "'web'"),
            ("some()", "some()"),
            ("has()", ")"),
            ("all(", ""),
            ("&& has(app)", "&& has(app)"),
            ("has(app) &&", ""),
            ("app like 'web'", "like 'web'"),
        ] {
            assert_eq!(selects(selector, &label), Err(SelectorError { rest }), "{selector}");
        }
    }

    #[test]
    fn a_selector_nested_beyond_reason_is_refused() {
        extern crate std;
        let nested = |depth| std::format!("{}has(app){}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(selects(&nested(MAX_DEPTH - 1), &label), Ok(true));
        assert!(selects(&nested(MAX_DEPTH), &label).is_err());
        assert!(selects(&"!".repeat(100_000), &label).is_err());
    }
}
