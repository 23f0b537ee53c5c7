//! Paths as files of an input are named: with `/`, from wherever people typed them. No file is looked at.

/// The folder of a file; empty for one that stands in none.
pub(crate) fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last step of a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// The path without `.`, `..` and doubled slashes.
pub(crate) fn normal(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            other => steps.push(other),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", steps.join("/"))
}

/// Where a path leads from a folder, which is a normal path.
pub(crate) fn resolve(folder: &str, path: &str) -> String {
    if folder.is_empty() { normal(path) } else { normal(&format!("{folder}/{path}")) }
}

/// Whether the first path is the second or in it. Everything is in the empty one.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The folder and those around it, the nearest first, without the empty one.
pub(crate) fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    let first = (!folder.is_empty()).then_some(folder);
    std::iter::successors(first, |folder| Some(folder.rsplit_once('/')?.0).filter(|above| !above.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_from_a_folder() {
        for (folder, path, resolved) in [
            ("a", "c.yaml", "a/c.yaml"),
            ("a", "", "a"),
            ("../a", "../../c.yaml", "../../c.yaml"),
            ("/a", "../c.yaml", "/c.yaml"),
            ("", "./c.yaml", "c.yaml"),
            ("a/b", ".././c//d/", "a/c/d"),
            ("a", "..", ""),
        ] {
            assert_eq!(resolve(folder, path), resolved);
        }
    }

    #[test]
    fn a_folder_is_within_those_around_it_alone() {
        assert!(is_within("a/b", "a") && is_within("a", "a") && is_within("a", ""));
        assert!(!is_within("ab", "a") && !is_within("a", "a/b"));
        assert_eq!(ancestors("a/b/c").collect::<Vec<_>>(), ["a/b/c", "a/b", "a"]);
        assert_eq!(ancestors("").count(), 0);
    }
}
