//! The ConfigMaps and Secrets that kustomize generates, and their keys.
//!
//! A generator's namespace is the kustomization's to say, or that of another around it, so that a generator counts wherever
//! it is seen. The module must not know what a rule makes of a key.
//!
//! Look-ups are the rule's to declare. A rule that calls [`named`] declares, for `secretGenerator` and with what it reads
//! of a generator:
//!
//! ```text
//! "kustomize.config.k8s.io/v1beta1/Kustomization": ["secretGenerator.name"],
//! "kustomize.config.k8s.io/v1alpha1/Component": ["secretGenerator.name"],
//! ```

use alloc::vec::Vec;

use crate::field::Field;
use crate::text::before;
use crate::undecided::Undecided;
use crate::world::World;

/// The kinds that have generators.
pub const KUSTOMIZATIONS: [(&str, &str); 2] =
    [("kustomize.config.k8s.io/v1beta1", "Kustomization"), ("kustomize.config.k8s.io/v1alpha1", "Component")];

/// The generators of that name, of `configMapGenerator` or `secretGenerator`: a later one may add keys to an earlier one.
///
/// # Errors
/// As any look-up.
pub fn named<'a>(field: &'a str, name: &str, world: &World<'a>) -> Result<Vec<Field<'a>>, Undecided> {
    let mut found = Vec::new();
    for (api_version, kind) in KUSTOMIZATIONS {
        let all = world.list_all(api_version, kind)?;
        let generators = all.into_iter().flat_map(|kustomization| kustomization.get(field).items());
        found.extend(generators.filter(|generator| generator.get("name").str() == Some(name)));
    }
    Ok(found)
}

/// The keys that a generator makes; `None` where a file of variables, which is not in sight, lists them.
#[must_use]
pub fn keys(generator: Field<'_>) -> Option<Vec<&str>> {
    if generator.get("envs").is_set() || generator.get("env").is_set() {
        return None;
    }
    let literals = generator.get("literals").items().filter_map(|literal| before(literal.str()?, "="));
    // `key=path`, or a path, whose last part is the key.
    let files = generator.get("files").items().filter_map(|file| {
        let file = file.str()?;
        before(file, "=").or_else(|| file.rsplit('/').next())
    });
    Some(literals.chain(files).collect())
}
