//! Which environment a path or a name is of, staging or production, and what the same is called in the other one.
//!
//! Only names are looked at: `services/web/staging`, `values-production.yaml`, `web-prod`. The module must not know what is
//! in a file.

use protocol::stage::{EARLIER, OF_SERVICES, PRODUCTION, PRODUCTION_ALONE, STAGING};

use super::region::{BLANK, is_region};

/// An environment that promotions go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// What runs before production.
    Staging,
    /// What users see.
    Production,
}

impl Stage {
    /// The name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// What a name says of environments, also of those before staging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// One that comes before staging: `dev`, `qa`.
    Earlier,
    /// One that promotions go through.
    Stage(Stage),
    /// Several, or one that it is not: `non-prod`.
    Unclear,
}

/// Folders and files of tools that deploy nothing to a cluster: pipelines, editors, Compose.
const OTHER_FOLDERS: [&str; 9] = [
    ".azure-pipelines",
    ".buildkite",
    ".circleci",
    ".devcontainer",
    ".forgejo",
    ".gitea",
    ".github",
    ".gitlab",
    ".vscode",
];
const OTHER_FILES: [&str; 5] = [".gitlab-ci", "azure-pipelines", "bitbucket-pipelines", "compose", "docker-compose"];

/// A path or a name of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The environment.
    pub stage: Stage,
    /// The path or the name without it: equal for the same thing in another environment.
    pub slot: String,
}

/// The environment of a file by its path, with `/`: that of the deepest step that is called like one, or like one in a region,
/// or else of the deepest step that has one in its name. A service that is called like one counts where no other step is. `live`
/// counts where no step has another: it may be a folder of all environments.
#[must_use]
pub fn of_path(path: &str) -> Option<Placed> {
    let steps = || path.rsplit('/').map(stem);
    let whole = || {
        let steps = steps().zip(path.rsplit('/').skip(1).chain([""]));
        steps.filter_map(|(step, around)| Some((of_whole(step)?, OF_SERVICES.contains(&around))))
    };
    let named = whole().find(|(_, is_service)| !is_service).or_else(|| whole().next());
    let stage = named.map(|(stage, _)| stage).or_else(|| steps().find_map(of_words));
    let stage = stage.or_else(|| steps().find_map(of_live))?;
    Some(Placed { stage, slot: neutral_of_all(path) })
}

/// What the words of a step of a path say of environments. None where they say nothing, or `live` alone.
#[must_use]
pub fn of_step(step: &str) -> Option<Said> {
    let said = words(step).into_iter().filter_map(|word| {
        let text = step.get(word.start..word.end).unwrap_or_default();
        let is_earlier = || EARLIER.iter().any(|known| text.eq_ignore_ascii_case(known));
        match (word.stage, of_word(text)) {
            (Some(stage), _) => Some(Said::Stage(stage)),
            (None, Some(_)) => Some(Said::Unclear),
            (None, None) => is_earlier().then_some(Said::Earlier),
        }
    });
    said.reduce(|one, other| if one == other { one } else { Said::Unclear })
}

/// Whether a file may be of production by its path. Every file that `of_path` says is of production has such a path.
#[must_use]
pub fn may_be_production(path: &str) -> bool {
    !is_of_other_tool(path) && (neutral(path, Stage::Production) != path || neutral_live(path) != path)
}

/// Whether a file belongs to a tool that deploys nothing to a cluster: `docker-compose.prod.yml`.
#[must_use]
pub fn is_of_other_tool(path: &str) -> bool {
    let mut steps = path.rsplit('/');
    let name = steps.next().unwrap_or_default();
    let rest = OTHER_FILES.iter().find_map(|tool| name.strip_prefix(tool));
    rest.is_some_and(|rest| rest.starts_with(['.', '-', '_'])) || steps.any(|step| OTHER_FOLDERS.contains(&step))
}

/// The environment that a name has in it: `web-production`, `eu_prod_1`, `live-eu`. None where it has two, or none.
#[must_use]
pub fn of_name(name: &str) -> Option<Stage> {
    of_words(name).or_else(|| of_live(name))
}

/// The text without the words for an environment.
fn neutral(text: &str, stage: Stage) -> String {
    let is_it = |word: &Word| word.stage == Some(stage);
    blanked(text, words(text).into_iter().filter(is_it).map(|word| (word.start, word.end)))
}

/// A place in a file without the words for an environment. Both environments may have a `live` in it, as they have it in the
/// name of a service.
#[must_use]
pub fn neutral_place(at: &str, stage: Stage) -> String {
    neutral_live(&neutral(at, stage))
}

/// The text without the words for any environment: a service may be called like another one, and is so in both.
#[must_use]
pub fn neutral_of_all(text: &str) -> String {
    neutral_live(&neutral(&neutral(text, Stage::Staging), Stage::Production))
}

/// The text without `live`, where nothing else in it is an environment.
fn neutral_live(text: &str) -> String {
    if text.contains(BLANK) {
        return text.to_owned();
    }
    let is_end = |letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
    let (mut found, mut rest) = (Vec::new(), 0);
    for part in text.split_inclusive(is_end) {
        let name = part.trim_end_matches(is_end);
        let lives = words(name).into_iter().filter(|word| name.get(word.start..word.end).is_some_and(is_live));
        found.extend(lives.filter(|_| of_live(name).is_some()).map(|word| (rest + word.start, rest + word.end)));
        rest += part.len();
    }
    blanked(text, found.into_iter())
}

fn blanked(text: &str, places: impl Iterator<Item = (usize, usize)>) -> String {
    let (mut blanked, mut rest) = (String::new(), 0);
    for (start, end) in places {
        blanked.push_str(text.get(rest..start).unwrap_or_default());
        blanked.push_str(BLANK);
        rest = end;
    }
    blanked.push_str(text.get(rest..).unwrap_or_default());
    blanked
}

/// The environment that a word means, alone or as a part of a name.
fn of_word(word: &str) -> Option<Stage> {
    let is_one_of = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    if is_one_of(&PRODUCTION) { Some(Stage::Production) } else { is_one_of(&STAGING).then_some(Stage::Staging) }
}

/// The one environment of the words of a name.
fn of_words(name: &str) -> Option<Stage> {
    let mut stages = words(name).into_iter().filter_map(|word| word.stage);
    let first = stages.next()?;
    stages.all(|stage| stage == first).then_some(first)
}

/// The environment of a name that has nothing in it but an environment and a region. A file of values is called so before its
/// environment.
fn of_whole(name: &str) -> Option<Stage> {
    let is_other = |word: &Word| word.stage.is_none() && !name.get(word.start..word.end).is_some_and(is_region);
    of_words(name).filter(|_| !words(name).iter().skip_while(|word| is_values(name, word)).any(is_other))
}

/// The environment of a name that has nothing in it but `live` and a region: `live-chat` is a service.
#[must_use]
pub fn of_live(name: &str) -> Option<Stage> {
    let words = words(name);
    let texts = words.iter().skip_while(|word| is_values(name, word));
    let (mut has_live, mut has_other) = (false, false);
    for text in texts.filter_map(|word| name.get(word.start..word.end)) {
        has_live |= is_live(text);
        has_other |= !is_live(text) && !is_region(text);
    }
    (has_live && !has_other).then_some(Stage::Production)
}

fn is_values(name: &str, word: &Word) -> bool {
    name.get(word.start..word.end).is_some_and(|word| word.eq_ignore_ascii_case("values"))
}

fn is_live(word: &str) -> bool {
    PRODUCTION_ALONE.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// A word of a name.
struct Word {
    start: usize,
    end: usize,
    stage: Option<Stage>,
}

/// The words of a name: letters and digits between anything else. `pre-prod` is one, and `non-prod` is no environment.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut rest = 0;
    for part in text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let (start, end) = (rest, rest + word.len());
        rest += part.len();
        if word.is_empty() {
            continue;
        }
        let known = of_word(word);
        let before =
            words.last().filter(|last| last.end + 1 == start && text.get(last.end..start).is_none_or(|it| it != "/"));
        let before = before.and_then(|last| text.get(last.start..last.end)).unwrap_or_default().to_ascii_lowercase();
        match (&*before, known) {
            ("pre", Some(Stage::Production)) => {
                let start = words.pop().map_or(start, |last| last.start);
                words.push(Word { start, end, stage: Some(Stage::Staging) });
            }
            ("non" | "not", Some(_)) => words.push(Word { start, end, stage: None }),
            _ => words.push(Word { start, end, stage: known }),
        }
    }
    words
}

/// The name of a file without what says its format.
fn stem(step: &str) -> &str {
    [".yaml", ".yml", ".json"].iter().find_map(|ending| step.strip_suffix(ending)).unwrap_or(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_of_a_file_is_told_by_its_path() {
        let (staging, production) = (Some(Stage::Staging), Some(Stage::Production));
        for (path, stage, slot) in [
            ("services/web/staging/kustomization.yaml", staging, "services/web/*/kustomization.yaml"),
            ("services/web/production/kustomization.yaml", production, "services/web/*/kustomization.yaml"),
            ("services/web/prod/values-prod.yaml", production, "services/web/*/values-*.yaml"),
            ("charts/web/values.stg.yaml", staging, "charts/web/values.*.yaml"),
            ("clusters/prod-eu/apps/web.yaml", production, "clusters/*-eu/apps/web.yaml"),
            ("live/web.yaml", production, "*/web.yaml"),
            ("overlays/pre-prod/a.yaml", staging, "overlays/*/a.yaml"),
            // The folder that is called like an environment wins over a name that has one in it.
            ("production/web-staging-db.yaml", production, "*/web-*-db.yaml"),
            ("envs/production/preprod-eu/a.yaml", staging, "envs/*/*-eu/a.yaml"),
            ("staging/prod-eu/a.yaml", production, "*/*-eu/a.yaml"),
            ("staging/staging-eu/a.yaml", staging, "*/*-eu/a.yaml"),
            // A service may be called like an environment, and has the same slot in both.
            ("apps/prod/overlays/staging/a.yaml", staging, "apps/*/overlays/*/a.yaml"),
            ("apps/prod/overlays/production/a.yaml", production, "apps/*/overlays/*/a.yaml"),
            ("clusters/production/apps/stage/a.yaml", production, "clusters/*/apps/*/a.yaml"),
            ("clusters/staging/services/prod/a.yaml", staging, "clusters/*/services/*/a.yaml"),
            ("charts/stage/values-production.yaml", production, "charts/*/values-*.yaml"),
            ("apps/production/web/a.yaml", production, "apps/*/web/a.yaml"),
            // A folder of all environments, or a service, may be called `live`.
            ("live/staging/web.yaml", staging, "live/*/web.yaml"),
            ("live/prod-eu/web.yaml", production, "live/*-eu/web.yaml"),
            ("services/live/production/a.yaml", production, "services/live/*/a.yaml"),
            ("clusters/live-eu/web.yaml", production, "clusters/*-eu/web.yaml"),
            ("web/values-live.yaml", production, "web/values-*.yaml"),
            ("web/values-live-eu.yaml", production, "web/values-*-eu.yaml"),
            ("services/live-chat/a.yaml", None, ""),
            ("clusters/non-prod/a.yaml", None, ""),
            ("products/web.yaml", None, ""),
            ("stage-to-prod/a.yaml", None, ""),
            ("", None, ""),
            ("é/ß-prod.yaml", production, "é/ß-*.yaml"),
        ] {
            let placed = of_path(path);
            assert_eq!(placed.as_ref().map(|placed| placed.stage), stage, "{path}");
            assert_eq!(placed.map(|placed| placed.slot).unwrap_or_default(), slot, "{path}");
        }
    }

    #[test]
    fn files_of_other_tools_are_of_no_environment() {
        for path in [
            ".github/workflows/deploy-production.yml",
            "web/.gitlab/production.yml",
            "docker-compose.prod.yml",
            "web/compose-prod.yaml",
            ".gitlab-ci.production.yml",
        ] {
            assert!(is_of_other_tool(path) && !may_be_production(path), "{path}");
        }
        for path in ["composer/production/a.yaml", "composer-prod.yaml", "live/web.yaml", "a/prod-to-staging.yaml"] {
            assert!(!is_of_other_tool(path) && may_be_production(path), "{path}");
        }
        for path in ["services/web/staging/a.yaml", "clusters/non-prod/a.yaml", "pre-prod/a.yaml", "live-chat/a.yaml"] {
            assert!(!may_be_production(path), "{path}");
        }
    }

    #[test]
    fn a_step_says_which_environments_it_is_of() {
        let (staging, production) = (Said::Stage(Stage::Staging), Said::Stage(Stage::Production));
        for (step, said) in [
            ("production", Some(production)),
            ("web-prod-eu", Some(production)),
            ("pre-prod", Some(staging)),
            ("dev", Some(Said::Earlier)),
            ("non-prod", Some(Said::Unclear)),
            ("stage-to-prod", Some(Said::Unclear)),
            ("dev-prod", Some(Said::Unclear)),
            ("live", None),
            ("products", None),
            ("", None),
        ] {
            assert_eq!(of_step(step), said, "{step}");
        }
    }

    #[test]
    fn a_name_may_have_one_environment_in_it() {
        for (name, stage) in [
            ("web-production", Some(Stage::Production)),
            ("web-no-prod", Some(Stage::Production)),
            ("live", Some(Stage::Production)),
            ("eu-live", Some(Stage::Production)),
            ("live-chat", None),
            ("web-non-prod", None),
            ("Staging", Some(Stage::Staging)),
            ("reproduce", None),
            ("prod-staging", None),
            ("preprod", Some(Stage::Staging)),
        ] {
            assert_eq!(of_name(name), stage, "{name}");
        }
    }
}
