//! The title of a pull request: `type(scope): subject`, with `!` before the colon where something breaks.

use sdk::near::nearest;
use sdk::prelude::*;

/// The parts of a title, as far as it has them.
pub struct Title<'a> {
    pub kind: &'a str,
    pub scope: Option<&'a str>,
    pub breaks: bool,
    pub subject: &'a str,
}

impl<'a> Title<'a> {
    /// Reads what is nearly one, too: `Feat (web) : Add it`.
    pub fn read(text: &'a str) -> Option<Self> {
        let colon = text.bytes().position(|byte| byte == b':')?;
        let (head, subject) = (text.get(..colon)?.trim(), text.get(colon + 1..)?.trim());
        let (head, breaks) = head.strip_suffix('!').map_or((head, false), |head| (head.trim(), true));
        let (kind, scope) = match head.split_once(['(', '[']) {
            Some((kind, rest)) => (kind.trim(), Some(rest.strip_suffix([')', ']'])?.trim())),
            None => (head, None),
        };
        let is_word = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_word.then_some(Self { kind, scope, breaks, subject })
    }

    /// The title as it should be: of known types and scopes, as far as these are nearly there.
    pub fn mended(&self, types: &[String], scopes: &[&str]) -> String {
        let kind = self.kind.to_ascii_lowercase();
        let kind = match kind.as_str() {
            "feature" | "features" => "feat".to_owned(),
            "bugfix" | "hotfix" | "bug" => "fix".to_owned(),
            _ => near(&kind, types.iter().map(String::as_str)),
        };
        let scope = self.scope.map(|scope| near(&scope.to_ascii_lowercase(), scopes.iter().copied()));
        let scope = scope.as_deref().unwrap_or(if scopes.is_empty() { "<service>" } else { "<scope>" });
        format!("{kind}({scope}){}: {}", if self.breaks { "!" } else { "" }, subject(self.subject))
    }
}

/// The subject without a full stop, and without a capital letter that begins a usual word.
pub fn subject(text: &str) -> String {
    let text = text.trim_end_matches(['.', ' ']);
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if first.is_ascii_uppercase() && second.is_ascii_lowercase() => {
            first.to_ascii_lowercase().to_string() + letters.as_str()
        }
        _ => text.to_owned(),
    }
}

/// The known word that is nearest, or the word itself.
fn near<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.collect();
    if known.contains(&word) {
        return word.to_owned();
    }
    nearest(word, &mut known.iter().copied()).unwrap_or(word).to_owned()
}
