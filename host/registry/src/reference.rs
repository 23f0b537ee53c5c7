//! References to what is in a registry: `HOST/REPOSITORY:TAG` or `HOST/REPOSITORY@DIGEST`. Nothing here asks a registry.

use std::fmt;
use std::str::FromStr;

use crate::Digest;

/// Where an artifact is: a registry, a repository in it, and a tag or a digest or both. Docker's short forms are read as
/// Docker reads them (`busybox` is `docker.io/library/busybox:latest`), and so is Kubewarden's `registry://`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// A text that is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a reference to an image or module: {cause}", .text.chars().take(300).collect::<String>())]
pub struct ReferenceError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub cause: String,
}

/// How an address in a registry begins: Kubewarden's form, which is ours.
pub const SCHEME: &str = "registry://";

/// All forms of that; Helm has the other one.
const SCHEMES: [&str; 2] = [SCHEME, "oci://"];

/// The registry that short names are in, and the host at which it answers.
const DOCKER_HUB: (&str, &str) = ("docker.io", "index.docker.io");

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let wrong = |cause: String| ReferenceError { text: text.to_owned(), cause };
        if let Some((place, character)) = text.chars().enumerate().find(|(_, character)| !character.is_ascii()) {
            return Err(wrong(format!("character {} is `{character}`; only ASCII may be part of one", place + 1)));
        }
        let bare = Self::without_scheme(text);
        // The grammar is the distribution project's, as the client crate has it.
        let read: oci_client::Reference = bare.parse().map_err(|cause| {
            wrong(format!("{cause}; expected HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:DIGEST"))
        })?;
        let digest = read.digest().map(str::parse).transpose().map_err(|cause| wrong(format!("{cause}")))?;
        if let Some((_, port)) = read.registry().rsplit_once(':')
            && port.parse::<u16>().map_or(true, |port| port == 0)
        {
            return Err(wrong(format!("{port} is not a port: expected 1 to 65535")));
        }
        let (registry, repository) = (read.registry().to_ascii_lowercase(), read.repository().to_owned());
        Ok(Self { registry, repository, tag: read.tag().map(str::to_owned), digest })
    }
}

impl Reference {
    /// The reference at an address in a registry, such as `registry://HOST/REPOSITORY:TAG`; `None` for what does not begin
    /// like one, such as a path.
    #[must_use]
    pub fn of_address(address: &str) -> Option<Result<Self, ReferenceError>> {
        (Self::without_scheme(address).len() < address.len()).then(|| address.parse())
    }

    /// What stands behind the scheme of an address; the whole address if it has no scheme.
    #[must_use]
    pub fn without_scheme(address: &str) -> &str {
        SCHEMES.iter().find_map(|scheme| address.strip_prefix(scheme)).unwrap_or(address)
    }

    /// Host and perhaps port of the registry: `docker.io`, `localhost:5000`. A host's case means nothing; it is lower here.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository in the registry: `library/busybox`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag. There is one unless a digest was given; `latest` where neither was.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if this is pinned. It counts before the tag.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// Registry and repository, without tag and digest.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// The same repository at a digest, without a tag.
    #[must_use]
    pub fn at(&self, digest: Digest) -> Self {
        Self { tag: None, digest: Some(digest), ..self.clone() }
    }

    /// The same repository at a tag, without a digest.
    #[must_use]
    pub(crate) fn tagged(&self, tag: String) -> Self {
        Self { tag: Some(tag), digest: None, ..self.clone() }
    }

    /// The host at which the registry answers.
    #[must_use]
    pub(crate) fn host(&self) -> &str {
        if self.registry == DOCKER_HUB.0 { DOCKER_HUB.1 } else { &self.registry }
    }

    /// What stands behind `/manifests/`.
    #[must_use]
    pub(crate) fn manifest(&self) -> String {
        match (self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }

    /// Does the registry run on this machine?
    #[must_use]
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.registry.rsplit_once(':').map_or(self.registry.as_str(), |(host, _)| host);
        host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        match self.digest {
            Some(digest) => write!(formatter, "@{digest}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
