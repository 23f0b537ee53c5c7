//! Which repository the input is from: its remotes and its branch, as `.git` has them. No git is started.

use std::fs;
use std::path::Path;

use super::tree::Tree;

/// Bytes of a file of git that are read.
const BYTES: usize = 64 << 10;

/// The repository around the input, as far as it is known.
#[derive(Debug, Default)]
pub struct Repository {
    remotes: Vec<String>,
    branch: Option<String>,
}

impl Repository {
    pub fn of(tree: &Tree) -> Self {
        let Some(git) = tree.roots().flat_map(Path::ancestors).map(|it| it.join(".git")).find(|it| it.is_dir()) else {
            return Self::default();
        };
        let read = |name: &str| {
            let file = git.join(name);
            let is_own = fs::symlink_metadata(&file).is_ok_and(|kind| kind.is_file());
            let bytes = is_own.then(|| crate::read::read_regular(&file, BYTES).ok()).flatten()?;
            String::from_utf8(bytes).ok()
        };
        let config = read("config").unwrap_or_default();
        let urls = config.lines().filter_map(|line| line.trim().strip_prefix("url")?.trim_start().strip_prefix('='));
        let branch = read("HEAD").and_then(|head| Some(head.trim().strip_prefix("ref: refs/heads/")?.to_owned()));
        Self { remotes: urls.map(spelt).collect(), branch }
    }

    /// Whether an address may be that of this repository, in whatever spelling.
    pub fn is_here(&self, url: &str) -> bool {
        self.remotes.is_empty() || url.is_empty() || self.remotes.contains(&spelt(url))
    }

    /// Whether a revision may be what lies here: a branch may, a version or a commit is another state.
    pub fn is_this_tree(&self, revision: Option<&str>) -> bool {
        let Some(revision) = revision else { return false };
        let is_version = revision.trim_start_matches('v').starts_with(|first: char| first.is_ascii_digit());
        let is_commit = revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (revision, &self.branch) {
            ("" | "HEAD", _) => true,
            (revision, Some(branch)) if revision == branch => true,
            ("main" | "master" | "trunk", _) => true,
            (_, Some(_)) => false,
            (_, None) => !is_version && !is_commit && !revision.contains(['*', '^', '~', '>', '<']),
        }
    }
}

/// An address without scheme, user, port and ending: `git@github.com:a/b.git` is `github.com/a/b`.
fn spelt(url: &str) -> String {
    let url = url.trim();
    let (is_plain, rest) = match url.split_once("://") {
        Some((_, rest)) => (false, rest),
        None => (true, url),
    };
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    let rest = if is_plain { rest.replacen(':', "/", 1) } else { rest.to_owned() };
    let (host, path) = rest.split_once('/').unwrap_or((&rest, ""));
    let host = host.split(':').next().unwrap_or(host);
    let path = path.trim_end_matches('/');
    format!("{host}/{}", path.strip_suffix(".git").unwrap_or(path)).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_many_spellings() {
        for url in [
            "https://github.com/Shop/web.git",
            "git@github.com:shop/web.git",
            "ssh://git@github.com:22/shop/web",
            "https://user:token@github.com/shop/web/",
            "github.com:shop/web",
        ] {
            assert_eq!(spelt(url), "github.com/shop/web", "{url}");
        }
        let repository = Repository { remotes: vec![spelt("git@github.com:shop/web")], branch: Some("release".into()) };
        assert!(
            repository.is_here("https://github.com/shop/web") && !repository.is_here("https://github.com/shop/other")
        );
        assert!(Repository::default().is_here("https://example.com/any"), "nothing is known");
    }

    #[test]
    fn a_version_or_a_commit_is_another_tree() {
        let unknown = Repository::default();
        assert!(unknown.is_this_tree(Some("HEAD")) && unknown.is_this_tree(Some("develop")));
        for other in ["v1.2.3", "1.2.*", "0123456789abcdef", ">=1.0"] {
            assert!(!unknown.is_this_tree(Some(other)), "{other}");
        }
        let known = Repository { remotes: Vec::new(), branch: Some("release".into()) };
        assert!(
            known.is_this_tree(Some("release")) && known.is_this_tree(Some("main")) && !known.is_this_tree(Some("dev"))
        );
    }
}
