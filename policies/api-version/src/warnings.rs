//! Fields, annotations and labels that are deprecated or do nothing any more. The API server warns of nearly all of them.
//!
//! It must not know versions of kinds.

use sdk::prelude::*;
use sdk::rows::rows;

/// Kept by hand; it says where from.
const TABLE: &str = include_str!("../data/warnings.tsv");

/// What the table says of one name.
struct Warned<'n> {
    name: &'n str,
    deprecated: u32,
    /// Since when it does nothing.
    gone: Option<u32>,
    /// What to use; empty where there is nothing.
    instead: &'static str,
}

/// Says what is deprecated at a minor of Kubernetes.
pub struct Warnings<'f> {
    pub minor: u32,
    pub findings: &'f mut Findings,
}

impl Warnings<'_> {
    pub fn check(&mut self, object: Object<'_>) {
        if let Some(workload) = Workload::view(object) {
            self.check_pod(workload);
        }
        if matches!(object.group(), "" | "networking.k8s.io" | "extensions") {
            self.check_annotations(object.kind(), object.get("metadata.annotations"), |key| {
                key == "kubernetes.io/ingress.class" && object.get("spec.ingressClassName").is_set()
            });
        }
        match (object.group(), object.kind()) {
            ("", "Service") => self.check_service(object),
            ("", "PersistentVolume") => self.check_persistent_volume(object),
            ("", "Node") => self.check_fields("node", "the field", object.get("spec")),
            ("discovery.k8s.io", "EndpointSlice") if object.get("addressType").str() == Some("FQDN") => {
                let message = "`addressType: FQDN` is deprecated: nothing uses such endpoints";
                self.findings.warn(object.get("addressType"), message, "list IP addresses");
            }
            ("node.k8s.io", "RuntimeClass") => self.node_labels(object.get("scheduling.nodeSelector")),
            ("storage.k8s.io", "StorageClass") => {
                for topology in object.get("allowedTopologies").items() {
                    self.node_label_keys(topology.get("matchLabelExpressions"));
                }
            }
            ("storage.k8s.io", "CSIStorageCapacity") => {
                self.node_labels(object.get("nodeTopology.matchLabels"));
                self.node_label_keys(object.get("nodeTopology.matchExpressions"));
            }
            _ => {}
        }
    }

    fn check_pod(&mut self, workload: Workload<'_>) {
        let pod = workload.pod();
        let annotations = workload.template().get("metadata.annotations");
        self.node_labels(pod.get("nodeSelector"));
        let affinity = pod.get("affinity.nodeAffinity");
        let required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms").items();
        let preferred = affinity.get("preferredDuringSchedulingIgnoredDuringExecution").items();
        for term in required.chain(preferred.map(|term| term.get("preference"))) {
            self.node_label_keys(term.get("matchExpressions"));
        }
        for constraint in pod.get("topologySpreadConstraints").items() {
            self.node_label(constraint.get("topologyKey"));
        }
        // The API server writes both, and warns of neither.
        let (alias, account) = (pod.get("serviceAccount"), pod.get("serviceAccountName"));
        if alias.is_set() && !account.is_set() {
            let message = "the field `serviceAccount` is a deprecated alias";
            self.findings.warn(alias, message, "use the field `serviceAccountName`");
        }
        for volume in pod.get("volumes").items() {
            self.check_fields("volume", "the volume type", volume);
        }
        self.check_annotations("pod-annotation", annotations, |_| false);
        self.check_profiles(workload, annotations);
    }

    /// Annotations that fields have replaced; they do no harm beside the field.
    fn check_profiles(&mut self, workload: Workload<'_>, annotations: Field<'_>) {
        let pod = workload.pod().get("securityContext");
        for (key, at) in annotations.entries() {
            let seccomp = key.strip_prefix("container.seccomp.security.alpha.kubernetes.io/");
            let app_armor = key.strip_prefix("container.apparmor.security.beta.kubernetes.io/");
            let (field, since) = match (key, seccomp, app_armor) {
                ("seccomp.security.alpha.kubernetes.io/pod", ..) | (_, Some(_), _) => ("seccompProfile", 27),
                (.., Some(_)) => ("appArmorProfile", 30),
                _ => continue,
            };
            let has_field = match seccomp.or(app_armor) {
                None => pod.get(field).is_set(),
                Some(name) => {
                    let is_of_pod = app_armor.is_some() && pod.get(field).is_set();
                    let lacks_it = |container: Container<'_>| {
                        container.name() == name && !container.get("securityContext").get(field).is_set()
                    };
                    // A pod without containers is for other rules to say.
                    let has_containers = workload.pod().get("containers").has_items();
                    is_of_pod || !has_containers || !workload.containers(Class::ALL).any(lacks_it)
                }
            };
            if self.minor < since || has_field {
                continue;
            }
            let message = match field {
                "seccompProfile" => format!("the annotation `{key}` does nothing since Kubernetes 1.{since}"),
                _ => format!("the annotation `{key}` is deprecated since Kubernetes 1.{since}"),
            };
            self.findings.warn(at, message, format!("use the field `securityContext.{field}`"));
        }
    }

    fn check_service(&mut self, service: Object<'_>) {
        let (external, headless) =
            (service.get("spec.externalIPs"), service.get("spec.clusterIP").str() == Some("None"));
        let is_name = service.get("spec.type").str() == Some("ExternalName");
        if self.minor >= 36 && external.has_items() && !headless && !is_name {
            let message = "`spec.externalIPs` is deprecated since Kubernetes 1.36: some clusters may not implement it";
            self.findings.warn(external, message, "use a LoadBalancer or a Gateway");
        }
        let distribution = service.get("spec.trafficDistribution");
        if self.minor >= 34 && distribution.str() == Some("PreferClose") {
            let message = "`PreferClose` is deprecated since Kubernetes 1.34";
            self.findings.warn(distribution, message, fix::set(distribution, "PreferSameZone"));
        }
    }

    fn check_persistent_volume(&mut self, volume: Object<'_>) {
        self.check_fields("persistent-volume", "the volume type", volume.get("spec"));
        let policy = volume.get("spec.persistentVolumeReclaimPolicy");
        if policy.str() == Some("Recycle") {
            let message = "the reclaim policy `Recycle` is deprecated";
            self.findings.warn(policy, message, "use dynamic provisioning, or the policy `Delete` or `Retain`");
        }
        for term in volume.get("spec.nodeAffinity.required.nodeSelectorTerms").items() {
            self.node_label_keys(term.get("matchExpressions"));
        }
    }

    /// Warns of the fields of a map that the table has at this place.
    fn check_fields(&mut self, place: &str, what: &str, map: Field<'_>) {
        for warned in of_place(place) {
            let at = map.get(warned.name);
            if at.is_set() {
                self.warn(at, what, &warned);
            }
        }
    }

    fn check_annotations(&mut self, place: &str, annotations: Field<'_>, is_fine: impl Fn(&str) -> bool) {
        for (key, at) in annotations.entries() {
            if let Some(warned) = named(place, key).filter(|_| !is_fine(key)) {
                self.warn(at, "the annotation", &warned);
            }
        }
    }

    fn node_labels(&mut self, labels: Field<'_>) {
        for (key, at) in labels.entries() {
            if let Some(warned) = named("node-label", key) {
                self.warn(at, "the node label", &warned);
            }
        }
    }

    fn node_label_keys(&mut self, expressions: Field<'_>) {
        for expression in expressions.items() {
            self.node_label(expression.get("key"));
        }
    }

    fn node_label(&mut self, at: Field<'_>) {
        let label = at.str().and_then(|key| named("node-label", key));
        if let Some(warned) = label {
            self.warn(at, "the node label", &warned);
        }
    }

    fn warn(&mut self, at: Field<'_>, what: &str, warned: &Warned<'_>) {
        let Warned { name, deprecated, gone, instead } = warned;
        let state = match gone.filter(|gone| *gone <= self.minor) {
            Some(gone) => format!("does nothing since Kubernetes 1.{gone}"),
            None if *deprecated <= self.minor => format!("is deprecated since Kubernetes 1.{deprecated}"),
            None => return,
        };
        let fix = if instead.is_empty() { "remove it".to_owned() } else { format!("use {instead}") };
        self.findings.warn(at, format!("{what} `{name}` {state}"), fix);
    }
}

/// All that the table has at a place.
fn of_place(place: &str) -> Vec<Warned<'static>> {
    let read = |row: &'static str| row.split_once('\t').and_then(|(name, rest)| warned(name, rest));
    rows(TABLE, &format!("{place}\t")).filter_map(read).collect()
}

/// What the table says of a name at a place.
fn named<'n>(place: &str, name: &'n str) -> Option<Warned<'n>> {
    warned(name, rows(TABLE, &format!("{place}\t{name}\t")).next()?)
}

fn warned<'n>(name: &'n str, columns: &'static str) -> Option<Warned<'n>> {
    let mut columns = columns.split('\t');
    let (deprecated, gone) = (columns.next()?.parse().ok()?, columns.next()?.parse().ok());
    let instead = columns.next().filter(|text| *text != "-").unwrap_or_default();
    Some(Warned { name, deprecated, gone, instead })
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn the_table_is_sorted_by_place_and_name() {
        let rows = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert!(rows.is_sorted_by_key(|row| row.match_indices('\t').nth(1).map(|(end, _)| &row[..=end])));
    }
}
