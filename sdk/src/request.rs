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

    /// The object before an UPDATE; an absent field otherwise.
    #[must_use]
    pub fn old_object(&self) -> Field<'a> {
        self.root.get("oldObject")
    }

    /// The object judged as a workload.
    ///
    /// # Errors
    /// Not applicable where it is none, where its pod template lives in another object (an Argo Rollout with a
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
