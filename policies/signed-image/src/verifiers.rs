//! Who in the world verifies the images of a workload, and which.

use sdk::prelude::*;

use crate::glob::{Dialect, matches};

const KYVERNO: &str = "kyverno.io/v1";
const KYVERNO_CEL: &str = "policies.kyverno.io/v1";
const SIGSTORE: &str = "policy.sigstore.dev/v1beta1";
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

/// Reads one object: adds what in it verifies images of the workload. What only reports counts where the flag says so.
type Add = for<'a> fn(Object<'a>, Workload<'_>, bool, &mut Vec<Verifier<'a>>);

/// The kinds of objects that verify images, those of the workload's namespace alone where it says so.
const KINDS: [(&str, &str, bool, Add); 8] = [
    (KYVERNO, "ClusterPolicy", false, add_kyverno),
    (KYVERNO, "Policy", true, add_kyverno),
    (KYVERNO_CEL, "ImageValidatingPolicy", false, add_image_validating),
    (KYVERNO_CEL, "NamespacedImageValidatingPolicy", true, add_image_validating),
    (SIGSTORE, "ClusterImagePolicy", false, add_sigstore),
    (KUBEWARDEN, "ClusterAdmissionPolicy", false, add_kubewarden),
    (KUBEWARDEN, "AdmissionPolicy", true, add_kubewarden),
    (ADMISSION, "MutatingWebhookConfiguration", false, add_connaisseur),
];

/// All that verify images of this workload. Those that only report count where `accept_audit` says so.
pub fn find<'a>(workload: Workload<'_>, accept_audit: bool, world: &World<'a>) -> Result<Vec<Verifier<'a>>, Undecided> {
    let mut verifiers = Vec::new();
    for (version, kind, is_namespaced, add) in KINDS {
        let within = if is_namespaced { Within::Namespace(workload.object().namespace()) } else { Within::All };
        // Of hundreds of Kyverno policies a few verify images.
        let verifying = [Relation::having("spec.rules.verifyImages")];
        let related = if version == KYVERNO { &verifying[..] } else { &[] };
        let objects = world.related(version, kind, within, related)?;
        for object in objects {
            add(object, workload, accept_audit, &mut verifiers);
        }
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
            let attested = verification.get("attestors").has_items()
                || verification.get("key").is_set()
                || verification.get("issuer").is_set()
                || verification.get("attestations").items().any(|attestation| attestation.get("attestors").has_items());
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
    // Who else a block leaves out, by names or the labels of namespaces, is not known from here: it leaves out nobody.
    let leaves_out = |resources: Field<'_>| {
        let narrower = ["name", "names", "annotations", "operations", "namespaceSelector"];
        let is_broad = !resources.get("namespaces").is_set() && !resources.get("selector").is_set();
        !is_broad && !narrower.iter().any(|field| resources.get(field).is_set()) && means(resources, workload)
    };
    selects(rule.get("match"), &|resources| means(resources, workload)) && !selects(rule.get("exclude"), &leaves_out)
}

/// Whether the `resources` of a Kyverno rule's `match` or `exclude` do, be it those in its `any` or in its `all`.
fn selects(selection: Field<'_>, means: &dyn Fn(Field<'_>) -> bool) -> bool {
    for list in ["any", "all"] {
        let blocks = selection.get(list);
        if blocks.has_items() {
            let (mut some, mut every) = (false, true);
            for block in blocks.items() {
                let is_meant = means(block.get("resources"));
                some |= is_meant;
                every &= is_meant;
            }
            return if list == "any" { some } else { every };
        }
    }
    means(selection.get("resources"))
}

/// Whether `resources` are these pods, or the workload.
fn means(resources: Field<'_>, workload: Workload<'_>) -> bool {
    let namespace = workload.object().namespace().unwrap_or("default");
    let namespaces = strings(resources.get("namespaces"));
    let kinds = strings(resources.get("kinds"));
    let is_kind = |kind: &&str| {
        // `apps/v1/Deployment` is one, too.
        let kind = kind.rsplit_once('/').map_or(*kind, |(_, kind)| kind);
        matches!(kind, "Pod" | "*") || kind == workload.kind()
    };
    resources.is_set()
        && (namespaces.is_empty() || any_matches(&namespaces, Dialect::Wildcard, namespace))
        && (kinds.is_empty() || kinds.iter().any(is_kind))
        && is_selected(resources.get("selector"), workload)
}

/// Whether a selector, if there is one, selects the pods.
fn is_selected(selector: Field<'_>, workload: Workload<'_>) -> bool {
    !selector.is_set() || LabelSelector::new(selector).matches(workload.pod_labels())
}

/// Whether the plural name of a resource is that of pods, or of the workload.
fn is_resource(name: &str, workload: Workload<'_>) -> bool {
    let singular = name.strip_suffix('s').unwrap_or_default();
    matches!(name, "pods" | "*" | "*/*") || singular.eq_ignore_ascii_case(workload.kind())
}

fn add_image_validating<'a>(
    policy: Object<'a>,
    workload: Workload<'_>,
    accept_audit: bool,
    verifiers: &mut Vec<Verifier<'a>>,
) {
    let actions = policy.get("spec.validationActions");
    let denies = (!actions.is_set() || strings(actions).contains(&"Deny"))
        && policy.get("spec.evaluation.admission.enabled").bool() != Some(false);
    let verifies = policy.get("spec.attestors").has_items() && policy.get("spec.validations").has_items();
    let rules = policy.get("spec.matchConstraints.resourceRules");
    let is_meant = |rule: Field<'_>| strings(rule.get("resources")).iter().any(|name| is_resource(name, workload));
    let concerns = (!rules.has_items() || rules.items().any(is_meant))
        && is_selected(policy.get("spec.matchConstraints.objectSelector"), workload);
    if !verifies || !concerns || !(denies || accept_audit) {
        return;
    }
    let is_conditional = policy.get("spec.matchConditions").has_items();
    let mut references = policy.get("spec.matchImageReferences");
    if !references.is_set() {
        // What its first version called them.
        references = policy.get("spec.imageRules");
    }
    for reference in references.items() {
        let is_expression = is_conditional || reference.get("expression").is_set() || reference.get("cel").is_set();
        let mut verifier = verifier(policy, if is_expression { Spelling::Expression } else { Spelling::Kyverno });
        verifier.patterns.extend(reference.get("glob").str());
        verifiers.push(verifier);
    }
}

fn add_sigstore<'a>(policy: Object<'a>, workload: Workload<'_>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
    let enforces = policy.get("spec.mode").str() != Some("warn");
    // A static authority says yes or no without a look.
    let verifies = policy.get("spec.authorities").items().any(|authority| !authority.get("static").is_set());
    let resources = policy.get("spec.match");
    let is_meant = |one: Field<'_>| {
        is_resource(one.get("resource").str().unwrap_or_default(), workload)
            && is_selected(one.get("selector"), workload)
    };
    let concerns = !resources.has_items() || resources.items().any(is_meant);
    if !verifies || !concerns || !(enforces || accept_audit) {
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
fn add_kubewarden<'a>(policy: Object<'a>, _: Workload<'_>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
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
fn add_connaisseur<'a>(webhooks: Object<'a>, _: Workload<'_>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
    for webhook in webhooks.get("webhooks").items() {
        let service = webhook.get("clientConfig.service.name").str().unwrap_or_default();
        let enforces = webhook.get("failurePolicy").str() != Some("Ignore");
        if service.starts_with("connaisseur") && webhook.get("rules").has_items() && (enforces || accept_audit) {
            let mut verifier = verifier(webhooks, Spelling::AsWritten);
            verifier.patterns.push("*");
            verifiers.push(verifier);
        }
    }
}

fn strings(list: Field<'_>) -> Vec<&str> {
    list.items().filter_map(Field::str).collect()
}

fn any_matches(patterns: &[&str], dialect: Dialect, text: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, dialect, text))
}
