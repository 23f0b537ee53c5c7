//! The words by which people call regions: in folders, in names of files and of clusters.
//!
//! Hosts and rules tell regions by the same words. The module must not know where a word stands.

/// Where a region lies, as the words of its name say it.
pub const DIRECTIONS: [&str; 5] = ["north", "south", "east", "west", "central"];

/// Words for what a region lies in.
const AREAS: [&str; 40] = [
    "ae", "af", "africa", "america", "ap", "apac", "asia", "au", "br", "brazil", "ca", "canada", "ch", "china", "cn",
    "de", "emea", "eu", "europe", "fr", "france", "germany", "gov", "hk", "india", "japan", "jp", "korea", "kr",
    "latam", "me", "na", "oceania", "region", "sa", "sg", "uae", "uk", "us", "usa",
];

/// Whether a word is one for a region: `eu`, `westeurope`, `west1`, `euw1`, `2`.
#[must_use]
pub fn is_word(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let name = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let mut area = name;
    while let Some(rest) = DIRECTIONS.iter().find_map(|it| area.strip_prefix(*it).or_else(|| area.strip_suffix(*it))) {
        area = rest;
    }
    if area.is_empty() || AREAS.contains(&area) {
        return true;
    }
    let is_short = |rest: &str| rest.len() <= 2 && rest.bytes().all(|letter| b"nsewc".contains(&letter));
    name.len() < word.len() && AREAS.iter().any(|known| name.strip_prefix(*known).is_some_and(is_short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_known_by_its_words() {
        for word in ["eu", "EU", "westeurope", "west1", "euw1", "2", "northeast"] {
            assert!(is_word(word), "{word}");
        }
        for word in ["web", "news", "portal", "prod", "eux"] {
            assert!(!is_word(word), "{word}");
        }
    }
}
