//! Levels and versions of the Pod Security Standards, and the labels by which a Namespace asks for them.
//!
//! It must not know any control.

use core::fmt;

use sdk::prelude::*;

/// How strict a standard is; a stricter one is greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Privileged,
    Baseline,
    Restricted,
}

impl Level {
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Privileged, Self::Baseline, Self::Restricted].into_iter().find(|level| level.name() == text)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// The minor of a `v1.x`; the greatest number is `latest`, and newer than every version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32);

impl Version {
    pub const LATEST: Self = Self(u32::MAX);

    /// As the admission plugin reads it: `v1.08` and `1.8` are no versions.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "latest" {
            return Some(Self::LATEST);
        }
        let minor = text.strip_prefix("v1.")?;
        let is_number = !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit());
        let is_canonical = is_number && (minor == "0" || !minor.starts_with('0'));
        // A number too large to read is newer than all that is known, as `latest` is.
        is_canonical.then(|| Self(minor.parse().unwrap_or(u32::MAX)))
    }
}

/// A level at a version: what the admission plugin calls a policy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Standard {
    pub level: Level,
    pub version: Version,
}

impl fmt::Display for Standard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.level.name())?;
        match self.version {
            Version::LATEST => Ok(()),
            Version(minor) => write!(formatter, ":v1.{minor}"),
        }
    }
}

const DOMAIN: &str = "pod-security.kubernetes.io";
pub const MODES: [&str; 3] = ["enforce", "warn", "audit"];

/// The standard that a Namespace's labels ask for in a mode, as the plugin reads them: what it cannot read is `restricted`
/// and `latest` where it is enforced, and nothing where it would only be told.
pub fn labelled(namespace: Object<'_>, mode: &str) -> Option<Standard> {
    let label = |name: String| namespace.labels().entry(&format!("{DOMAIN}/{name}"));
    let level = match Level::parse(label(mode.to_owned()).str()?) {
        None if mode == "enforce" => Level::Restricted,
        level => level?,
    };
    let version = label(format!("{mode}-version")).str();
    Some(Standard { level, version: version.and_then(Version::parse).unwrap_or(Version::LATEST) })
}

/// Warns of labels of a Namespace that look as if they were for the admission plugin, and that it does not know.
///
/// # Errors
/// Not applicable where the Namespace has no label of the plugin's.
pub fn check_labels(namespace: Object<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let mut has_labels = false;
    for (key, label) in namespace.labels().entries() {
        let (domain, name) = key.split_once('/').unwrap_or_default();
        let mode = name.strip_suffix("-version").unwrap_or(name);
        let is_known = MODES.contains(&mode);
        if domain == DOMAIN && is_known {
            has_labels = true;
        } else if domain == DOMAIN || (is_known && is_like_the_domain(domain)) {
            has_labels = true;
            let meant = MODES.into_iter().find(|mode| mode.get(..1) == name.get(..1)).unwrap_or("enforce");
            let version = if name.contains("ver") { "-version" } else { "" };
            let message = format!("the Pod Security admission plugin does not know the label `{key}`, and ignores it");
            findings.warn(label, message, format!("rename it to `{DOMAIN}/{meant}{version}`"));
        }
    }
    if has_labels { Ok(()) } else { not_applicable("the Namespace has no `pod-security.kubernetes.io` labels") }
}

fn is_like_the_domain(domain: &str) -> bool {
    let letters: String = domain.chars().filter(char::is_ascii_alphabetic).collect();
    letters.starts_with("podsecurity") && !letters.contains("openshift")
}
