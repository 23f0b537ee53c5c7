//! Who asks for signatures of images, and the patterns by which they say of which, in two dialects.

use sdk::prelude::*;

/// How a star is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Kyverno's, Kubewarden's: `*` is anything, slashes too, and `?` is one character.
    Wildcard,
    /// Sigstore's: `*` is at least one character and no slash, `**` with slashes.
    Glob,
}

/// An object that asks for signatures.
pub struct Verifier<'a> {
    /// `ClusterPolicy signed`.
    pub name: String,
    /// Patterns of what it asks them of.
    pub patterns: Vec<&'a str>,
    /// Patterns of what is left out.
    pub skipped: Vec<&'a str>,
    spelling: Spelling,
    /// Whether it surely sees the pods, or only a cluster can tell.
    is_certain: bool,
}

/// How a verifier writes an image down before it compares.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// As in the manifest.
    AsWritten,
    /// `docker.io/nginx:latest`.
    Kyverno,
    /// `index.docker.io/library/nginx:latest`.
    Sigstore,
    /// By an expression, which only a cluster evaluates.
    Expression,
}

impl<'a> Verifier<'a> {
    /// One that sees the pods, for all that is known, and asks nothing yet.
    pub fn new(object: Object<'a>, spelling: Spelling, sees: Option<bool>) -> Self {
        let name = format!("{} {}", object.kind(), object.name());
        Self { name, patterns: Vec::new(), skipped: Vec::new(), spelling, is_certain: sees == Some(true) }
    }

    /// Whether it asks for a signature of this image; `None` where nobody can tell from here.
    pub fn covers(&self, image: &ImageReference<'_>) -> Option<bool> {
        let tag = image.tag().unwrap_or("latest");
        let (dialect, text) = match self.spelling {
            Spelling::Expression => return None,
            Spelling::AsWritten => (Dialect::Wildcard, image.to_string()),
            Spelling::Kyverno => {
                let registry = if image.domain().is_some() { "" } else { "docker.io/" };
                (Dialect::Wildcard, format!("{registry}{}:{tag}", image.repository()))
            }
            Spelling::Sigstore => {
                let repository = image.normalized_repository();
                let index = if repository.starts_with("docker.io/") { "index." } else { "" };
                (Dialect::Glob, format!("{index}{repository}:{tag}"))
            }
        };
        let is_covered = any_matches(&self.patterns, dialect, &text) && !any_matches(&self.skipped, dialect, &text);
        if is_covered && !self.is_certain { None } else { Some(is_covered) }
    }
}

/// Whether one of the patterns describes the whole text.
pub fn any_matches(patterns: &[&str], dialect: Dialect, text: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, dialect, text))
}

enum Token {
    /// This character, or any one.
    One(Option<u8>),
    Star {
        crosses_slash: bool,
        may_be_empty: bool,
    },
}

/// Whether the whole text is what the pattern describes. Takes pattern times text, whatever the pattern.
pub fn matches(pattern: &str, dialect: Dialect, text: &str) -> bool {
    // For each place in the text, whether what was read of the pattern describes the text up to there.
    let mut reached: Vec<bool> = (0..=text.len()).map(|at| at == 0).collect();
    let mut pattern = pattern.bytes().peekable();
    while let Some(byte) = pattern.next() {
        let token = match (byte, dialect) {
            (b'*', Dialect::Wildcard) => Token::Star { crosses_slash: true, may_be_empty: true },
            (b'?', Dialect::Wildcard) => Token::One(None),
            (b'*', Dialect::Glob) => {
                let crosses_slash = pattern.next_if_eq(&b'*').is_some();
                Token::Star { crosses_slash, may_be_empty: false }
            }
            _ => Token::One(Some(byte)),
        };
        reached = step(&reached, text, &token);
    }
    reached.last() == Some(&true)
}

fn step(reached: &[bool], text: &str, token: &Token) -> Vec<bool> {
    let letters = [None].into_iter().chain(text.bytes().map(Some));
    let (mut before, mut now) = (false, false);
    let next = reached.iter().zip(letters).map(|(here, letter)| {
        now = match (token, letter) {
            (Token::One(wanted), Some(letter)) => before && wanted.is_none_or(|wanted| wanted == letter),
            (Token::One(_), None) => false,
            (Token::Star { crosses_slash, may_be_empty }, letter) => {
                let goes_on = letter.is_some_and(|letter| *crosses_slash || letter != b'/');
                (*may_be_empty && *here) || (goes_on && (before || now))
            }
        };
        before = *here;
        now
    });
    next.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_anything() {
        for (pattern, text, expected) in [
            ("*", "ghcr.io/org/app:1", true),
            ("ghcr.io/org/*", "ghcr.io/org/team/app:1", true),
            ("ghcr.io/org/*", "ghcr.io/org/", true),
            ("ghcr.io/*/app:*", "ghcr.io/org/app:1", true),
            ("ghcr.io/org/app:?", "ghcr.io/org/app:1", true),
            ("ghcr.io/org/app:?", "ghcr.io/org/app:10", false),
            ("ghcr.io/org/app", "ghcr.io/org/app:1", false),
            ("ghcr.io/org/*", "ghcr.io/organisation/app:1", false),
            ("*ghcr.io/org/app:1", "evil.example.com/ghcr.io/org/app:1", true),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXcYb", false),
        ] {
            assert_eq!(matches(pattern, Dialect::Wildcard, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn sigstores_star_stops_at_a_slash() {
        for (pattern, text, expected) in [
            ("**", "ghcr.io/org/app:1", true),
            ("ghcr.io/org/*", "ghcr.io/org/app:1", true),
            ("ghcr.io/org/*", "ghcr.io/org/team/app:1", false),
            ("ghcr.io/org/**", "ghcr.io/org/team/app:1", true),
            ("ghcr.io/org/**", "ghcr.io/org/", false),
            ("ghcr.io/*/app*", "ghcr.io/org/app:1", true),
            ("ghcr.io/org/app", "ghcr.io/org/app:1", false),
            ("ghcr.io/org/app:?", "ghcr.io/org/app:1", false),
        ] {
            assert_eq!(matches(pattern, Dialect::Glob, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_of_stars_takes_no_time() {
        assert!(!matches(&"*a".repeat(500), Dialect::Wildcard, &"a".repeat(400)));
    }
}
