//! Who in the world verifies the images of a workload, and which.

use sdk::prelude::*;

use crate::glob::{Dialect, matches};

const KYVERNO: &str = "kyverno.io/v1";
const KUBEWARDEN: &str = "policies.kubewarden.io/v1";
const ADMISSION: &str = "admissionregistration.k8s.io/v1";

/// An object that asks for signatures.
pub struct Verifier<'a> {
    /// `ClusterPolicy signed`.
    pub name: String,
    spelling: Spelling,
    patterns: Vec<&'a str>,
    /// Patterns of what is left out.
    skipped: Vec<&'a str>,
}

/// How a verifier writes an image down before it compares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// As in the manifest.
    AsWritten,
    /// `docker.io/nginx:latest`.
    Kyverno,
    /// `index.docker.io/library/nginx:latest`.
    Sigstore,
    /// By an expression, which only a cluster evaluates.
    Expression,
}

impl Verifier<'_> {
    /// Whether it asks for a signature of this image; `None` where nobody can tell from here.
    pub fn covers(&self, image: &ImageReference<'_>) -> Option<bool> {
        let tag = image.tag().unwrap_or("latest");
        let (dialect, text) = match self.spelling {
            Spelling::Expression => return None,
            Spelling::AsWritten => (Dialect::Wildcard, image.to_string()),
            Spelling::Kyverno => {
                let registry = if image.domain().is_some() { "" } else { "docker.io/" };
                (Dialect::Wildcard, format!("{registry}{}:{tag}", image.repository()))
            }
            Spelling::Sigstore => {
                let repository = image.normalized_repository();
                let index = if repository.starts_with("docker.io/") { "index." } else { "" };
                (Dialect::Glob, format!("{index}{repository}:{tag}"))
            }
        };
        Some(any_matches(&self.patterns, dialect, &text) && !any_matches(&self.skipped, dialect, &text))
    }
}

/// All that verify images of this workload. Those that only report count where `accept_audit` says so.
pub fn find<'a>(workload: Workload<'_>, accept_audit: bool, world: &World<'a>) -> Result<Vec<Verifier<'a>>, Undecided> {
    let namespace = workload.object().namespace();
    let mut verifiers = Vec::new();
    let mut policies = world.list_all(KYVERNO, "ClusterPolicy")?;
    policies.extend(world.list(KYVERNO, "Policy", namespace)?);
    for policy in policies {
        add_kyverno(policy, workload, accept_audit, &mut verifiers);
    }
    for policy in world.list_all("policies.kyverno.io/v1", "ImageValidatingPolicy")? {
        add_image_validating(policy, accept_audit, &mut verifiers);
    }
    for policy in world.list_all("policy.sigstore.dev/v1beta1", "ClusterImagePolicy")? {
        add_sigstore(policy, accept_audit, &mut verifiers);
    }
    let mut policies = world.list_all(KUBEWARDEN, "ClusterAdmissionPolicy")?;
    policies.extend(world.list(KUBEWARDEN, "AdmissionPolicy", namespace)?);
    for policy in policies {
        add_kubewarden(policy, accept_audit, &mut verifiers);
    }
    for webhooks in world.list_all(ADMISSION, "MutatingWebhookConfiguration")? {
        add_connaisseur(webhooks, accept_audit, &mut verifiers);
    }
    Ok(verifiers)
}

fn verifier(object: Object<'_>, spelling: Spelling) -> Verifier<'_> {
    let name = format!("{} {}", object.kind(), object.name());
    Verifier { name, spelling, patterns: Vec::new(), skipped: Vec::new() }
}

/// The rules of a Kyverno policy with `verifyImages`, each with the attestors that it needs to verify anything.
fn add_kyverno<'a>(policy: Object<'a>, workload: Workload<'_>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
    for rule in policy.get("spec.rules").items().filter(|rule| concerns(*rule, workload)) {
        for verification in rule.get("verifyImages").items() {
            let own = verification.get("failureAction").str();
            let action = own.or(policy.get("spec.validationFailureAction").str()).unwrap_or("Audit");
            let enforces = action.eq_ignore_ascii_case("enforce");
            // `key` and `issuer` are how its first versions named an attestor.
            let attested = has_items(verification.get("attestors"))
                || verification.get("key").is_set()
                || verification.get("issuer").is_set()
                || verification.get("attestations").items().any(|attestation| has_items(attestation.get("attestors")));
            if attested && (enforces || accept_audit) {
                let mut verifier = verifier(policy, Spelling::Kyverno);
                verifier.patterns = strings(verification.get("imageReferences"));
                verifier.patterns.extend(verification.get("image").str());
                verifier.skipped = strings(verification.get("skipImageReferences"));
                verifiers.push(verifier);
            }
        }
    }
}

/// Whether a Kyverno rule looks at pods of this workload, or at the workload itself.
fn concerns(rule: Field<'_>, workload: Workload<'_>) -> bool {
    let namespace = workload.object().namespace().unwrap_or("default");
    for resources in blocks(rule.get("exclude")) {
        if any_matches(&strings(resources.get("namespaces")), Dialect::Wildcard, namespace) {
            return false;
        }
    }
    for resources in blocks(rule.get("match")) {
        let namespaces = strings(resources.get("namespaces"));
        let is_here = namespaces.is_empty() || any_matches(&namespaces, Dialect::Wildcard, namespace);
        for kind in strings(resources.get("kinds")) {
            // `apps/v1/Deployment` is one, too.
            let kind = kind.rsplit_once('/').map_or(kind, |(_, kind)| kind);
            if is_here && (matches!(kind, "Pod" | "*") || kind == workload.kind()) {
                return true;
            }
        }
    }
    false
}

/// The `resources` of a Kyverno rule's `match` or `exclude`, those in its `any` and its `all` too.
fn blocks(selection: Field<'_>) -> Vec<Field<'_>> {
    let mut blocks = Vec::from([selection.get("resources")]);
    for list in ["any", "all"] {
        blocks.extend(selection.get(list).items().map(|block| block.get("resources")));
    }
    blocks
}

fn add_image_validating<'a>(policy: Object<'a>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
    let actions = policy.get("spec.validationActions");
    let denies = !actions.is_set() || strings(actions).contains(&"Deny");
    let verifies = has_items(policy.get("spec.attestors")) && has_items(policy.get("spec.validations"));
    if !verifies || !(denies || accept_audit) {
        return;
    }
    for reference in policy.get("spec.matchImageReferences").items() {
        let is_expression = reference.get("expression").is_set();
        let mut verifier = verifier(policy, if is_expression { Spelling::Expression } else { Spelling::Kyverno });
        verifier.patterns.extend(reference.get("glob").str());
        verifiers.push(verifier);
    }
}

fn add_sigstore<'a>(policy: Object<'a>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
    let enforces = policy.get("spec.mode").str() != Some("warn");
    // A static authority says yes or no without a look.
    let verifies = policy.get("spec.authorities").items().any(|authority| !authority.get("static").is_set());
    if !verifies || !(enforces || accept_audit) {
        return;
    }
    let mut verifier = verifier(policy, Spelling::Sigstore);
    for image in policy.get("spec.images").items() {
        verifier.patterns.extend(image.get("glob").str().map(|glob| match glob {
            // What Sigstore itself reads into these two.
            "*" => "index.docker.io/library/*",
            "*/*" => "index.docker.io/*/*",
            glob => glob,
        }));
    }
    verifiers.push(verifier);
}

/// Its policy is known by the module: `registry://ghcr.io/kubewarden/policies/verify-image-signatures:v1.0.0`.
fn add_kubewarden<'a>(policy: Object<'a>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
    let module = policy.get("spec.module").str().unwrap_or_default();
    let name = module.rsplit_once('/').map_or(module, |(_, name)| name);
    let name = name.split_once([':', '@']).map_or(name, |(name, _)| name);
    let enforces = policy.get("spec.mode").str() != Some("monitor");
    if name != "verify-image-signatures" || !(enforces || accept_audit) {
        return;
    }
    let mut verifier = verifier(policy, Spelling::AsWritten);
    for signature in policy.get("spec.settings.signatures").items() {
        verifier.patterns.extend(signature.get("image").str());
    }
    verifiers.push(verifier);
}

/// Connaisseur refuses what none of its validators knows, so that its webhook covers every image.
fn add_connaisseur<'a>(webhooks: Object<'a>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
    for webhook in webhooks.get("webhooks").items() {
        let service = webhook.get("clientConfig.service.name").str().unwrap_or_default();
        let enforces = webhook.get("failurePolicy").str() != Some("Ignore");
        if service.starts_with("connaisseur") && has_items(webhook.get("rules")) && (enforces || accept_audit) {
            let mut verifier = verifier(webhooks, Spelling::AsWritten);
            verifier.patterns.push("*");
            verifiers.push(verifier);
        }
    }
}

fn has_items(list: Field<'_>) -> bool {
    list.items().next().is_some()
}

fn strings(list: Field<'_>) -> Vec<&str> {
    list.items().filter_map(Field::str).collect()
}

fn any_matches(patterns: &[&str], dialect: Dialect, text: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, dialect, text))
}
