//! Which policies isolate the pods of a workload, whoever enforces them.
//!
//! Each kind of policy selects pods, and isolates them for ingress, for egress or for both: from then on only what some
//! policy allows goes through. What they allow is not looked at here.

use core::iter::once;

use sdk::label::Label;
use sdk::prelude::*;

use crate::calico;

/// The first policy found that isolates the pods, in each direction: `NetworkPolicy web`.
#[derive(Default)]
pub struct Isolation {
    pub ingress: Option<String>,
    pub egress: Option<String>,
    /// The first policy found that selects the pods and isolates them in neither.
    pub idle: Option<String>,
}

impl Isolation {
    /// Looks for policies until both directions are found.
    pub fn of<'a>(workload: Workload<'a>, world: &World<'a>, findings: &mut Findings) -> Result<Self, Undecided> {
        let pods = Pods { workload };
        let namespace = workload.object().namespace();
        let mut isolation = Self::default();
        let (within, labels) = (Within::Namespace(namespace), workload.pod_labels());
        let selecting = [Relation::selecting("spec.podSelector", labels)];
        for policy in world.related("networking.k8s.io/v1", "NetworkPolicy", within, &selecting)? {
            let selector = policy.get("spec.podSelector");
            // Not a pointer in the API, so that an absent selector is the empty one.
            if !selector.is_set() || LabelSelector::new(selector).selects(workload) {
                isolation.add(policy, policy_types(policy.get("spec")));
            }
        }
        if isolation.is_complete() {
            return Ok(isolation);
        }
        let selecting = [Relation::selecting("spec.endpointSelector", labels)];
        let own = world.related("cilium.io/v2", "CiliumNetworkPolicy", within, &selecting)?;
        let all = world.related("cilium.io/v2", "CiliumClusterwideNetworkPolicy", Within::All, &selecting)?;
        if !own.is_empty() || !all.is_empty() {
            let namespace = pods.namespace(world)?;
            for policy in own.into_iter().chain(all) {
                isolation.add_cilium(policy, &|key| pods.cilium_label(key, namespace));
            }
        }
        for api_version in ["projectcalico.org/v3", "crd.projectcalico.org/v1"] {
            if isolation.is_complete() {
                return Ok(isolation);
            }
            let own = world.list(api_version, "NetworkPolicy", namespace)?;
            let all = world.list_all(api_version, "GlobalNetworkPolicy")?;
            if !own.is_empty() || !all.is_empty() {
                let (namespace, account) = (pods.namespace(world)?, pods.service_account(world)?);
                for policy in own.into_iter().chain(all) {
                    if pods.are_selected_by_calico(policy.get("spec"), namespace, account, findings) {
                        isolation.add(policy, calico_types(policy.get("spec")));
                    }
                }
            }
        }
        // Elsewhere it is unknown anyway.
        if !isolation.is_complete() && world.is_complete() {
            isolation.may_be_administered(&pods, world)?;
        }
        Ok(isolation)
    }

    /// Unknown where policies of the cluster's administrators deny something in every direction that is not isolated. They
    /// isolate nothing: what no rule of theirs is about goes through.
    fn may_be_administered<'a>(&self, pods: &Pods<'a>, world: &World<'a>) -> Result<(), Undecided> {
        let (mut ingress, mut egress) = (self.ingress.is_some(), self.egress.is_some());
        for (api_version, kind) in ADMINISTRATORS {
            for policy in world.list_all(api_version, kind)? {
                if !pods.are_subject_to(policy.get("spec.subject"), pods.namespace(world)?) {
                    continue;
                }
                let is_denied = |rule: Field<'_>| rule.get("action").str() == Some("Deny");
                ingress |= policy.get("spec.ingress").items().any(is_denied);
                egress |= policy.get("spec.egress").items().any(is_denied);
                if ingress && egress {
                    let name = policy.name();
                    let why = format!("{kind} {name} denies traffic of these pods, and how much of it is not checked");
                    return Err(Undecided::Unknown(why));
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, policy: Object<'_>, (ingress, egress): (bool, bool)) {
        let idle = !ingress && !egress;
        for (isolates, place) in [(ingress, &mut self.ingress), (egress, &mut self.egress), (idle, &mut self.idle)] {
            if isolates && place.is_none() {
                *place = Some(policy.kind().to_owned() + " " + policy.name());
            }
        }
    }

    fn add_cilium<'a>(&mut self, policy: Object<'_>, label: &dyn Fn(&str) -> Option<Label<'a>>) {
        for spec in once(policy.get("spec")).chain(policy.get("specs").items()) {
            if LabelSelector::new(spec.get("endpointSelector")).matches_by(label) {
                let default_deny = spec.get("enableDefaultDeny");
                let isolates = |direction, deny| match default_deny.get(direction).bool() {
                    Some(said) => said,
                    // An empty section is to Cilium as none; a rule `- {}` allows nothing, and isolates.
                    None => spec.get(direction).has_items() || spec.get(deny).has_items(),
                };
                self.add(policy, (isolates("ingress", "ingressDeny"), isolates("egress", "egressDeny")));
            }
        }
    }

    const fn is_complete(&self) -> bool {
        self.ingress.is_some() && self.egress.is_some()
    }
}

/// Policies of a cluster's administrators, which come before or after all others.
const ADMINISTRATORS: [(&str, &str); 3] = [
    ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy"),
    ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"),
];

/// Whether a NetworkPolicy isolates for ingress and for egress, with the API's defaults.
pub fn policy_types(spec: Field<'_>) -> (bool, bool) {
    let types = spec.get("policyTypes");
    if types.has_items() { said_types(types) } else { (true, spec.get("egress").has_items()) }
}

/// The same for Calico, which takes a policy with egress rules alone for egress only.
fn calico_types(spec: Field<'_>) -> (bool, bool) {
    let types = spec.get("types");
    if types.has_items() {
        return said_types(types);
    }
    let (ingress, egress) = (spec.get("ingress").has_items(), spec.get("egress").has_items());
    (ingress || !egress, egress)
}

fn said_types(types: Field<'_>) -> (bool, bool) {
    let says = |wanted| types.items().any(|field| field.str() == Some(wanted));
    (says("Ingress"), says("Egress"))
}

fn label_of<'a>(object: Option<Object<'a>>, key: &str) -> Option<&'a str> {
    object?.labels().entry(key).str()
}

/// The pods of a workload, as selectors see them.
struct Pods<'a> {
    workload: Workload<'a>,
}

impl<'a> Pods<'a> {
    /// A label as Cilium derives it from the pod, its namespace and its ServiceAccount.
    fn cilium_label(&self, key: &str, namespace: Option<Object<'a>>) -> Option<Label<'a>> {
        let key = key.strip_prefix("k8s:").or_else(|| key.strip_prefix("any:")).unwrap_or(key);
        if let Some(key) = key.strip_prefix("io.cilium.k8s.namespace.labels.") {
            let value = match key {
                "kubernetes.io/metadata.name" => self.workload.object().namespace(),
                _ => label_of(namespace, key),
            };
            return value.map(Label::Is);
        }
        match key {
            "io.kubernetes.pod.namespace" => self.workload.object().namespace().map(Label::Is),
            "io.cilium.k8s.policy.serviceaccount" => Some(Label::Is(self.service_account_name())),
            _ => self.workload.pod_label(key),
        }
    }

    /// A label as Calico derives it.
    fn calico_label(&self, key: &str) -> Option<&'a str> {
        match key {
            "projectcalico.org/namespace" => self.workload.object().namespace(),
            "projectcalico.org/orchestrator" => Some("k8s"),
            "projectcalico.org/serviceaccount" => Some(self.service_account_name()),
            _ => match self.workload.pod_label(key) {
                Some(Label::Is(value)) => Some(value),
                // What a controller sets is not known yet, and Calico's expressions compare in more ways than one.
                _ => self.workload.pod_labels().entry(key).str(),
            },
        }
    }

    /// Whether a policy of Calico's with this spec selects them. A malformed one selects nothing, and is a finding.
    fn are_selected_by_calico(
        &self,
        spec: Field<'a>,
        namespace: Option<Object<'a>>,
        account: Option<Object<'a>>,
        findings: &mut Findings,
    ) -> bool {
        let mut selects = |field, labels: calico::Labels<'_, '_>| {
            let field = spec.get(field);
            calico::selects(field.str().unwrap_or_default(), labels).unwrap_or_else(|cause| {
                findings.fail(field, cause.to_string(), "a selector such as `app == 'web' && has(tier)`");
                false
            })
        };
        // What is done before connection tracking or DNAT concerns hosts alone.
        spec.get("doNotTrack").bool() != Some(true)
            && spec.get("preDNAT").bool() != Some(true)
            && selects("selector", &|key| self.calico_label(key))
            && selects("namespaceSelector", &|key| match key {
                "projectcalico.org/name" | "kubernetes.io/metadata.name" => self.workload.object().namespace(),
                _ => label_of(namespace, key),
            })
            && selects("serviceAccountSelector", &|key| match key {
                "projectcalico.org/name" => Some(self.service_account_name()),
                _ => label_of(account, key),
            })
    }

    /// Whether they are the subject of an administrator's policy: all pods of some namespaces, or some of them.
    fn are_subject_to(&self, subject: Field<'a>, namespace: Option<Object<'a>>) -> bool {
        let (whole, pods) = (subject.get("namespaces"), subject.get("pods"));
        let namespaces = if pods.is_set() { pods.get("namespaceSelector") } else { whole };
        let label = |key: &str| match key {
            "kubernetes.io/metadata.name" => self.workload.object().namespace().map(Label::Is),
            _ => label_of(namespace, key).map(Label::Is),
        };
        LabelSelector::new(namespaces).matches_by(&label)
            && (!pods.is_set() || LabelSelector::new(pods.get("podSelector")).selects(self.workload))
    }

    fn service_account_name(&self) -> &'a str {
        let said = |field| self.workload.pod().get(field).str().filter(|name| !name.is_empty());
        said("serviceAccountName").or_else(|| said("serviceAccount")).unwrap_or("default")
    }

    fn service_account(&self, world: &World<'a>) -> Result<Option<Object<'a>>, Undecided> {
        world.get("v1", "ServiceAccount", self.workload.object().namespace(), self.service_account_name())
    }

    fn namespace(&self, world: &World<'a>) -> Result<Option<Object<'a>>, Undecided> {
        match self.workload.object().namespace() {
            Some(name) => world.get("v1", "Namespace", None, name),
            None => Ok(None),
        }
    }
}
