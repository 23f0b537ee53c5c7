//! The service that a workload is, or is part of, and the Backstage Component that describes it.
//!
//! A workload has several names by which people may know its service: those that its labels say, on the workload or else on
//! its pod template, and its own. Where they are found, and in which order, is a setting of the rules that ask. All of them
//! count, the first one is what messages say. By default `app.kubernetes.io/part-of` stands last: it names the whole
//! system, which Backstage calls a System, and only where nobody speaks of the parts is the whole their service.
//!
//! A Component (`backstage.io/v1alpha1`) describes the service if its annotation `backstage.io/kubernetes-id` is one of the
//! names, or its annotation `backstage.io/kubernetes-label-selector` selects the workload or its pods, or else it is called
//! by one of the names. An entity lives in a namespace of Backstage, not of Kubernetes, so Components are looked up in all
//! of them. They are read without a complaint: one that is malformed describes nothing, and is no fault of the workload.
//!
//! The module must not know what a rule wants of a service. A rule that uses it has the setting
//!
//! ```text
//! /// Where the names of a workload's service are found: labels of the workload or of its pod template, or `metadata.name`.
//! service_names: Vec<String> = [
//!     "backstage.io/kubernetes-id", "app.kubernetes.io/name", "metadata.name", "app.kubernetes.io/part-of",
//! ],
//! ```
//!
//! and declares, besides its own (the restart policy is for [`operated`]):
//!
//! ```text
//! reads: ["metadata.labels", "pod.metadata.labels", "pod.spec.restartPolicy"],
//! looks_up: ["backstage.io/v1alpha1/Component": [
//!     "metadata.annotations['backstage.io/kubernetes-id']",
//!     "metadata.annotations['backstage.io/kubernetes-label-selector']",
//! ]],
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::field::Field;
use crate::object::Object;
use crate::relation::Relation;
use crate::request::Request;
use crate::selector::text_matches;
use crate::undecided::{Undecided, not_applicable};
use crate::value::Value;
use crate::workload::Workload;
use crate::world::{Within, World};

/// The workload judged, as something that people are called for: it runs as long as it can, or again and again.
///
/// # Errors
/// Not applicable to what runs once, which is its service's affair: a Job, or a Pod that is not restarted; nor to a
/// PodTemplate, nor where [`Request::workload`] is not.
pub fn operated<'a>(request: &Request<'a>) -> Result<Workload<'a>, Undecided> {
    let workload = request.workload()?;
    match workload.kind() {
        "CronJob" => Ok(workload),
        "PodTemplate" => not_applicable("a PodTemplate runs no pods by itself"),
        _ if workload.runs_to_completion() => not_applicable("it runs once, for the service that it belongs to"),
        _ => Ok(workload),
    }
}

/// The service of a workload.
pub struct Service<'a> {
    workload: Workload<'a>,
    names: Vec<&'a str>,
}

impl<'a> Service<'a> {
    /// The service by what the sources say: each a label, of the workload or else of its pod template, or `metadata.name`.
    /// Where none says anything, it is the workload's own name.
    #[must_use]
    pub fn of(workload: Workload<'a>, sources: &[String]) -> Self {
        let object = workload.object();
        let mut names = Vec::new();
        for source in sources {
            let said = match source.as_str() {
                "metadata.name" => [Some(object.name()), None],
                label => [object.labels().entry(label).str(), workload.pod_labels().entry(label).str()],
            };
            names.extend(said.into_iter().flatten().find(|name| !name.is_empty()));
        }
        if names.is_empty() {
            let generated = || object.get("metadata.generateName").str().unwrap_or_default().trim_end_matches('-');
            names.push(Some(object.name()).filter(|name| !name.is_empty()).unwrap_or_else(generated));
        }
        Self { workload, names }
    }

    /// What to call it: the first of its names.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.names.first().copied().unwrap_or_default()
    }

    /// All its names, the first one first.
    #[must_use]
    pub fn names(&self) -> &[&'a str] {
        &self.names
    }

    /// Whether this is one of its names. Backstage does not tell upper from lower case, and Kubernetes has no upper.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        !name.is_empty() && self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// The Component that describes it, if one is in sight.
    ///
    /// # Errors
    /// As any look-up.
    pub fn component(&self, world: &World<'a>) -> Result<Option<Object<'a>>, Undecided> {
        let described = [
            Relation::naming("metadata.annotations['backstage.io/kubernetes-id']", &self.names),
            Relation::having("metadata.annotations['backstage.io/kubernetes-label-selector']"),
            Relation::naming("metadata.name", &self.names),
        ];
        let components = world.related("backstage.io/v1alpha1", "Component", Within::All, &described)?;
        let find = |describes: &dyn Fn(&Object<'a>) -> bool| components.iter().copied().find(describes);
        let called = |steps: &[&str]| {
            self.names.iter().find_map(|name| {
                let is_called = |text: &str| text.eq_ignore_ascii_case(name);
                find(&|component| text_at(component.root(), steps).is_some_and(is_called))
            })
        };
        Ok(called(&["metadata", "annotations", "backstage.io/kubernetes-id"])
            .or_else(|| find(&|component| self.is_selected_by(*component)))
            .or_else(|| called(&["metadata", "name"])))
    }

    /// Whether a Component selects the workload or its pods by their labels.
    fn is_selected_by(&self, component: Object<'a>) -> bool {
        let annotation = ["metadata", "annotations", "backstage.io/kubernetes-label-selector"];
        let selector = text_at(component.root(), &annotation).unwrap_or_default();
        let labels = [self.workload.object().labels(), self.workload.pod_labels()];
        !selector.is_empty() && labels.iter().any(|labels| text_matches(selector, *labels))
    }

    /// Whether a value among these labels is one of its names.
    #[must_use]
    pub fn is_named_in(&self, labels: &Value<'_>) -> bool {
        labels.members().iter().any(|(_, value)| value.str().is_some_and(|value| self.is_called(value)))
    }

    /// Whether another object is about it: is called by one of its names, or has one as the value of a label.
    #[must_use]
    pub fn is_subject_of(&self, other: Object<'_>) -> bool {
        let labels = other.root().value().and_then(|root| root.get("metadata")?.get("labels"));
        self.is_called(other.name()) || labels.is_some_and(|labels| self.is_named_in(labels))
    }

    /// What to do where no Component describes it.
    #[must_use]
    pub fn how_to_describe(&self) -> String {
        format!("describe it by a Backstage Component with `backstage.io/kubernetes-id: {}`", self.name())
    }
}

/// The string at the end of these steps, if there is one: how to look through other objects for those that matter, where
/// what is malformed in the others is no fault of the object judged.
#[must_use]
pub fn text_at<'a>(field: Field<'a>, steps: &[&str]) -> Option<&'a str> {
    steps.iter().try_fold(field.value()?, |value, step| value.get(step))?.str()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::memory::Memory;
    use crate::world::Declared;
    use crate::world::{Completeness, Host};

    const DECLARED: &[Declared] =
        &[Declared { api_version: "backstage.io/v1alpha1", kind: "Component", reads: &["metadata"] }];
    const SOURCES: [&str; 4] =
        ["backstage.io/kubernetes-id", "app.kubernetes.io/name", "metadata.name", "app.kubernetes.io/part-of"];

    struct Catalog(Json);

    impl Host for Catalog {
        fn call(&self, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
            Ok(serde_json::to_vec(&json!({ "items": self.0 })).unwrap())
        }
    }

    /// The service's name, and the name of the Component that describes it.
    fn service(own: Json, pods: Json, sources: &[&str], catalog: Json) -> (String, Option<String>) {
        let memory = Memory::new();
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": own},
            "spec": {"template": {"metadata": {"labels": pods}}},
        });
        let json = serde_json::to_vec(&deployment).unwrap();
        let value = Value::parse(&json, &memory.bump).unwrap();
        let workload = Workload::view(Object::new(Field::root(&memory, Some(&value)), None)).unwrap();
        let sources: Vec<String> = sources.iter().map(|source| String::from(*source)).collect();
        let service = Service::of(workload, &sources);
        let catalog = Catalog(catalog);
        let world = World::new(&memory, &catalog, Completeness::Complete, DECLARED);
        let component = service.component(&world).unwrap();
        assert!(memory.take_malformed().into_findings().is_empty());
        (service.name().into(), component.map(|component| component.name().into()))
    }

    fn name(own: Json, pods: Json, sources: &[&str]) -> String {
        service(own, pods, sources, json!([])).0
    }

    fn component(own: Json, catalog: Json) -> Option<String> {
        service(own, json!({"tier": "front"}), &SOURCES, catalog).1
    }

    fn entity(name: &str, annotations: Json) -> Json {
        json!({"metadata": {"name": name, "namespace": "teams", "annotations": annotations}})
    }

    #[test]
    fn the_first_source_that_says_something_names_the_service() {
        let (id, app, system) = (SOURCES[0], SOURCES[1], SOURCES[3]);
        assert_eq!(name(json!({id: "pay", app: "api", system: "shop"}), json!({}), &SOURCES), "pay");
        assert_eq!(name(json!({app: "api", system: "shop"}), json!({}), &SOURCES), "api");
        assert_eq!(name(json!({system: "shop"}), json!({}), &SOURCES), "web");
        assert_eq!(name(json!({system: "shop"}), json!({}), &[system, app]), "shop");
        assert_eq!(name(json!({}), json!({}), &[system]), "web");
        assert_eq!(name(json!(null), json!(null), &[]), "web");
    }

    #[test]
    fn a_label_may_be_on_the_pods_alone_and_the_workloads_own_goes_first() {
        let app = SOURCES[1];
        assert_eq!(name(json!({}), json!({app: "pods"}), &SOURCES), "pods");
        assert_eq!(name(json!({app: ""}), json!({app: "pods"}), &SOURCES), "pods");
        assert_eq!(name(json!({app: "own"}), json!({app: "pods"}), &SOURCES), "own");
    }

    #[test]
    fn a_component_is_found_by_its_id_before_its_selector_before_its_name() {
        let id = entity("a", json!({"backstage.io/kubernetes-id": "web"}));
        let selector = entity("b", json!({"backstage.io/kubernetes-label-selector": "tier in (front, edge),!legacy"}));
        let named = entity("Web", json!(null));
        assert_eq!(component(json!({}), json!([named, selector, id])).unwrap(), "a");
        assert_eq!(component(json!({}), json!([named, selector])).unwrap(), "b");
        assert_eq!(component(json!({}), json!([named])).unwrap(), "Web");
        assert_eq!(component(json!({}), json!([entity("website", json!({}))])), None);
    }

    #[test]
    fn the_part_is_found_before_the_whole() {
        let catalog = json!([entity("shop", json!({})), entity("web", json!({}))]);
        assert_eq!(component(json!({SOURCES[3]: "shop"}), catalog).unwrap(), "web");
        assert_eq!(component(json!({SOURCES[3]: "shop"}), json!([entity("shop", json!({}))])).unwrap(), "shop");
    }

    #[test]
    fn a_malformed_component_describes_nothing_and_nobody_complains() {
        let selector = "backstage.io/kubernetes-label-selector";
        for annotations in [json!([]), json!({"backstage.io/kubernetes-id": 1}), json!({selector: ""})] {
            assert_eq!(component(json!({}), json!([entity("a", annotations)])), None);
        }
    }
}
