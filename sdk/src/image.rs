//! Image references such as `registry:5000/team/app:1.2@sha256:...`, by the grammar of the distribution project.
//!
//! The source is `github.com/distribution/reference` (`regexp.go`, `normalize.go`), which the kubelet and the container
//! runtimes use: what is refused here is refused there. The module must not know which tags or registries a rule likes.

mod field;
mod filled;
mod mutable;

use alloc::string::String;
use core::fmt;

pub use filled::filled_by;
pub use mutable::is_mutable;

const DOCKER_HUB: &str = "docker.io";
/// What Docker Hub was called first; still found in references.
const DOCKER_INDEX: &str = "index.docker.io";
/// Where Docker Hub keeps the images that have no namespace of their own.
const OFFICIAL: &str = "library/";

const MAX_PATH: usize = 255;
const MAX_TAG: usize = 128;

/// Digest algorithms, each with the length of its value in hexadecimal digits.
const DIGESTS: [(&str, usize); 3] = [("sha256", 64), ("sha384", 96), ("sha512", 128)];

/// `[domain/]path[:tag][@digest]`, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageReference<'a> {
    text: &'a str,
    domain: Option<&'a str>,
    path: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> ImageReference<'a> {
    /// Reads a container's `image`.
    ///
    /// What stands before the first slash is a domain if it holds `.`, `:` or a capital, or is `localhost`; so a port
    /// is not taken for a tag, nor a namespace for a host.
    ///
    /// # Errors
    /// Whatever the distribution project refuses too, with the reason and what to write instead.
    pub fn parse(text: &'a str) -> Result<Self, ImageReferenceError> {
        if text.is_empty() {
            return Err(ImageReferenceError::Empty);
        }
        if let Some(character) = text.chars().find(|character| !character.is_ascii()) {
            return Err(ImageReferenceError::NonAscii { character });
        }
        if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
            return Err(ImageReferenceError::Whitespace);
        }
        if text.len() == 64 && text.bytes().all(is_lower_hex) {
            return Err(ImageReferenceError::Identifier);
        }
        let (name, digest) = cut(text, b'@');
        let (domain, rest) = split_domain(name)?;
        let (path, tag) = cut(rest, b':');
        if path.is_empty() {
            return Err(ImageReferenceError::NoRepository);
        }
        check_path(path)?;
        if official_prefix(domain, path).len() + path.len() > MAX_PATH {
            return Err(ImageReferenceError::RepositoryTooLong);
        }
        tag.map_or(Ok(()), check_tag)?;
        digest.map_or(Ok(()), check_digest)?;
        Ok(Self { text, domain, path, tag, digest })
    }

    /// The registry with its port, as written; `None` where Docker Hub is meant without a word.
    #[must_use]
    pub const fn domain(&self) -> Option<&'a str> {
        self.domain
    }

    /// The repository within its registry, as written: `team/app`.
    #[must_use]
    pub const fn path(&self) -> &'a str {
        self.path
    }

    /// Domain and path as written, without tag and digest: `registry:5000/team/app`. A tag or a digest appended to it
    /// is a reference again.
    #[must_use]
    pub fn repository(&self) -> &'a str {
        let length = self.domain.map_or(0, |domain| domain.len() + 1) + self.path.len();
        self.text.get(..length).unwrap_or(self.text)
    }

    /// The repository as every tool means it: `docker.io/library/nginx` for `nginx`.
    #[must_use]
    pub fn normalized_repository(&self) -> String {
        let domain = match self.domain {
            None | Some(DOCKER_INDEX) => DOCKER_HUB,
            Some(domain) => domain,
        };
        let mut name = String::from(domain);
        name.push('/');
        name.push_str(official_prefix(self.domain, self.path));
        name.push_str(self.path);
        name
    }

    /// The tag; `None` where `latest` is meant without a word, or a digest says it all.
    #[must_use]
    pub const fn tag(&self) -> Option<&'a str> {
        self.tag
    }

    /// The digest with its algorithm: `sha256:...`.
    #[must_use]
    pub const fn digest(&self) -> Option<&'a str> {
        self.digest
    }

    /// Whether a digest says which bytes will run. A tag beside it is decoration.
    #[must_use]
    pub const fn is_pinned(&self) -> bool {
        self.digest.is_some()
    }
}

impl fmt::Display for ImageReference<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text)
    }
}

/// Why a text is no image reference. The texts inside are cut after 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageReferenceError {
    /// Nothing is written.
    Empty,
    /// A character outside ASCII, perhaps one that only looks like a letter of it.
    NonAscii {
        /// The first such character.
        character: char,
    },
    /// A space, a tab or a line break stands somewhere in it.
    Whitespace,
    /// 64 hexadecimal digits: the id of a local image, not a name in a registry.
    Identifier,
    /// It begins with `https://` or the like.
    Scheme {
        /// What stands before `://`.
        scheme: String,
    },
    /// What stands before the first slash must be a host and is not one.
    BadDomain {
        /// What stands there.
        domain: String,
    },
    /// No name stands where the repository belongs: `:1.2`, `example.com/`.
    NoRepository,
    /// The repository has capitals.
    Uppercase {
        /// The repository without its domain.
        path: String,
    },
    /// Two slashes in a row, or one at the end or the beginning.
    EmptyComponent,
    /// A character that no repository may hold.
    BadCharacter {
        /// The first such character.
        character: char,
    },
    /// `.`, `_`, `__` or dashes stand at the beginning, at the end, or beside each other.
    BadSeparator {
        /// The part between two slashes.
        component: String,
    },
    /// The repository without its domain, but with Docker Hub's `library/`, is longer than 255 characters.
    RepositoryTooLong,
    /// It is no tag: at most 128 letters, digits, `_`, `.` and `-`, the first of them no `.` or `-`.
    BadTag {
        /// What follows the colon.
        tag: String,
    },
    /// What follows `@` is no algorithm, colon and value.
    BadDigest {
        /// What follows `@`.
        digest: String,
    },
    /// The digest's value does not fit its algorithm.
    BadDigestValue {
        /// The algorithm.
        algorithm: &'static str,
        /// How many lower-case hexadecimal digits it takes.
        digits: usize,
    },
}

impl fmt::Display for ImageReferenceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => {
                formatter.write_str("the image reference is empty; write `name:tag` or `name@sha256:<digest>`")
            }
            Self::NonAscii { character } => write!(
                formatter,
                "the image reference holds `{}`, which is no ASCII character; replace it",
                character.escape_unicode()
            ),
            Self::Whitespace => formatter.write_str("the image reference holds whitespace; remove it"),
            Self::Identifier => formatter.write_str(
                "the image reference is a bare image id, which no registry knows; write `name@sha256:<digest>`",
            ),
            Self::Scheme { scheme } => {
                write!(formatter, "an image reference has no scheme; remove `{scheme}://`")
            }
            Self::BadDomain { domain } => {
                write!(formatter, "`{domain}` is no registry; write `host`, `host:port` or `[IPv6 address]:port`")
            }
            Self::NoRepository => {
                formatter.write_str("the image reference names no repository; write `name:tag` or `registry/name:tag`")
            }
            Self::Uppercase { path } => {
                write!(formatter, "the repository `{path}` has capitals; write `{}`", path.to_ascii_lowercase())
            }
            Self::EmptyComponent => formatter
                .write_str("the image reference has a slash at its beginning, at its end or beside another; remove it"),
            Self::BadCharacter { character } => write!(
                formatter,
                "the repository holds `{}`; write lower-case letters and digits, parted by `.`, `_`, `__` or dashes",
                character.escape_default()
            ),
            Self::BadSeparator { component } => write!(
                formatter,
                "`{component}` has a separator too many; put a letter or a digit on both sides of `.`, `_`, `__` or dashes"
            ),
            Self::RepositoryTooLong => {
                formatter.write_str("the repository is longer than 255 characters; choose a shorter one")
            }
            Self::BadTag { tag } => write!(
                formatter,
                "`{tag}` is no tag; write 1 to 128 letters, digits, `_`, `.` and `-`, the first no `.` or `-`"
            ),
            Self::BadDigest { digest } => {
                write!(formatter, "`{digest}` is no digest; write `sha256:` and 64 lower-case hexadecimal digits")
            }
            Self::BadDigestValue { algorithm, digits } => {
                write!(
                    formatter,
                    "the digest is incomplete or misspelt; after `{algorithm}:`, write its {digits} lower-case hexadecimal digits"
                )
            }
        }
    }
}

impl core::error::Error for ImageReferenceError {}

/// The domain, if one is written, and what follows its slash.
fn split_domain(name: &str) -> Result<(Option<&str>, &str), ImageReferenceError> {
    let (first, Some(rest)) = cut(name, b'/') else {
        return Ok((None, name));
    };
    let marked = first.bytes().any(|byte| byte == b'.' || byte == b':' || byte.is_ascii_uppercase());
    if !marked && first != "localhost" {
        return Ok((None, name));
    }
    if let (Some(scheme), true) = (first.strip_suffix(':'), rest.starts_with('/')) {
        return Err(ImageReferenceError::Scheme { scheme: excerpt(scheme) });
    }
    // With an underscore it is no host name. The grammar still takes it, as a component of the path, and the runtimes
    // then ask a host of that name.
    if is_domain(first) || is_component(first) {
        Ok((Some(first), rest))
    } else {
        Err(ImageReferenceError::BadDomain { domain: excerpt(first) })
    }
}

fn is_domain(text: &str) -> bool {
    let (is_host, port) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (address, after) = cut(bracketed, b']');
            let is_address =
                !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':');
            match after {
                Some("") => (is_address, None),
                Some(after) => (is_address, Some(after.strip_prefix(':').unwrap_or_default())),
                None => (false, None),
            }
        }
        None => {
            let (host, port) = cut(text, b':');
            (host.as_bytes().split(|byte| *byte == b'.').all(is_domain_component), port)
        }
    };
    is_host && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_domain_component(component: &[u8]) -> bool {
    component.first() != Some(&b'-')
        && component.last().is_some_and(|last| *last != b'-')
        && component.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// What comes before the path of an image that has no namespace on Docker Hub.
fn official_prefix(domain: Option<&str>, path: &str) -> &'static str {
    match domain {
        None | Some(DOCKER_HUB | DOCKER_INDEX) if !path.contains('/') => OFFICIAL,
        _ => "",
    }
}

fn check_path(path: &str) -> Result<(), ImageReferenceError> {
    let foreign = |character: &char| !character.is_ascii_alphanumeric() && !matches!(character, '/' | '.' | '_' | '-');
    if let Some(character) = path.chars().find(foreign) {
        return Err(ImageReferenceError::BadCharacter { character });
    }
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(ImageReferenceError::Uppercase { path: excerpt(path) });
    }
    for component in path.split('/') {
        if component.is_empty() {
            return Err(ImageReferenceError::EmptyComponent);
        }
        if !is_component(component) {
            return Err(ImageReferenceError::BadSeparator { component: excerpt(component) });
        }
    }
    Ok(())
}

fn is_component(component: &str) -> bool {
    let is_inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = component.as_bytes();
    bytes.first().is_some_and(is_inner)
        && bytes.last().is_some_and(is_inner)
        && bytes
            .split(is_inner)
            .all(|between| matches!(between, b"." | b"_" | b"__") || between.iter().all(|byte| *byte == b'-'))
}

fn check_tag(tag: &str) -> Result<(), ImageReferenceError> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts_well = tag.bytes().next().is_some_and(is_word);
    if starts_well && tag.len() <= MAX_TAG && tag.bytes().all(|byte| is_word(byte) || byte == b'.' || byte == b'-') {
        Ok(())
    } else {
        Err(ImageReferenceError::BadTag { tag: excerpt(tag) })
    }
}

fn check_digest(digest: &str) -> Result<(), ImageReferenceError> {
    let (algorithm, Some(value)) = cut(digest, b':') else {
        return Err(ImageReferenceError::BadDigest { digest: excerpt(digest) });
    };
    let Some(&(algorithm, digits)) = DIGESTS.iter().find(|(known, _)| *known == algorithm) else {
        return Err(ImageReferenceError::BadDigest { digest: excerpt(digest) });
    };
    if value.len() == digits && value.bytes().all(is_lower_hex) {
        Ok(())
    } else {
        Err(ImageReferenceError::BadDigestValue { algorithm, digits })
    }
}

const fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// What stands before the first separator, and what follows it.
fn cut(text: &str, separator: u8) -> (&str, Option<&str>) {
    match text.bytes().position(|byte| byte == separator) {
        Some(at) => (text.get(..at).unwrap_or(text), text.get(at + 1..)),
        None => (text, None),
    }
}

/// As much of a text, known to be ASCII, as a message can bear.
fn excerpt(text: &str) -> String {
    String::from(text.get(..64).unwrap_or(text))
}

#[cfg(test)]
mod tests;
