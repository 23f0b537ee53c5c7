//! What somebody may have meant who wrote a name that is not known.

/// `; did you mean ...?`, where something known is near enough, or nothing.
#[must_use]
pub fn suggestion(word: &str, known: &[&str]) -> String {
    let near = known.iter().map(|candidate| (strsim::jaro_winkler(word, candidate), candidate));
    match near.max_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((likeness, candidate)) if likeness > 0.8 => format!("; did you mean `{candidate}`?"),
        _ => String::new(),
    }
}

/// What serde says of a word that it does not know, with the one that may have been meant.
#[must_use]
pub fn with_suggestion(refusal: &str) -> String {
    // The first word between backticks is not known, all others are.
    let mut words = refusal.split('`').skip(1).step_by(2);
    match words.next().filter(|_| refusal.starts_with("unknown ")) {
        Some(word) => format!("{refusal}{}", suggestion(word, &words.collect::<Vec<_>>())),
        None => refusal.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_meant_stands_behind_what_serde_says() {
        for (refusal, hint) in [
            ("unknown field `objct`, expected one of `name`, `object`, `old`", "; did you mean `object`?"),
            ("unknown variant `rejct`, expected `accept` or `reject`", "; did you mean `reject`?"),
            ("unknown field `other`, there are no fields", ""),
            ("missing field `name`", ""),
        ] {
            assert_eq!(with_suggestion(refusal), format!("{refusal}{hint}"));
        }
    }
}
