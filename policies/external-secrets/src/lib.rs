#![no_std]
use sdk::prelude::*;

mod names;
mod references;
mod shapes;
mod text;

policy! {
    /// Secrets come from a secret store, not from manifests.
    ///
    /// No manifest holds the value of a secret:
    ///
    /// - A `Secret` has no values in `data` or `stringData`. Encrypted ones (SOPS), empty ones, and such that hold the
    ///   place of a value (`${PASSWORD}`, `<password>`, `changeme`, `vault:...`) are fine, and so are certificates and
    ///   public keys. So are the tokens of ServiceAccounts, Helm's releases, and Secrets that a controller made.
    /// - A literal value in `env`, an argument, or a value in a `ConfigMap` is no secret: not by the name that it is
    ///   given (`DB_PASSWORD`, `apiKey`, `--token`), and not by its shape (private keys, tokens of well-known services,
    ///   connection strings with a password), encoded or not. `$(VAR)` and `valueFrom` are the way.
    ///
    /// Where everything is given, every Secret that a workload refers to is made by something: an ExternalSecret, a
    /// ClusterExternalSecret, a SealedSecret, a Certificate, a Vault secret, a SecretProviderClass, or the like; or by a
    /// kustomization from files, which may be encrypted. References that are `optional` may lead nowhere.
    ///
    /// Findings never show a value.
    ///
    /// ## Why
    ///
    /// A repository is copied to many places and forgets nothing. A secret in it cannot be taken back, only replaced,
    /// and nobody knows who has read it. Base64 is no encryption.
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
            "master_key", "auth_key", "storage_key", "shared_key", "hmac_key", "app_key", "license_key", "key_content",
            "credential", "credentials", "requirepass", "masterauth",
        ],
        /// Secrets that something outside of the manifests makes, such as an operator: names, in which one `*` stands
        /// for anything.
        produced_elsewhere: Vec<String> = [],
    }
    severity: Critical,
    section: Security,
    since: "0.1.0",
    applies_to: ["v1/Secret", "v1/ConfigMap", Workloads],
    reads: [
        "type",
        "data",
        "stringData",
        "binaryData",
        "metadata.annotations['cert-manager.io/certificate-name']",
        "containers.env",
        "containers.envFrom",
        "containers.command",
        "containers.args",
        "containers.livenessProbe.exec.command",
        "containers.readinessProbe.exec.command",
        "containers.startupProbe.exec.command",
        "containers.lifecycle.postStart.exec.command",
        "containers.lifecycle.preStop.exec.command",
        "pod.spec.volumes.secret",
        "pod.spec.volumes.projected.sources.secret",
        "pod.spec.imagePullSecrets",
    ],
    looks_up: [
        "v1/Secret": [
            "type",
            "sops",
            "metadata.ownerReferences",
            "metadata.annotations['cert-manager.io/certificate-name']",
        ],
        "external-secrets.io/v1/ExternalSecret": ["spec.target.name"],
        "external-secrets.io/v1/ClusterExternalSecret": [
            "spec.externalSecretSpec.target.name",
            "spec.externalSecretName",
        ],
        "bitnami.com/v1alpha1/SealedSecret": ["spec.template.metadata.name"],
        "cert-manager.io/v1/Certificate": ["spec.secretName"],
        "secrets.hashicorp.com/v1beta1/VaultStaticSecret": ["spec.destination.name"],
        "secrets.hashicorp.com/v1beta1/VaultDynamicSecret": ["spec.destination.name"],
        "secrets.hashicorp.com/v1beta1/VaultPKISecret": ["spec.destination.name"],
        "onepassword.com/v1/OnePasswordItem": [],
        "secrets.infisical.com/v1alpha1/InfisicalSecret": ["spec.managedSecretReference.secretName"],
        "secrets.doppler.com/v1alpha1/DopplerSecret": ["spec.managedSecret.name"],
        "secrets-store.csi.x-k8s.io/v1/SecretProviderClass": ["spec.secretObjects.secretName"],
        "kustomize.config.k8s.io/v1beta1/Kustomization": ["secretGenerator.name", "secretGenerator.literals"],
    ],
}

impl Rule for ExternalSecrets {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        if object.is("", "Secret") {
            return check_secret(object, request.world(), findings);
        }
        if object.is("", "ConfigMap") {
            for field in ["data", "binaryData"] {
                for (key, value) in object.get(field).entries() {
                    self.check_entry(key, value, findings);
                }
            }
            return Ok(());
        }
        let workload = request.workload()?;
        for container in workload.containers(Class::ALL) {
            for variable in container.get("env").items() {
                let (name, value) = (variable.get("name").str().unwrap_or_default(), variable.get("value"));
                if let Some(what) = value.str().and_then(|text| self.tell(name, text)) {
                    findings.fail_concealed(value, what, "valueFrom: {secretKeyRef: {name: <secret>, key: <key>}}");
                }
            }
            self.check_arguments(container, findings);
        }
        references::check(workload, &self.produced_elsewhere, request.world(), findings)
    }
}

/// Not one that is written by hand: a ServiceAccount's token, Helm's memory of a release, and in a cluster what a
/// controller owns or cert-manager signed. In a file, those marks would be written by hand as well.
fn is_made_by_cluster(secret: Object<'_>, world: &World<'_>) -> bool {
    matches!(secret.get("type").str(), Some("kubernetes.io/service-account-token" | "helm.sh/release.v1"))
        || world.is_admission()
            && (secret
                .get("metadata.ownerReferences")
                .items()
                .any(|owner| owner.get("controller").bool() == Some(true))
                || secret.annotation("cert-manager.io/certificate-name").is_set())
}

fn check_secret(secret: Object<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    if is_made_by_cluster(secret, world) {
        return not_applicable("the cluster makes what is in it");
    }
    for (field, is_encoded) in [("data", true), ("stringData", false)] {
        for (key, value) in secret.get(field).entries() {
            let Some(text) = value.str() else { continue };
            let decoded = if is_encoded { text::decode_base64(text) } else { None };
            let is_harmless = |text: &str| names::is_placeholder(text) || names::is_public(text);
            if !is_harmless(text) && !decoded.is_some_and(|text| is_harmless(&text)) {
                let message = format!("the value of {key} is written out, for everybody who can read the manifest");
                let fix = "Replace it, and make the Secret by an ExternalSecret, a SealedSecret or SOPS";
                findings.fail_concealed(value, message, fix);
            }
        }
    }
    Ok(())
}

impl ExternalSecrets {
    /// What is wrong with a value under a name; never the value itself.
    fn tell(&self, name: &str, value: &str) -> Option<String> {
        if let Some(kind) = shapes::find(value) {
            return Some(format!("this holds {kind}"));
        }
        self.tell_by_name(name, value)
    }

    /// What is no plain name is not looked at, nor shown: it may be part of a value.
    fn tell_by_name(&self, name: &str, value: &str) -> Option<String> {
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        let is_secret = is_plain && names::is_secret(&self.secret_names, name, value);
        is_secret.then(|| format!("{name} is the name of a secret, and its value is written out"))
    }

    /// An entry of a ConfigMap: a value, or a whole file of `name: value` and `name=value`.
    fn check_entry(&self, key: &str, value: Field<'_>, findings: &mut Findings) {
        let Some(text) = value.str() else { return };
        let text = text.trim_ascii();
        let name = if text.bytes().any(|byte| byte == b'\n') { "" } else { key };
        // JSON needs no lines. What stands in its texts is not looked into, such as the queries of a dashboard.
        let is_json = text.starts_with('{') && !text.starts_with("{{");
        let lines = if is_json {
            text::pieces(text, |letter| matches!(letter, '\n' | ',' | '{' | '}'))
        } else {
            text::pieces(text, |letter| letter == '\n')
        };
        let mut lines = lines.into_iter().filter(|line| !is_json || line.trim_ascii_start().starts_with('"'));
        let told = self.tell(name, text).or_else(|| lines.find_map(|line| self.tell_line(line)));
        if let Some(what) = told {
            findings.fail_concealed(value, what, "Move it into a Secret that an ExternalSecret makes");
        }
    }

    /// A line of a configuration file. Code is not configuration, and prose has spaces.
    fn tell_line(&self, line: &str) -> Option<String> {
        let end = line.bytes().position(|byte| matches!(byte, b':' | b'='))?;
        let (name, value) = (unquoted(line.get(..end)?), unquoted(line.get(end + 1..)?));
        let name = text::pieces(name, |letter| matches!(letter, ' ' | '"')).pop().unwrap_or_default();
        let is_code = value.bytes().any(|byte| byte.is_ascii_whitespace() || b"()[]{}<>|&*!`".contains(&byte));
        if is_code { None } else { self.tell_by_name(name, value) }
    }

    /// `--password=value`, `--password value` and `PASSWORD=value`, also in the middle of a shell's line.
    fn check_arguments(&self, container: Container<'_>, findings: &mut Findings) {
        for (list, fix) in COMMANDS {
            let mut flag = "";
            for argument in container.get(list).items() {
                let text = argument.str().unwrap_or_default();
                let mut told = self.tell(if text.starts_with('-') { "" } else { flag }, text);
                for word in text::pieces(text, |letter| letter.is_ascii_whitespace()) {
                    let (name, value) = word.split_once('=').unwrap_or_default();
                    told = told.or_else(|| self.tell_by_name(name, unquoted(value)));
                }
                if let Some(what) = told {
                    findings.fail_concealed(argument, what, *fix);
                }
                flag = if text.starts_with('-') { text } else { "" };
            }
        }
    }
}

/// Where a container's commands stand, and how a secret gets into them: Kubernetes puts variables into the container's
/// own command alone.
const COMMANDS: &[(&str, &str)] = &[
    ("command", PUT_IN),
    ("args", PUT_IN),
    ("livenessProbe.exec.command", READ_BY_SHELL),
    ("readinessProbe.exec.command", READ_BY_SHELL),
    ("startupProbe.exec.command", READ_BY_SHELL),
    ("lifecycle.postStart.exec.command", READ_BY_SHELL),
    ("lifecycle.preStop.exec.command", READ_BY_SHELL),
];
const PUT_IN: &str = "Pass it as $(VARIABLE), from env with valueFrom";
const READ_BY_SHELL: &str = "Have a shell (`sh -c`) read $VARIABLE, from env with valueFrom";

fn unquoted(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', ',', '"', '\''])
}
