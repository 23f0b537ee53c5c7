//! What rules said about an object of a cluster as a policy report that stands there.
//!
//! One report an object, as Kubewarden's audit scanner and Kyverno have it: it stands beside its object, is owned by it, so
//! that it goes with it, and stays far below what etcd stores of one object. No time is in it, so that writing it again
//! changes nothing where nothing has changed.

use std::collections::BTreeMap;

use engine::Judgement;
use engine::manifest::{Node, Object, label};
use engine::report::render::policy_report::{Outcome, SOURCE, Summary, outcomes};
use protocol::RuleMetadata;
use serde::Serialize;

pub use engine::report::render::policy_report::Dialect;

/// Who manages the reports: their label, their source, and the manager of their fields.
pub const MANAGER: &str = SOURCE;

/// The label that says so.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Results of one report. A hostile object can have findings without end.
const RESULTS: usize = 500;

/// A report as both APIs have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    api_version: String,
    kind: &'static str,
    metadata: Metadata,
    /// Whose report it is, for all results; only in the successor.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    scope: Reference,
    summary: Summary,
    results: Vec<Outcome>,
}

/// `ObjectMeta` of `meta/v1`, as far as a report has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    labels: BTreeMap<&'static str, &'static str>,
    owner_references: [Reference; 1],
}

/// `ObjectReference` of `core/v1`, or without a namespace `OwnerReference` of `meta/v1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    api_version: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
    uid: String,
}

impl Report {
    /// The report about an object. `None` where the object has no `metadata.uid`, without which it cannot own anything.
    #[must_use]
    pub fn new(dialect: Dialect, object: &Object, rules: &[&RuleMetadata], judgements: &[Judgement]) -> Option<Self> {
        let owner = Reference {
            api_version: object.api_version.clone(),
            kind: object.kind.clone(),
            namespace: None,
            name: object.name.clone()?,
            uid: object.node.get("metadata")?.get("uid").and_then(Node::as_str)?.to_owned(),
        };
        let mut results = outcomes(dialect, rules, judgements);
        let summary = Summary::of(&results);
        if let Some(more) = results.len().checked_sub(RESULTS).filter(|more| *more > 0) {
            results.truncate(RESULTS);
            if let Some(last) = results.last_mut() {
                last.remark(&format!("and {more} more results, which the summary counts"));
            }
        }
        Some(Self {
            api_version: format!("{}/{}", dialect.group(), dialect.version()),
            kind: dialect.kind(object.namespace.is_some()),
            metadata: Metadata {
                name: format!("{MANAGER}-{}", owner.uid),
                namespace: object.namespace.clone(),
                labels: BTreeMap::from([(MANAGED_BY, MANAGER)]),
                owner_references: [owner.clone()],
            },
            source: (dialect == Dialect::OpenReports).then_some(MANAGER),
            scope: Reference { namespace: object.namespace.clone(), ..owner },
            summary,
            results,
        })
    }

    /// Its name: that of its object would be taken by the reports of others.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Where it stands; nowhere for an object of the whole cluster.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.metadata.namespace.as_deref()
    }

    /// What it is about: `Deployment shop/web`.
    #[must_use]
    pub fn about(&self) -> String {
        let Reference { kind, namespace, name, .. } = &self.scope;
        label(kind, namespace.as_deref(), name)
    }
}
