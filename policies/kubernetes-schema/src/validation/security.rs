//! Security contexts.

use sdk::field::Field;

use super::{forbid, is_true, items, require, text};
use crate::walk::Walk;

pub fn security_context<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let escalation = at.get("allowPrivilegeEscalation");
    if escalation.bool() != Some(false) {
        return;
    }
    if is_true(at.get("privileged")) {
        walk.fail(escalation, "a privileged container cannot be kept from escalating", "true, or `privileged: false`");
    }
    if items(at.get("capabilities.add")).any(|capability| text(capability) == "CAP_SYS_ADMIN") {
        walk.fail(
            escalation,
            "a container with CAP_SYS_ADMIN cannot be kept from escalating",
            "true, or no CAP_SYS_ADMIN",
        );
    }
}

/// A seccomp or AppArmor profile.
pub fn localhost_profile<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let profile = at.get("localhostProfile");
    if text(at.get("type")) == "Localhost" {
        // A seccomp profile may be an empty path: the folder of all of them.
        if !profile.is_set() || (text(profile).is_empty() && is_app_armor(at)) {
            require(walk, profile, "for the type `Localhost`");
        }
    } else {
        forbid(walk, profile, "for another type than `Localhost`");
    }
}

fn is_app_armor(at: Field<'_>) -> bool {
    at.path().ends_with("['appArmorProfile']")
}
