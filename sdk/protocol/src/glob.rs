//! Patterns as people write them in settings: names with `*`, paths of files with `*` and `**`.

/// Whether a name is as the pattern says: `*` stands for any characters.
#[must_use]
pub fn matches_name(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.as_bytes(), name.as_bytes());
    // Where the last star was, and how much of the name it stood for.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), name.split_first()) {
            (Some((b'*', rest)), _) => {
                star = Some((rest, name));
                pattern = rest;
            }
            (Some((wanted, rest)), Some((byte, after))) if wanted == byte => (pattern, name) = (rest, after),
            (None, None) => return true,
            _ => {
                let Some((after_star, stood_for)) = star else { return false };
                let Some((_, shorter)) = stood_for.split_first() else { return false };
                star = Some((after_star, shorter));
                (pattern, name) = (after_star, shorter);
            }
        }
    }
}

/// Whether a file is as the pattern says, or lies in a folder that is: `*` stands for any characters between two `/`, `**`
/// for any folders.
#[must_use]
pub fn matches_path(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern, path);
    // What follows the last `**`, and where in the path it was tried. An earlier `**` is never tried again: it stood for as
    // little as it could, and the later one stands for what an earlier one would have added. So the time grows with the
    // product of both lengths, and not with a power of the number of `**`.
    let mut wide: Option<(&str, &str)> = None;
    loop {
        let (step, rest) = next(pattern);
        if step == "**" && !rest.is_empty() {
            wide = Some((rest, path));
            pattern = rest;
            continue;
        }
        // What comes later in the path is shorter still.
        if path.is_empty() {
            return false;
        }
        let (name, below) = next(path);
        if step == "**" || matches_name(step, name) {
            // What lies in a folder that was named is meant too.
            if rest.is_empty() {
                return true;
            }
            (pattern, path) = (rest, below);
        } else {
            let Some((after, tried)) = wide else { return false };
            let shorter = next(tried).1;
            wide = Some((after, shorter));
            (pattern, path) = (after, shorter);
        }
    }
}

/// Whether one of the patterns matches the path.
#[must_use]
pub fn any_matches_path<S: AsRef<str>>(patterns: &[S], path: &str) -> bool {
    patterns.iter().any(|pattern| matches_path(pattern.as_ref(), path))
}

/// The first step of a path, and the rest.
fn next(path: &str) -> (&str, &str) {
    let end = path.bytes().position(|byte| byte == b'/').unwrap_or(path.len());
    (path.get(..end).unwrap_or_default(), path.get(end + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use alloc::{format, string::String};

    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_of_a_name() {
        for (pattern, name) in
            [("web", "web"), ("*", ""), ("*", "web"), ("w*", "web"), ("*b", "web"), ("w*b", "wb"), ("a*b*c", "axbxbc")]
        {
            assert!(matches_name(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("web", "we"), ("w*", "ew"), ("w*b", "w"), ("a*b*c", "ac"), ("", "a"), ("a*a", "a")] {
            assert!(!matches_name(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn two_stars_stand_for_any_folders() {
        for (pattern, path) in [
            ("k8s", "k8s/a/web.yaml"),
            ("k8s/", "k8s/web.yaml"),
            ("k8s/*.yaml", "k8s/web.yaml"),
            ("**/test/**", "a/b/test/c.yaml"),
            ("**/test", "test/c.yaml"),
            ("**/*.yaml", "web.yaml"),
            ("**", "web.yaml"),
            ("clusters/*/infra/**", "clusters/production/infra/a/b.yaml"),
            ("web.yaml", "web.yaml"),
        ] {
            assert!(matches_path(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("k8s", "k8s-old/web.yaml"),
            ("k8s/*.yaml", "k8s/a/web.yaml"),
            ("*.yaml", "k8s/web.yaml"),
            ("k8s/web.yaml", "k8s"),
            ("clusters/*/infra/**", "clusters/production/infra"),
            ("test", "a/test/c.yaml"),
        ] {
            assert!(!matches_path(pattern, path), "{pattern} {path}");
        }
    }

    /// What `matches_path` means, word by word.
    fn is_meant(pattern: &str, path: &str) -> bool {
        let (step, rest) = next(pattern);
        if step == "**" {
            let is_here = if rest.is_empty() { !path.is_empty() } else { is_meant(rest, path) };
            return is_here || !path.is_empty() && is_meant(pattern, next(path).1);
        }
        let (name, below) = next(path);
        !path.is_empty() && matches_name(step, name) && (rest.is_empty() || is_meant(rest, below))
    }

    /// All texts of at most `most` steps.
    fn texts(steps: &[&str], most: usize) -> Vec<String> {
        let mut all: Vec<String> = Vec::from([String::new()]);
        let mut last: Vec<String> = steps.iter().map(|step| String::from(*step)).collect();
        for _ in 0..most {
            let longer = last.iter().flat_map(|text| steps.iter().map(move |step| format!("{text}/{step}"))).collect();
            all.append(&mut last);
            last = longer;
        }
        all
    }

    #[test]
    fn every_short_pattern_matches_what_it_means() {
        let paths = texts(&["a", "b", ""], 5);
        for pattern in texts(&["a", "b", "*", "**", ""], 4) {
            for path in &paths {
                assert_eq!(matches_path(&pattern, path), is_meant(&pattern, path), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn many_stars_take_no_longer_than_the_path_is_long() {
        // To try each folder for each `**` would take longer than anybody waits.
        let (pattern, path) = (["**/a"; 30].join("/"), ["a"; 200].join("/"));
        assert!(matches_path(&pattern, &path));
        assert!(!matches_path(&format!("{pattern}/b"), &path));
    }
}
