//! Which environment an object says it is of: production, staging.
//!
//! A label says it, or the namespace does by its name. If neither does, it is not known: the module must not guess by
//! anything else.

use alloc::string::String;

use protocol::stage::{EARLIER, PRODUCTION, PRODUCTION_ALONE, STAGING};

use crate::field::Field;
use crate::glob::matches_name;
use crate::object::Object;

/// The first of these labels that the object has, or else its namespace.
#[must_use]
pub fn named<'a>(object: Object<'a>, labels: &[String]) -> Option<&'a str> {
    let mut labels = labels.iter().filter_map(|key| Field::str(object.labels().entry(key)));
    labels.find(|value| !value.is_empty()).or_else(|| object.namespace())
}

/// Whether the object says that it is of an environment of these names, which may have a `*`.
#[must_use]
pub fn is_of(object: Object<'_>, labels: &[String], names: &[String]) -> bool {
    named(object, labels).is_some_and(|stage| is_one(stage, names))
}

/// Whether a word is one of these names, which may have a `*`. `web-pre-prod` and `non-production` are no `*-prod` and no
/// `*-production`, unless a name is called just so.
#[must_use]
pub fn is_one(word: &str, names: &[String]) -> bool {
    let is_other = is_negated(word);
    names.iter().any(|name| name == word || !is_other && matches_name(name, word))
}

/// Whether a word says that it is of what is not production, as `web-pre-prod` does.
#[must_use]
pub fn is_negated(word: &str) -> bool {
    let steps = || word.split(['-', '_', '.', '/']);
    let negates = |step: &str| matches!(step, "pre" | "non" | "not");
    let is_production = |step: &str| PRODUCTION.iter().chain(&PRODUCTION_ALONE).any(|word| *word == step);
    steps().zip(steps().skip(1)).any(|(before, step)| negates(before) && is_production(step))
}

/// Whether a part of a name is a word for an environment that comes before production.
#[must_use]
pub fn is_before_production(part: &str) -> bool {
    STAGING.iter().chain(&EARLIER).any(|word| *word == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::strings;

    #[test]
    fn what_is_not_yet_production_is_not_production() {
        let names = strings(&["production", "prod", "*-production", "*-prod", "prod-*"]);
        for word in ["prod", "web-prod", "prod-eu", "canon-prod", "web-production", "web-no-prod"] {
            assert!(is_one(word, &names), "{word}");
        }
        for word in ["pre-prod", "web-pre-prod", "web-non-prod", "not-production", "preprod", "staging"] {
            assert!(!is_one(word, &names), "{word}");
        }
        assert!(is_one("pre-prod", &strings(&["pre-prod"])), "whoever says so");
    }

    #[test]
    fn what_comes_before_production_is_known_by_its_words() {
        for word in ["dev", "staging", "preproduction", "uat"] {
            assert!(is_before_production(word), "{word}");
        }
        for word in ["prod", "live", "web", "web-dev"] {
            assert!(!is_before_production(word), "{word}");
        }
    }
}
