//! Patterns as people write them in a configuration: names with `*`, paths of files with `*` and `**`.

/// Whether a name is as the pattern says: `*` stands for any characters.
pub fn matches_name(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = left.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    left.ends_with(last)
}

/// Whether a file is as the pattern says, or lies in a folder that is: `*` stands for any characters between two `/`, `**`
/// for any folders.
pub fn matches_path(pattern: &str, path: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').filter(|step| !matches!(*step, "" | ".")).collect();
    matches_steps(&pattern, &path)
}

fn matches_steps(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        // What lies in a folder that was named.
        (None, _) => true,
        (Some((&"**", rest)), _) => {
            matches_steps(rest, path) && !(rest.is_empty() && path.is_empty())
                || path.split_first().is_some_and(|(_, path)| matches_steps(pattern, path))
        }
        (Some((step, rest)), Some((name, path))) => matches_name(step, name) && matches_steps(rest, path),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
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
            ("./k8s/*.yaml", "k8s/web.yaml"),
            ("k8s/*.yaml", "./k8s/web.yaml"),
            ("**/test/**", "a/b/test/c.yaml"),
            ("**/test", "test/c.yaml"),
            ("**/*.yaml", "web.yaml"),
            ("**", "web.yaml"),
            ("*/overlays/dev-*", "shop/overlays/dev-1/a.yaml"),
            ("web.yaml", "web.yaml"),
        ] {
            assert!(matches_path(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("k8s", "k8s-old/web.yaml"),
            ("k8s/*.yaml", "k8s/a/web.yaml"),
            ("*.yaml", "k8s/web.yaml"),
            ("k8s/web.yaml", "k8s"),
            ("test", "a/test/c.yaml"),
        ] {
            assert!(!matches_path(pattern, path), "{pattern} {path}");
        }
    }
}
