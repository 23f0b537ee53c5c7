//! Who in the world verifies the images of a workload, and which.
//!
//! A verifier counts only where it can refuse the pods as they are created: one that admits whatever it finds, looks at
//! other resources, or acts on DELETE alone proves nothing.

use sdk::prelude::*;
use sdk::text;

use crate::glob::{Spelling, Verifier};
use crate::kyverno;
use crate::scope::{Pods, all, strings};

const KYVERNO: &str = "kyverno.io/v1";
const KYVERNO_CEL: &str = "policies.kyverno.io/v1";
const SIGSTORE: &str = "policy.sigstore.dev/v1beta1";
const KUBEWARDEN: &str = "policies.kubewarden.io/v1";
const ADMISSION: &str = "admissionregistration.k8s.io/v1";

const INCLUDED: &str = "policy.sigstore.dev/include";

/// Reads one object: adds what in it verifies images of these pods. What only reports counts where the flag says so.
type Add = for<'a> fn(Object<'a>, &Pods<'_>, bool, &mut Vec<Verifier<'a>>);

/// The kinds of objects that verify images, those of the workload's namespace alone where it says so. A policy-server's own
/// come first: a cluster that asks through one serves them, and each question for a kind that is not served costs a call that
/// fails. Connaisseur comes last, since it covers every image.
const KINDS: [(&str, &str, bool, Add); 8] = [
    (KUBEWARDEN, "ClusterAdmissionPolicy", false, add_kubewarden),
    (KUBEWARDEN, "AdmissionPolicy", true, add_kubewarden),
    (KYVERNO, "ClusterPolicy", false, kyverno::add),
    (KYVERNO, "Policy", true, kyverno::add),
    (KYVERNO_CEL, "ImageValidatingPolicy", false, add_image_validating),
    (KYVERNO_CEL, "NamespacedImageValidatingPolicy", true, add_image_validating),
    (SIGSTORE, "ClusterImagePolicy", false, add_sigstore),
    (ADMISSION, "MutatingWebhookConfiguration", false, add_connaisseur),
];

/// What verifies images of one workload, as far as it was needed: kinds are asked for one by one.
pub struct Verifiers<'a> {
    pods: Pods<'a>,
    accept_audit: bool,
    found: Vec<Verifier<'a>>,
    /// How many kinds were asked for.
    asked: usize,
}

impl<'a> Verifiers<'a> {
    /// Those of this workload. Those that only report count where `accept_audit` says so.
    pub fn of(workload: Workload<'a>, accept_audit: bool, world: &World<'a>) -> Result<Self, Undecided> {
        let here = workload.object().namespace();
        let namespace = here.map_or(Ok(None), |name| world.get("v1", "Namespace", None, name));
        let namespace = match namespace {
            // What asks for its labels is then not known to see the pods.
            Err(Undecided::Unknown(_)) => None,
            found => found?,
        };
        Ok(Self {
            pods: Pods { workload, namespace, exceptions: Vec::new() },
            accept_audit,
            found: Vec::new(),
            asked: 0,
        })
    }

    /// The name of one that asks for a signature of this image, and whether it surely does.
    pub fn cover(
        &mut self,
        image: &ImageReference<'_>,
        world: &World<'a>,
    ) -> Result<Option<(String, bool)>, Undecided> {
        loop {
            if let Some(verifier) = self.found.iter().find(|verifier| verifier.covers(image) == Some(true)) {
                return Ok(Some((verifier.name.clone(), true)));
            }
            if !self.ask(world)? {
                break;
            }
        }
        let possible = self.found.iter().find(|verifier| verifier.covers(image).is_none());
        Ok(possible.map(|verifier| (verifier.name.clone(), false)))
    }

    /// Asks for the next kind; false where all were asked for.
    fn ask(&mut self, world: &World<'a>) -> Result<bool, Undecided> {
        let Some((version, kind, is_namespaced, add)) = KINDS.get(self.asked).copied() else { return Ok(false) };
        self.asked += 1;
        let here = self.pods.workload.object().namespace();
        let within = if is_namespaced { Within::Namespace(here) } else { Within::All };
        // Of hundreds of Kyverno policies a few verify images.
        let verifying = [Relation::having("spec.rules[].verifyImages")];
        let related = if version == KYVERNO { &verifying[..] } else { &[] };
        let objects = world.related(version, kind, within, related)?;
        if version == KYVERNO && !objects.is_empty() {
            self.pods.exceptions = world.list_all("kyverno.io/v2", "PolicyException")?;
        }
        for object in objects {
            add(object, &self.pods, self.accept_audit, &mut self.found);
        }
        Ok(true)
    }
}

fn add_image_validating<'a>(
    policy: Object<'a>,
    pods: &Pods<'_>,
    accept_audit: bool,
    verifiers: &mut Vec<Verifier<'a>>,
) {
    let actions = policy.get("spec.validationActions");
    let denies = !actions.is_set() || strings(actions).contains(&"Deny");
    let is_at_admission = policy.get("spec.evaluation.admission.enabled").bool() != Some(false);
    let asks = |validation: Field<'_>| asks_for_signatures(validation.get("expression").str().unwrap_or_default());
    let verifies = policy.get("spec.attestors").has_items() && policy.get("spec.validations").items().any(asks);
    let scope = policy.get("spec.matchConstraints");
    let rules = scope.get("resourceRules");
    let is_left_out = pods.are_reviewed(scope.get("excludeResourceRules"));
    let sees = all([
        Some(!rules.has_items() || pods.are_reviewed(rules)),
        Some(!is_left_out && pods.are_selected(scope.get("objectSelector"))),
        pods.are_in(scope.get("namespaceSelector")),
        pods.meet(policy.get("spec.matchConditions")),
    ]
    .into_iter());
    if !verifies || !is_at_admission || sees == Some(false) || !(denies || accept_audit) {
        return;
    }
    let mut references = policy.get("spec.matchImageReferences");
    if !references.is_set() {
        // What its first version called them.
        references = policy.get("spec.imageRules");
    }
    for reference in references.items() {
        let is_expression = reference.get("expression").is_set() || reference.get("cel").is_set();
        let spelling = if is_expression { Spelling::Expression } else { Spelling::Kyverno };
        let mut verifier = Verifier::new(policy, spelling, sees);
        verifier.patterns.extend(reference.get("glob").str());
        verifiers.push(verifier);
    }
}

/// Whether an expression of a validation depends on a signature, as far as its text shows.
fn asks_for_signatures(expression: &str) -> bool {
    let letters: String = expression.split_ascii_whitespace().collect();
    let always = ["||true", "true||", ">=0"];
    ["verifyImageSignatures(", "verifyAttestationSignatures("].iter().any(|call| text::holds(&letters, call))
        && !always.iter().any(|always| text::holds(&letters, always))
}

fn add_sigstore<'a>(policy: Object<'a>, pods: &Pods<'_>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
    let enforces = policy.get("spec.mode").str() != Some("warn");
    // One authority is enough, so that one which says yes without a look admits everything.
    let says_yes = |authority: Field<'_>| authority.get("static.action").str() == Some("pass");
    let says_anything = |authority: Field<'_>| {
        ["key", "keyless", "static", "rfc3161timestamp"].iter().any(|field| authority.get(field).is_set())
    };
    let authorities = policy.get("spec.authorities");
    let verifies = authorities.items().any(says_anything) && !authorities.items().any(says_yes);
    let resources = policy.get("spec.match");
    let is_meant = |one: Field<'_>| {
        let (group, resource) = (one.get("group").str().unwrap_or_default(), one.get("resource").str());
        let resource = resource.unwrap_or_default();
        let kind = pods.workload.kind().to_ascii_lowercase() + "s";
        let own = pods.workload.object().group();
        let is_it = matches!(group, "" | "*") && matches!(resource, "pods" | "*")
            || (group == own || group == "*") && (resource == kind || resource == "*");
        is_it && pods.are_selected(one.get("selector"))
    };
    let sees = !resources.has_items() || resources.items().any(is_meant);
    if !verifies || !sees || !(enforces || accept_audit) {
        return;
    }
    // Sigstore's webhook, as it is installed, asks for the pods of Namespaces with this label alone.
    let is_included = |namespace: Object<'_>| namespace.labels().entry(INCLUDED).str() == Some("true");
    let sees = if pods.namespace.is_none_or(is_included) { Some(true) } else { None };
    let mut verifier = Verifier::new(policy, Spelling::Sigstore, sees);
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
fn add_kubewarden<'a>(policy: Object<'a>, pods: &Pods<'_>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
    let module = policy.get("spec.module").str().unwrap_or_default();
    let name = module.rsplit_once('/').map_or(module, |(_, name)| name);
    let name = name.split_once([':', '@']).map_or(name, |(name, _)| name);
    let enforces = policy.get("spec.mode").str() != Some("monitor");
    let rules = policy.get("spec.rules");
    let sees = sees(policy.get("spec"), pods, !rules.has_items() || pods.are_reviewed(rules));
    if name != "verify-image-signatures" || sees == Some(false) || !(enforces || accept_audit) {
        return;
    }
    let mut verifier = Verifier::new(policy, Spelling::AsWritten, sees);
    for signature in policy.get("spec.settings.signatures").items() {
        verifier.patterns.extend(signature.get("image").str());
    }
    verifiers.push(verifier);
}

/// Connaisseur refuses what none of its validators knows, so that its webhook covers every image.
fn add_connaisseur<'a>(webhooks: Object<'a>, pods: &Pods<'_>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
    for webhook in webhooks.get("webhooks").items() {
        let service = webhook.get("clientConfig.service.name").str().unwrap_or_default();
        let enforces = webhook.get("failurePolicy").str() != Some("Ignore");
        let sees = sees(webhook, pods, pods.are_reviewed(webhook.get("rules")));
        if service.starts_with("connaisseur") && sees != Some(false) && (enforces || accept_audit) {
            let mut verifier = Verifier::new(webhooks, Spelling::AsWritten, sees);
            verifier.patterns.push("*");
            verifiers.push(verifier);
        }
    }
}

/// Whether what stands beside a webhook's rules lets the pods through to it.
fn sees(scope: Field<'_>, pods: &Pods<'_>, are_reviewed: bool) -> Option<bool> {
    all([
        Some(are_reviewed && pods.are_selected(scope.get("objectSelector"))),
        pods.are_in(scope.get("namespaceSelector")),
        pods.meet(scope.get("matchConditions")),
    ]
    .into_iter())
}
