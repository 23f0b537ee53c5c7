//! What a change of one object or one file is, by the strictest thing in it.

use sdk::glob::{any_matches_path, matches_name};
use sdk::prelude::*;
use sdk::workload_kind;

use crate::ChangeApproval;
use crate::changed::{Changed, Class, Decided};
use crate::companions::{Additions, added};

/// Groups of objects that describe clusters: a version in one of them is the cluster's.
const CLUSTERS: &[&str] = &[
    "*cluster.x-k8s.io",
    "anywhere.eks.amazonaws.com",
    "autopilot.k0sproject.io",
    "config.openshift.io",
    "container.cnrm.cloud.google.com",
    "container.gcp.*",
    "containerservice.azure.*",
    "core.gardener.cloud",
    "eks.*",
    "eksctl.io",
    "hive.openshift.io",
    "hypershift.openshift.io",
    "k0smotron.io",
    "kamaji.clastix.io",
    "kops.k8s.io",
    "kubeadm.k8s.io",
    "kind.x-k8s.io",
    "provisioning.cattle.io",
    "tuppr.home-operations.com",
    "upgrade.cattle.io",
];

impl ChangeApproval {
    /// What the change of an object is, beside what else is new.
    pub fn object(&self, changed: Changed<'_>, additions: &Additions<'_>) -> Decided {
        if let Some(row) = self.classes.iter().find(|row| row.is_object(changed.kind, changed.text("place"))) {
            return (row.class(), "the setting `classes` says so".into());
        }
        let (place, destination) = (changed.text("place"), changed.destination());
        let namespace = changed.text(if changed.is("", "Namespace") { "name" } else { "namespace" });
        if CLUSTERS.iter().any(|group| matches_name(group, changed.group)) {
            return of_cluster(changed);
        }
        if any_matches_path(&self.platform_paths, place) {
            return (Class::Platform, format!("{place} belongs to the platform"));
        }
        // What deploys a new service stands with its controller: where it deploys to counts, and that alone.
        let is_of_service = additions.has_service() && changed.text("status") == "added" && destination.is_some();
        let mut namespaces = Some(namespace).filter(|_| !is_of_service).into_iter().chain(destination);
        let is_platform = |name: &&str| self.platform_namespaces.iter().any(|pattern| matches_name(pattern, name));
        if let Some(namespace) = namespaces.find(is_platform) {
            return (Class::Platform, format!("the namespace {namespace} belongs to the platform"));
        }
        match changed.text("status") {
            "modified" => self.modified(changed, additions),
            "added" => added(changed, additions),
            _ => (Class::Platform, "it is deleted".into()),
        }
    }

    /// The strictest of the fields that differ.
    fn modified(&self, changed: Changed<'_>, additions: &Additions<'_>) -> Decided {
        let fields = changed.field.get("fields").items().map(|field| self.field(changed, field, additions));
        fields.reduce(|one, other| if other.0 > one.0 { other } else { one }).unwrap_or_else(|| {
            // Nothing that differs is nothing that anybody understands.
            (Class::Platform, "what differs is not known".into())
        })
    }

    fn field(&self, changed: Changed<'_>, field: Field<'_>, additions: &Additions<'_>) -> Decided {
        let text = |key| field.get(key).str().unwrap_or_default();
        let (path, at) = (text("path"), text("at"));
        let is_workload = workload_kind(changed.group, changed.kind).is_some();
        let in_containers = changed
            .in_pod(path)
            .and_then(|path| ["initContainers.", "containers."].iter().find_map(|list| path.strip_prefix(list)));
        // `name=registry.example.com/name:1.2`, as kustomize takes it.
        if changed.is("argoproj.io", "Application") && path == "spec.source.kustomize.images" {
            let (old, new) = (text("old"), text("new"));
            if sdk::text::before(old, "=") != sdk::text::before(new, "=") {
                return (Class::Platform, format!("`{at}` takes the place of another image: {old} becomes {new}"));
            }
            let of = |text: &str| sdk::text::after(text, "=").unwrap_or(text).to_owned();
            return image(at, &of(old), &of(new), false);
        }
        let of_values = match (changed.group, changed.kind) {
            ("argoproj.io", "Application") => path.strip_prefix("spec.source.helm.valuesObject."),
            ("helm.toolkit.fluxcd.io", "HelmRelease") => path.strip_prefix("spec.values."),
            _ => None,
        };
        if in_containers == Some("image") || of_values.is_some_and(is_tag) {
            return image(at, text("old"), text("new"), of_values.is_some());
        }
        let names_secret = matches!(in_containers, Some("env.valueFrom.secretKeyRef.name" | "envFrom.secretRef.name"));
        let is_taken = |name: &str| changed.took_secret(name) || additions.renews(name, changed);
        if names_secret && !text("new").is_empty() && !is_taken(text("new")) {
            return (Class::Platform, format!("`{at}` takes the Secret {}, which it did not take before", text("new")));
        }
        let is_known = self.configuration_fields.iter().any(|pattern| match pattern.split_once(':') {
            Some((kind, pattern)) => kind == changed.kind && is_at(pattern, path),
            None if is_workload => {
                is_at(pattern, path)
                    || pattern.strip_prefix("containers.").is_some_and(|pattern| {
                        in_containers.is_some_and(|in_them| is_at(pattern, in_them) && !runs(pattern, in_them))
                    })
            }
            None => false,
        });
        let is_number =
            of_values.is_some_and(|path| matches!(path.rsplit('.').next(), Some("replicaCount" | "replicas")));
        let is_source =
            changed.is("", "ConfigMap") || changed.is("", "Secret") || changed.is("bitnami.com", "SealedSecret");
        let is_data =
            is_source && ["data", "binaryData", "stringData", "spec.encryptedData"].iter().any(|of| is_at(of, path));
        let is_encrypted = |text: &str| text.starts_with("ENC[");
        let is_of_sops = || is_encrypted(text("old")) || changed.field.get("newObject.sops").is_set();
        if is_data && !text("new").is_empty() && !is_encrypted(text("new")) && is_of_sops() {
            return (Class::Platform, format!("`{at}` is not encrypted"));
        }
        // What SOPS writes whenever the data is another. Who can decrypt it is more.
        let is_seal = changed.is("", "Secret") && matches!(path, "sops.mac" | "sops.lastmodified" | "sops.version");
        if is_known || is_number || is_seal || follows(path) {
            return (Class::Configuration, format!("`{at}`"));
        }
        match changed.field.get("users").items().next().and_then(Field::str) {
            Some(user) if is_data => (Class::Configuration, format!("`{at}`, which {user} takes")),
            None if is_data => (Class::Platform, format!("`{at}`, and no workload here took it before")),
            _ => (Class::Platform, format!("`{at}` is neither configuration nor an image")),
        }
    }

    /// What the change of a file is. `None` where the objects that differ say it all.
    pub fn file(&self, file: Field<'_>, additions: &Additions<'_>) -> Option<Decided> {
        let text = |key| file.get(key).str().unwrap_or_default();
        let (path, status) = (text("path"), text("status"));
        let moved = matches!(status, "renamed").then(|| text("previousPath"));
        let paths = || [path].into_iter().chain(moved);
        let decided = |path: &str| {
            if any_matches_path(&self.protected_paths, path) {
                return Some((Class::Platform, format!("{path} decides what may be changed")));
            }
            if let Some(row) = self.classes.iter().find(|row| row.is_file(path)) {
                return Some((row.class(), "the setting `classes` says so".into()));
            }
            if any_matches_path(&self.platform_paths, path) {
                return Some((Class::Platform, format!("{path} belongs to the platform")));
            }
            if text("effect") == "objects" {
                return None;
            }
            if is_program(path) {
                return Some((Class::Platform, format!("{path} is a program, and Argo CD deploys what it gives")));
            }
            if any_matches_path(&self.documentation_paths, path) {
                return Some((Class::Configuration, "documentation".into()));
            }
            // Beside the files of others, it may be one of theirs.
            if status == "added" && additions.has_service_in(text("newFolder")) {
                return Some((Class::NewService, "it comes with a new service".into()));
            }
            Some((Class::Platform, format!("the effect of {path} is not known")))
        };
        paths().filter_map(decided).reduce(|one, other| if other.0 > one.0 { other } else { one })
    }
}

/// Whether it is Jsonnet, of which Argo CD makes objects wherever it deploys a folder.
fn is_program(path: &str) -> bool {
    path.ends_with("sonnet")
}

/// A tag, or another repository.
fn image(at: &str, old: &str, new: &str, is_tag: bool) -> Decided {
    if is_tag {
        return (Class::Image, format!("`{at}`: {} becomes {}", shown(old), shown(new)));
    }
    match (ImageReference::parse(old), ImageReference::parse(new)) {
        (Ok(before), Ok(after)) if before.normalized_repository() == after.normalized_repository() => {
            (Class::Image, format!("`{at}`: {old} becomes {new}"))
        }
        _ => (Class::Platform, format!("`{at}` is an image of another repository: {old} becomes {new}")),
    }
}

/// What is not there, in words.
fn shown(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

/// `image.tag`, `web.image.digest`: a version of an image in the values of a chart.
fn is_tag(path: &str) -> bool {
    let mut steps = path.rsplit('.');
    matches!(steps.next(), Some("tag" | "digest")) && steps.next().is_some_and(|step| step.ends_with("mage"))
}

/// Whether a path is that of the pattern, or below it.
fn is_at(pattern: &str, path: &str) -> bool {
    path.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Whether it is the command of a probe, or the host that the node asks instead of the pod, and the pattern means the probe alone.
/// Both are more than the configuration of a container.
fn runs(pattern: &str, path: &str) -> bool {
    let is_more = |words: &&str| sdk::text::holds(path, words) && !sdk::text::holds(pattern, words);
    ["Probe.exec", "Probe.httpGet.host", "Probe.tcpSocket.host"].iter().any(is_more)
}

/// What changes with every version of a chart, or with every configuration, and does nothing by itself.
fn follows(path: &str) -> bool {
    let of = |list: &str| sdk::text::after(path, list);
    let is_label =
        |rest: &str| ["['app.kubernetes.io/version']", "['helm.sh/chart']", ".chart", ".version"].contains(&rest);
    let is_annotation = |rest: &str| {
        rest.starts_with("['checksum/") || rest == "['kubectl.kubernetes.io/restartedAt']" || rest == "['rollme']"
    };
    of("metadata.labels").is_some_and(is_label) || of("metadata.annotations").is_some_and(is_annotation)
}

fn of_cluster(changed: Changed<'_>) -> Decided {
    let is_version = |path: &str| {
        let last = path.rsplit('.').next().unwrap_or_default();
        ["ersion", "image", "channel", "ami"].iter().any(|words| sdk::text::holds(last, words))
    };
    let mut fields = changed.field.get("fields").items().filter_map(|field| field.get("path").str());
    if changed.text("status") != "modified" {
        return (Class::ClusterUpgrade, "it describes a cluster".into());
    }
    match fields.find(|path| is_version(path)) {
        Some(path) => (Class::ClusterUpgrade, format!("`{path}` of a cluster")),
        None => (Class::Platform, "it describes a cluster".into()),
    }
}
