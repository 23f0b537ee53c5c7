//! Small worlds in which labels, selectors and references meet at random, in every form that a selector takes, malformed
//! ones too.
//!
//! The same number gives the same world, in every run and on every machine.
#![allow(clippy::indexing_slicing)]

use serde_json::{Value, json};

/// Chooses, the same for the same seed: xorshift.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    fn labels(&mut self) -> Value {
        let mut labels = serde_json::Map::new();
        for _ in 0..self.below(3) {
            let (key, value) = (self.of(&["app", "tier", "app.kubernetes.io/name"]), self.of(&["web", "db", "cache"]));
            labels.insert(key.into(), json!(value));
        }
        Value::Object(labels)
    }

    fn requirement(&mut self) -> Value {
        let key = self.of(&["app", "tier", "app.kubernetes.io/name", "statefulset.kubernetes.io/pod-name"]);
        let values = [json!(["web"]), json!(["web", "db"]), json!([]), json!(null), json!([1])];
        let operator = self.of(&["In", "NotIn", "Exists", "DoesNotExist", "Like"]);
        json!({"key": key, "operator": operator, "values": self.of(&values)})
    }

    /// A `metav1.LabelSelector`, as people write it and as nobody should.
    fn selector(&mut self) -> Value {
        let (labels, requirement) = (self.labels(), self.requirement());
        let forms = [
            json!({"matchLabels": labels}),
            json!({"matchLabels": labels}),
            json!({"matchLabels": labels, "matchExpressions": [requirement]}),
            json!({"matchExpressions": [requirement]}),
            json!({}),
            json!(null),
            json!({"matchLabels": null}),
            json!({"matchLabels": ["app"]}),
            json!({"matchLabels": {"app": 1}}),
            json!({"MatchLabels": labels}),
            json!({"matchExpressions": {}}),
            json!("app=web"),
        ];
        self.of(&forms)
    }

    fn object(&mut self, api_version: &str, kind: &str, number: usize, mut rest: Value) -> Value {
        let namespace = self.of(&[json!("a"), json!("a"), json!("b"), json!(null)]);
        let metadata = json!({"name": format!("n{number}"), "namespace": namespace, "labels": self.labels()});
        rest["apiVersion"] = json!(api_version);
        rest["kind"] = json!(kind);
        rest["metadata"] = metadata;
        rest
    }
}

/// A world of that number: a few workloads, and of each kind that rules relate to them some that fit and some that do not.
#[must_use]
pub fn related(seed: u64) -> String {
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut objects = Vec::new();
    for number in 0..6 {
        let (kind, labels) = (chance.of(&["Deployment", "StatefulSet"]), chance.labels());
        let container = json!({"name": "app", "image": "example.com/app:1.2.3", "ports": [{"containerPort": 80}]});
        let account = chance.of(&[json!("n0"), json!("n1"), json!(null)]);
        let spec = json!({
            "replicas": chance.below(4), "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"serviceAccountName": account, "containers": [container]}},
        });
        objects.push(chance.object("apps/v1", kind, number, json!({"spec": spec})));
    }
    for number in 0..6 {
        let selector = chance.selector();
        let amount =
            chance.of(&[json!({"minAvailable": 1}), json!({"maxUnavailable": "50%"}), json!({"minAvailable": 3})]);
        let mut budget = amount;
        budget["selector"] = selector.clone();
        let types = chance.of(&[json!(["Ingress"]), json!(["Ingress", "Egress"]), json!(null)]);
        let name = format!("n{}", chance.below(8));
        let subject = chance.of(&[
            json!({"kind": "ServiceAccount", "name": name, "namespace": "a"}),
            json!({"kind": "User", "name": format!("system:serviceaccount:a:{name}")}),
            json!({"kind": "Group", "name": "n0"}),
            json!({"Name": name}),
        ]);
        let target =
            chance.of(&[json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": name}), json!({"name": 1})]);
        let bare = chance.labels();
        let monitored = chance.selector();
        objects.extend([
            chance.object("v1", "Service", number, json!({"spec": {"selector": bare, "ports": [{"name": "http", "port": 80}]}})),
            chance.object("policy/v1", "PodDisruptionBudget", number, json!({"spec": budget})),
            chance.object("networking.k8s.io/v1", "NetworkPolicy", number, json!({"spec": {"podSelector": selector, "policyTypes": types}})),
            chance.object("cilium.io/v2", "CiliumNetworkPolicy", number, json!({"spec": {"endpointSelector": selector, "ingress": [{}]}})),
            chance.object("monitoring.coreos.com/v1", "ServiceMonitor", number, json!({"spec": {"selector": monitored, "namespaceSelector": {"any": number > 3}, "endpoints": [{"port": "http"}]}})),
            chance.object("autoscaling/v2", "HorizontalPodAutoscaler", number, json!({"spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4}})),
            chance.object("rbac.authorization.k8s.io/v1", "RoleBinding", number, json!({"roleRef": {"kind": "Role", "name": "r"}, "subjects": [subject]})),
            chance.object("backstage.io/v1alpha1", "Component", number, json!({"spec": {"owner": "team"}})),
            chance.object("sloth.slok.dev/v1", "PrometheusServiceLevel", number, json!({"spec": {"service": name}})),
            chance.object("kyverno.io/v1", "ClusterPolicy", number, json!({"spec": {"rules": [{"name": "r"}]}})),
        ]);
    }
    let texts = objects.iter().map(|object| format!("---\n{object}\n"));
    texts.collect()
}
