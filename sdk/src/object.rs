//! A Kubernetes object: who it is.

use protocol::api_group;

use crate::field::Field;

/// An object of the API, judged or looked up.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    root: Field<'a>,
    /// The namespace of the request, where the object itself names none.
    request_namespace: Option<&'a str>,
    /// What it was looked up by: `apiVersion` and kind. The items of a list may not say it themselves.
    asked: Option<(&'a str, &'a str)>,
}

impl<'a> Object<'a> {
    pub(crate) const fn new(root: Field<'a>, request_namespace: Option<&'a str>) -> Self {
        Self { root, request_namespace, asked: None }
    }

    /// An object that was looked up by this `apiVersion` and kind.
    pub(crate) const fn other(root: Field<'a>, api_version: &'a str, kind: &'a str) -> Self {
        Self { root, request_namespace: None, asked: Some((api_version, kind)) }
    }

    /// The whole object, to read any field from.
    #[must_use]
    pub const fn root(self) -> Field<'a> {
        self.root
    }

    /// A field, dotted from the root: `spec.replicas`.
    #[must_use]
    pub fn get(self, fields: &'a str) -> Field<'a> {
        self.root.get(fields)
    }

    /// The API group; empty for the core group.
    #[must_use]
    pub fn group(self) -> &'a str {
        api_group(self.api_version())
    }

    fn api_version(self) -> &'a str {
        self.root.get("apiVersion").str().or(self.asked.map(|(api_version, _)| api_version)).unwrap_or_default()
    }

    /// The version within the group: `v1beta1` of `policy/v1beta1`. Of an object that was looked up it is the version
    /// asked for, unless the rule declares to read its `apiVersion`.
    #[must_use]
    pub fn version(self) -> &'a str {
        let api_version = self.api_version();
        api_version.split_once('/').map_or(api_version, |(_, version)| version)
    }

    /// The kind, singular.
    #[must_use]
    pub fn kind(self) -> &'a str {
        self.root.get("kind").str().or(self.asked.map(|(_, kind)| kind)).unwrap_or_default()
    }

    /// Whether the object is of this group and kind; kind names alone collide.
    #[must_use]
    pub fn is(self, group: &str, kind: &str) -> bool {
        self.kind() == kind && self.group() == group
    }

    /// `metadata.name`; empty where only `generateName` is given.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.root.get("metadata.name").str().unwrap_or_default()
    }

    /// `metadata.namespace`, or the request's; `None` where neither is given. Absent equals absent.
    #[must_use]
    pub fn namespace(self) -> Option<&'a str> {
        self.root.get("metadata.namespace").str().filter(|name| !name.is_empty()).or(self.request_namespace)
    }

    /// An annotation of the object.
    #[must_use]
    pub fn annotation(self, key: &str) -> Field<'a> {
        self.root.get("metadata.annotations").entry(key)
    }

    /// The labels of the object.
    #[must_use]
    pub fn labels(self) -> Field<'a> {
        self.root.get("metadata.labels")
    }
}
