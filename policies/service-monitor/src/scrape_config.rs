//! Whether a ScrapeConfig of the Prometheus operator finds a workload, before any relabelling.

use sdk::prelude::*;
use sdk::selector::text_matches;

/// Whether one of its targets is a Service of the workload, or one of its Kubernetes discoveries finds it.
pub fn finds(config: Object<'_>, workload: Workload<'_>, services: &[Object<'_>]) -> bool {
    let statics = config.get("spec.staticConfigs").items();
    let mut targets = statics.flat_map(|entry| entry.get("targets").items()).filter_map(Field::str);
    targets.any(|target| services.iter().any(|service| is_address_of(target, *service, config.namespace())))
        || config.get("spec.kubernetesSDConfigs").items().any(|entry| discovers(entry, config, workload, services))
}

/// `web:80` within the namespace, `web.shop:80`, `web.shop.svc.cluster.local:80`.
fn is_address_of(target: &str, service: Object<'_>, from: Option<&str>) -> bool {
    let host = target.split(':').next().unwrap_or_default();
    let mut labels = host.split('.');
    labels.next() == Some(service.name())
        && match (labels.next(), labels.next()) {
            (None, _) => service.namespace() == from,
            (namespace, None | Some("svc")) => service.namespace() == namespace,
            _ => false,
        }
}

fn discovers(entry: Field<'_>, config: Object<'_>, workload: Workload<'_>, services: &[Object<'_>]) -> bool {
    let namespaces = entry.get("namespaces");
    let here = workload.object().namespace();
    let mut names = namespaces.get("names").items().peekable();
    let own = namespaces.get("ownNamespace").bool() == Some(true) && config.namespace() == here;
    // Where no namespace is named, it is all of them.
    let everywhere = names.peek().is_none() && namespaces.get("ownNamespace").bool() != Some(true);
    if !own && !everywhere && !names.any(|name| name.str() == here) {
        return false;
    }
    let role = entry.get("role").str().unwrap_or_default();
    if role.eq_ignore_ascii_case("pod") {
        return are_selected(entry, workload.pod_labels());
    }
    ["service", "endpoints", "endpointslice"].iter().any(|known| role.eq_ignore_ascii_case(known))
        && services.iter().any(|service| are_selected(entry, service.labels()))
}

/// Whether all label selectors of a discovery hold for these labels.
fn are_selected(entry: Field<'_>, labels: Field<'_>) -> bool {
    entry.get("selectors").items().all(|selector| text_matches(selector.get("label").str().unwrap_or_default(), labels))
}
