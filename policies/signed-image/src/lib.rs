#![no_std]
use sdk::image::filled_by;
use sdk::prelude::*;
use sdk::world::Signature;
use verifiers::Verifiers;

mod glob;
mod kyverno;
mod scope;
mod verifiers;

policy! {
    /// Images are pinned by digest, or their signatures are required.
    ///
    /// Every container counts, init, sidecar and ephemeral containers too. An image passes with a digest, or where
    /// something in the cluster refuses it without a signature:
    ///
    /// - a Kyverno ClusterPolicy, or a Policy of the namespace, with `verifyImages`, attestors and `Enforce`;
    /// - a Kyverno ImageValidatingPolicy, or a namespaced one, with attestors and validations that deny;
    /// - a Sigstore ClusterImagePolicy with an authority that verifies, and not in mode `warn`;
    /// - a Kubewarden policy `verify-image-signatures`, and not in mode `monitor`;
    /// - Connaisseur's webhook.
    ///
    /// A verifier counts only where it can refuse these pods as they are created: not with an authority that passes
    /// everything, a precondition that never holds, an `exclude` of all, rules for DELETE alone or for other resources.
    /// Where that depends on an expression, on labels of a Namespace that is not in sight, or on a PolicyException, the answer
    /// is `unknown`.
    ///
    /// Patterns are read as each of these reads them: `ghcr.io/org/*` covers `ghcr.io/org/team/app:1` for Kyverno, and
    /// for Sigstore it does not. This proves that a signature is required, not that there is one; a note says so. With
    /// `public_keys`, on a host that reaches registries, the signature itself is verified.
    ///
    /// A volume that mounts an image passes with a digest only, since none of these looks at volumes.
    ///
    /// ## Why
    ///
    /// Who can push to the registry can run a program in your cluster, as whatever you called it. A digest names the
    /// bytes that you meant, and a signature names who built them.
    ///
    /// ## Fix
    ///
    /// Sign images where they are built (`cosign sign`), and require it by a policy that covers your registry. Pin what
    /// others build, and do not sign, by its digest.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail=app
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
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
    ///     - name: proxy
    ///       image: example.org/proxy@sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1
    /// ---
    /// apiVersion: kyverno.io/v1
    /// kind: ClusterPolicy
    /// metadata: {name: signed}
    /// spec:
    ///   validationFailureAction: Enforce
    ///   rules:
    ///     - name: signed
    ///       match: {any: [{resources: {kinds: [Pod]}}]}
    ///       verifyImages:
    ///         - imageReferences: ["example.com/*"]
    ///           attestors: [{entries: [{keys: {publicKeys: "k8s://kyverno/cosign"}}]}]
    /// ```
    pub struct SignedImage {
        /// Count verifiers that only report: Kyverno's `Audit`, Sigstore's `warn`, Kubewarden's `monitor`.
        accept_audit: bool = false,
        /// Public keys, PEM, with all of which every image must be signed. They are asked for where the host reaches
        /// registries; elsewhere the rule decides as without them.
        public_keys: Vec<String> = [],
    }
    severity: High,
    section: Security,
    since: "0.1.0",
    rests_on: [Kyverno | Sigstore | Kubewarden | Connaisseur],
    applies_to: [Workloads],
    reads: [
        "containers.image",
        "pod.spec.volumes.image.reference",
        "pod.metadata.labels",
        "metadata.annotations['image.openshift.io/triggers']",
        "spec.triggers",
        "pod.metadata.annotations['inject.istio.io/templates']",
        "pod.metadata.annotations['sidecar.istio.io/inject']",
    ],
    looks_up: [
        "kyverno.io/v1/ClusterPolicy": [
            "spec.admission",
            "spec.validationFailureAction",
            "spec.validationFailureActionOverrides",
            "spec.webhookConfiguration.matchConditions",
            "spec.rules",
        ],
        "kyverno.io/v1/Policy": [
            "spec.admission",
            "spec.validationFailureAction",
            "spec.validationFailureActionOverrides",
            "spec.webhookConfiguration.matchConditions",
            "spec.rules",
        ],
        "kyverno.io/v2/PolicyException": ["spec.exceptions", "spec.match"],
        "policies.kyverno.io/v1/ImageValidatingPolicy": ["spec"],
        "policies.kyverno.io/v1/NamespacedImageValidatingPolicy": ["spec"],
        "policy.sigstore.dev/v1beta1/ClusterImagePolicy": ["spec"],
        "policies.kubewarden.io/v1/ClusterAdmissionPolicy": ["spec"],
        "policies.kubewarden.io/v1/AdmissionPolicy": ["spec"],
        "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration": [
            "webhooks.clientConfig.service.name",
            "webhooks.failurePolicy",
            "webhooks.rules",
            "webhooks.namespaceSelector",
            "webhooks.objectSelector",
            "webhooks.matchConditions",
        ],
        "v1/Namespace": ["metadata.labels"],
    ],
    capabilities: ["oci/v2/verify"],
}

impl Rule for SignedImage {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (workload, world) = (request.workload()?, request.world());
        let mut verifiers = None;
        let mut decided = Ok(());
        for container in workload.containers(Class::ALL) {
            let at = container.get("image");
            if let Some(reason) = filled_by(workload, container) {
                decided = Err(Undecided::Unknown(format!("{reason}, which is not here to be looked at")));
                continue;
            }
            let Some(image) = ImageReference::of(at, findings) else { continue };
            if self.is_settled(at, &image, world, findings) {
                continue;
            }
            let verifiers = match &mut verifiers {
                Some(verifiers) => verifiers,
                empty => empty.insert(Verifiers::of(workload, self.accept_audit, world)?),
            };
            if let Some((name, is_certain)) = verifiers.cover(&image, world)? {
                if is_certain {
                    findings.note(at, format!("{name} requires a signature; whether there is one shows at admission"));
                } else {
                    decided = Err(Undecided::Unknown(format!(
                        "{name} may choose these images: an expression, a label or an exception decides that in the cluster"
                    )));
                }
            } else if let Err(cause) = world.must_be_complete(format!("signature policy for {image}")) {
                decided = Err(cause);
            } else {
                let message = format!("`{image}` has no digest, and nothing here requires a signature of it");
                findings.fail(at, message, format!("{image}@sha256:<digest>, or a policy that verifies its signature"));
            }
        }
        for volume in workload.pod().get("volumes").items() {
            let at = volume.get("image.reference");
            if at.is_set() && ImageReference::of(at, findings).is_some_and(|image| !image.is_pinned()) {
                let message = "the image has no digest, and nothing verifies the signatures of volumes";
                findings.fail(at, message, "Pin it: <repository>@sha256:<digest>");
            }
        }
        decided
    }
}

impl SignedImage {
    /// Whether the image needs no verifier: the host has verified it or refused it, or it is pinned.
    fn is_settled(
        &self,
        at: Field<'_>,
        image: &ImageReference<'_>,
        world: &World<'_>,
        findings: &mut Findings,
    ) -> bool {
        if !self.public_keys.is_empty() {
            match world.signature(&image.to_string(), &self.public_keys) {
                Signature::Trusted => {
                    findings.note(at, "signed with the configured keys");
                    return true;
                }
                Signature::Untrusted(cause) => {
                    let message = format!("no signature with the configured keys was found: {cause}");
                    findings.fail(at, message, "Sign the image, or use one that is signed");
                    return true;
                }
                Signature::NotAsked => {}
            }
        }
        image.is_pinned()
    }
}
