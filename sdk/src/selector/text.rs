//! Label selectors written as text, such as `app=web,tier in (front, edge),!legacy`.
//!
//! The grammar is that of `labels.Parse` (`k8s.io/apimachinery/pkg/labels/selector.go`), which `kubectl --selector` and
//! every list request take. A selector is evaluated while it is read, since each is asked once. The module must not know
//! whose labels it is given.

use crate::field::Field;

/// Whether a selector selects an object with these labels. One without a requirement selects everything, and a text that
/// is no selector selects nothing.
#[must_use]
pub fn text_matches(selector: &str, labels: Field<'_>) -> bool {
    selects(selector, &|key| labels.entry(key).str()).unwrap_or(false)
}

type Labels<'l, 'a> = &'l dyn Fn(&str) -> Option<&'a str>;

/// `None` where the text is no selector.
fn selects(text: &str, label: Labels<'_, '_>) -> Option<bool> {
    let mut reader = Reader { rest: text.trim_ascii_start() };
    let mut selected = true;
    if reader.rest.is_empty() {
        return Some(selected);
    }
    loop {
        selected &= reader.requirement(label)?;
        if reader.rest.is_empty() {
            return Some(selected);
        }
        reader.eat(",").then_some(())?;
    }
}

struct Reader<'t> {
    /// What is left, without leading space.
    rest: &'t str,
}

impl<'t> Reader<'t> {
    /// `key`, `!key`, or a key that is compared. A label that is not there is unequal to everything.
    fn requirement(&mut self, label: Labels<'_, '_>) -> Option<bool> {
        let is_negated = self.eat("!");
        let label = label(self.word()?);
        if self.is_at_end() {
            return Some(label.is_some() != is_negated);
        }
        if is_negated {
            return None;
        }
        if self.eat("!=") {
            return Some(label != Some(self.value()));
        }
        if self.eat("==") || self.eat("=") {
            return Some(label == Some(self.value()));
        }
        for (operator, wanted) in [(">", core::cmp::Ordering::Greater), ("<", core::cmp::Ordering::Less)] {
            if self.eat(operator) {
                let bound: i64 = self.value().parse().ok()?;
                return Some(
                    label.and_then(|label| label.parse::<i64>().ok()).map(|label| label.cmp(&bound)) == Some(wanted),
                );
            }
        }
        match self.word()? {
            "in" => Some(self.is_listed(label)?),
            "notin" => Some(!self.is_listed(label)?),
            _ => None,
        }
    }

    /// Whether a label is one of `(a, b)`. An empty value is one too, but no list is empty.
    fn is_listed(&mut self, label: Option<&str>) -> Option<bool> {
        self.eat("(").then_some(())?;
        if self.eat(")") {
            return None;
        }
        let mut is_listed = false;
        loop {
            is_listed |= label == Some(self.value());
            if self.eat(")") {
                return Some(is_listed);
            }
            self.eat(",").then_some(())?;
        }
    }

    /// A value, which may be empty.
    fn value(&mut self) -> &'t str {
        self.word().unwrap_or_default()
    }

    /// What stands before the next space or sign.
    fn word(&mut self) -> Option<&'t str> {
        let is_sign =
            |letter: char| matches!(letter, '=' | '!' | '(' | ')' | ',' | '<' | '>') || letter.is_ascii_whitespace();
        let (word, rest) = self.rest.split_at_checked(self.rest.find(is_sign).unwrap_or(self.rest.len()))?;
        self.rest = rest.trim_ascii_start();
        (!word.is_empty()).then_some(word)
    }

    fn is_at_end(&self) -> bool {
        self.rest.is_empty() || self.rest.starts_with(',')
    }

    fn eat(&mut self, sign: &str) -> bool {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.map_or(self.rest, str::trim_ascii_start);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(key: &str) -> Option<&'static str> {
        match key {
            "app" => Some("web"),
            "example.com/tier" => Some("front"),
            "empty" => Some(""),
            "cores" => Some("8"),
            "in" => Some("x"),
            _ => None,
        }
    }

    #[test]
    fn a_selector_means_what_the_api_machinery_says() {
        for (selector, selected) in [
            ("", true),
            (" ", true),
            ("app", true),
            ("missing", false),
            ("!missing", true),
            ("! missing", true),
            ("!app", false),
            ("app=web", true),
            ("app==web", true),
            ("app = web", true),
            ("app=api", false),
            ("app!=web", false),
            ("app != api", true),
            ("missing!=x", true),
            ("empty=", true),
            ("empty=,app=web", true),
            ("missing=", false),
            ("app=web,example.com/tier=front", true),
            ("app=web, example.com/tier=edge", false),
            ("app in (api, web)", true),
            ("app in(web)", true),
            ("app in ( web )", true),
            ("app in (api)", false),
            ("missing in (web)", false),
            ("app notin (api)", true),
            ("app notin (api,web)", false),
            ("missing notin (web)", true),
            ("empty in (,)", true),
            ("empty in (a,)", true),
            ("app in (api,web),!missing,example.com/tier", true),
            ("cores>4", true),
            ("cores > 8", false),
            ("cores<9", true),
            ("app>4", false),
            ("missing<4", false),
            ("in in (x)", true),
            ("in=x", true),
        ] {
            assert_eq!(selects(selector, &label), Some(selected), "{selector}");
        }
    }

    #[test]
    fn a_text_that_is_no_selector_selects_nothing() {
        for text in [
            ",",
            "app,",
            "app,,in",
            ",app",
            "=web",
            "!",
            "!app=web",
            "!!app",
            "app===web",
            "app=web=x",
            "app=web x",
            "app web",
            "app in web",
            "app in (web",
            "app in ()",
            "app in",
            "app in (web) x",
            "app notin web)",
            "(app)",
            "cores>",
            "cores>x",
            "app in (web",
            "app=(web)",
            "app like (web)",
            "app=>4",
        ] {
            assert_eq!(selects(text, &label), None, "{text}");
        }
    }
}
