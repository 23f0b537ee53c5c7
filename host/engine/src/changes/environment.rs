//! Whether two objects of one name are meant for two environments, as far as their paths say it.
//!
//! Two clusters may have objects of one name, and a repository does not say which cluster deploys a folder. Only names of
//! folders tell. A path that names no environment, or more than one, tells nothing. The module must not know what follows
//! from it.

use protocol::stage::{EARLIER, PRODUCTION, PRODUCTION_ALONE, STAGING};

use super::version::Deployed;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Environment {
    Earlier,
    Staging,
    Production,
}

/// Whether both are of an environment, and not of the same.
pub fn are_two(one: &Deployed<'_>, other: &Deployed<'_>) -> bool {
    // One chart is rendered once for each.
    let is_of_one_chart = one.shown == other.shown && one.environment != other.environment;
    is_of_one_chart || of(one).zip(of(other)).is_some_and(|(one, other)| one != other)
}

fn of(deployed: &Deployed<'_>) -> Option<Environment> {
    match deployed.environment {
        Some(name) => of_path(&format!("{}/{name}", deployed.shown)),
        None => of_path(&deployed.place),
    }
}

/// The one environment that a path names.
fn of_path(path: &str) -> Option<Environment> {
    let mut found = None;
    for step in path.split('/') {
        let mut before = "";
        for word in step.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            let is_whole = word.len() == step.len();
            let of = match (before, of_word(word, is_whole)) {
                ("pre", Some(Environment::Production)) => Some(Environment::Staging),
                ("non" | "not", Some(_)) => return None,
                (_, of) => of,
            };
            before = word;
            if of.is_some() && found.is_some() && of != found {
                return None;
            }
            found = of.or(found);
        }
    }
    found
}

fn of_word(word: &str, is_whole: bool) -> Option<Environment> {
    let is_one_of = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    if is_one_of(&PRODUCTION) || (is_whole && is_one_of(&PRODUCTION_ALONE)) {
        return Some(Environment::Production);
    }
    if is_one_of(&STAGING) {
        return Some(Environment::Staging);
    }
    is_one_of(&EARLIER).then_some(Environment::Earlier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_names_one_environment_is_of_it() {
        let (staging, production) = (Some(Environment::Staging), Some(Environment::Production));
        for (path, environment) in [
            ("services/web/production", production),
            ("clusters/prod-eu/apps", production),
            ("live/web", production),
            ("services/live-chat", None),
            ("services/web/pre-prod", staging),
            ("services/web/Staging", staging),
            ("services/web/dev", Some(Environment::Earlier)),
            ("services/web", None),
            ("clusters/non-prod", None),
            ("", None),
            // Whatever deploys the outer folder may deploy the inner one, too.
            ("production/staging", None),
            ("production/web-production", production),
        ] {
            assert_eq!(of_path(path), environment, "{path}");
        }
    }
}
