#![no_std]
use sdk::prelude::*;
use sdk::stage;

policy! {
    /// Production workloads roll out step by step, and back by themselves.
    ///
    /// A Deployment of production is rolled out by an Argo Rollout whose `workloadRef` names it, or by a Flagger Canary
    /// whose `targetRef` does; or it is an Argo Rollout itself.
    ///
    /// | strategy | what it has |
    /// |---|---|
    /// | Argo canary | steps, one of which sends a part of the traffic to the new version; and an analysis, in the background or as a step |
    /// | Argo blue-green | a `previewService`; and an analysis before or after the switch, or a switch by hand |
    /// | Flagger Canary | a metric or a webhook that decides, and steps or iterations; `skipAnalysis` is off. A webhook of the type `event` or `post-rollout` decides nothing |
    ///
    /// A failed analysis takes the new version back. An analysis that cannot fail does not count: all of its metrics in
    /// `dryRun`. The templates that it names exist; whether one of the whole cluster does is unknown where the input lacks it.
    ///
    /// What is production is said by the first of the labels `stage_labels` that the workload has, or else by its namespace.
    /// Where neither is one of `production`, a Deployment is not checked. A Rollout and a Canary are checked everywhere.
    /// What runs to completion is not meant, and neither is a StatefulSet or a DaemonSet.
    ///
    /// ## Why
    ///
    /// A Deployment replaces all pods as soon as the new ones answer their probes. An error that shows only under real
    /// traffic then hits everybody, and stays until somebody is awake.
    ///
    /// ## Fix
    ///
    /// Make the Deployment an Argo Rollout, or write a Flagger Canary for it, with an analysis of its error rate.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop-production}
    /// spec:
    ///   template:
    ///     spec: {containers: [{name: web, image: "example.com/web:1.4.2"}]}
    /// ```
    ///
    /// ```yaml,fail
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web, namespace: shop-production}
    /// spec:
    ///   strategy: {canary: {steps: [{setWeight: 20}, {pause: {duration: 10m}}]}}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web, namespace: shop-production}
    /// spec:
    ///   strategy:
    ///     canary:
    ///       analysis: {templates: [{templateName: error-rate}]}
    ///       steps: [{setWeight: 20}, {pause: {duration: 10m}}, {setWeight: 50}, {pause: {duration: 10m}}]
    /// ---
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: AnalysisTemplate
    /// metadata: {name: error-rate, namespace: shop-production}
    /// spec: {metrics: [{name: errors}]}
    /// ```
    ///
    /// ```yaml,not-applicable
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop-staging}
    /// spec:
    ///   template:
    ///     spec: {containers: [{name: web, image: "example.com/web:1.4.2"}]}
    /// ```
    pub struct ProgressiveDelivery {
        /// Namespaces and values of labels that mean production. A `*` stands for any characters.
        production: Vec<String> = [
            "production", "prod", "prd", "live", "*-production", "*-prod", "*-prd", "production-*", "prod-*",
        ],
        /// Labels that may say which environment a workload is of; without such a label, its namespace does.
        stage_labels: Vec<String> = ["app.kubernetes.io/environment", "environment", "env"],
    }
    severity: Medium,
    section: Delivery,
    since: "0.1.0",
    rests_on: [Argo | Flagger],
    applies_to: [
        "apps/v1/Deployment",
        "argoproj.io/v1alpha1/Rollout",
        "flagger.app/v1beta1/Canary",
    ],
    reads: [
        "metadata.labels",
        "spec.strategy.canary",
        "spec.strategy.blueGreen",
        "spec.analysis",
        "spec.skipAnalysis",
        "spec.targetRef",
    ],
    looks_up: [
        "argoproj.io/v1alpha1/Rollout": ["spec.workloadRef"],
        "flagger.app/v1beta1/Canary": ["spec.targetRef"],
        "argoproj.io/v1alpha1/AnalysisTemplate": [],
        "argoproj.io/v1alpha1/ClusterAnalysisTemplate": [],
        "flagger.app/v1beta1/MetricTemplate": [],
    ],
}

impl Rule for ProgressiveDelivery {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (object, world) = (request.object(), request.world());
        match object.kind() {
            "Rollout" => check_rollout(object, world, findings),
            "Canary" => check_flagger(object, world, findings),
            "Deployment" => self.check_deployment(object, world, findings),
            _ => not_applicable("it rolls out nothing"),
        }
    }
}

impl ProgressiveDelivery {
    fn check_deployment(
        &self,
        object: Object<'_>,
        world: &World<'_>,
        findings: &mut Findings,
    ) -> Result<(), Undecided> {
        if !stage::is_of(object, &self.stage_labels, &self.production) {
            return not_applicable("neither a label nor the namespace says that it is production");
        }
        for (api_version, kind, reference) in [
            ("argoproj.io/v1alpha1", "Rollout", "spec.workloadRef"),
            ("flagger.app/v1beta1", "Canary", "spec.targetRef"),
        ] {
            let names = |other: &Object<'_>| {
                let reference = other.get(reference);
                reference.get("kind").str() == Some("Deployment") && reference.get("name").str() == Some(object.name())
            };
            if world.list(api_version, kind, object.namespace())?.iter().any(names) {
                return Ok(());
            }
        }
        world.must_be_complete(format!("Rollout or Canary that rolls out the Deployment {}", object.name()))?;
        let message = "all pods get the new version at once: no Argo Rollout and no Flagger Canary rolls it out";
        findings.fail(
            object.root(),
            message,
            "an Argo Rollout in its place, or a Flagger Canary whose targetRef names it",
        );
        Ok(())
    }
}

fn check_rollout(object: Object<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let (canary, blue_green) = (object.get("spec.strategy.canary"), object.get("spec.strategy.blueGreen"));
    let mut analyses = Vec::new();
    if blue_green.is_set() {
        if !blue_green.get("previewService").is_set() {
            let message = "nobody can look at the new version before it gets all traffic";
            findings.fail(blue_green.get("previewService"), message, "previewService: <a Service>");
        }
        let of = ["prePromotionAnalysis", "postPromotionAnalysis"].map(|key| blue_green.get(key));
        analyses.extend(of.into_iter().filter(|analysis| analysis.get("templates").has_items()));
        if analyses.is_empty() && blue_green.get("autoPromotionEnabled").bool() != Some(false) {
            let message =
                "the switch to the new version is neither analysed nor made by hand, so nothing takes it back";
            findings.fail(blue_green, message, "prePromotionAnalysis with a template, or autoPromotionEnabled: false");
        }
    } else if canary.is_set() {
        let steps = canary.get("steps");
        // A weight of 100 at once is a rollout at once.
        let sends_a_part = |step: Field<'_>| {
            step.get("setWeight").integer().is_some_and(|weight| (1..100).contains(&weight))
                || step.get("setCanaryScale").is_set()
                || step.get("experiment").is_set()
        };
        if !steps.items().any(sends_a_part) {
            let message = "no step sends a part of the traffic to the new version";
            findings.fail(steps, message, "steps that begin with a small setWeight and a pause");
        }
        analyses.push(canary.get("analysis"));
        for step in steps.items() {
            analyses.push(step.get("analysis"));
            analyses.extend(step.get("experiment.analyses").is_set().then(|| step.get("experiment")));
        }
        analyses.retain(|analysis| analysis.get("templates").has_items() || analysis.get("analyses").has_items());
        if analyses.is_empty() {
            let message = "no analysis looks at the new version, so nothing takes it back";
            findings.fail(canary.get("analysis"), message, "analysis.templates with a template of its error rate");
        }
    } else {
        let message = "the Rollout has no strategy, so all pods get the new version at once";
        findings.fail(object.get("spec.strategy"), message, "strategy.canary with steps and an analysis");
    }
    analyses.into_iter().map(|analysis| check_analysis(analysis, object, world, findings)).fold(Ok(()), Result::and)
}

/// Whether an analysis can take a version back, and its templates exist.
fn check_analysis(
    analysis: Field<'_>,
    object: Object<'_>,
    world: &World<'_>,
    findings: &mut Findings,
) -> Result<(), Undecided> {
    let is_all = |dry: Field<'_>| matches!(dry.get("metricName").str(), Some("*" | ".*" | "^.*$"));
    if let Some(dry) = analysis.get("dryRun").items().find(|dry| is_all(*dry)) {
        let message = "the analysis only pretends: a metric in `dryRun` takes nothing back";
        findings.fail(dry, message, "no dryRun, or the names of some metrics");
    }
    let mut unknown = Ok(());
    for template in analysis.get("templates").items().chain(analysis.get("analyses").items()) {
        let name = template.get("templateName");
        let Some(text) = name.str() else { continue };
        let is_of_cluster = template.get("clusterScope").bool() == Some(true);
        let (kind, namespace) =
            if is_of_cluster { ("ClusterAnalysisTemplate", None) } else { ("AnalysisTemplate", object.namespace()) };
        if world.get("argoproj.io/v1alpha1", kind, namespace, text)?.is_none() {
            world.must_be_complete(format!("{kind} {text}"))?;
            if is_of_cluster {
                // As with other objects of the whole cluster, it is another repository that has it.
                unknown =
                    Err(Undecided::Unknown(format!("{kind} {text} is not in this input; the platform may have it")));
                continue;
            }
            findings.fail(name, format!("there is no {kind} {text}"), format!("the name of a {kind} that is there"));
        }
    }
    unknown
}

fn check_flagger(object: Object<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    if object.get("spec.skipAnalysis").bool() == Some(true) {
        let message = "`skipAnalysis` is on, so all pods get the new version at once";
        findings.fail(object.get("spec.skipAnalysis"), message, fix::set(object.get("spec.skipAnalysis"), false));
    }
    let analysis = object.get("spec.analysis");
    let has = |keys: &[&'static str]| keys.iter().any(|key| analysis.get(key).is_set());
    if !has(&["stepWeight", "stepWeights", "iterations", "match"]) {
        let message = "no step sends a part of the traffic to the new version";
        findings.fail(analysis, message, "stepWeight and maxWeight, or iterations");
    }
    // These are told what has happened, and nobody waits for their answer.
    let decides = |hook: Field<'_>| !matches!(hook.get("type").str(), Some("event" | "post-rollout"));
    if !analysis.get("metrics").has_items() && !analysis.get("webhooks").items().any(decides) {
        let message = "no metric and no webhook looks at the new version, so nothing takes it back";
        findings.fail(analysis, message, "metrics with a threshold of the error rate");
    }
    if analysis.get("threshold").integer() == Some(0) {
        // Flagger rolls back once that many checks have failed.
        findings.warn(analysis.get("threshold"), "the first failed check takes the new version back", "threshold: 5");
    }
    let mut unknown = None;
    for reference in analysis.get("metrics").items().map(|metric| metric.get("templateRef")) {
        let (name, namespace) = (reference.get("name"), reference.get("namespace").str());
        let Some(text) = name.str() else { continue };
        let namespace = namespace.or(object.namespace());
        if world.get("flagger.app/v1beta1", "MetricTemplate", namespace, text)?.is_some() {
            continue;
        }
        // The platform's are in a namespace of their own, and often in a repository of their own.
        if namespace != object.namespace() {
            let place = namespace.unwrap_or_default();
            unknown = Some(format!("the MetricTemplate {place}/{text} is not in this input"));
            continue;
        }
        world.must_be_complete(format!("MetricTemplate {text}"))?;
        let message = format!("there is no MetricTemplate {text}");
        findings.fail(name, message, "the name of a MetricTemplate that is there");
    }
    unknown.map_or(Ok(()), |reason| Err(Undecided::Unknown(reason)))
}
