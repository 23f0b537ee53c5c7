//! Fields and look-ups that several rules name together: what an SDK function reads, a declaration names by one word.

use proc_macro2::Ident;
use syn::{Error, LitStr, Result};

/// Groups of fields.
const FIELDS: [(&str, &[&str]); 1] = [(
    // Images, and who fills them in: what `sdk::image::filled_by` reads.
    "Images",
    &[
        "containers.image",
        "pod.spec.volumes.image.reference",
        "metadata.annotations['image.openshift.io/triggers']",
        "spec.triggers",
        "pod.metadata.annotations['inject.istio.io/templates']",
        "pod.metadata.annotations['sidecar.istio.io/inject']",
        "pod.metadata.labels['sidecar.istio.io/inject']",
    ],
)];

/// A kind, and the fields that are read of it.
type LookUp<T> = (T, Vec<T>);

/// Look-ups, each with the fields that are read of what is found.
type Fixed = &'static [(&'static str, &'static [&'static str])];

/// Groups of look-ups.
const LOOK_UPS: [(&str, Fixed); 3] = [
    // Who serves: what `sdk::serving` asks for.
    ("Services", &[("v1/Service", &["spec.selector", "spec.type"])]),
    // How many pods there are: what `sdk::replicas::effective_replicas` asks for.
    (
        "Autoscalers",
        &[
            ("autoscaling/v2/HorizontalPodAutoscaler", &["spec.scaleTargetRef", "spec.minReplicas"]),
            ("keda.sh/v1alpha1/ScaledObject", &["spec.scaleTargetRef", "spec.minReplicaCount"]),
        ],
    ),
    // What may deploy objects that are not in sight: what `sdk::release::unrendered` asks for.
    (
        "Releases",
        &[
            ("helm.toolkit.fluxcd.io/v2/HelmRelease", &["spec.targetNamespace"]),
            ("helm.cattle.io/v1/HelmChart", &["spec.targetNamespace"]),
            (
                "argoproj.io/v1alpha1/Application",
                &["spec.destination.namespace", "spec.source.chart", "spec.sources.chart"],
            ),
            (
                "argoproj.io/v1alpha1/ApplicationSet",
                &[
                    "spec.template.spec.destination.namespace",
                    "spec.template.spec.source.chart",
                    "spec.template.spec.sources.chart",
                ],
            ),
        ],
    ),
];

/// The fields of a group.
pub fn fields(name: &Ident) -> Result<Vec<LitStr>> {
    Ok(literals(name, find(name, &FIELDS)?))
}

/// The look-ups of a group.
pub fn look_ups(name: &Ident) -> Result<Vec<LookUp<LitStr>>> {
    let group = find(name, &LOOK_UPS)?.iter();
    Ok(group.map(|(kind, reads)| (LitStr::new(kind, name.span()), literals(name, reads))).collect())
}

fn literals(name: &Ident, texts: &[&str]) -> Vec<LitStr> {
    texts.iter().map(|text| LitStr::new(text, name.span())).collect()
}

fn find<T: Copy>(name: &Ident, groups: &[(&str, T)]) -> Result<T> {
    let known = groups.iter().map(|(known, _)| format!("`{known}`")).collect::<Vec<_>>().join(" or ");
    let found = groups.iter().find(|(known, _)| name == known);
    found.map(|(_, group)| *group).ok_or_else(|| Error::new(name.span(), format!("expected a string, or {known}")))
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    #[test]
    fn a_group_is_known_by_its_name_and_no_other_is() {
        let name = |name: &str| Ident::new(name, Span::call_site());
        assert_eq!(fields(&name("Images")).map(|all| all.len()).ok(), Some(7));
        assert_eq!(look_ups(&name("Autoscalers")).map(|all| all.len()).ok(), Some(2));
        assert_eq!(look_ups(&name("Releases")).map(|all| all.len()).ok(), Some(4));
        let cause = look_ups(&name("Images")).map(drop).map_err(|cause| cause.to_string());
        assert_eq!(cause, Err("expected a string, or `Services` or `Autoscalers` or `Releases`".to_owned()));
    }
}
