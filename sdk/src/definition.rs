//! The CustomResourceDefinition of a custom resource. A rule that uses it declares the look-up:
//! `"apiextensions.k8s.io/v1/CustomResourceDefinition": ["spec.names.kind"]`, and what it reads of it.

use alloc::format;

use crate::object::Object;
use crate::undecided::Undecided;
use crate::world::World;

/// The definition of the object's kind, if the world has it; its name is made of the plural, which is guessed as kubectl does.
///
/// # Errors
/// As any look-up.
pub fn definition<'a>(object: Object<'a>, world: &World<'a>) -> Result<Option<Object<'a>>, Undecided> {
    let (group, kind) = (object.group(), object.kind());
    let guessed = crate::resource_name(kind);
    let plain = kind.to_ascii_lowercase();
    let names = [guessed.clone(), plain.clone() + "s", plain];
    for (index, plural) in names.iter().enumerate() {
        if names.get(..index).unwrap_or_default().contains(plural) {
            continue;
        }
        let name = format!("{plural}.{group}");
        let found = world.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", None, &name)?;
        // v1beta1, which no server takes any more, has its schema elsewhere, and by default keeps fields that it does not know.
        let is_meant = |found: &Object<'a>| found.version() == "v1" && found.get("spec.names.kind").str() == Some(kind);
        if let Some(found) = found.filter(is_meant) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
