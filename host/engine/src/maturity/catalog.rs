//! What counts as evidence: a table of names, ours and what a platform team adds to it. It must not know where it is
//! looked for.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Practice;
use super::pipelines::Step;
use crate::manifest::{Content, Limits, Node, Object, read};

/// Ours.
const BUILT_IN: &str = include_str!("catalog.yaml");

/// The names that evidence is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Catalog {
    practices: BTreeMap<Practice, Signs>,
    environments: Vec<String>,
    samples: Vec<String>,
}

/// What one practice leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Signs {
    commands: Vec<String>,
    actions: Vec<String>,
    objects: Vec<String>,
    images: Vec<String>,
    files: Vec<String>,
}

impl Catalog {
    /// Ours.
    #[must_use]
    pub fn built_in() -> Self {
        let manifest = read("catalog.yaml", BUILT_IN.into(), &Limits::default());
        let node = manifest.documents.first().and_then(|document| match &document.content {
            Content::Other(node) => Some(node),
            _ => None,
        });
        // It is part of the program, and a test reads it.
        node.and_then(|node| Self::read(node).ok()).unwrap_or_default()
    }

    /// The names in a configuration.
    pub(crate) fn read(node: &Node) -> Result<Self, serde_json::Error> {
        serde_json::from_value(serde_json::to_value(node)?)
    }

    /// With the names of another besides.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (practice, more) in &other.practices {
            let signs = self.practices.entry(*practice).or_default();
            signs.commands.extend_from_slice(&more.commands);
            signs.actions.extend_from_slice(&more.actions);
            signs.objects.extend_from_slice(&more.objects);
            signs.images.extend_from_slice(&more.images);
            signs.files.extend_from_slice(&more.files);
        }
        self.environments.extend_from_slice(&other.environments);
        self.samples.extend_from_slice(&other.samples);
        self
    }

    fn practices<'a>(&'a self, is_sign: impl Fn(&'a Signs) -> bool + 'a) -> impl Iterator<Item = Practice> + 'a {
        self.practices.iter().filter(move |(_, signs)| is_sign(signs)).map(|(practice, _)| *practice)
    }

    /// What a step of a pipeline does.
    pub(super) fn of_step<'a>(&'a self, step: &'a Step<'_>) -> impl Iterator<Item = Practice> + 'a {
        self.practices(|signs| step.runs(&signs.commands) || step.uses(&signs.actions))
    }

    /// What an object is there for.
    pub(super) fn of_object<'a>(&'a self, object: &'a Object) -> impl Iterator<Item = Practice> + 'a {
        let is_kind = |sign: &String| {
            let (group, kind) = sign.rsplit_once('/').unwrap_or(("", sign));
            group == object.group() && (kind == "*" || kind == object.kind)
        };
        self.practices(move |signs| signs.objects.iter().any(is_kind))
    }

    /// What an image or a chart of that name is for.
    pub(super) fn of_image<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Practice> + 'a {
        let is_tool = move |tool: &String| {
            let mut words = name.split(['/', ':', '@']);
            words.any(|word| {
                word.strip_prefix(tool.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            })
        };
        self.practices(move |signs| signs.images.iter().any(is_tool))
    }

    /// What a file of that name is for.
    pub(super) fn of_file<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Practice> + 'a {
        self.practices(move |signs| signs.files.iter().any(|file| file == name))
    }

    pub(super) fn is_environment(&self, name: &str) -> bool {
        self.environments.iter().any(|environment| environment == name)
    }

    /// Whether the path, from the folder that was asked for, leads to something that runs nowhere.
    pub(super) fn is_sample(&self, path: &str) -> bool {
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        folders.split('/').any(|folder| self.samples.iter().any(|sample| sample == folder))
    }
}
