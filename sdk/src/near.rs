//! The name that somebody meant where they wrote another: "did you mean".
//!
//! The module must not know what is named.

use alloc::vec::Vec;

/// The one of the known names that is nearest to a name, if one is near: a few letters are wrong, missing or swapped, or one
/// is the other with more behind or before it.
#[must_use]
pub fn nearest<'n>(name: &str, known: &mut dyn Iterator<Item = &'n str>) -> Option<&'n str> {
    let known: Vec<&str> = known.filter(|candidate| *candidate != name && !candidate.is_empty()).collect();
    let mut best: Option<(usize, &str)> = None;
    for candidate in &known {
        let distance = distance(name, candidate);
        if is_near(name, candidate, distance) && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    // `tls.pem` may be `tls.crt` or `tls.key`: what begins alike is as likely.
    let is_guess = |(distance, best): &(usize, &str)| {
        let same = shared_start(name, best);
        let is_rival = |other: &&str| *other != *best && shared_start(name, other) == same;
        *distance > 1 && same >= 4 && known.iter().any(is_rival)
    };
    best.filter(|best| !is_guess(best)).map(|(_, candidate)| candidate)
}

/// How many bytes two names have in common at their start.
fn shared_start(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}

fn is_near(name: &str, candidate: &str, distance: usize) -> bool {
    let shorter = name.len().min(candidate.len());
    let same = shared_start(name, candidate);
    distance <= (shorter / 3).clamp(1, 3) && distance < shorter
        || same >= 4 && same * 2 >= name.len().max(candidate.len())
        || shorter >= 3 && (name.ends_with(candidate) || candidate.ends_with(name) || same == shorter)
}

/// How many letters are to be changed, added, left out or swapped with the next; upper and lower case are one.
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    let (mut before, mut above): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=other.len()).collect());
    let mut previous = None;
    for (row, letter) in one.bytes().enumerate() {
        let letter = letter.to_ascii_lowercase();
        let mut current = Vec::with_capacity(above.len());
        current.push(row + 1);
        let mut left = None;
        for (column, against) in other.bytes().enumerate() {
            let against = against.to_ascii_lowercase();
            let at = |values: &[usize], index: usize| values.get(index).copied().unwrap_or(usize::MAX - 1);
            let mut least = at(&above, column) + usize::from(letter != against);
            least = least.min(at(&above, column + 1) + 1).min(at(&current, column) + 1);
            if left == Some(letter) && previous == Some(against) && letter != against {
                least = least.min(at(&before, column.wrapping_sub(1)) + 1);
            }
            current.push(least);
            left = Some(against);
        }
        (before, above, previous) = (above, current, Some(letter));
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted() {
        for (one, other, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("settings", "settngs", 1),
            ("passwd", "password", 2),
            ("tpm", "tmp", 1),
            ("Web", "web", 0),
            ("kitten", "sitting", 3),
            ("abcd", "badc", 2),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_near_name_is_meant_and_another_is_not() {
        for (name, known, expected) in [
            ("settngs", &["settings", "setting"][..], Some("settings")),
            ("app.yaml", &["LEVEL", "app.ini", "blob"], Some("app.ini")),
            ("usr", &["token", "user"], Some("user")),
            ("web", &["web-svc"], Some("web-svc")),
            ("storefront", &["shop-storefront"], Some("shop-storefront")),
            ("web", &["api", "db"], None),
            ("a", &["b"], None),
            ("redis", &["regcred"], None),
            ("VLLM_WORKER_MULTIPROC_METHOD", &["VLLM_MODEL"], None),
            ("tls.pem", &["tls.crt", "tls.key"], None),
            ("x", &[], None),
            ("same", &["same"], None),
        ] {
            assert_eq!(nearest(name, &mut known.iter().copied()), expected, "{name}");
        }
    }
}
