//! Manifests made up in any number, of the size and shape of real ones.

pub mod odd;
pub mod world;

use std::fmt::Write as _;

/// A Deployment as teams write them, some 6 to 7 KB of JSON: three containers with many variables, probes, volumes,
/// affinity and labels. `index` varies what varies; every third one breaks some rules.
#[must_use]
pub fn deployment(index: usize) -> String {
    let broken = index.is_multiple_of(3);
    let (tag, privileged) = if broken { ("latest", "true") } else { ("1.4.2", "false") };
    let mut text = format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-{index}
  namespace: shop
  labels: {{app.kubernetes.io/name: service-{index}, app.kubernetes.io/part-of: shop, team: payments, tier: backend}}
  annotations:
    seaworthy.dev/runbook-url: https://runbooks.example.com/service-{index}
    description: Takes orders from the storefront, prices them, and hands them to the fulfilment queue.
spec:
  replicas: 3
  revisionHistoryLimit: 5
  minReadySeconds: 30
  strategy: {{type: RollingUpdate, rollingUpdate: {{maxSurge: 1, maxUnavailable: 0}}}}
  selector:
    matchLabels: {{app.kubernetes.io/name: service-{index}}}
  template:
    metadata:
      labels: {{app.kubernetes.io/name: service-{index}, app.kubernetes.io/part-of: shop, team: payments, tier: backend}}
      annotations: {{prometheus.io/scrape: \"true\", prometheus.io/port: \"9090\", checksum/config: 5f2b1c9e8d7a6b5c4d3e2f1a0b9c8d7e}}
    spec:
      serviceAccountName: service-{index}
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 45
      securityContext: {{runAsNonRoot: true, fsGroup: 2000, seccompProfile: {{type: RuntimeDefault}}}}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: ScheduleAnyway
          labelSelector: {{matchLabels: {{app.kubernetes.io/name: service-{index}}}}}
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm:
                topologyKey: kubernetes.io/hostname
                labelSelector: {{matchLabels: {{app.kubernetes.io/name: service-{index}}}}}
      containers:
"
    );
    for name in ["app", "proxy", "exporter"] {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "        - name: {name}
          image: registry.example.com:5000/shop/{name}:{tag}
          imagePullPolicy: IfNotPresent
          args: [\"--listen=0.0.0.0:8080\", \"--log-format=json\", \"--shutdown-grace=30s\", \"--metrics=:9090\"]
          ports: [{{name: http, containerPort: 8080}}, {{name: metrics, containerPort: 9090}}]
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{cpu: 500m, memory: 256Mi}}
          readinessProbe: {{httpGet: {{path: /ready, port: http}}, periodSeconds: 5, timeoutSeconds: 2}}
          livenessProbe: {{httpGet: {{path: /alive, port: http}}, failureThreshold: 6}}
          lifecycle: {{preStop: {{sleep: {{seconds: 10}}}}}}
          securityContext:
            allowPrivilegeEscalation: {privileged}
            readOnlyRootFilesystem: true
            capabilities: {{drop: [ALL]}}
          volumeMounts: [{{name: tmp, mountPath: /tmp}}, {{name: config, mountPath: /etc/service, readOnly: true}}]
          env:
            - {{name: LOG_FORMAT, value: json}}
            - {{name: POD_NAME, valueFrom: {{fieldRef: {{fieldPath: metadata.name}}}}}}
            - {{name: DATABASE_URL, valueFrom: {{secretKeyRef: {{name: service-{index}-database, key: url}}}}}}
"
        );
        for variable in 0..12 {
            let _ = writeln!(
                text,
                "            - {{name: FEATURE_{variable}_ENDPOINT, value: \"http://feature-{variable}.shop.svc.cluster.local:8080/v1\"}}"
            );
        }
    }
    text.push_str("      volumes:\n        - {name: tmp, emptyDir: {}}\n        - {name: config, configMap: {name: shop-config}}\n");
    text
}

/// `number` services, each a Deployment with its Service, ServiceAccount, disruption budget and network policy.
#[must_use]
pub fn services(number: usize) -> String {
    services_from(0, number)
}

/// The same, from an index on.
#[must_use]
pub fn services_from(first: usize, number: usize) -> String {
    let mut text = String::new();
    for index in first..first + number {
        text.push_str("---\n");
        text.push_str(&deployment(index));
        let _ = write!(
            text,
            "---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: service-{index}, namespace: shop}}
---
apiVersion: v1
kind: Service
metadata: {{name: service-{index}, namespace: shop}}
spec: {{selector: {{app.kubernetes.io/name: service-{index}}}, ports: [{{name: http, port: 80, targetPort: http}}]}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: service-{index}, namespace: shop}}
spec: {{minAvailable: 2, selector: {{matchLabels: {{app.kubernetes.io/name: service-{index}}}}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: service-{index}, namespace: shop}}
spec: {{podSelector: {{matchLabels: {{app.kubernetes.io/name: service-{index}}}}}, policyTypes: [Ingress, Egress], ingress: [], egress: []}}
"
        );
    }
    text
}

/// `number` services in one namespace, each with all that a service brings along: a Deployment, Service, disruption
/// budget, network policy, ServiceMonitor, autoscaler, ServiceAccount and RoleBinding.
#[must_use]
pub fn namespace(number: usize) -> String {
    namespace_from(0, number)
}

/// The same, from an index on.
#[must_use]
pub fn namespace_from(first: usize, number: usize) -> String {
    let mut text = services_from(first, number);
    for index in first..first + number {
        let _ = write!(
            text,
            "---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {{name: service-{index}, namespace: shop}}
spec: {{selector: {{matchLabels: {{app.kubernetes.io/name: service-{index}}}}}, endpoints: [{{port: http}}]}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: service-{index}, namespace: shop}}
spec: {{scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: service-{index}}}, minReplicas: 3, maxReplicas: 6}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: service-{index}, namespace: shop}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}}
subjects: [{{kind: ServiceAccount, name: service-{index}}}]
"
        );
    }
    text
}

/// The same in the namespace of that name.
#[must_use]
pub fn namespace_of(number: usize, name: &str) -> String {
    namespace(number).replace("namespace: shop", &format!("namespace: {name}"))
}
