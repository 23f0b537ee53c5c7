//! What a rule is asked: one object, what happens to it, and the world around it.

use alloc::string::ToString;

use protocol::Section;

use crate::field::Field;
use crate::object::{Object, Type};
use crate::undecided::Undecided;
use crate::workload::Workload;
use crate::world::World;

/// An admission request (`admission.k8s.io/v1`), or a host's question about a manifest in the same form.
pub struct Request<'a> {
    root: Field<'a>,
    object: Object<'a>,
    world: World<'a>,
    section: Section,
}

impl<'a> Request<'a> {
    pub(crate) fn new(root: Field<'a>, world: World<'a>, section: Section) -> Result<Self, Undecided> {
        let (mut object, mut known) = (root.get("object"), Type::default());
        if object.is_set() {
            known = requested(root);
        } else if root.get("apiVersion").is_set() {
            // Kubewarden's raw policies get the document itself; an admission request has no version.
            object = root;
        }
        if !object.is_set() {
            return match root.get("operation").str() {
                Some("DELETE") => Err(Undecided::NotApplicable("the object is deleted".to_string())),
                _ => Err(Undecided::Error("the request carries no object".to_string())),
            };
        }
        let namespace = root.get("namespace").str().filter(|name| !name.is_empty());
        // The object's own root, so that the paths in findings start there.
        let object = Object::new(Field::root(object.memory(), object.value()), namespace).of_type(known);
        Ok(Self { root, object, world, section })
    }

    /// The object judged.
    #[must_use]
    pub const fn object(&self) -> Object<'a> {
        self.object
    }

    /// The object as it was before an UPDATE, with the fields that the rule reads; `None` where it is new. It takes the same
    /// views as the object judged. A finding about it stands at the root of that one, and names its place in words.
    #[must_use]
    pub fn old_object(&self) -> Option<Object<'a>> {
        // Where no request surrounds the object, a field of this name is its own.
        let old = Some(self.root).filter(|root| root.get("object").is_set())?.get("oldObject");
        let root = Field::root_of_other(old.memory(), Some(old.value()?), "the object as it was");
        // An update moves nothing to another namespace.
        Some(Object::new(root, self.object.namespace()).of_type(requested(self.root)))
    }

    /// Who asks for it, where it enters a cluster.
    #[must_use]
    pub fn user(&self) -> Option<&'a str> {
        // Where no request surrounds the object, a field of this name is its own.
        Some(self.root).filter(|root| root.get("object").is_set())?.get("userInfo.username").str()
    }

    /// The object judged as a workload.
    ///
    /// # Errors
    /// Not applicable where it is no workload, where its pod template lives in another object (an Argo Rollout with a
    /// `workloadRef`), or where it is a Helm test and the rule asks how a workload runs.
    pub fn workload(&self) -> Result<Workload<'a>, Undecided> {
        Workload::new(self.object, self.section)
    }

    /// The other objects.
    #[must_use]
    pub const fn world(&self) -> &World<'a> {
        &self.world
    }
}

/// What type a request says that its object is of: an API server always says it in the object as well, but who asks a
/// policy by hand may leave it out there.
fn requested(request: Field<'_>) -> Type<'_> {
    let text = |field| request.get(field).str().unwrap_or_default();
    Type { group: text("kind.group"), version: text("kind.version"), kind: text("kind.kind") }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;
    use crate::memory::Memory;
    use crate::value::Value;
    use crate::workload::Class;
    use crate::world::{Completeness, Host};

    struct Nobody;

    impl Host for Nobody {
        fn call(&self, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
            Err(String::new())
        }
    }

    /// Has a look at the old object of a request, and says what was malformed.
    fn old<T>(request: &str, look: impl FnOnce(Option<Object<'_>>) -> T) -> (T, Vec<(String, String)>) {
        let memory = Memory::new();
        let value = Value::parse(request.as_bytes(), &memory.bump).unwrap();
        let world = World::new(&memory, &Nobody, Completeness::Admission, &[]);
        let request =
            Request::new(Field::root(&memory, Some(&value)), world, Section::Delivery).unwrap_or_else(|_| panic!());
        let seen = look(request.old_object());
        let malformed = memory.take_malformed().into_findings();
        (seen, malformed.into_iter().map(|found| (found.path, found.message)).collect())
    }

    #[test]
    fn the_object_before_an_update_takes_the_views_of_any_object() {
        // As a host sends it that reads the type once, and only the declared fields.
        let request = r#"{
            "operation": "UPDATE", "namespace": "shop", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
            "object": {"metadata": {"name": "web"}, "spec": {"replicas": 2}},
            "oldObject": {"metadata": {"name": "web"}, "spec": {"replicas": "1", "template": {"spec": {"containers": [{"name": "app"}]}}}}
        }"#;
        let (seen, malformed) = old(request, |old| {
            let old = old.unwrap();
            assert!(old.is("apps", "Deployment"));
            assert_eq!((old.name(), old.namespace(), old.version()), ("web", Some("shop"), "v1"));
            assert_eq!(old.get("spec.replicas").integer(), None);
            let workload = Workload::view(old).unwrap();
            workload.containers(Class::ALL).filter_map(|container| container.get("name").str()).collect::<String>()
        });
        assert_eq!(seen, "app");
        let said = "spec.replicas of the object as it was: this is a string, where Kubernetes takes a whole number";
        assert_eq!(malformed, [("$".into(), said.into())]);
        assert!(said.contains(protocol::WRONG_TYPE), "a host knows it by these words");
    }

    #[test]
    fn what_is_new_was_not_there() {
        for request in [
            r#"{"operation": "CREATE", "object": {"kind": "Pod"}}"#,
            r#"{"operation": "CREATE", "object": {"kind": "Pod"}, "oldObject": null}"#,
            // A document without a request around it, as raw policies get it.
            r#"{"apiVersion": "example.com/v1", "kind": "Move", "oldObject": {"kind": "Pod"}}"#,
        ] {
            assert!(old(request, |old| old.is_none()).0, "{request}");
        }
    }
}
