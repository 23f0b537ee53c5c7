#![no_std]
mod addresses;
mod calico;
mod isolation;
mod openness;

use isolation::Isolation;
use sdk::prelude::*;

policy! {
    /// Network policies select every pod, for ingress and egress.
    ///
    /// Policies add up: one may isolate the pods for ingress and another for egress, and a policy with an empty
    /// `podSelector` isolates its whole namespace. What counts is the direction: `policyTypes` where it is given, else
    /// ingress, and egress only where the policy has egress rules. An empty `ingress: []` denies everything, and says so.
    /// Jobs and CronJobs count as much as servers.
    ///
    /// Besides `networking.k8s.io`, these count by their own selectors: CiliumNetworkPolicy and
    /// CiliumClusterwideNetworkPolicy, in the directions for which they have rules or `enableDefaultDeny`; and Calico's
    /// NetworkPolicy and GlobalNetworkPolicy, with their selector language, `types`, and the labels of namespaces and
    /// ServiceAccounts.
    ///
    /// Where an AdminNetworkPolicy, BaselineAdminNetworkPolicy or ClusterNetworkPolicy (`policy.networking.k8s.io`) denies
    /// traffic of the pods in a direction that nothing isolates, it is unknown how much of it.
    ///
    /// The policies are checked too. A rule that lets everybody through on every port is a finding, however it is
    /// written: `- {}`; all addresses, in one block or in several, without exceptions; `namespaceSelector: {}` alone;
    /// ports 1 to 65535; Calico's `Allow` that names nobody; Cilium's entity `all`, or `world` with `cluster`. A rule
    /// limited to some ports is explicit, and passes.
    ///
    /// No policy applies to pods with `hostNetwork: true`, which share the network of their node.
    ///
    /// ## Why
    ///
    /// A pod that no policy selects may be reached from every pod of the cluster and may reach anything, the cloud's
    /// metadata service included. One intruder is then everywhere.
    ///
    /// ## Fix
    ///
    /// Deny everything in the namespace with an empty `podSelector`, and allow what each workload needs; DNS is the egress
    /// that is forgotten first.
    ///
    /// ## Fails
    ///
    /// The policy has no egress rules and no `policyTypes`, so it leaves egress open:
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   ingress: [{ports: [{port: 8080}]}]
    /// ```
    ///
    /// ```yaml,fail
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes: [Ingress, Egress]
    ///   ingress: [{ports: [{port: 8080}]}]
    ///   egress: [{}]
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: default-deny, namespace: shop}
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress, Egress]
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   ingress: [{ports: [{port: 8080}]}]
    /// ```
    pub struct NetworkPolicy {
        /// Whether `hostNetwork: true` is a finding. Otherwise the rule does not apply to such pods.
        report_host_network: bool = false,
    }
    severity: High,
    section: Security,
    since: "0.1.0",
    applies_to: [
        Workloads,
        "networking.k8s.io/v1/NetworkPolicy",
        "cilium.io/v2/CiliumNetworkPolicy",
        "cilium.io/v2/CiliumClusterwideNetworkPolicy",
        "projectcalico.org/v3/NetworkPolicy",
        "projectcalico.org/v3/GlobalNetworkPolicy",
        "crd.projectcalico.org/v1/NetworkPolicy",
        "crd.projectcalico.org/v1/GlobalNetworkPolicy",
    ],
    reads: [
        "pod.metadata.labels",
        "pod.spec.hostNetwork",
        "pod.spec.serviceAccountName",
        "pod.spec.serviceAccount",
        "spec.podSelector",
        "spec.policyTypes",
        "spec.ingress",
        "spec.egress",
        "specs",
    ],
    looks_up: [
        "networking.k8s.io/v1/NetworkPolicy": ["spec.podSelector", "spec.policyTypes", "spec.egress"],
        "cilium.io/v2/CiliumNetworkPolicy": [
            "spec.endpointSelector",
            "spec.enableDefaultDeny",
            "spec.ingress",
            "spec.ingressDeny",
            "spec.egress",
            "spec.egressDeny",
            "specs",
        ],
        "cilium.io/v2/CiliumClusterwideNetworkPolicy": [
            "spec.endpointSelector",
            "spec.enableDefaultDeny",
            "spec.ingress",
            "spec.ingressDeny",
            "spec.egress",
            "spec.egressDeny",
            "specs",
        ],
        "projectcalico.org/v3/NetworkPolicy": ["spec"],
        "projectcalico.org/v3/GlobalNetworkPolicy": ["spec"],
        "crd.projectcalico.org/v1/NetworkPolicy": ["spec"],
        "crd.projectcalico.org/v1/GlobalNetworkPolicy": ["spec"],
        "policy.networking.k8s.io/v1alpha1/AdminNetworkPolicy": [
            "spec.subject",
            "spec.ingress.action",
            "spec.egress.action",
        ],
        "policy.networking.k8s.io/v1alpha1/BaselineAdminNetworkPolicy": [
            "spec.subject",
            "spec.ingress.action",
            "spec.egress.action",
        ],
        "policy.networking.k8s.io/v1alpha2/ClusterNetworkPolicy": [
            "spec.subject",
            "spec.ingress.action",
            "spec.egress.action",
        ],
        "v1/Namespace": ["metadata.labels"],
        "v1/ServiceAccount": ["metadata.labels"],
    ],
}

impl Rule for NetworkPolicy {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        if object.is("networking.k8s.io", "NetworkPolicy") {
            check_policy(object, findings);
        }
        if matches!(object.group(), "networking.k8s.io" | "cilium.io" | "projectcalico.org" | "crd.projectcalico.org") {
            openness::check(object, findings);
            return Ok(());
        }
        let (workload, world) = (request.workload()?, request.world());
        let host_network = workload.pod().get("hostNetwork");
        if host_network.bool() == Some(true) {
            if self.report_host_network {
                findings.fail(
                    host_network,
                    "on the node's network no network policy applies",
                    fix::set(host_network, false),
                );
                return Ok(());
            }
            return not_applicable("no network policy applies on the node's network (hostNetwork)");
        }
        let (message, fix) = match Isolation::of(workload, world, findings)? {
            Isolation { ingress: Some(_), egress: Some(_), .. } => return Ok(()),
            Isolation { ingress: None, egress: None, idle: Some(policy) } => {
                world.must_be_complete("network policy that isolates these pods")?;
                let message = format!(
                    "{policy} selects these pods, but isolates them in no direction, since it has no rules, so all \
                     ingress and egress is allowed"
                );
                (message, "where nothing is to be allowed, write `ingress: [{}]` and `egress: [{}]` there")
            }
            Isolation { ingress: None, egress: None, idle: None } => {
                world.must_be_complete("network policy that selects these pods")?;
                let fix = "add a NetworkPolicy that selects these pods, with `policyTypes: [Ingress, Egress]`";
                ("no network policy selects these pods, so all ingress and egress is allowed".to_owned(), fix)
            }
            Isolation { ingress: Some(policy), egress: None, .. } => {
                world.must_be_complete("network policy that selects these pods for egress")?;
                let fix = "add a NetworkPolicy that selects these pods, with `policyTypes: [Egress]`";
                (
                    format!(
                        "{policy} selects these pods for ingress, but none does for egress, so all of it is allowed"
                    ),
                    fix,
                )
            }
            Isolation { ingress: None, egress: Some(policy), .. } => {
                world.must_be_complete("network policy that selects these pods for ingress")?;
                let fix = "add a NetworkPolicy that selects these pods, with `policyTypes: [Ingress]`";
                (
                    format!(
                        "{policy} selects these pods for egress, but none does for ingress, so all of it is allowed"
                    ),
                    fix,
                )
            }
        };
        findings.fail(workload.pod_labels(), message, fix);
        Ok(())
    }
}

/// Finds what has no effect in a policy.
fn check_policy(policy: Object<'_>, findings: &mut Findings) {
    LabelSelector::new(policy.get("spec.podSelector")).validate();
    let types = policy.get("spec.policyTypes");
    for field in types.items() {
        if !matches!(field.str(), Some("Ingress" | "Egress")) {
            findings.fail(field, "this is no policy type, and the API server refuses it", "Ingress or Egress");
        }
    }
    let (ingress, egress) = isolation::policy_types(policy.get("spec"));
    for (direction, section, isolates) in [("ingress", "spec.ingress", ingress), ("egress", "spec.egress", egress)] {
        let section = policy.get(section);
        if !isolates && section.is_set() {
            let why = if !types.has_items() {
                "without policyTypes, an empty list has no effect"
            } else {
                "policyTypes does not list it"
            };
            let message = format!("this section does not isolate the pods for {direction}: {why}");
            findings.warn(section, message, fix::set(types, vec!["Ingress".into(), "Egress".into()]));
        }
    }
}
