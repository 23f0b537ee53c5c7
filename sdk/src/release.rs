//! Charts that are released and not rendered: what they deploy may be anything, so nothing beside them is called missing.
//!
//! A Flux HelmRelease and a HelmChart of k3s deploy to their `targetNamespace` or to their own namespace, an Argo CD
//! Application of a chart, or each of an ApplicationSet, to its destination. The host leaves out those that were rendered. A
//! host that renders nothing gives all of them: in a cluster, where what they deployed is there, a rule does not ask. A rule
//! that calls [`unrendered`] has `Releases` in its `looks_up`. The module must not know what a rule looks for.

use alloc::format;
use alloc::string::String;

use crate::field::Field;
use crate::object::Object;
use crate::text;
use crate::undecided::Undecided;
use crate::world::World;

/// The kinds that release a chart and nothing else.
const RELEASES: [(&str, &str); 2] = [("helm.toolkit.fluxcd.io/v2", "HelmRelease"), ("helm.cattle.io/v1", "HelmChart")];

/// What may release one, and where it says so.
const APPLICATIONS: [(&str, &str); 2] = [("Application", "spec"), ("ApplicationSet", "spec.template.spec")];

/// What releases a chart into a namespace that was not rendered, in words.
///
/// # Errors
/// As any look-up.
pub fn unrendered(namespace: Option<&str>, world: &World<'_>) -> Result<Option<String>, Undecided> {
    let why = |object: Object<'_>| {
        Ok(Some(format!("{} {} deploys objects that are not in this input", object.kind(), object.name())))
    };
    for (api_version, kind) in RELEASES {
        for release in world.unrendered(api_version, kind)? {
            let target = release.get("spec.targetNamespace").str().or_else(|| release.namespace());
            if may_be(target, namespace) {
                return why(release);
            }
        }
    }
    for (kind, place) in APPLICATIONS {
        for application in world.unrendered("argoproj.io/v1alpha1", kind)? {
            let spec = application.get(place);
            let is_chart = |source: Field<'_>| source.get("chart").is_set();
            let has_chart = is_chart(spec.get("source")) || spec.get("sources").items().any(is_chart);
            if has_chart && may_be(spec.get("destination.namespace").str(), namespace) {
                return why(application);
            }
        }
    }
    Ok(None)
}

/// Whether what is deployed there may be in that namespace: an object that names none may be put into any, and so may one
/// whose namespace is filled in later.
fn may_be(target: Option<&str>, namespace: Option<&str>) -> bool {
    let Some((target, namespace)) = target.zip(namespace) else { return true };
    target == namespace || text::holds(target, "${") || text::holds(target, "{{")
}
