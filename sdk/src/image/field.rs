//! The reference in a field of a manifest, and what to say if it is missing.
//!
//! What registries refuse is said once, for all rules. The module must not know what a rule asks of a reference.

use alloc::format;
use alloc::string::ToString;

use super::ImageReference;
use crate::field::Field;
use crate::findings::Findings;
use crate::fix;

impl<'a> ImageReference<'a> {
    /// The reference that stands in this field. Otherwise a finding: that no image is named, that what stands there is
    /// a placeholder, or what registries would refuse.
    #[must_use]
    pub fn of(field: Field<'a>, findings: &mut Findings) -> Option<Self> {
        let Some(text) = field.str() else {
            findings.fail(field, "the container names no image", fix::set(field, "<repository>:<version>").example());
            return None;
        };
        if is_placeholder(text) {
            let message = format!("`{text}` is a placeholder, which no registry knows");
            findings.fail(field, message, "Check the manifest with the value filled in");
            return None;
        }
        match Self::parse(text) {
            Ok(image) => Some(image),
            Err(cause) => {
                // Says what is wrong, a semicolon, and what to write instead.
                let cause = cause.to_string();
                let (message, fix) = cause.rsplit_once(';').unwrap_or((&cause, "<repository>:<version>"));
                findings.fail(field, message, fix.trim_ascii());
                None
            }
        }
    }
}

/// A variable of a template or a shell, something between angle brackets, or a Go package that `ko` is to build.
fn is_placeholder(image: &str) -> bool {
    image.starts_with("ko://") || image.bytes().any(|byte| b"${}<>".contains(&byte))
}
