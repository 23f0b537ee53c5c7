#![no_std]
mod argo;
mod soak;

use sdk::documents::PROMOTION;
use sdk::prelude::*;

policy! {
    /// Production runs only what staging ran before, for long enough.
    ///
    /// Three things are checked.
    ///
    /// **Promotions.** Each image tag, digest or chart version that production names was named by staging for the same
    /// service, before production and for at least `soak_hours`. Staging may name another one by now. Which files are compared
    /// is decided by their names (`services/web/staging`, `values-production.yaml`, `clusters/prod-eu`) or by
    /// `--environments`. Read are `images` of a kustomization, values of a chart, images of containers, Argo CD Applications and
    /// ApplicationSets, and Flux.
    ///
    /// | production names | staging named | result |
    /// |---|---|---|
    /// | a tag | the same tag | compared by time |
    /// | a digest, with a tag or without | the same digest | compared by time |
    /// | a digest | a tag alone | unknown: the tag may be another image |
    /// | a tag | the same tag of an image of the same name in another registry | unknown: it may be another image |
    /// | a tag | the same tag of an image of another name | fails: staging never had it |
    /// | an image without a tag or a digest of its own | the same, or none | compared by time, or unknown |
    /// | a range of versions, or a tag that moves | anything | unknown: the files do not say what runs |
    /// | `sha-000...` of a new service | anything | not applicable: there is no image yet |
    /// | its first version of a service, in a file and of an image that it never had | the same | passes: there is nothing to promote yet |
    ///
    /// The time is that of the commits of the trusted branch, by first parent: a merge counts when it was merged. **It says when
    /// a tag was written, not when it ran.** A sync that failed does not show in git. Without history (a shallow clone, no git)
    /// the result is unknown, and never a pass.
    ///
    /// **Auto-sync.** Argo CD does not sync an Application of production by itself. Dev and staging may. A label says which
    /// environment it is, or else the destination and the name do. If it is not deployed to another environment, the path of
    /// the source and its files of values say it: the last folder that is called like one, such as `prod-eu`.
    ///
    /// **ApplicationSets.** A list generator gives each environment once: no two elements make an Application of the same name,
    /// and none of the setting `environments` is missing.
    ///
    /// ## Why
    ///
    /// What production runs first, users test. A version that staging had for a minute was tested by nobody.
    ///
    /// ## Fix
    ///
    /// Write the version to staging first, and promote it after the soak time. Remove `syncPolicy.automated` from production, or
    /// set `production_auto_sync: true` where the approval of the pull request is the gate.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: seaworthy.dev/v1
    /// kind: Promotion
    /// metadata: {name: services/web/production/kustomization.yaml}
    /// spec:
    ///   time: 1767225600
    ///   versions:
    ///     - of: example.com/web
    ///       at: images[example.com/web]
    ///       tag: 1.5.0
    ///       written: 1767139200
    ///       earlier: 1
    ///       staging: [{file: services/web/staging/kustomization.yaml, tag: 1.5.0, from: 1767138900}]
    /// ```
    ///
    /// ```yaml,fail
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata: {name: web-production, namespace: argocd}
    /// spec:
    ///   syncPolicy: {automated: {prune: true}}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: seaworthy.dev/v1
    /// kind: Promotion
    /// metadata: {name: services/web/production/kustomization.yaml}
    /// spec:
    ///   time: 1767225600
    ///   versions:
    ///     - of: example.com/web
    ///       at: images[example.com/web]
    ///       tag: 1.5.0
    ///       written: 1767139200
    ///       earlier: 1
    ///       staging: [{file: services/web/staging/kustomization.yaml, tag: 1.5.0, from: 1767052800}]
    /// ```
    ///
    /// ```yaml,pass
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata: {name: web-staging, namespace: argocd}
    /// spec:
    ///   syncPolicy: {automated: {prune: true}}
    /// ```
    pub struct EnvironmentPromotion {
        /// For how many hours staging must have named a version before production may. 0 asks only that staging was first.
        soak_hours: u32 = 1,
        /// Whether Argo CD may sync production by itself: the pull request is the approval.
        production_auto_sync: bool = false,
        /// Environments that each list generator of an ApplicationSet must give.
        environments: Vec<String> = [],
        /// Labels, namespaces, names and folders of sources that mean production. `pre-prod` and `non-prod` never do, and nor does `prod-staging`. A `*` stands for any characters.
        production: Vec<String> = [
            "production", "prod", "prd", "live", "*-production", "*-prod", "*-prd", "production-*", "prod-*",
            "prd-*", "*-production-*", "*-prod-*", "*-prd-*", "*-live",
        ],
        /// Tags that move, so that files do not say what runs. A `*` at the start stands for anything.
        moving: Vec<String> = [
            "latest", "main", "master", "dev", "staging", "nightly", "edge", "stable", "canary", "rolling", "head",
            "develop", "trunk", "unstable", "snapshot", "lts", "mainline", "current", "*-latest", "*-snapshot",
            "production", "prod",
        ],
    }
    severity: Medium,
    section: Delivery,
    since: "0.1.0",
    applies_to: [
        "seaworthy.dev/v1/Promotion",
        "argoproj.io/v1alpha1/Application",
        "argoproj.io/v1alpha1/ApplicationSet",
    ],
    reads: [
        "metadata.labels",
        "spec.time",
        "spec.unknown",
        "spec.versions",
        "spec.syncPolicy.automated",
        "spec.destination.name",
        "spec.destination.namespace",
        "spec.source.path",
        "spec.source.helm.valueFiles",
        "spec.sources.path",
        "spec.sources.helm.valueFiles",
        "spec.generators",
        "spec.template.metadata",
        "spec.template.spec.syncPolicy.automated",
        "spec.template.spec.destination",
        "spec.template.spec.source.path",
        "spec.template.spec.source.helm.valueFiles",
        "spec.template.spec.sources.path",
        "spec.template.spec.sources.helm.valueFiles",
        "spec.templatePatch",
    ],
}

impl Rule for EnvironmentPromotion {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        match object.kind() {
            "Application" => argo::check_application(self, object, findings),
            "ApplicationSet" => argo::check_set(self, object, findings),
            kind if kind == PROMOTION.kind => soak::check(self, object.get("spec"), findings),
            _ => not_applicable("it promotes nothing"),
        }
    }
}
