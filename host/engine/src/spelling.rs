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
