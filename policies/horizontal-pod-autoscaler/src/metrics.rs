//! Metrics of utilisation, and the requests that they are a share of.
//!
//! The horizontal pod autoscaler sums up the requests of all long-running containers, or takes the pod's own where they are
//! set, and gives up if one is missing (`podautoscaler/replica_calculator.go`).

use sdk::prelude::*;
use sdk::replicas::{Autoscaler, AutoscalerKind};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";

/// Utilisation of a resource.
struct Utilization<'a> {
    /// `cpu` or `memory`.
    resource: &'a str,
    /// Of this container alone, else of the pod.
    container: Option<&'a str>,
}

/// Adds a finding for each request that a metric of the autoscaler misses.
pub fn check_requests<'a>(workload: Workload<'a>, autoscaler: Autoscaler<'a>, findings: &mut Findings) {
    for Utilization { resource, container: only } in metrics(autoscaler) {
        let of_pod = request(workload.pod().get("resources"), resource).filter(|_| only.is_none());
        let mut requests = Vec::from_iter(of_pod);
        let mut known = of_pod.is_some();
        let mut is_complete = true;
        for container in workload.containers(Class::LONG_RUNNING).filter(|_| of_pod.is_none()) {
            if only.is_none_or(|only| only == container.name()) {
                known = true;
                if let Some(request) = request(container.get("resources"), resource) {
                    requests.push(request);
                    continue;
                }
                is_complete = false;
                let message = format!("{autoscaler} goes by {resource} utilisation, which is a share of this request");
                let place = container.get("resources.requests").entry(resource);
                findings.fail(place, message, fix::set_named(place, 2, example(resource)));
            }
        }
        // One container may ask for nothing, but a share of nothing is not to be had.
        if let Some(first) = requests.first().filter(|_| is_complete)
            && requests.iter().all(|request| request.quantity().is_some_and(|amount| amount.is_zero()))
        {
            let message = format!("{autoscaler} goes by {resource} utilisation, and a share of 0 is not known");
            findings.fail(*first, message, fix::set_named(*first, 2, example(resource)));
        }
        if let (Some(only), false) = (only, known) {
            let message = format!("{autoscaler} goes by the {resource} of a container {only}, which is not there");
            findings.fail(workload.pod().get("containers"), message, "name a container of this pod in the metric");
        }
    }
}

fn example(resource: &str) -> &'static str {
    if resource == "cpu" { "100m" } else { "128Mi" }
}

/// A request that is left out equals its limit.
fn request<'a>(resources: Field<'a>, resource: &'a str) -> Option<Field<'a>> {
    ["requests", "limits"].into_iter().map(|kind| resources.get(kind).entry(resource)).find(|amount| amount.is_set())
}

fn metrics(autoscaler: Autoscaler<'_>) -> Vec<Utilization<'_>> {
    let object = autoscaler.object();
    match autoscaler.kind() {
        AutoscalerKind::Horizontal => {
            let mut metrics = object.get("spec.metrics");
            if !metrics.has_items() {
                // In `autoscaling/v1`, all but the utilisation of cpu is in an annotation.
                metrics = object.annotation(METRICS).json().and_then(Result::ok).unwrap_or(metrics);
            }
            let mut all: Vec<_> = metrics.items().filter_map(horizontal).collect();
            // The API's default.
            if !metrics.has_items() || object.get("spec.targetCPUUtilizationPercentage").is_set() {
                all.push(Utilization { resource: "cpu", container: None });
            }
            all
        }
        AutoscalerKind::Keda => object.get("spec.triggers").items().filter_map(keda).collect(),
    }
}

fn horizontal(metric: Field<'_>) -> Option<Utilization<'_>> {
    let (source, container) = match metric.get("type").str()? {
        "Resource" => (metric.get("resource"), None),
        "ContainerResource" => {
            let source = metric.get("containerResource");
            (source, Some(source.get("container").str()?))
        }
        _ => return None,
    };
    // The second is how `autoscaling/v2beta1` says it, and the annotation.
    let of_share = source.get("target.averageUtilization").is_set() || source.get("targetAverageUtilization").is_set();
    of_share.then_some(Utilization { resource: source.get("name").str()?, container })
}

fn keda(trigger: Field<'_>) -> Option<Utilization<'_>> {
    let resource = trigger.get("type").str().filter(|kind| matches!(*kind, "cpu" | "memory"))?;
    // The second is how KEDA said it before version 2.7.
    let kind = trigger.get("metricType").str().or_else(|| trigger.get("metadata.type").str());
    (kind? == "Utilization").then_some(Utilization { resource, container: trigger.get("metadata.containerName").str() })
}
