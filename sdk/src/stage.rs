//! Which environment an object says it is of: production, staging.
//!
//! A label says it, or the namespace does by its name. If neither does, it is not known: the module must not guess by
//! anything else.

use alloc::string::String;

use protocol::region::is_word;
pub use protocol::stage::OF_SERVICES;
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

/// Whether a word is one of these names for production, which may have a `*`. `web-pre-prod` and `non-production` are no `*-prod`
/// and no `*-production`, and `prod-staging` is no `prod-*`, unless a name is called just so.
#[must_use]
pub fn is_one(word: &str, names: &[String]) -> bool {
    let is_other = is_negated(word) || ends_earlier(&plain(word));
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

/// A word as names of environments are usually written: `prod_eu` and `Production` as `prod-eu` and `production`. An address
/// stays what it is.
#[must_use]
pub fn plain(word: &str) -> String {
    if word.contains(['/', ':']) { String::from(word) } else { word.to_ascii_lowercase().replace(['_', '.'], "-") }
}

/// Whether a plain name has nothing in it but an environment and regions: `prod-eu`.
#[must_use]
pub fn is_whole(plain: &str, is_environment: impl Fn(&str) -> bool) -> bool {
    plain.split('-').any(&is_environment) && plain.split('-').all(|part| is_environment(part) || is_word(part))
}

/// Whether a plain name says an environment that comes before production: at its end, or beside a region. `dev-portal` is a
/// service.
#[must_use]
pub fn says_earlier(plain: &str) -> bool {
    let is_region = |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && is_word(part));
    let mut before = None;
    let mut parts = plain.split('-').peekable();
    while let Some(part) = parts.next() {
        let next = parts.peek().copied();
        if is_before_production(part) && (next.is_none() || is_region(next) || is_region(before)) {
            return true;
        }
        before = Some(part);
    }
    false
}

/// Whether a plain name ends with an environment that comes before production, and maybe regions: `prod-staging`,
/// `prod-dev-eu`. `prod-eu-dev-portal` is a service.
fn ends_earlier(plain: &str) -> bool {
    let mut parts = plain.rsplit('-').skip_while(|part| !part.is_empty() && is_word(part));
    parts.next().is_some_and(is_before_production)
}

/// Whether a plain name says production by a word alone that may mean something else, too: `live`.
#[must_use]
pub fn is_vague(plain: &str) -> bool {
    let has = |words: &[&str]| plain.split('-').any(|part| words.contains(&part));
    has(&PRODUCTION_ALONE) && !has(&PRODUCTION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::strings;

    #[test]
    fn what_is_not_yet_production_is_not_production() {
        let names = strings(&["production", "prod", "*-production", "*-prod", "prod-*"]);
        for word in [
            "prod",
            "web-prod",
            "prod-eu",
            "canon-prod",
            "web-production",
            "web-no-prod",
            "prod-dev-portal",
            "prod-eu-dev-portal",
            "dev-prod",
        ] {
            assert!(is_one(word, &names), "{word}");
        }
        for word in [
            "pre-prod",
            "web-pre-prod",
            "web-non-prod",
            "not-production",
            "preprod",
            "staging",
            "prod-staging",
            "prod-eu-dev",
            "prod-dev-eu",
            "prod_QA",
        ] {
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

    #[test]
    fn a_name_says_an_environment_and_regions_or_is_one_of_a_service() {
        let is_prod = |plain: &str| is_whole(plain, |part| part == "prod");
        for word in ["prod", "prod_eu", "EU.Prod", "prod-eu-west-1"] {
            assert!(is_prod(&plain(word)), "{word}");
        }
        for word in ["web-prod", "eu", "https://eu.prod", ""] {
            assert!(!is_prod(&plain(word)), "{word}");
        }
        for name in ["dev", "shop-dev", "staging-eu", "web-eu-qa-bot", "web-staging-eu"] {
            assert!(says_earlier(name), "{name}");
        }
        for name in ["dev-portal", "stage-manager", "qa-bot", "web", ""] {
            assert!(!says_earlier(name), "{name}");
        }
        assert!(is_vague("live-eu") && !is_vague("live-prod") && !is_vague("web"));
    }
}
