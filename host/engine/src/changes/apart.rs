//! Whether two paths are of two environments, as far as the names of their folders say it.
//!
//! Only those folders tell in which the two paths differ. The module must not know what lies there.

use protocol::stage::OF_SERVICES;

use crate::promotion::{Said, of_live, of_step};

/// Whether the folders in which two paths differ name one environment each, and not the same. Whatever deploys the folder around
/// them may deploy both, so that must be of no environment itself.
pub fn differ(one: &str, other: &str) -> bool {
    let (one, other): (Vec<&str>, Vec<&str>) = (one.split('/').collect(), other.split('/').collect());
    let is_same = |(one, other): &(&&str, &&str)| one == other;
    let around = one.iter().zip(&other).take_while(is_same).count();
    let ends = one.iter().skip(around).rev().zip(other.iter().skip(around).rev());
    let inside = ends.take_while(is_same).count();
    let own = |steps: &[&str]| named(steps.get(around..steps.len() - inside).unwrap_or_default());
    is_of_none(one.get(..around).unwrap_or_default())
        && own(&one).zip(own(&other)).is_some_and(|(one, other)| one != other)
}

/// The one environment that steps of a path name. `live` is one where no step has another.
fn named(steps: &[&str]) -> Option<Said> {
    let said = steps.iter().filter_map(|step| of_step(step));
    let said = said.reduce(|one, other| if one == other { one } else { Said::Unclear });
    let live = || steps.iter().find_map(|step| of_live(step)).map(Said::Stage);
    said.or_else(live).filter(|said| *said != Said::Unclear)
}

/// Whether a folder is of no environment. Services may be called like one, and `live` may have all environments.
fn is_of_none(steps: &[&str]) -> bool {
    let around = [""].iter().chain(steps);
    steps.iter().zip(around).all(|(step, around)| OF_SERVICES.contains(around) || of_step(step).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_of_two_environments_where_they_differ_in_them() {
        for (one, other, are_two) in [
            ("services/web/staging", "services/web/production", true),
            ("clusters/prod-eu/apps", "clusters/stage-eu/apps", true),
            ("dev/web", "live/web", true),
            ("web/pre-prod", "web/prod", true),
            ("services/web/dev", "services/web/Staging", true),
            ("services/web-staging", "teams/shop/production", true),
            ("clusters/prod-eu", "clusters/prod-us", false),
            ("services/web", "services/web/staging", false),
            ("services/live-chat", "services/staging", false),
            ("clusters/non-prod", "clusters/prod", false),
            ("", "staging", false),
            // A service may be called like an environment.
            ("apps/live/overlays/staging", "apps/live/overlays/production", true),
            ("apps/prod/overlays/staging", "apps/prod/overlays/production", true),
            ("services/stage/staging", "services/stage/production", true),
            ("live/staging", "live/production", true),
            ("envs/staging/prod", "envs/production/prod", true),
            ("staging/live", "production/live", true),
            // Whatever deploys the outer folder may deploy the inner one, too.
            ("live/web", "live/staging/web", false),
            ("production", "production/staging", false),
            ("production/web", "production/staging/web", false),
            ("production/prod-eu", "production/staging-eu", false),
            ("staging/prod-eu/web", "production/web", false),
            ("production/web-production", "staging/web-staging", true),
        ] {
            assert_eq!(differ(one, other), are_two, "{one} {other}");
            assert_eq!(differ(other, one), are_two, "{other} {one}");
        }
    }
}
