//! Images that something puts in when the pod is made, whatever the manifest says: Istio's injection replaces `auto`, and
//! OpenShift's triggers the image of an ImageStream's tag.
//!
//! A rule that uses it declares to read
//!
//! ```text
//! "metadata.annotations['image.openshift.io/triggers']",
//! "spec.triggers",
//! "pod.metadata.annotations['inject.istio.io/templates']",
//! "pod.metadata.annotations['sidecar.istio.io/inject']",
//! "pod.metadata.labels['sidecar.istio.io/inject']",
//! ```

use alloc::format;
use alloc::string::String;

use protocol::path;

use crate::field::Field;
use crate::value::Value;
use crate::workload::{Container, Workload};

const TRIGGERS: &str = "image.openshift.io/triggers";
const INJECT: &str = "sidecar.istio.io/inject";
const TEMPLATES: &str = "inject.istio.io/templates";

/// Who puts in the image of a container, if somebody does.
#[must_use]
pub fn filled_by(workload: Workload<'_>, container: Container<'_>) -> Option<&'static str> {
    if container.get("image").str() == Some("auto") && is_injected(workload) {
        Some("Istio puts in the image")
    } else if is_triggered(workload, container) {
        Some("an OpenShift image trigger puts in the image")
    } else {
        None
    }
}

/// Whether the pods ask for Istio's injection. The label is the newer way, and wins.
fn is_injected(workload: Workload<'_>) -> bool {
    let annotations = workload.template().get("metadata.annotations");
    let asked = workload.pod_labels().entry(INJECT).str().or_else(|| annotations.entry(INJECT).str());
    asked.map_or_else(|| annotations.entry(TEMPLATES).str().is_some(), |asked| asked == "true")
}

fn is_triggered(workload: Workload<'_>, container: Container<'_>) -> bool {
    let object = workload.object();
    let is_tag = |from: Field<'_>| from.get("kind").str() == Some("ImageStreamTag");
    if object.is("apps.openshift.io", "DeploymentConfig") {
        return object.get("spec.triggers").items().any(|trigger| {
            let change = trigger.get("imageChangeParams");
            trigger.get("type").str() == Some("ImageChange")
                && change.get("automatic").bool() == Some(true)
                && is_tag(change.get("from"))
                && change.get("containerNames").items().any(|name| name.str() == Some(container.name()))
        });
    }
    if !matches!(workload.kind(), "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob") {
        return false;
    }
    let Some(Ok(triggers)) = object.annotation(TRIGGERS).json() else { return false };
    let place = path::shorten(&container.field().path());
    let list = place.rsplit_once('[').map_or("", |(list, _)| list);
    let by_name = format!("{list}[?(@.name==\"{}\")].image", container.name());
    triggers.items().any(|trigger| {
        let wanted: String = trigger.get("fieldPath").str().unwrap_or_default().split_ascii_whitespace().collect();
        let wanted = wanted.replace('\'', "\"");
        let is_paused = matches!(trigger.get("paused").value(), Some(Value::Bool(true) | Value::String("true")));
        !is_paused && is_tag(trigger.get("from")) && (wanted == by_name || wanted == format!("{place}.image"))
    })
}
