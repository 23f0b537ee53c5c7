//! What an alert is known by: rule, file, object and path, and nothing that moves with a line.

use std::collections::HashMap;

use crate::manifest::Object;

/// The fingerprints given so far. Equal ones get an ordinal suffix.
#[derive(Default)]
pub struct Fingerprints(HashMap<u64, usize>);

impl Fingerprints {
    /// The next one of what a rule says of an object: in this container, where it is in one, and at this path.
    pub fn of(&mut self, rule: &str, file: &str, object: &Object, container: Option<&str>, path: &str) -> String {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let (version, name) = (&object.api_version, object.display_name());
        self.of_parts(&[rule, file, version, &object.kind, namespace, &name, container.unwrap_or_default(), path])
    }

    /// The same of an object that was rendered of that file, where it has this name: in how many environments, and what it
    /// is called there, makes no difference.
    pub fn of_source(
        &mut self,
        rule: &str,
        file: &str,
        object: &Object,
        name: &str,
        container: Option<&str>,
        path: &str,
    ) -> String {
        self.of_parts(&[rule, file, &object.api_version, &object.kind, name, container.unwrap_or_default(), path])
    }

    /// The same of what is said of a file as a whole.
    pub fn of_text(&mut self, file: &str, text: &str) -> String {
        self.of_parts(&[file, text])
    }

    fn of_parts(&mut self, parts: &[&str]) -> String {
        let hash = fnv1a(parts.iter().flat_map(|part| part.bytes().chain([0])));
        let number = self.0.entry(hash).or_default();
        *number += 1;
        format!("{hash:016x}:{number}")
    }
}

/// FNV-1a of 64 bits: the same in every version, on every host.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
