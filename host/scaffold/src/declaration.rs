//! What a `template.yaml` says.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A template's declaration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// What it is called.
    pub name: String,
    /// Its version. A higher one changes what is written.
    pub version: u32,
    /// The folder in which a record of what was written is kept; none is without it.
    pub record: Option<String>,
    /// How it becomes a software template of Backstage.
    pub backstage: Option<Backstage>,
    /// What it asks.
    pub answers: Vec<Answer>,
    /// What follows from the answers, each from those before it.
    #[serde(default)]
    pub variables: Vec<Variable>,
    /// What is written where.
    pub files: Vec<Files>,
    /// What to do next, for people.
    #[serde(default)]
    pub next: String,
}

/// One thing that a template asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What it is called.
    pub name: String,
    /// What it is, for people.
    pub about: String,
    /// The answers that there are, where there are few.
    #[serde(default)]
    pub one_of: Vec<String>,
    /// What else the whole answer must match.
    pub pattern: Option<String>,
    /// An answer that fits.
    pub example: Option<String>,
    /// What holds where nobody answers: a text with placeholders of the answers before this one.
    pub default: Option<String>,
    /// Whether the default is only there to be replaced.
    #[serde(default)]
    pub fill_in: bool,
}

/// A value that follows from the answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// What it is called.
    pub name: String,
    /// A text with placeholders.
    pub value: String,
}

/// A file or a folder of the template, and where it goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The file or folder.
    pub from: String,
    /// Its place in what is written, with placeholders.
    pub to: String,
    /// An expression: whether it is written.
    pub when: Option<String>,
    /// A variable and its values: once for each.
    #[serde(default)]
    pub each: BTreeMap<String, Vec<String>>,
    /// Whether others may have written it before, so that it is left as it is.
    #[serde(default)]
    pub shared: bool,
}

/// How a template becomes a software template of Backstage.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backstage {
    /// The file that becomes Backstage's `template.yaml`.
    pub template: String,
    /// The answers that Backstage asks. All others stay as they are given here.
    pub asks: Vec<String>,
}
