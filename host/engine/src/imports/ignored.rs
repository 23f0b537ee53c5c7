//! One thing that a tool is told to ignore, whoever says it.

use std::fmt;

/// A tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    KubeLinter,
    KubeScore,
    Polaris,
    Checkov,
}

impl Tool {
    /// As it writes its own name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KubeLinter => "kube-linter",
            Self::KubeScore => "kube-score",
            Self::Polaris => "Polaris",
            Self::Checkov => "Checkov",
        }
    }
}

/// What is to be ignored.
pub struct Ignored {
    pub tool: Tool,
    pub what: What,
    /// Why, if somebody wrote it down.
    pub why: Option<String>,
    /// `file:line`.
    pub at: String,
}

pub enum What {
    /// A check on one object.
    Object(String, Target),
    /// A check on every object.
    Everywhere(String),
    /// Something that no waiver can say: what it is, and what to do instead.
    Other(String, &'static str),
}

/// The object that a waiver names, or a container of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// As a waiver names it; any where it is not given.
    pub kind: Option<String>,
    pub namespace: Option<String>,
    pub name: String,
    pub container: Option<String>,
}

/// `Deployment shop/web`.
impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.kind.as_deref().unwrap_or("any kind"))?;
        if let Some(namespace) = &self.namespace {
            write!(formatter, "{namespace}/")?;
        }
        formatter.write_str(&self.name)
    }
}
