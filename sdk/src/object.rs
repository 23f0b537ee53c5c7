//! A Kubernetes object: who it is.

use protocol::api_group;

use crate::field::Field;

/// An object of the API, judged or looked up.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    root: Field<'a>,
    /// The namespace of the request, where the object itself names none.
    request_namespace: Option<&'a str>,
    /// What it is where it does not say so itself.
    known: Type<'a>,
}

/// An API group, a version in it, and a kind; empty where they are not known.
#[derive(Clone, Copy, Default)]
pub(crate) struct Type<'a> {
    pub group: &'a str,
    pub version: &'a str,
    pub kind: &'a str,
}

impl<'a> Type<'a> {
    fn new(api_version: &'a str, kind: &'a str) -> Self {
        let version = api_version.split_once('/').map_or(api_version, |(_, version)| version);
        Self { group: api_group(api_version), version, kind }
    }
}

impl<'a> Object<'a> {
    pub(crate) fn new(root: Field<'a>, request_namespace: Option<&'a str>) -> Self {
        Self { root, request_namespace, known: Type::default() }
    }

    /// An object that was looked up by this `apiVersion` and kind. The items of a list may not say it themselves.
    pub(crate) fn other(root: Field<'a>, api_version: &'a str, kind: &'a str) -> Self {
        Self::new(root, None).of_type(Type::new(api_version, kind))
    }

    /// The object, of this type where it does not say so itself.
    pub(crate) const fn of_type(self, known: Type<'a>) -> Self {
        Self { known, ..self }
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
        self.api_version().group
    }

    /// Its `apiVersion`, taken apart.
    fn api_version(self) -> Type<'a> {
        self.root.get("apiVersion").str().map_or(self.known, |api_version| Type::new(api_version, ""))
    }

    /// The version within the group: `v1beta1` of `policy/v1beta1`. Of an object that was looked up it is the version
    /// asked for, unless the rule declares to read its `apiVersion`.
    #[must_use]
    pub fn version(self) -> &'a str {
        self.api_version().version
    }

    /// The kind, singular.
    #[must_use]
    pub fn kind(self) -> &'a str {
        self.root.get("kind").str().unwrap_or(self.known.kind)
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
