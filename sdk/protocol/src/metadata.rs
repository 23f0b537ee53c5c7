//! What a rule says of itself, readable without running it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How bad it is when a rule does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good practice.
    Low,
    /// Will hurt one day.
    Medium,
    /// An outage or a foothold waits here.
    High,
    /// Must not run at all.
    Critical,
}

impl Severity {
    /// All of them, the mildest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The sections of the readiness checklist, and change management after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// Stays up.
    Reliability,
    /// Can be seen.
    Observability,
    /// Keeps intruders out, and small.
    Security,
    /// Can be run by people.
    Operations,
    /// Gets there in a good way.
    Delivery,
}

impl Section {
    /// All of them, in the checklist's order.
    pub const ALL: [Self; 5] =
        [Self::Reliability, Self::Observability, Self::Security, Self::Operations, Self::Delivery];

    /// The name in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reliability => "reliability",
            Self::Observability => "observability",
            Self::Security => "security",
            Self::Operations => "operations",
            Self::Delivery => "delivery",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// How many rules a run asks: each profile has those of the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// What hurts everybody: resources, probes, security contexts, tags, secrets, permissions, shutdown.
    Essential,
    /// What every service should have, whatever tools its team uses.
    #[default]
    Recommended,
    /// The whole checklist.
    Full,
}

impl Profile {
    /// All of them, the smallest first.
    pub const ALL: [Self; 3] = [Self::Essential, Self::Recommended, Self::Full];

    /// The name in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Essential => "essential",
            Self::Recommended => "recommended",
            Self::Full => "full",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A tool, and what shows in manifests that a team uses it. One trace is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// What people call it.
    pub name: String,
    /// The API groups of its objects; their subgroups belong to it too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Labels and annotations: a whole key, or what stands before its `/`. Subdomains belong to it too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// How the names of its environment variables begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
}

/// A kind that a rule judges, or every kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KindMatch {
    /// API group; empty for the core group, `*` for every group.
    pub group: String,
    /// Versions to ask an API server for; a match is by group and kind alone.
    pub versions: Vec<String>,
    /// Kind, singular; `*` for every kind.
    pub kind: String,
}

impl KindMatch {
    /// What stands for every group, version or kind.
    pub const ANY: &'static str = "*";

    /// Whether an object of this group and kind is meant.
    #[must_use]
    pub fn matches(&self, group: &str, kind: &str) -> bool {
        (self.kind == kind || self.kind == Self::ANY) && (self.group == group || self.group == Self::ANY)
    }
}

/// A kind that a rule may ask its host for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LookUp {
    /// As in a manifest: `v1`, `policy/v1`.
    pub api_version: String,
    /// Kind, singular.
    pub kind: String,
    /// What the rule reads of it: a look-up's field mask. `metadata.name` and `metadata.namespace` come by themselves.
    pub reads: Vec<String>,
}

/// What an example shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    /// The verdict is `pass`.
    Pass,
    /// The verdict is `fail`; where a container is named, a finding names it too.
    Fail {
        /// The container's name.
        container: Option<String>,
    },
    /// The verdict is `not-applicable`.
    NotApplicable,
    /// The verdict is `unknown`: the example's world is partial.
    Unknown,
}

/// A documented example, which is also a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// What the verdict is.
    pub expect: Expectation,
    /// The rule's settings, YAML, where they are not the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// One or more YAML documents: the object judged, then its world.
    pub yaml: String,
}

/// What a rule says of itself. Lies in the custom section [`RULE_SECTION`](crate::contract::RULE_SECTION).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleMetadata {
    /// Kebab-case; names the required state.
    pub name: String,
    /// Semantic version of the rule's crate.
    pub version: String,
    /// The first sentence of the documentation, without its full stop: what is required.
    pub title: String,
    /// The whole documentation, Markdown.
    pub documentation: String,
    /// How bad it is when the rule does not hold.
    pub severity: Severity,
    /// Where it stands on the checklist.
    pub section: Section,
    /// The first version of the bundle that had it.
    pub since: String,
    /// The address of a page about it; empty where it has none. [`link`](Self::link) is what may be shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// The smallest profile that it is part of.
    #[serde(default)]
    pub profile: Profile,
    /// What the checks are of no use without: of each group one tool at least. Where the input shows no trace of it, only
    /// the full profile has the rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rests_on: Vec<Vec<Tool>>,
    /// Rules that may say the same of the same field: a report then tells it once, as theirs. The verdict stays this rule's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yields_to: Vec<String>,
    /// The kinds judged.
    pub applies_to: Vec<KindMatch>,
    /// The field mask, see [`mask`](crate::mask).
    pub reads: Vec<String>,
    /// The kinds that it may ask for.
    pub looks_up: Vec<LookUp>,
    /// What else it may ask its host for, as Kubewarden names it: `oci/v2/verify`. Look-ups of objects are not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// JSON Schema of the settings: an object with `properties`, each with `description` and `default`. A rule whose schema
    /// has `required` is off until those are set.
    pub settings: Value,
    /// The documented examples.
    pub examples: Vec<Example>,
}

impl RuleMetadata {
    /// The address of the page about it, as far as it is one that may be shown: what leads to another program or writes to
    /// a terminal may not.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        let is_web = self.url.starts_with("https://") || self.url.starts_with("http://");
        let is_plain = self.url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\`".contains(&byte));
        (is_web && is_plain).then_some(&*self.url)
    }
}
