#![no_std]
use sdk::image::{filled_by, is_mutable};
use sdk::prelude::*;

policy! {
    /// Images have a digest or an immutable tag.
    ///
    /// Every container counts, init, sidecar and ephemeral containers too, and so does every volume that mounts an
    /// image. No tag means `latest`. Tags such as `latest`, `main` and `1.4-latest` follow whatever was pushed last, and so
    /// does a variant without a version: `alpine`, `slim-bookworm`, `stable-alpine`. A digest always passes, whatever tag
    /// stands before it.
    ///
    /// An image that is put in when the pod is made is not the manifest's to name: `auto` in a pod that Istio injects, and
    /// what an OpenShift trigger takes from an ImageStream.
    ///
    /// The reference is read as registries and container runtimes read it: in `registry:5000/web` the number is a port
    /// and there is no tag. What they would refuse is a finding, as is a placeholder (`${IMAGE}`, `ko://...`): check
    /// the manifest with the value filled in. A tag that a kustomization sets with `images:` is seen in what kustomize
    /// builds, not in the base.
    ///
    /// ## Why
    ///
    /// With a tag that moves, two pods of one Deployment may run different programs, a restart is a rollout that nobody
    /// started, and a rollback brings nothing back.
    ///
    /// ## Fix
    ///
    /// Name the version, `example.com/web:1.4.2`, and never push it twice. Surest is the digest,
    /// `example.com/web:1.4.2@sha256:...`, which names the bytes.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail=app
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:latest
    /// ```
    ///
    /// A port is no tag:
    ///
    /// ```yaml,fail=app
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com:5000/web
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    ///     - name: proxy
    ///       image: example.com/proxy@sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1
    /// ```
    pub struct ImmutableImageTag {
        /// Tags that move, in any case, also beside a variant such as `alpine`. A `*` at the start stands for anything.
        mutable_tags: Vec<String> = [
            "latest", "main", "master", "dev", "staging", "nightly", "edge", "stable", "canary", "rolling", "head",
            "develop", "trunk", "unstable", "snapshot", "lts", "mainline", "current", "*-latest", "*-snapshot",
        ],
        /// Require a digest: a tag alone is then a finding, whatever it says.
        require_digest: bool = false,
    }
    severity: High,
    section: Security,
    since: "0.1.0",
    profile: Essential,
    applies_to: [Workloads],
    reads: [Images],
}

impl Rule for ImmutableImageTag {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let workload = request.workload()?;
        let (mut filled, mut named) = (None, false);
        for container in workload.containers(Class::ALL) {
            match filled_by(workload, container) {
                Some(reason) => filled = Some(reason),
                None => {
                    named = true;
                    self.check_image(container.get("image"), findings);
                }
            }
        }
        for volume in workload.pod().get("volumes").items() {
            let image = volume.get("image.reference");
            if image.is_set() {
                named = true;
                self.check_image(image, findings);
            }
        }
        match filled {
            Some(reason) if !named => not_applicable(reason),
            _ => Ok(()),
        }
    }
}

impl ImmutableImageTag {
    fn check_image(&self, at: Field<'_>, findings: &mut Findings) {
        let Some(image) = ImageReference::of(at, findings) else {
            return;
        };
        if image.is_pinned() {
            return;
        }
        let repository = image.repository();
        match image.tag() {
            None => {
                let message = format!("`{image}` has no tag, so it means `latest`: pin a version or a digest");
                findings.fail(at, message, fix::set(at, format!("{repository}:<version>")).example());
            }
            Some(tag) if is_mutable(tag, &self.mutable_tags) => {
                let message = format!("the tag `{tag}` is mutable: pin a version or a digest");
                findings.fail(at, message, fix::set(at, format!("{repository}:<version>")).example());
            }
            Some(tag) if self.require_digest => {
                let message = format!("the tag `{tag}` may be pushed again, and a digest is required");
                findings.fail(at, message, fix::set(at, format!("{image}@sha256:<digest>")).example());
            }
            Some(_) => {}
        }
    }
}
