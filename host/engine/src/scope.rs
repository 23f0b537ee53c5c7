//! Where something holds: in some files, in some namespaces.

use protocol::glob::matches_name;

use crate::wildcard::matches_path;

/// Files and namespaces, each as patterns. Where both are given, both must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    paths: Vec<String>,
    namespaces: Vec<String>,
    folders: Folders,
}

/// From where names of files are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Folders {
    /// The folder that names of files begin in, an absolute path; empty where names are all that is known.
    pub working: String,
    /// The folder that patterns begin in, an absolute path.
    pub root: String,
}

impl Scope {
    /// These files, from the folder of the configuration, and these namespaces.
    #[must_use]
    pub const fn new(paths: Vec<String>, namespaces: Vec<String>) -> Self {
        Self { paths, namespaces, folders: Folders { working: String::new(), root: String::new() } }
    }

    /// The same scope, where names of files begin elsewhere than patterns.
    #[must_use]
    pub fn from_folders(self, folders: Folders) -> Self {
        Self { folders, ..self }
    }

    /// Whether it excludes nothing.
    #[must_use]
    pub const fn is_everywhere(&self) -> bool {
        self.paths.is_empty() && self.namespaces.is_empty()
    }

    /// Whether it holds for an object of that file and namespace. An object that is in no file is in none of those named.
    #[must_use]
    pub fn holds(&self, file: Option<&str>, namespace: Option<&str>) -> bool {
        let is_in = |pattern: &String| namespace.is_some_and(|namespace| matches_name(pattern, namespace));
        let file = || file.and_then(|file| self.folders.relative(file));
        (self.namespaces.is_empty() || self.namespaces.iter().any(is_in))
            && (self.paths.is_empty()
                || file().is_some_and(|file| self.paths.iter().any(|pattern| matches_path(pattern, &file))))
    }
}

impl Folders {
    /// What a file is called from the folder of the patterns; nothing of what lies outside.
    #[must_use]
    pub fn relative(&self, file: &str) -> Option<String> {
        if self.working.is_empty() {
            return Some(file.to_owned());
        }
        let whole = if file.starts_with('/') { file.to_owned() } else { format!("{}/{file}", self.working) };
        let mut steps: Vec<&str> = Vec::new();
        for step in whole.split('/') {
            match step {
                "" | "." => {}
                ".." => _ = steps.pop(),
                step => steps.push(step),
            }
        }
        let root: Vec<&str> = self.root.split('/').filter(|step| !step.is_empty()).collect();
        Some(steps.strip_prefix(root.as_slice())?.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(paths: &[&str], namespaces: &[&str]) -> Scope {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Scope::new(owned(paths), owned(namespaces))
    }

    #[test]
    fn files_and_namespaces_must_both_fit() {
        assert!(scope(&["k8s"], &[]).holds(Some("k8s/a.yaml"), None));
        assert!(scope(&[], &["dev-*"]).holds(None, Some("dev-1")));
        assert!(!scope(&[], &["dev-*"]).holds(None, None));
        assert!(!scope(&["k8s"], &[]).holds(None, Some("dev-1")));
        let both = scope(&["k8s", "more"], &["dev-*", "test"]);
        assert!(both.holds(Some("more/a.yaml"), Some("test")));
        assert!(!both.holds(Some("more/a.yaml"), Some("shop")) && !both.holds(Some("a.yaml"), Some("test")));
        assert!(scope(&[], &[]).is_everywhere() && scope(&[], &[]).holds(None, None));
    }

    #[test]
    fn patterns_begin_in_the_folder_of_the_configuration() {
        let relative = |working: &str, root: &str, file: &str| {
            Folders { working: working.into(), root: root.into() }.relative(file)
        };
        let expected = Some("k8s/a.yaml".to_owned());
        assert_eq!(relative("/repo", "/repo", "k8s/a.yaml"), expected);
        assert_eq!(relative("/repo/k8s", "/repo", "a.yaml"), expected);
        assert_eq!(relative("/repo/docs", "/repo", "../k8s/a.yaml"), expected);
        assert_eq!(relative("/", "/repo", "repo/k8s/a.yaml"), expected);
        assert_eq!(relative("/elsewhere", "/repo", "/repo/k8s/a.yaml"), expected);
        assert_eq!(relative("/repo", "/repo/k8s", "docs/a.yaml"), None);
        assert_eq!(relative("", "", "docs/a.yaml"), Some("docs/a.yaml".into()));
    }
}
