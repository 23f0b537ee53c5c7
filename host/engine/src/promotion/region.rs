//! Regions in the names of environments: `prod-eu`, `staging-us-east-1`.
//!
//! The module must not know which environment it is.

use protocol::region::{DIRECTIONS, is_word};

use crate::paths::file_name;

/// What stands for the environment in the name of what all environments have.
pub const BLANK: &str = "*";

/// A slot, or a place in a file, of one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regional {
    /// The same in the words of all regions.
    pub common: String,
    /// The region; empty where the name has none.
    pub region: String,
}

/// The region in a slot: beside the environment, or in a folder beside that of the environment. None where what stands beside
/// the environment is not known to be one: `web-*` is a service.
#[must_use]
pub fn regional(slot: &str) -> Option<Regional> {
    let all: Vec<&str> = slot.split('/').collect();
    let last = all.len() - 1;
    let (mut steps, mut regions) = (Vec::new(), Vec::new());
    for (at, step) in all.iter().enumerate() {
        let (before, after) = match step.split_once(BLANK) {
            Some(parts) => parts,
            None if at != last && is_of_region(step) && is_beside_blank(&all, at) => (*step, ""),
            None => {
                steps.push((*step).to_owned());
                continue;
            }
        };
        let ending = if at == last { ending(after) } else { "" };
        let after = after.strip_suffix(ending).unwrap_or(after);
        // What stands before the environment in the name of a file may be what the file is: `values-*.yaml`.
        let kept = if at == last { kind(before) } else { "" };
        let before = before.strip_prefix(kept).unwrap_or(before);
        if !is_region(before) || !is_region(after) {
            return None;
        }
        if step.contains(BLANK) {
            steps.push(format!("{kept}{BLANK}{ending}"));
        }
        let region = words(before).chain(words(after)).map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
        if !region.is_empty() && !regions.contains(&region) {
            regions.push(region);
        }
    }
    Some(Regional { common: steps.join("/"), region: regions.join("-") })
}

/// Whether a step before or after this one has the environment.
fn is_beside_blank(steps: &[&str], at: usize) -> bool {
    let has_blank = |at: usize| steps.get(at).is_some_and(|step| step.contains(BLANK));
    has_blank(at + 1) || at > 0 && has_blank(at - 1)
}

/// What the start of the name of a file says that it is, without the region behind it: `values-` of `values-eu-`.
fn kind(before: &str) -> &str {
    let is_end = |letter: char| !letter.is_ascii_alphanumeric();
    if is_region(before) {
        return "";
    }
    let mut kept = before;
    loop {
        let word = kept.trim_end_matches(is_end);
        let Some((start, _)) = word.rsplit_once(is_end).filter(|(_, last)| is_word(last)) else { return kept };
        kept = before.get(..=start.len()).unwrap_or(start);
    }
}

/// How near two regions are: 2 for the same one, however it is spelled, 1 for one in the other, and 0 for others.
#[must_use]
pub fn nearness(one: &str, other: &str) -> u8 {
    let short = |region: &str| {
        let mut text = region.replace('-', "").replace("europe", "eu");
        for direction in DIRECTIONS {
            text = text.replace(direction, direction.get(..1).unwrap_or_default());
        }
        text
    };
    let (one, other) = (short(one), short(other));
    let is_part = one.starts_with(&other) || other.starts_with(&one);
    if one.is_empty() || other.is_empty() { 0 } else { u8::from(one == other) + u8::from(is_part) }
}

/// The region in a place in a file: `elements[*-eu].tag` is `elements[*].tag` in the words of all regions.
#[must_use]
pub fn regional_place(at: &str) -> Regional {
    let is_end = |letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '*'));
    let (mut common, mut regions) = (String::new(), Vec::new());
    for part in at.split_inclusive(is_end) {
        let name = part.trim_end_matches(is_end);
        let words: Vec<&str> = name.split(['-', '_']).collect();
        let Some(blank) = words.iter().position(|word| *word == BLANK) else {
            common.push_str(part);
            continue;
        };
        let before = words.iter().take(blank).rev().take_while(|word| is_word(word)).count();
        let after = words.iter().skip(blank + 1).take_while(|word| is_word(word)).count();
        let (mut kept, mut region) = (Vec::new(), Vec::new());
        for (at, word) in words.iter().enumerate() {
            let is_beside = at + before >= blank && at <= blank + after && at != blank;
            if is_beside { region.push(word.to_ascii_lowercase()) } else { kept.push(*word) }
        }
        common.push_str(&kept.join("-"));
        common.push_str(part.get(name.len()..).unwrap_or_default());
        let region = region.join("-");
        if !region.is_empty() && !regions.contains(&region) {
            regions.push(region);
        }
    }
    Regional { common, region: regions.join("-") }
}

/// The slot of a file of one region as an environment without regions has it: `clusters/*-eu/values.yaml` becomes
/// `clusters/*/values.yaml`. In the name of a file, only what stands behind the environment is a region: `values-*-eu.yaml`.
#[must_use]
pub fn without_region(slot: &str) -> String {
    let whole = |step: &str| if step.contains(BLANK) { BLANK.to_owned() } else { step.to_owned() };
    let mut steps: Vec<String> = slot.split('/').map(whole).collect();
    if let (Some(file), Some((before, after))) = (steps.last_mut(), file_name(slot).split_once(BLANK)) {
        *file = format!("{before}{BLANK}{}", ending(after));
    }
    steps.join("/")
}

/// What says the format of a file.
fn ending(name: &str) -> &str {
    name.rfind('.').and_then(|dot| name.get(dot..)).unwrap_or_default()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a text says a region and nothing else.
fn is_of_region(text: &str) -> bool {
    is_region(text) && text.contains(|letter: char| letter.is_ascii_alphabetic())
}

/// Whether a text has only words for a region, or none at all.
#[must_use]
pub fn is_region(text: &str) -> bool {
    words(text).all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_without_regions_has_one_file_for_all_of_them() {
        for (slot, wanted) in [
            ("clusters/*-eu/web/values.yaml", "clusters/*/web/values.yaml"),
            ("eu-*/web.yaml", "*/web.yaml"),
            ("web/values-*-eu.yaml", "web/values-*.yaml"),
            ("web/values.yaml", "web/values.yaml"),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(without_region(slot), wanted);
        }
    }

    #[test]
    fn a_region_is_told_from_a_service() {
        for (slot, wanted) in [
            ("clusters/*-eu/web/values.yaml", Some(("clusters/*/web/values.yaml", "eu"))),
            ("eu-*/web.yaml", Some(("*/web.yaml", "eu"))),
            ("*-US-east-1/web.yaml", Some(("*/web.yaml", "us-east-1"))),
            ("*-westeurope/web.yaml", Some(("*/web.yaml", "westeurope"))),
            ("*-euw1/values-*-euw1.yaml", Some(("*/values-*.yaml", "euw1"))),
            ("web/values-*.yaml", Some(("web/values-*.yaml", ""))),
            ("web/values-eu-*.yaml", Some(("web/values-*.yaml", "eu"))),
            ("web/values-eu-west-1-*.yaml", Some(("web/values-*.yaml", "eu-west-1"))),
            ("clusters/eu/*/web/values.yaml", Some(("clusters/*/web/values.yaml", "eu"))),
            ("web/*/us-east-1/values.yaml", Some(("web/*/values.yaml", "us-east-1"))),
            ("eu/web/*/values.yaml", Some(("eu/web/*/values.yaml", ""))),
            ("web/1/*/values.yaml", Some(("web/1/*/values.yaml", ""))),
            ("*/web.yaml", Some(("*/web.yaml", ""))),
            ("*", Some(("*", ""))),
            ("web-*/values.yaml", None),
            ("*-news/values.yaml", None),
            ("values-*-web.yaml", None),
        ] {
            let found = regional(slot);
            let found = found.as_ref().map(|found| (&*found.common, &*found.region));
            assert_eq!(found, wanted, "{slot}");
        }
    }

    #[test]
    fn a_region_has_several_spellings_and_parts() {
        for (one, other, wanted) in [
            ("eu", "eu", 2),
            ("euw1", "eu-west-1", 2),
            ("eu-west-1", "eu", 1),
            ("eu", "europe-west1", 1),
            ("eu-west-1", "us", 0),
            ("", "us", 0),
        ] {
            assert_eq!(nearness(one, other), wanted, "{one} {other}");
        }
    }

    #[test]
    fn a_place_in_a_file_may_have_a_region() {
        for (at, common, region) in [
            ("spec.elements[*-eu, web].tag", "spec.elements[*, web].tag", "eu"),
            ("Application/web-*-us-east-1 spec.source", "Application/web-* spec.source", "us-east-1"),
            ("a[eu-*, cluster-*-eu]", "a[*, cluster-*]", "eu"),
            ("images[acme-*/web]", "images[acme-*/web]", ""),
            ("images[web-eu]", "images[web-eu]", ""),
            ("", "", ""),
        ] {
            let wanted = Regional { common: common.into(), region: region.into() };
            assert_eq!(regional_place(at), wanted, "{at}");
        }
    }
}
