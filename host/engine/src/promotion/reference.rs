//! References to images, taken apart: `registry:5000/team/web:1.2@sha256:...`.
//!
//! Whether a registry would take one is a rule's to say; here two of them are compared.

/// A reference in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// Without tag and digest.
    pub repository: &'a str,
    /// The tag.
    pub tag: Option<&'a str>,
    /// The digest.
    pub digest: Option<&'a str>,
}

/// A text in its parts. A port is no tag.
#[must_use]
pub fn reference(text: &str) -> Reference<'_> {
    let text = text.trim();
    let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
    let colon = name.rfind(':').filter(|colon| name.get(*colon..).is_some_and(|rest| !rest.contains('/')));
    let (repository, tag) = colon.and_then(|colon| name.split_at_checked(colon)).unwrap_or((name, ""));
    Reference { repository, tag: tag.strip_prefix(':'), digest }
}

/// A repository under the one name by which it is compared: Docker Hub's have several.
#[must_use]
pub fn as_known(repository: &str) -> &str {
    let hub = ["docker.io/", "index.docker.io/"].iter().find_map(|hub| repository.strip_prefix(hub));
    let path = hub.unwrap_or(repository);
    path.strip_prefix("library/").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_parts() {
        for (text, repository, tag, digest) in [
            ("web", "web", None, None),
            ("docker.io/library/nginx:1.27", "nginx", Some("1.27"), None),
            ("registry:5000/web", "registry:5000/web", None, None),
            ("registry:5000/team/web:1.2@sha256:ab", "registry:5000/team/web", Some("1.2"), Some("sha256:ab")),
            (":", "", Some(""), None),
            ("@", "", None, Some("")),
        ] {
            let found = reference(text);
            assert_eq!((as_known(found.repository), found.tag, found.digest), (repository, tag, digest), "{text}");
        }
    }
}
