//! Whose an object is: workloads grouped by service, and the objects beside them attributed to the service they serve.
//!
//! It must not know any rule, nor how a card is shown.

use std::collections::{BTreeMap, HashMap, HashSet};

use protocol::documents::{LOG_SAMPLE, PROMOTION};
use protocol::workload_kind;

use crate::input::{Input, Subject};
use crate::manifest::{Node, Object, Value};
use crate::pods;
use crate::promotion::{as_known, reference};
use crate::selector::Selector;

/// Where the name of a workload's service may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameSource {
    /// The label `backstage.io/kubernetes-id`: what the portal calls the service.
    KubernetesId,
    /// The label `app.kubernetes.io/name`.
    Name,
    /// The label `app.kubernetes.io/part-of`: the system that the workload is a part of.
    PartOf,
    /// The workload's own name.
    Workload,
}

impl NameSource {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::KubernetesId, Self::Name, Self::PartOf, Self::Workload];

    /// What it is called on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KubernetesId => "kubernetes-id",
            Self::Name => "name",
            Self::PartOf => "part-of",
            Self::Workload => "workload",
        }
    }

    const fn label(self) -> Option<&'static str> {
        match self {
            Self::KubernetesId => Some("backstage.io/kubernetes-id"),
            Self::Name => Some("app.kubernetes.io/name"),
            Self::PartOf => Some("app.kubernetes.io/part-of"),
            Self::Workload => None,
        }
    }
}

/// Where the name of a service is looked for, in order; a workload that has none of it is a service by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping(pub Vec<NameSource>);

impl Default for Grouping {
    /// The portal's name, then `app.kubernetes.io/name`. Not `part-of`, which names a whole system: a team that reads
    /// "shop is 60 % ready" still has to find out which of its services is not.
    fn default() -> Self {
        Self(vec![NameSource::KubernetesId, NameSource::Name])
    }
}

impl Grouping {
    /// The name of a workload's service.
    fn name_of(&self, object: &Object) -> String {
        let own = || object.display_name();
        let found = self.0.iter().map_while(|source| source.label()).find_map(|key| {
            let of_template = || pods::template(object, &object.node).and_then(|template| label(template, key));
            label(&object.node, key).or_else(of_template)
        });
        found.map_or_else(own, ToOwned::to_owned)
    }
}

/// Who a service is. The same name in two namespaces is two services: staging may be ready where production is not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity<'a> {
    pub namespace: Option<&'a str>,
    pub name: String,
    pub project: usize,
}

/// The services of an input, and whose each object is.
pub(super) struct Services<'a> {
    /// In the order of their cards: by namespace, then by name.
    pub identities: Vec<Identity<'a>>,
    workloads: Vec<Workload<'a>>,
    /// The services of that name, in a project.
    by_name: HashMap<(usize, String), Vec<usize>>,
    /// The workloads of a project and a namespace, by index: all, and by what leads to them.
    by_namespace: HashMap<(usize, Option<&'a str>), Here<'a>>,
    /// The workloads of that name, by index, in whatever project.
    by_own_name: HashMap<&'a str, Vec<usize>>,
    /// For each role that is bound, the services whose ServiceAccounts it is bound to: by project, kind, namespace
    /// (none for a ClusterRole) and name.
    bound: HashMap<(usize, &'a str, Option<&'a str>, &'a str), Vec<usize>>,
    /// The service of each workload, by file, document and path.
    of_workload: HashMap<(usize, usize, &'a str), usize>,
}

/// The workloads of one namespace, by index.
#[derive(Default)]
struct Here<'a> {
    all: Vec<usize>,
    by_name: HashMap<&'a str, Vec<usize>>,
    /// By the label of their pods.
    by_label: HashMap<(&'a str, &'a str), Vec<usize>>,
    /// By the kind and name of what their pods refer to.
    by_reference: HashMap<(&'static str, &'a str), Vec<usize>>,
}

struct Workload<'a> {
    service: usize,
    object: &'a Object,
    /// `metadata` and `spec` of its pods.
    template: Option<&'a Node>,
}

impl<'a> Services<'a> {
    pub fn of(input: &'a Input, grouping: &Grouping) -> Self {
        let project = |subject: Subject<'a>| input.file(subject.file).map_or(0, |file| file.project);
        let is_workload = |object: &Object| workload_kind(object.group(), &object.kind).is_some();
        let mut named: BTreeMap<Identity<'a>, Vec<Subject<'a>>> = BTreeMap::new();
        // What Helm runs beside a release is no service.
        let workloads = input.subjects().filter(|subject| is_workload(subject.object) && !input.is_hook(*subject));
        for subject in workloads {
            let (namespace, name) = (subject.object.namespace.as_deref(), grouping.name_of(subject.object));
            let identity = Identity { namespace, name, project: project(subject) };
            named.entry(identity).or_default().push(subject);
        }
        let mut services = Self {
            identities: Vec::new(),
            workloads: Vec::new(),
            by_name: HashMap::new(),
            by_namespace: HashMap::new(),
            by_own_name: HashMap::new(),
            bound: HashMap::new(),
            of_workload: HashMap::new(),
        };
        for (service, (identity, subjects)) in named.into_iter().enumerate() {
            services.by_name.entry((identity.project, identity.name.clone())).or_default().push(service);
            let here = services.by_namespace.entry((identity.project, identity.namespace)).or_default();
            for subject in subjects {
                let Subject { file, document, object } = subject;
                let (index, template) = (services.workloads.len(), pods::template(object, &object.node));
                here.all.push(index);
                if let Some(name) = object.name.as_deref() {
                    here.by_name.entry(name).or_default().push(index);
                    services.by_own_name.entry(name).or_default().push(index);
                }
                for (key, value) in labels(template) {
                    here.by_label.entry((key, value)).or_default().push(index);
                }
                for reference in template.map(references).unwrap_or_default() {
                    here.by_reference.entry(reference).or_default().push(index);
                }
                services.workloads.push(Workload { service, object, template });
                services.of_workload.insert((file, document, &object.path), service);
            }
            services.identities.push(identity);
        }
        for subject in input.subjects().filter(|subject| subject.object.kind.ends_with("RoleBinding")) {
            let Some(role) = subject.object.node.get("roleRef") else { continue };
            let (Some(kind), Some(name)) = (role.text(&["kind"]), role.text(&["name"])) else { continue };
            let namespace = if kind == "Role" { subject.object.namespace.as_deref() } else { None };
            let of = services.referring(project(subject), subject.object);
            services.bound.entry((project(subject), kind, namespace, name)).or_default().extend(of);
        }
        services
    }

    /// The services that an object belongs to, by index; none for what is shared.
    ///
    /// A workload belongs to its own. Another object belongs to what it names, by the first way that finds anything: a
    /// label of the grouping, what it selects or targets, who refers to it, its own name. What names services of several
    /// names belongs to none of them; one name in several namespaces is each of them.
    pub fn owners(&self, grouping: &Grouping, project: usize, subject: Subject<'_>) -> Vec<usize> {
        let object = subject.object;
        if let Some(service) = self.of_workload.get(&(subject.file, subject.document, object.path.as_str())) {
            return vec![*service];
        }
        if is_log(object) {
            return self.logged(object);
        }
        if PROMOTION.is(object.group(), &object.kind) {
            return self.promoted(project, object);
        }
        let labels = grouping.0.iter().filter_map(|source| source.label()).map(|key| {
            let annotation = || is_entity(object).then(|| annotation(&object.node, key)).flatten();
            label(&object.node, key).or_else(annotation)
        });
        for name in labels.flatten() {
            let named = self.named(project, object, name);
            if !named.is_empty() {
                return named;
            }
        }
        let ways = [self.referring(project, object), self.referred(project, object)];
        let found = ways.into_iter().find(|found| !found.is_empty());
        let mut found =
            found.unwrap_or_else(|| self.named(project, object, object.name.as_deref().unwrap_or_default()));
        found.sort_unstable();
        found.dedup();
        let mut names = found.iter().filter_map(|index| self.identities.get(*index)).map(|identity| &identity.name);
        let first = names.next();
        if names.all(|name| Some(name) == first) { found } else { Vec::new() }
    }

    /// The services whose log this is: that of the workload of this name, or else those of this name. A log is nobody's
    /// file, so its project says nothing.
    fn logged(&self, object: &Object) -> Vec<usize> {
        let (namespace, name) = (object.namespace.as_deref(), object.name.as_deref());
        let is_here = |of: Option<&str>| namespace.is_none() || namespace == of;
        let named = self.by_own_name.get(name.unwrap_or_default()).into_iter().flatten();
        let named = named.filter_map(|index| self.workloads.get(*index));
        let writers = named.filter(|workload| is_here(workload.object.namespace.as_deref()));
        let mut found: Vec<usize> = writers.map(|workload| workload.service).collect();
        if found.is_empty() {
            let services = self.identities.iter().enumerate();
            let named = services.filter(|(_, it)| Some(it.name.as_str()) == name && is_here(it.namespace));
            found.extend(named.map(|(index, _)| index));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The services that are promoted by a file: those that run an image that it names, or else the one that the deepest folder
    /// on its path is called like.
    fn promoted(&self, project: usize, object: &Object) -> Vec<usize> {
        let node = object.node.look();
        let versions = node.get("spec").map_or(&[][..], |spec| spec.list("versions"));
        let images: HashSet<&str> = versions.iter().filter_map(|version| version.text(&["of"])).collect();
        let runs = |workload: &&Workload<'_>| {
            let spec = workload.template.and_then(|template| template.get("spec"));
            let containers = spec.map_or(&[][..], |spec| spec.list("containers")).iter();
            let mut run = containers.filter_map(|container| container.text(&["image"]));
            run.any(|image| images.contains(as_known(reference(image).repository)))
        };
        let of_project = |service: &usize| self.identities.get(*service).is_some_and(|it| it.project == project);
        let running = self.workloads.iter().filter(runs).map(|workload| workload.service).filter(of_project);
        let mut found: Vec<usize> = running.collect();
        found.sort_unstable();
        found.dedup();
        if found.is_empty() {
            let mut folders = object.name.as_deref().unwrap_or_default().rsplit('/').skip(1);
            found =
                folders.find_map(|folder| self.by_name.get(&(project, folder.to_owned())).cloned()).unwrap_or_default();
        }
        found
    }

    fn named(&self, project: usize, object: &Object, name: &str) -> Vec<usize> {
        let namespace = if is_entity(object) { None } else { object.namespace.as_deref() };
        let named = self.by_name.get(&(project, name.to_owned())).into_iter().flatten().copied();
        let of = |index: &usize| {
            #[cfg(test)]
            super::tests::SCANNED.set(super::tests::SCANNED.get() + 1);
            self.identities.get(*index).map(|identity| identity.namespace)
        };
        named.filter(|index| namespace.is_none() || of(index) == Some(namespace)).collect()
    }

    /// The services that this object selects, targets, or grants something to.
    fn referring(&self, project: usize, object: &Object) -> Vec<usize> {
        let node = &*object.node;
        let spec = node.get("spec");
        let field = |key: &str| spec.and_then(|spec| spec.get(key));
        let target = field("scaleTargetRef").or_else(|| field("targetRef"));
        let selector = ["podSelector", "endpointSelector", "selector"].into_iter().find_map(field);
        if let Some(target) = target {
            let (kind, name) = (target.text(&["kind"]).unwrap_or("Deployment"), target.text(&["name"]));
            let is_target = |workload: &Workload<'_>| workload.object.kind == kind;
            return self.services(project, object.namespace.as_deref(), |here| here.by_name.get(name?), is_target);
        }
        if let Some(selector) = selector {
            let selector = Selector::read(selector);
            let is_selected = |workload: &Workload<'_>| {
                let labels = workload.template.and_then(|template| template.get("metadata")?.get("labels"));
                selector.as_ref().is_some_and(|selector| selector.selects(labels))
            };
            let one = selector.as_ref().and_then(Selector::equality);
            return self.services(
                project,
                object.namespace.as_deref(),
                |here| match one {
                    Some(label) => here.by_label.get(&label),
                    None => Some(&here.all),
                },
                is_selected,
            );
        }
        let subjects = node.list("subjects").iter().filter(|subject| subject.text(&["kind"]) == Some("ServiceAccount"));
        subjects
            .flat_map(|subject| {
                let account = ("ServiceAccount", subject.text(&["name"]).unwrap_or_default());
                let namespace = subject.text(&["namespace"]).or(object.namespace.as_deref());
                self.services(project, namespace, |here| here.by_reference.get(&account), |_| true)
            })
            .collect()
    }

    /// The services that refer to this object, or that it is bound to.
    fn referred(&self, project: usize, object: &Object) -> Vec<usize> {
        let name = object.name.as_deref().unwrap_or_default();
        let namespace = object.namespace.as_deref();
        match object.kind.as_str() {
            "Role" | "ClusterRole" => {
                let key = (project, object.kind.as_str(), namespace.filter(|_| object.kind == "Role"), name);
                self.bound.get(&key).cloned().unwrap_or_default()
            }
            kind => match REFERABLE.iter().find(|known| **known == kind) {
                Some(kind) => self.services(project, namespace, |here| here.by_reference.get(&(*kind, name)), |_| true),
                None => Vec::new(),
            },
        }
    }

    /// The services of the workloads in a namespace that are among these candidates, and are it.
    fn services<'b>(
        &'b self,
        project: usize,
        namespace: Option<&'b str>,
        candidates: impl Fn(&'b Here<'b>) -> Option<&'b Vec<usize>>,
        is: impl Fn(&Workload<'_>) -> bool,
    ) -> Vec<usize> {
        let here = self.by_namespace.get(&(project, namespace)).and_then(candidates).into_iter().flatten();
        let is = |workload: &&Workload<'_>| {
            #[cfg(test)]
            super::tests::SCANNED.set(super::tests::SCANNED.get() + 1);
            is(workload)
        };
        let found = here.filter_map(|index| self.workloads.get(*index)).filter(is);
        let mut services: Vec<usize> = found.map(|workload| workload.service).collect();
        services.dedup();
        services
    }
}

/// The kinds that pods refer to by name.
const REFERABLE: [&str; 4] = ["Secret", "ConfigMap", "ServiceAccount", "PersistentVolumeClaim"];

/// Everything that a pod template refers to by name, wherever in it.
fn references(template: &Node) -> HashSet<(&'static str, &str)> {
    let spec = template.get("spec");
    let account = spec.and_then(|spec| spec.text(&["serviceAccountName"]).or_else(|| spec.text(&["serviceAccount"])));
    let mut found = HashSet::from([("ServiceAccount", account.unwrap_or("default"))]);
    let pull = spec.map_or(&[][..], |spec| spec.list("imagePullSecrets"));
    found.extend(pull.iter().filter_map(|secret| Some(("Secret", secret.text(&["name"])?))));
    collect(template, &mut found);
    found
}

fn collect<'a>(node: &'a Node, found: &mut HashSet<(&'static str, &'a str)>) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Mapping(entries) => {
            for entry in entries {
                let name = match &*entry.key {
                    "secretName" => entry.value.as_str().map(|name| ("Secret", name)),
                    "claimName" => entry.value.as_str().map(|name| ("PersistentVolumeClaim", name)),
                    "secret" | "secretRef" | "secretKeyRef" => entry.value.text(&["name"]).map(|name| ("Secret", name)),
                    "configMap" | "configMapRef" | "configMapKeyRef" => {
                        entry.value.text(&["name"]).map(|name| ("ConfigMap", name))
                    }
                    _ => None,
                };
                found.extend(name);
                collect(&entry.value, found);
            }
        }
        _ => {}
    }
}

/// Lines that a workload has written.
fn is_log(object: &Object) -> bool {
    LOG_SAMPLE.is(object.group(), &object.kind)
}

/// A catalog entity of Backstage, whose namespace is not a namespace of Kubernetes.
fn is_entity(object: &Object) -> bool {
    object.group() == "backstage.io"
}

/// The labels of a workload's pods.
fn labels(template: Option<&Node>) -> impl Iterator<Item = (&str, &str)> {
    let labels = template.and_then(|template| template.get("metadata")?.get("labels"));
    let entries = match labels.map(|labels| &labels.value) {
        Some(Value::Mapping(entries)) => &entries[..],
        _ => &[],
    };
    entries.iter().filter_map(|entry| Some((&*entry.key, entry.value.as_str()?)))
}

fn label<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.text(&["metadata", "labels", key])
}

fn annotation<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.text(&["metadata", "annotations", key])
}
