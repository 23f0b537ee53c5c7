//! Which repository the input is from: its remotes and its branch, as `.git` has them. No git is started.

use std::fs;
use std::path::{Path, PathBuf};

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
    /// The one around the tree, which these addresses name too. A setting alone says nothing about other addresses.
    pub fn of(tree: &Tree, addresses: &[String]) -> Self {
        let mut repository = Self::around(tree);
        if !repository.remotes.is_empty() {
            repository.remotes.extend(addresses.iter().map(|address| spelt(address)));
        }
        repository
    }

    fn around(tree: &Tree) -> Self {
        let mut all = tree.roots().flat_map(Path::ancestors).map(|it| it.join(".git"));
        // The innermost one counts, a submodule's too: what is around it is another repository.
        let git = all.find(|it| fs::symlink_metadata(it).is_ok()).and_then(|at| folder_of(&at));
        let Some(git) = git else { return Self::default() };
        // A work tree has a branch of its own, and the remotes of the repository that it is of.
        let common = read(&git.join("commondir")).map_or_else(|| git.clone(), |common| git.join(common.trim()));
        let config = read(&common.join("config")).unwrap_or_default();
        let urls = config.lines().filter_map(|line| line.trim().strip_prefix("url")?.trim_start().strip_prefix('='));
        let head = read(&git.join("HEAD"));
        let branch = head.and_then(|head| Some(head.trim().strip_prefix("ref: refs/heads/")?.to_owned()));
        Self { remotes: urls.map(spelt).collect(), branch }
    }

    /// Whether the addresses of this repository are known.
    pub const fn is_known(&self) -> bool {
        !self.remotes.is_empty()
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

/// The folder of git that a `.git` is, or that it names as a file: in a submodule and in a work tree.
fn folder_of(at: &Path) -> Option<PathBuf> {
    if at.is_dir() {
        return Some(at.to_owned());
    }
    let text = read(at)?;
    Some(at.parent()?.join(text.trim().strip_prefix("gitdir:")?.trim()))
}

fn read(file: &Path) -> Option<String> {
    let is_own = fs::symlink_metadata(file).is_ok_and(|kind| kind.is_file());
    let bytes = is_own.then(|| crate::read::read_regular(file, BYTES).ok()).flatten()?;
    String::from_utf8(bytes).ok()
}

/// An address without scheme, user, port and ending: `git@github.com:a/b.git` is `github.com/a/b`.
pub fn spelt(url: &str) -> String {
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
    let spelt = format!("{host}/{}", path.strip_suffix(".git").unwrap_or(path)).to_ascii_lowercase();
    spelt.trim_end_matches('/').to_owned()
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
    fn a_submodule_and_a_work_tree_have_remotes_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(".git/config", "[remote \"origin\"]\n\turl = https://example.com/outer\n");
        write(".git/HEAD", "ref: refs/heads/main\n");
        write(".git/modules/sub/config", "[remote \"origin\"]\n\turl = https://example.com/inner\n");
        write(".git/modules/sub/HEAD", "ref: refs/heads/next\n");
        write("sub/.git", "gitdir: ../.git/modules/sub\n");
        write(".git/worktrees/tree/HEAD", "ref: refs/heads/topic\n");
        write(".git/worktrees/tree/commondir", "../..\n");
        write("tree/.git", &format!("gitdir: {}/.git/worktrees/tree\n", folder.path().display()));
        write("lost/.git", "gitdir: ../nowhere\n");
        let of = |name: &str| {
            Repository::of(&Tree::new(&[folder.path().join(name)]), &["https://example.com/mirror".into()])
        };
        let (outer, inner) = ("https://example.com/outer", "https://example.com/inner");
        let (sub, tree) = (of("sub"), of("tree"));
        assert!(sub.is_here(inner) && !sub.is_here(outer) && sub.is_this_tree(Some("next")));
        assert!(tree.is_here(outer) && !tree.is_here(inner) && tree.is_this_tree(Some("topic")));
        assert!(of("lost").is_here(inner), "nothing is known");
        assert!(tree.is_here("git@example.com:mirror.git"), "it has another address");
        assert!(of(".").is_here(outer) && !of(".").is_here(inner));
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
