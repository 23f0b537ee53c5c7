//! Patterns of paths as people write them in a configuration, beside paths as the hosts write them.

use protocol::glob;

/// Whether a file is as the pattern says, or lies in a folder that is: `*` stands for any characters between two `/`, `**`
/// for any folders. `./` before either and `/` behind the pattern say nothing.
pub fn matches_path(pattern: &str, path: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    let path: Vec<&str> = path.split('/').filter(|step| !matches!(*step, "" | ".")).collect();
    glob::matches_path(pattern, &path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
