//! The kinds of documents: what is no object of Kubernetes and is checked like one, such as a Dockerfile or a pull request.
//!
//! This table is the only place that names them. It says of each kind which fields it has, how large it may be, how
//! Kubewarden serves it, and whether its text may be secret. The host makes the documents; this module must not know how.

use alloc::vec::Vec;

use crate::metadata::{KindMatch, RuleMetadata};

/// The API group of all documents.
pub const GROUP: &str = "seaworthy.dev";
/// The `apiVersion` of all documents.
pub const API_VERSION: &str = "seaworthy.dev/v1";

/// How Kubewarden asks a policy about a kind (`policyType` in its metadata).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyType {
    /// With the admission request of an API server, which has objects of the kind.
    Kubernetes,
    /// With any JSON that a client sends: no API server has objects of the kind.
    Raw,
}

impl PolicyType {
    /// The name in Kubewarden's metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Raw => "raw",
        }
    }
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A string.
    Text,
    /// An integer, 0 or more.
    Integer,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A mapping, whose fields are in the table too.
    Mapping,
    /// A Kubernetes object with all its fields.
    Object,
    /// A list.
    List {
        /// The type of each item.
        of: &'static Self,
        /// How many items it may have.
        most: usize,
    },
}

/// A field of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentField {
    /// The path as a rule's `reads` has it: dotted, and through lists without a sign, `spec.commits.sha`.
    pub path: &'static str,
    /// Its type.
    pub of: FieldType,
    /// Whether it is in every document, or in every item of the list that it belongs to.
    pub is_required: bool,
}

/// A kind of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentKind {
    /// The kind.
    pub kind: &'static str,
    /// Its `apiVersion`.
    pub api_version: &'static str,
    /// How Kubewarden serves it.
    pub policy_type: PolicyType,
    /// Whether its text may hold secrets. Reports show no line of such a text, unless a rule's message repeats it.
    pub may_hold_secrets: bool,
    /// What code scanners and catalogs file a rule under that is about documents alone.
    pub tags: &'static [&'static str],
    /// How many bytes of text a document may be made of.
    pub bytes: usize,
    /// The fields below `spec`. Every document has `apiVersion`, `kind` and `metadata.name` as well.
    pub fields: &'static [DocumentField],
}

impl DocumentKind {
    /// Whether an object of this group and kind is such a document.
    #[must_use]
    pub fn is(&self, group: &str, kind: &str) -> bool {
        group == GROUP && kind == self.kind
    }

    /// The field of that path.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<&'static DocumentField> {
        self.fields.iter().find(|field| field.path == path)
    }

    /// Whether the rule is about such documents by name, and not only because it is about everything.
    #[must_use]
    pub fn is_checked_by(&self, rule: &RuleMetadata) -> bool {
        rule.applies_to.iter().any(|about| self.is(&about.group, &about.kind))
    }

    /// Whether the rule checks such documents or looks them up. A host makes only those that a rule asks for.
    #[must_use]
    pub fn is_asked_for_by(&self, rule: &RuleMetadata) -> bool {
        rule.applies_to.iter().any(|about| about.matches(GROUP, self.kind))
            || rule.looks_up.iter().any(|asked| asked.api_version == self.api_version && asked.kind == self.kind)
    }
}

const fn required(path: &'static str, of: FieldType) -> DocumentField {
    DocumentField { path, of, is_required: true }
}

const fn optional(path: &'static str, of: FieldType) -> DocumentField {
    DocumentField { path, of, is_required: false }
}

const fn texts(most: usize) -> FieldType {
    FieldType::List { of: &FieldType::Text, most }
}

const fn mappings(most: usize) -> FieldType {
    FieldType::List { of: &FieldType::Mapping, most }
}

const fn objects(most: usize) -> FieldType {
    FieldType::List { of: &FieldType::Object, most }
}

/// How many lines a [`LOG_SAMPLE`] has at most.
pub const LOG_LINES: usize = 10_000;
/// How many paths a [`REPOSITORY_TREE`] has at most.
pub const TREE_PATHS: usize = 100_000;

/// Lines that a program has written.
pub const LOG_SAMPLE: DocumentKind = DocumentKind {
    kind: "LogSample",
    api_version: API_VERSION,
    policy_type: PolicyType::Raw,
    may_hold_secrets: true,
    tags: &["logs"],
    bytes: 1 << 20,
    fields: &[required("spec.lines", texts(LOG_LINES))],
};

/// The paths of the files in a repository.
pub const REPOSITORY_TREE: DocumentKind = DocumentKind {
    kind: "RepositoryTree",
    api_version: API_VERSION,
    policy_type: PolicyType::Raw,
    may_hold_secrets: false,
    tags: &["repository"],
    bytes: 4 << 20,
    fields: &[required("spec.paths", texts(TREE_PATHS))],
};

/// The instructions of a Dockerfile.
pub const DOCKERFILE: DocumentKind = DocumentKind {
    kind: "Dockerfile",
    api_version: API_VERSION,
    policy_type: PolicyType::Raw,
    may_hold_secrets: true,
    tags: &["container-image"],
    bytes: 1 << 20,
    fields: &[
        required("spec.instructions", mappings(10_000)),
        required("spec.instructions.keyword", FieldType::Text),
        required("spec.instructions.line", FieldType::Integer),
        optional("spec.instructions.stage", FieldType::Integer),
        required("spec.instructions.form", FieldType::OneOf(&["exec", "shell"])),
        required("spec.instructions.flags", texts(100)),
        required("spec.instructions.arguments", texts(10_000)),
        required("spec.instructions.text", FieldType::Text),
    ],
};

/// What somebody proposes to merge.
pub const PULL_REQUEST: DocumentKind = DocumentKind {
    kind: "PullRequest",
    api_version: API_VERSION,
    policy_type: PolicyType::Raw,
    may_hold_secrets: true,
    tags: &["pull-request"],
    bytes: 4 << 20,
    fields: &[
        required("spec.title", FieldType::Text),
        required("spec.body", FieldType::Text),
        required("spec.branch", FieldType::Text),
        required("spec.base", FieldType::Text),
        required("spec.author", FieldType::Text),
        required("spec.labels", texts(1_000)),
        required("spec.commits", mappings(10_000)),
        required("spec.commits.sha", FieldType::Text),
        required("spec.commits.message", FieldType::Text),
    ],
};

/// The files that a change touches, the Kubernetes objects that differ after it, and who has reviewed it.
pub const CHANGE_SET: DocumentKind = DocumentKind {
    kind: "ChangeSet",
    api_version: API_VERSION,
    policy_type: PolicyType::Raw,
    may_hold_secrets: false,
    tags: &["change-management"],
    bytes: 4 << 20,
    fields: &[
        required("spec.files", mappings(10_000)),
        required("spec.files.path", FieldType::Text),
        optional("spec.files.previousPath", FieldType::Text),
        required(
            "spec.files.status",
            FieldType::OneOf(&["added", "modified", "deleted", "renamed", "copied", "typeChanged"]),
        ),
        required("spec.files.effect", FieldType::OneOf(&["objects", "unknown"])),
        optional("spec.files.newFolder", FieldType::Text),
        optional("spec.files.owners", texts(1_000)),
        optional("spec.files.sections", mappings(1_000)),
        required("spec.files.sections.name", FieldType::Text),
        required("spec.files.sections.owners", texts(1_000)),
        required("spec.files.sections.approvals", FieldType::Integer),
        optional("spec.files.oldObjects", objects(10_000)),
        optional("spec.files.newObjects", objects(10_000)),
        required("spec.objects", mappings(10_000)),
        required("spec.objects.place", FieldType::Text),
        optional("spec.objects.environment", FieldType::Text),
        required("spec.objects.status", FieldType::OneOf(&["added", "modified", "deleted"])),
        required("spec.objects.apiVersion", FieldType::Text),
        required("spec.objects.kind", FieldType::Text),
        optional("spec.objects.namespace", FieldType::Text),
        required("spec.objects.name", FieldType::Text),
        required("spec.objects.fields", mappings(10_000)),
        required("spec.objects.fields.path", FieldType::Text),
        required("spec.objects.fields.at", FieldType::Text),
        optional("spec.objects.fields.old", FieldType::Text),
        optional("spec.objects.fields.new", FieldType::Text),
        required("spec.objects.users", texts(10_000)),
        optional("spec.objects.account", FieldType::Mapping),
        required("spec.objects.account.annotations", texts(10_000)),
        required("spec.objects.account.bindings", texts(10_000)),
        optional("spec.objects.others", texts(10_000)),
        optional("spec.objects.oldObject", FieldType::Object),
        optional("spec.objects.newObject", FieldType::Object),
        required("spec.unseen", texts(10_000)),
        optional("spec.author", FieldType::Text),
        optional("spec.head", FieldType::Text),
        optional("spec.reviews", mappings(10_000)),
        required("spec.reviews.user", FieldType::Text),
        required("spec.reviews.state", FieldType::OneOf(&["approved", "changesRequested", "commented", "dismissed"])),
        optional("spec.reviews.commit", FieldType::Text),
        optional("spec.teams", mappings(1_000)),
        required("spec.teams.team", FieldType::Text),
        required("spec.teams.members", texts(10_000)),
    ],
};

/// The versions that a file of production names, and when production and staging wrote them.
pub const PROMOTION: DocumentKind = DocumentKind {
    kind: "Promotion",
    api_version: API_VERSION,
    policy_type: PolicyType::Raw,
    may_hold_secrets: true,
    tags: &["change-management"],
    bytes: 8 << 20,
    fields: &[
        required("spec.time", FieldType::Integer),
        optional("spec.unknown", FieldType::Text),
        required("spec.versions", mappings(10_000)),
        optional("spec.versions.of", FieldType::Text),
        required("spec.versions.at", FieldType::Text),
        optional("spec.versions.tag", FieldType::Text),
        optional("spec.versions.digest", FieldType::Text),
        optional("spec.versions.written", FieldType::Integer),
        required("spec.versions.earlier", FieldType::Integer),
        required("spec.versions.staging", mappings(10_000)),
        required("spec.versions.staging.file", FieldType::Text),
        optional("spec.versions.staging.tag", FieldType::Text),
        optional("spec.versions.staging.digest", FieldType::Text),
        optional("spec.versions.staging.from", FieldType::Integer),
        optional("spec.versions.staging.until", FieldType::Integer),
        optional("spec.versions.staging.commit", FieldType::Text),
    ],
};

/// All kinds of documents.
pub const DOCUMENTS: &[DocumentKind] = &[CHANGE_SET, DOCKERFILE, LOG_SAMPLE, PROMOTION, PULL_REQUEST, REPOSITORY_TREE];

/// The document of this group and kind, if it is one.
#[must_use]
pub fn document_kind(group: &str, kind: &str) -> Option<&'static DocumentKind> {
    DOCUMENTS.iter().find(|known| known.is(group, kind))
}

/// What a rule about these kinds is filed under: `kubernetes`, or the tags of documents if it is about them alone.
#[must_use]
pub fn tags(applies_to: &[KindMatch]) -> Vec<&'static str> {
    let kinds: Option<Vec<_>> = applies_to.iter().map(|about| document_kind(&about.group, &about.kind)).collect();
    let mut tags = Vec::new();
    for tag in kinds.iter().flatten().flat_map(|kind| kind.tags) {
        if !tags.contains(tag) {
            tags.push(*tag);
        }
    }
    if tags.is_empty() {
        tags.push("kubernetes");
    }
    tags
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec;

    use super::*;
    use crate::{LookUp, Profile, Section, Severity};

    fn about(group: &str, kind: &str) -> KindMatch {
        KindMatch { group: group.into(), versions: vec!["v1".into()], kind: kind.into() }
    }

    #[test]
    fn a_document_is_known_by_group_and_kind() {
        assert_eq!(document_kind(GROUP, "Dockerfile"), Some(&DOCKERFILE));
        assert_eq!(document_kind("docker.example.com", "Dockerfile"), None);
        assert_eq!(document_kind(GROUP, "DockerFile"), None);
        for known in DOCUMENTS {
            assert_eq!(document_kind(crate::api_group(known.api_version), known.kind), Some(known), "kinds are unique");
        }
    }

    #[test]
    fn every_field_is_in_a_mapping_that_the_table_has() {
        for document in DOCUMENTS {
            for field in document.fields {
                let (parent, _) = field.path.rsplit_once('.').unwrap();
                let of = document.field(parent).map(|parent| parent.of);
                let is_mapping = |of| matches!(of, FieldType::Mapping | FieldType::List { of: FieldType::Mapping, .. });
                assert!(of.map_or(parent == "spec", is_mapping), "{}: {}", document.kind, field.path);
                let same = document.fields.iter().filter(|other| other.path == field.path);
                assert_eq!(same.count(), 1, "{}: {}", document.kind, field.path);
            }
        }
    }

    #[test]
    fn a_rule_about_documents_alone_has_their_tags() {
        let (log, pod) = (about(GROUP, "LogSample"), about("", "Pod"));
        assert_eq!(tags(&[log.clone(), about(GROUP, "Dockerfile"), log.clone()]), ["logs", "container-image"]);
        assert_eq!(tags(&[log, pod]), ["kubernetes"]);
        assert_eq!(tags(&[]), ["kubernetes"]);
    }

    #[test]
    fn a_document_is_asked_for_by_its_own_group_alone() {
        let rule = |applies_to: Vec<KindMatch>, looks_up: Vec<LookUp>| RuleMetadata {
            name: String::new(),
            version: String::new(),
            title: String::new(),
            documentation: String::new(),
            severity: Severity::Low,
            section: Section::Delivery,
            since: String::new(),
            url: String::new(),
            profile: Profile::default(),
            rests_on: Vec::new(),
            yields_to: Vec::new(),
            applies_to,
            reads: Vec::new(),
            looks_up,
            capabilities: Vec::new(),
            settings: serde_json::Value::Null,
            examples: Vec::new(),
        };
        let look_up = |api_version: &str| LookUp {
            api_version: api_version.into(),
            kind: "Dockerfile".into(),
            reads: Vec::new(),
        };
        assert!(DOCKERFILE.is_asked_for_by(&rule(vec![about(GROUP, "Dockerfile")], vec![])));
        assert!(DOCKERFILE.is_asked_for_by(&rule(vec![about("*", "*")], vec![])));
        assert!(DOCKERFILE.is_checked_by(&rule(vec![about(GROUP, "Dockerfile")], vec![])));
        assert!(!DOCKERFILE.is_checked_by(&rule(vec![about("*", "*")], vec![look_up(API_VERSION)])));
        assert!(DOCKERFILE.is_asked_for_by(&rule(vec![], vec![look_up(API_VERSION)])));
        assert!(!DOCKERFILE.is_asked_for_by(&rule(vec![about("", "Pod")], vec![look_up("docker.example.com/v1")])));
        assert!(!LOG_SAMPLE.is_asked_for_by(&rule(vec![], vec![look_up(API_VERSION)])));
    }
}
