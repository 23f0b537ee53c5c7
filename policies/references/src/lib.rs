#![no_std]
extern crate alloc;

use sdk::prelude::*;

mod access;
mod look;
mod pod;
mod traffic;

use look::Look;

policy! {
    /// Everything that a manifest names exists, and fits.
    ///
    /// In a complete world, each of these leads somewhere:
    ///
    /// - A Service selects pods. A named `targetPort` is the name of a port of their containers or sidecars, with the same
    ///   protocol. A number passes as it is.
    /// - An Ingress, an HTTPRoute, a GRPCRoute or another route leads to Services that exist and have the port. A route
    ///   attaches to a Gateway that exists, by a listener of that name, and the listener allows it and serves its hostnames.
    ///   A reference to another namespace has a ReferenceGrant there.
    /// - A pod's ConfigMaps and Secrets exist with the keys that it takes, in `env`, `envFrom`, volumes and single mounts
    ///   (`subPath`). `optional: true` may lead nowhere. A Secret of an ExternalSecret, a SealedSecret, a Certificate or
    ///   another operator exists, with the keys that are written there.
    /// - A pod's ServiceAccount and claims exist. Its annotations name containers that it has. A missing
    ///   `imagePullSecrets` is advice, and so is a volume that nothing mounts.
    /// - A variable is defined once. `$(NAME)` names a variable that is defined above it.
    /// - A binding's role and its ServiceAccounts exist. A VerticalPodAutoscaler's target exists.
    /// - A NetworkPolicy's pods exist (advice).
    /// - A StatefulSet's Service exists. One that is not headless or selects other pods gives them no DNS names (advice).
    ///   The name of a StatefulSet is short enough for what its controller appends.
    ///
    /// What no repository holds is unknown and never missing: classes and ClusterRoles of the platform, objects in
    /// `kube-system`, objects that a Helm release that is not rendered, a remote kustomization or an operator makes, and names
    /// that a tool fills in later. `default` and `kube-root-ca.crt` always exist.
    ///
    /// ## Why
    ///
    /// The API server takes an object that names what is not there. The pod then waits in `CreateContainerConfigError`, the
    /// Service has no endpoints, and the Ingress answers 503: after the rollout, in production.
    ///
    /// ## Fix
    ///
    /// Correct the name, or add the object to the manifests. If something outside of the manifests makes it, list it in the
    /// setting `made_elsewhere`.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail=app
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    ///           env: [{name: LEVEL, valueFrom: {configMapKeyRef: {name: settings, key: LEVLE}}}]
    /// ---
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: settings, namespace: shop}
    /// data: {LEVEL: info}
    /// ```
    ///
    /// The pods have no port that is called `web`:
    ///
    /// ```yaml,fail
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec: {selector: {app: web}, ports: [{port: 80, targetPort: web}]}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop, labels: {app: web}}
    /// spec: {containers: [{name: app, image: "example.com/web:1.4.2", ports: [{name: http, containerPort: 8080}]}]}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web, namespace: shop}
    /// spec: {defaultBackend: {service: {name: web, port: {name: http}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
    /// ```
    pub struct References {
        /// What something outside of the manifests makes, such as a script or another repository: names, or a kind and a
        /// name as in `Secret/regcred`, in which one `*` stands for anything. Pods are named by a label that selects them,
        /// as in `Pod/web`.
        made_elsewhere: Vec<String> = [],
        /// Whether the manifests hold what belongs to no namespace as well: ClusterRoles, and classes of priorities, storage
        /// and runtimes. What is missing of these is then a finding.
        cluster_wide: bool = false,
    }
    severity: High,
    section: Reliability,
    since: "0.1.0",
    profile: Essential,
    yields_to: ["kubernetes-schema", "external-secrets"],
    applies_to: [
        Workloads,
        "v1/Service",
        "v1/ServiceAccount",
        "v1/PersistentVolumeClaim",
        "networking.k8s.io/v1/Ingress",
        "extensions/v1beta1/Ingress",
        "networking.k8s.io/v1/NetworkPolicy",
        "gateway.networking.k8s.io/v1/Gateway",
        "gateway.networking.k8s.io/v1/HTTPRoute",
        "gateway.networking.k8s.io/v1/GRPCRoute",
        "gateway.networking.k8s.io/v1/TLSRoute",
        "gateway.networking.k8s.io/v1alpha2/TCPRoute",
        "gateway.networking.k8s.io/v1alpha2/UDPRoute",
        "rbac.authorization.k8s.io/v1/RoleBinding",
        "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
        "autoscaling.k8s.io/v1/VerticalPodAutoscaler",
    ],
    reads: [
        "metadata.uid",
        "imagePullSecrets",
        "metadata.annotations",
        "roleRef",
        "subjects",
        "spec.backend",
        "spec.completionMode",
        "spec.defaultBackend",
        "spec.egress",
        "spec.hostnames",
        "spec.ingress",
        "spec.jobTemplate.spec.completionMode",
        "spec.listeners",
        "spec.parentRefs",
        "spec.podSelector",
        "spec.ports",
        "spec.resourcePolicy",
        "spec.rules",
        "spec.selector",
        "spec.serviceName",
        "spec.storageClassName",
        "spec.targetRef",
        "spec.tls",
        "spec.type",
        "spec.volumeClaimTemplates.metadata.name",
        "spec.volumeClaimTemplates.spec.storageClassName",
        "containers.args",
        "containers.command",
        "containers.env",
        "containers.envFrom",
        "containers.volumeDevices",
        "containers.volumeMounts",
        "pod.metadata.annotations",
        "pod.metadata.labels",
        "pod.spec.enableServiceLinks",
        "pod.spec.imagePullSecrets",
        "pod.spec.priorityClassName",
        "pod.spec.runtimeClassName",
        "pod.spec.serviceAccount",
        "pod.spec.serviceAccountName",
        "pod.spec.volumes",
    ],
    looks_up: [
        "v1/ConfigMap": [
            "data",
            "binaryData",
            "metadata.annotations['reflector.v1.k8s.emberstack.com/reflection-auto-enabled']",
            "metadata.annotations['replicator.v1.mittwald.de/replicate-to']",
            "metadata.annotations['replicator.v1.mittwald.de/replicate-to-matching']",
            "metadata.annotations['kubed.appscode.com/sync']",
        ],
        "v1/Secret": [
            "type",
            "data",
            "stringData",
            "metadata.annotations['reflector.v1.k8s.emberstack.com/reflection-auto-enabled']",
            "metadata.annotations['replicator.v1.mittwald.de/replicate-to']",
            "metadata.annotations['replicator.v1.mittwald.de/replicate-to-matching']",
            "metadata.annotations['kubed.appscode.com/sync']",
        ],
        "v1/Namespace": ["metadata.labels"],
        "v1/ServiceAccount": [],
        "v1/PersistentVolumeClaim": [],
        "v1/Endpoints": [],
        "v1/Service": [
            "spec.clusterIP",
            "spec.ports",
            "spec.selector",
            "spec.type",
            "metadata.annotations['service.beta.openshift.io/serving-cert-secret-name']",
            "metadata.annotations['service.alpha.openshift.io/serving-cert-secret-name']",
        ],
        "discovery.k8s.io/v1/EndpointSlice": ["metadata.labels['kubernetes.io/service-name']"],
        "networking.k8s.io/v1/Ingress": ["metadata.annotations", "spec.tls.secretName"],
        "gateway.networking.k8s.io/v1/Gateway": ["metadata.annotations", "spec.listeners"],
        "gateway.networking.k8s.io/v1/ReferenceGrant": ["spec"],
        "rbac.authorization.k8s.io/v1/Role": [],
        "rbac.authorization.k8s.io/v1/ClusterRole": [],
        "scheduling.k8s.io/v1/PriorityClass": [],
        "storage.k8s.io/v1/StorageClass": [],
        "node.k8s.io/v1/RuntimeClass": [],
        // Pods, for Services and policies.
        "apps/v1/Deployment": [
            "spec.template.metadata.labels",
            "spec.template.spec.containers.name",
            "spec.template.spec.containers.ports",
            "spec.template.spec.initContainers.name",
            "spec.template.spec.initContainers.ports",
            "spec.template.spec.initContainers.restartPolicy",
        ],
        "apps/v1/StatefulSet": [
            "spec.volumeClaimTemplates.metadata.name",
            "spec.template.metadata.labels",
            "spec.template.spec.containers.name",
            "spec.template.spec.containers.ports",
            "spec.template.spec.initContainers.name",
            "spec.template.spec.initContainers.ports",
            "spec.template.spec.initContainers.restartPolicy",
        ],
        "apps/v1/DaemonSet": [
            "spec.template.metadata.labels",
            "spec.template.spec.containers.name",
            "spec.template.spec.containers.ports",
            "spec.template.spec.initContainers.name",
            "spec.template.spec.initContainers.ports",
            "spec.template.spec.initContainers.restartPolicy",
        ],
        "apps/v1/ReplicaSet": [
            "spec.template.metadata.labels",
            "spec.template.spec.containers.name",
            "spec.template.spec.containers.ports",
            "spec.template.spec.initContainers.name",
            "spec.template.spec.initContainers.ports",
            "spec.template.spec.initContainers.restartPolicy",
        ],
        "v1/ReplicationController": [
            "spec.template.metadata.labels",
            "spec.template.spec.containers.ports",
            "spec.template.spec.initContainers.ports",
            "spec.template.spec.initContainers.restartPolicy",
        ],
        "v1/Pod": [
            "metadata.labels",
            "spec.containers.ports",
            "spec.initContainers.ports",
            "spec.initContainers.restartPolicy",
        ],
        "batch/v1/Job": [
            "spec.template.metadata.labels",
            "spec.template.spec.containers.args",
            "spec.template.spec.containers.name",
            "spec.template.spec.containers.ports",
            "spec.template.spec.initContainers.name",
            "spec.template.spec.initContainers.ports",
            "spec.template.spec.initContainers.restartPolicy",
        ],
        "batch/v1/CronJob": [
            "spec.jobTemplate.spec.template.metadata.labels",
            "spec.jobTemplate.spec.template.spec.containers.name",
            "spec.jobTemplate.spec.template.spec.containers.ports",
            "spec.jobTemplate.spec.template.spec.initContainers.name",
            "spec.jobTemplate.spec.template.spec.initContainers.ports",
            "spec.jobTemplate.spec.template.spec.initContainers.restartPolicy",
        ],
        "argoproj.io/v1alpha1/Rollout": [
            "spec.workloadRef",
            "spec.strategy.canary.steps.experiment.templates.name",
            "spec.strategy.canary.trafficRouting.alb",
            "spec.template.metadata.labels",
            "spec.template.spec.containers.name",
            "spec.template.spec.containers.ports",
            "spec.template.spec.initContainers.name",
            "spec.template.spec.initContainers.ports",
            "spec.template.spec.initContainers.restartPolicy",
        ],
        "apps.openshift.io/v1/DeploymentConfig": [
            "spec.template.metadata.labels",
            "spec.template.spec.containers.ports",
            "spec.template.spec.initContainers.ports",
            "spec.template.spec.initContainers.restartPolicy",
        ],
        "serving.knative.dev/v1/Service": ["spec.template.metadata.labels", "spec.template.spec.containers.ports"],
        // What makes a Secret or a ConfigMap, and its keys.
        "external-secrets.io/v1/ExternalSecret": [
            "spec.target.name",
            "spec.target.template.data",
            "spec.target.template.templateFrom",
            "spec.data.secretKey",
            "spec.dataFrom",
        ],
        "external-secrets.io/v1/ClusterExternalSecret": [
            "spec.externalSecretName",
            "spec.externalSecretSpec.target.name",
            "spec.externalSecretSpec.target.template.data",
            "spec.externalSecretSpec.target.template.templateFrom",
            "spec.externalSecretSpec.data.secretKey",
            "spec.externalSecretSpec.dataFrom",
        ],
        "bitnami.com/v1alpha1/SealedSecret": [
            "spec.template.metadata.name",
            "spec.template.data",
            "spec.encryptedData",
            "spec.data",
        ],
        "isindir.github.com/v1alpha3/SopsSecret": ["spec.secretTemplates.name"],
        "cert-manager.io/v1/Certificate": ["spec.secretName", "spec.additionalOutputFormats", "spec.keystores"],
        "secrets.hashicorp.com/v1beta1/VaultStaticSecret": ["spec.destination.name"],
        "secrets.hashicorp.com/v1beta1/VaultDynamicSecret": ["spec.destination.name"],
        "secrets.hashicorp.com/v1beta1/VaultPKISecret": ["spec.destination.name"],
        "onepassword.com/v1/OnePasswordItem": [],
        "secrets.infisical.com/v1alpha1/InfisicalSecret": ["spec.managedSecretReference.secretName"],
        "secrets.doppler.com/v1alpha1/DopplerSecret": ["spec.managedSecret.name"],
        "secrets-store.csi.x-k8s.io/v1/SecretProviderClass": ["spec.secretObjects.secretName"],
        "kafka.strimzi.io/v1beta2/KafkaUser": [],
        "objectbucket.io/v1alpha1/ObjectBucketClaim": [],
        "trust.cert-manager.io/v1alpha1/Bundle": [],
        // What deploys what is not in sight.
        Releases,
        "kustomize.config.k8s.io/v1beta1/Kustomization": [
            "commonLabels",
            "configMapGenerator",
            "labels.pairs",
            "secretGenerator",
            "vars.name",
        ],
        "kustomize.config.k8s.io/v1alpha1/Component": [
            "commonLabels",
            "configMapGenerator",
            "labels.pairs",
            "secretGenerator",
            "vars.name",
        ],
        "monitoring.coreos.com/v1/Prometheus": [],
        "monitoring.coreos.com/v1/Alertmanager": [],
        "monitoring.coreos.com/v1/ThanosRuler": [],
        "operator.victoriametrics.com/v1beta1/VMSingle": [],
        "operator.victoriametrics.com/v1beta1/VMCluster": [],
        "operator.victoriametrics.com/v1beta1/VMAgent": [],
        "postgresql.cnpg.io/v1/Cluster": [],
        "postgresql.cnpg.io/v1/Pooler": [],
        "acid.zalan.do/v1/postgresql": [],
        "postgres-operator.crunchydata.com/v1beta1/PostgresCluster": [],
        "mysql.oracle.com/v2/InnoDBCluster": [],
        "k8s.mariadb.com/v1alpha1/MariaDB": [],
        "mongodbcommunity.mongodb.com/v1/MongoDBCommunity": [],
        "databases.spotahome.com/v1/RedisFailover": [],
        "redis.redis.opstreelabs.in/v1beta2/Redis": [],
        "dragonflydb.io/v1alpha1/Dragonfly": [],
        "rabbitmq.com/v1beta1/RabbitmqCluster": [],
        "kafka.strimzi.io/v1beta2/Kafka": [],
        "kafka.strimzi.io/v1beta2/KafkaConnect": [],
        "kafka.strimzi.io/v1beta2/KafkaBridge": [],
        "elasticsearch.k8s.elastic.co/v1/Elasticsearch": [],
        "kibana.k8s.elastic.co/v1/Kibana": [],
        "ceph.rook.io/v1/CephCluster": [],
        "ceph.rook.io/v1/CephObjectStore": [],
        "minio.min.io/v2/Tenant": [],
        "grafana.integreatly.org/v1beta1/Grafana": [],
        "jaegertracing.io/v1/Jaeger": [],
        "opentelemetry.io/v1beta1/OpenTelemetryCollector": [],
        "k8s.keycloak.org/v2alpha1/Keycloak": [],
        "argoproj.io/v1beta1/ArgoCD": [],
        "rhdh.redhat.com/v1alpha3/Backstage": [],
        "split.smi-spec.io/v1alpha2/TrafficSplit": ["spec.service"],
        "triggers.tekton.dev/v1beta1/EventListener": [],
    ],
}

impl Rule for References {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        let look = &mut Look::new(request, &self.made_elsewhere, self.cluster_wide, findings);
        match (object.group(), object.kind()) {
            ("", "Service") => traffic::service::check(look),
            ("", "ServiceAccount") => pod::pull_secrets(object.get("imagePullSecrets"), look),
            ("", "PersistentVolumeClaim") => pod::class(object.get("spec.storageClassName"), "StorageClass", look),
            (_, "Ingress") => traffic::ingress::check(look),
            (_, "NetworkPolicy") => traffic::policy::check(look),
            (_, "Gateway") => traffic::gateway::check_gateway(look),
            ("gateway.networking.k8s.io", _) => traffic::gateway::check_route(look),
            ("rbac.authorization.k8s.io", _) => access::check(look),
            ("autoscaling.k8s.io", _) => pod::target::check(look),
            _ => pod::check(request.workload()?, look),
        }?;
        look.end()
    }
}
