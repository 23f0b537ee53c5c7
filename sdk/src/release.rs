//! Charts that are released and not rendered: what they deploy may be anything, so nothing beside them is called missing.
//!
//! A Flux HelmRelease and a HelmChart of k3s deploy to their `targetNamespace` or to their own namespace, an Argo CD
//! Application of a chart to its destination. The host leaves out those that were rendered. A host that renders nothing gives
//! all of them: in a cluster, where what they deployed is there, a rule does not ask. The module must not know what a rule
//! looks for.
//!
//! Look-ups are the rule's to declare. A rule that calls [`unrendered`] declares:
//!
//! ```text
//! "helm.toolkit.fluxcd.io/v2/HelmRelease": ["spec.targetNamespace"],
//! "helm.cattle.io/v1/HelmChart": ["spec.targetNamespace"],
//! "argoproj.io/v1alpha1/Application": ["spec.destination.namespace", "spec.source.chart", "spec.sources.chart"],
//! ```

use alloc::format;
use alloc::string::String;

use crate::field::Field;
use crate::object::Object;
use crate::undecided::Undecided;
use crate::world::{Within, World};

/// The kinds that release a chart and nothing else.
const RELEASES: [(&str, &str); 2] = [("helm.toolkit.fluxcd.io/v2", "HelmRelease"), ("helm.cattle.io/v1", "HelmChart")];

/// What releases a chart into a namespace that was not rendered, in words.
///
/// # Errors
/// As any look-up.
pub fn unrendered(namespace: Option<&str>, world: &World<'_>) -> Result<Option<String>, Undecided> {
    let why = |object: Object<'_>| {
        Ok(Some(format!("{} {} deploys objects that are not in this input", object.kind(), object.name())))
    };
    for (api_version, kind) in RELEASES {
        let is_elsewhere = |release: &Object<'_>| {
            let target = release.get("spec.targetNamespace").str();
            namespace.is_some() && target.is_some() && target != namespace
        };
        let beside = world.unrendered(api_version, kind, Within::Namespace(namespace))?;
        if let Some(release) = beside.into_iter().find(|it| !is_elsewhere(it)) {
            return why(release);
        }
        let targets = |release: &Object<'_>| release.get("spec.targetNamespace").str() == namespace;
        let targeting = world.unrendered(api_version, kind, Within::All)?.into_iter().find(targets);
        if let Some(release) = targeting.filter(|_| namespace.is_some()) {
            return why(release);
        }
    }
    for application in world.unrendered("argoproj.io/v1alpha1", "Application", Within::All)? {
        let spec = application.get("spec");
        let is_chart = |source: Field<'_>| source.get("chart").is_set();
        let has_chart = is_chart(spec.get("source")) || spec.get("sources").items().any(is_chart);
        if has_chart && spec.get("destination.namespace").str() == namespace {
            return why(application);
        }
    }
    Ok(None)
}
