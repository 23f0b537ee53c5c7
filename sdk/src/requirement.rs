//! Settings that are a list of what is required, each item of some objects.
//!
//! An item is understood anew for each object: a rule runs in a fresh instance.

use alloc::format;
use alloc::string::String;

use crate::object::Object;
use crate::settings::SettingsError;
use crate::undecided::Undecided;

/// An item of such a list.
pub trait Requirement {
    /// The item, once it is understood.
    type Understood<'r>
    where
        Self: 'r;

    /// The setting that lists such items.
    const SETTING: &'static str;

    /// Whether the item is about this object.
    fn is_about(&self, object: Object<'_>) -> bool;

    /// What the item means.
    ///
    /// # Errors
    /// It means nothing, and why.
    fn understand(&self) -> Result<Self::Understood<'_>, String>;
}

/// Hands on each item of the list that is about an object; whether there is one.
///
/// # Errors
/// An item means nothing.
pub fn check_each<'r, R: Requirement>(
    all: &'r [R],
    object: Object<'_>,
    mut check: impl FnMut(R::Understood<'r>),
) -> Result<bool, Undecided> {
    let mut is_any = false;
    for (index, requirement) in all.iter().enumerate().filter(|(_, requirement)| requirement.is_about(object)) {
        is_any = true;
        check(understood(index, requirement).map_err(Undecided::Error)?);
    }
    Ok(is_any)
}

/// Whether every item of the list means something.
///
/// # Errors
/// The first that does not.
pub fn validate_each<R: Requirement>(all: &[R]) -> Result<(), SettingsError> {
    let mut all = all.iter().enumerate();
    all.try_for_each(|(index, requirement)| understood(index, requirement).map(drop).map_err(SettingsError::new))
}

fn understood<R: Requirement>(index: usize, requirement: &R) -> Result<R::Understood<'_>, String> {
    requirement.understand().map_err(|cause| format!("{}[{index}]: {cause}", R::SETTING))
}
