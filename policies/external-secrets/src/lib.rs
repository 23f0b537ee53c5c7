#![no_std]
use sdk::prelude::*;

mod assignment;
mod names;
mod placeholders;
mod places;
mod references;
mod scan;
mod secret;
mod shapes;
mod text;
mod tools;

use names::Names;
use places::Looker;
use text::holds;

policy! {
    /// Secrets come from a secret store, not from manifests.
    ///
    /// No manifest holds the value of a secret:
    ///
    /// - A `Secret` has no secret values in `data` or `stringData`. Values that SOPS encrypted, empty values and
    ///   placeholders (`${PASSWORD}`, `<password>`, `changeme`, `vault:...`) pass, and so do certificates, public keys,
    ///   and keys that hold no secret (`type`, `url`, `username`). Tokens of ServiceAccounts, Helm's releases and Secrets
    ///   that a controller made are not checked.
    /// - A literal value in `env`, in a command, in an HTTP header, in volume attributes or in a `ConfigMap` is no secret.
    ///   It is one by its name (`DB_PASSWORD`, `apiKey`, `--token`) or by its shape: private keys, tokens of well-known
    ///   services, `Bearer` and `Basic` credentials, connection strings with a password; encoded or not. `$(VAR)` and
    ///   `valueFrom` pass.
    /// - The same holds for the values of a Flux `HelmRelease` and an Argo CD `Application`, for the literals of
    ///   kustomize's generators, for templates of an `ExternalSecret` or a `SealedSecret`, and for what `kubectl apply`
    ///   keeps in `last-applied-configuration`.
    ///
    /// In a complete world, every Secret that a workload refers to has a producer: an ExternalSecret, a SealedSecret, a
    /// Certificate, an Ingress with cert-manager's annotations, a Service with OpenShift's, a database operator, and so
    /// on. A kustomize generator counts if it reads files, which may be encrypted. References that are `optional` may
    /// lead nowhere.
    ///
    /// Findings never show a value.
    ///
    /// ## Why
    ///
    /// A repository is copied to many places and forgets nothing. A secret in it cannot be taken back, only replaced,
    /// and it is not known who has read it. Base64 is no encryption.
    ///
    /// ## Fix
    ///
    /// Replace the secret, since it has been seen. Put the new one into a secret store and have an ExternalSecret fetch
    /// it, or encrypt it as a SealedSecret or by SOPS. Refer to it by `valueFrom.secretKeyRef` or mount it.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: v1
    /// kind: Secret
    /// metadata: {name: database}
    /// stringData:
    ///   password: hunter2
    /// ```
    ///
    /// ```yaml,fail=app
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    ///       env: [{name: DATABASE_URL, value: "postgres://web:hunter2@database/shop"}]
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    ///       env:
    ///         - {name: DATABASE_PASSWORD, valueFrom: {secretKeyRef: {name: database, key: password}}}
    ///         - {name: DATABASE_URL, value: "postgres://web:$(DATABASE_PASSWORD)@database/shop"}
    /// ---
    /// apiVersion: external-secrets.io/v1
    /// kind: ExternalSecret
    /// metadata: {name: database, namespace: shop}
    /// spec:
    ///   secretStoreRef: {kind: ClusterSecretStore, name: vault}
    ///   data: [{secretKey: password, remoteRef: {key: shop/database, property: password}}]
    /// ```
    pub struct ExternalSecrets {
        /// Names of secrets, for environment variables, flags, and keys of ConfigMaps and of the files in them. A name
        /// counts that ends with one of these, in any spelling: `DB_PASSWORD`, `dbPassword`, `db.password`. A number may
        /// follow: `DB_PASSWORD_2`.
        secret_names: Vec<String> = [
            "password", "passwd", "passphrase", "pass", "pwd", "secret", "token", "bearer", "api_key", "access_key",
            "secret_key", "secret_key_base", "private_key", "account_key", "batch_key", "encryption_key", "signing_key",
            "master_key", "auth_key", "storage_key", "shared_key", "hmac_key", "app_key", "fernet_key", "license_key",
            "key_content", "credential", "credentials", "requirepass", "masterauth", "bind_pw",
        ],
        /// Secrets that something outside of the manifests makes, such as an operator: names, in which one `*` stands
        /// for anything.
        produced_elsewhere: Vec<String> = [],
    }
    severity: Critical,
    section: Security,
    since: "0.1.0",
    profile: Essential,
    applies_to: [
        "v1/Secret",
        "v1/ConfigMap",
        Workloads,
        "v1/PersistentVolume",
        "storage.k8s.io/v1/StorageClass",
        "bitnami.com/v1alpha1/SealedSecret",
        "isindir.github.com/v1alpha3/SopsSecret",
        "external-secrets.io/v1/ExternalSecret",
        "helm.toolkit.fluxcd.io/v2/HelmRelease",
        "kustomize.toolkit.fluxcd.io/v1/Kustomization",
        "helm.cattle.io/v1/HelmChart",
        "helm.cattle.io/v1/HelmChartConfig",
        "argoproj.io/v1alpha1/Application",
        "argoproj.io/v1alpha1/ApplicationSet",
        "kustomize.config.k8s.io/v1beta1/Kustomization",
        "kustomize.config.k8s.io/v1alpha1/Component",
    ],
    reads: [
        "type",
        "data",
        "stringData",
        "binaryData",
        "parameters",
        "secretGenerator",
        "configMapGenerator",
        "metadata.labels['app.kubernetes.io/part-of']",
        "metadata.annotations['cert-manager.io/certificate-name']",
        "metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']",
        "spec.csi.volumeAttributes",
        "spec.flexVolume.options",
        "spec.postBuild.substitute",
        "spec.secretTemplates",
        "spec.set",
        "spec.source",
        "spec.sources",
        "spec.target.template",
        "spec.template.data",
        "spec.template.metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']",
        "spec.template.spec.source",
        "spec.template.spec.sources",
        "spec.values",
        "spec.valuesContent",
        "pod.metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']",
        "containers.env",
        "containers.envFrom",
        "containers.command",
        "containers.args",
        "containers.livenessProbe",
        "containers.readinessProbe",
        "containers.startupProbe",
        "containers.lifecycle",
        "pod.spec.volumes",
        "pod.spec.imagePullSecrets",
        "pod.spec.serviceAccountName",
    ],
    looks_up: [
        "v1/Secret": [
            "type",
            "data",
            "stringData",
            "sops",
            "metadata.ownerReferences",
            "metadata.annotations['cert-manager.io/certificate-name']",
        ],
        "v1/Service": [
            "metadata.annotations['service.beta.openshift.io/serving-cert-secret-name']",
            "metadata.annotations['service.alpha.openshift.io/serving-cert-secret-name']",
        ],
        "v1/ServiceAccount": [],
        "networking.k8s.io/v1/Ingress": ["metadata.annotations", "spec.tls.secretName"],
        "gateway.networking.k8s.io/v1/Gateway": ["metadata.annotations", "spec.listeners.tls.certificateRefs.name"],
        "batch/v1/Job": ["spec.template.spec.containers.args"],
        "external-secrets.io/v1/ExternalSecret": ["spec.target.name"],
        "external-secrets.io/v1/ClusterExternalSecret": [
            "spec.externalSecretSpec.target.name",
            "spec.externalSecretName",
        ],
        "bitnami.com/v1alpha1/SealedSecret": ["spec.template.metadata.name"],
        "isindir.github.com/v1alpha3/SopsSecret": ["spec.secretTemplates.name"],
        "cert-manager.io/v1/Certificate": ["spec.secretName"],
        "secrets.hashicorp.com/v1beta1/VaultStaticSecret": ["spec.destination.name"],
        "secrets.hashicorp.com/v1beta1/VaultDynamicSecret": ["spec.destination.name"],
        "secrets.hashicorp.com/v1beta1/VaultPKISecret": ["spec.destination.name"],
        "onepassword.com/v1/OnePasswordItem": [],
        "secrets.infisical.com/v1alpha1/InfisicalSecret": ["spec.managedSecretReference.secretName"],
        "secrets.doppler.com/v1alpha1/DopplerSecret": ["spec.managedSecret.name"],
        "secrets-store.csi.x-k8s.io/v1/SecretProviderClass": ["spec.secretObjects.secretName"],
        "postgresql.cnpg.io/v1/Cluster": [],
        "rabbitmq.com/v1beta1/RabbitmqCluster": [],
        "elasticsearch.k8s.elastic.co/v1/Elasticsearch": [],
        "kafka.strimzi.io/v1beta2/KafkaUser": [],
        "kafka.strimzi.io/v1beta2/Kafka": [],
        "postgres-operator.crunchydata.com/v1beta1/PostgresCluster": [],
        "objectbucket.io/v1alpha1/ObjectBucketClaim": [],
        "kustomize.config.k8s.io/v1beta1/Kustomization": ["secretGenerator.name", "secretGenerator.literals"],
        "kustomize.config.k8s.io/v1alpha1/Component": ["secretGenerator.name", "secretGenerator.literals"],
    ],
}

impl Rule for ExternalSecrets {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (object, world) = (request.object(), request.world());
        let names = Names::new(&self.secret_names, is_of_argo_cd(object));
        let mut looker = Looker { names: &names, findings };
        looker.look_at_last_applied(object.annotation(places::LAST_APPLIED));
        if object.is("", "Secret") {
            if secret::is_made_by_cluster(object, world) {
                return not_applicable("the cluster makes what is in it");
            }
            looker.look_at_secret(object.root());
            return Ok(());
        }
        if looker.look_at_places(object) {
            return Ok(());
        }
        let workload = request.workload()?;
        looker.look_at_pod(workload);
        references::check(workload, &self.produced_elsewhere, &names, world, findings)
    }
}

/// Whether Argo CD or its notifications read the object: for them `$slack-token` is the key of a Secret.
fn is_of_argo_cd(object: Object<'_>) -> bool {
    object.labels().entry("app.kubernetes.io/part-of").str() == Some("argocd")
        || (object.is("", "ConfigMap") || object.is("", "Secret"))
            && (object.name() == "argocd-cm" || holds(object.name(), "notifications"))
}
