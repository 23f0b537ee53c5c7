//! What a configuration says of signatures: who must have signed what comes out of which registry.

use std::collections::BTreeMap;

use super::{Read, Reader, SignatureConfig};
use crate::manifest::{Node, Value};

impl Reader<'_> {
    /// A list, since several may hold for one place.
    pub(super) fn signatures(&self, node: &Node) -> Read<Vec<SignatureConfig>> {
        self.items(node)?.iter().map(|item| self.signature(item)).collect()
    }

    fn signature(&self, node: &Node) -> Read<SignatureConfig> {
        self.entries(node, &["of", "public_keys", "annotations", "any_repository"])?;
        let keys = self.field(node, "public_keys")?;
        let public_keys =
            self.items(keys)?.iter().map(|key| self.text(key, "a public key")).collect::<Read<Vec<_>>>()?;
        if public_keys.is_empty() {
            return self.refuse(keys.span, "without a public key nothing is signed; name at least one");
        }
        let annotations = node.get("annotations").map_or(Ok(BTreeMap::new()), |node| self.annotations(node))?;
        let any_repository = match node.get("any_repository").map(|node| (&node.value, node.span)) {
            None | Some((Value::Bool(false), _)) => false,
            Some((Value::Bool(true), _)) => true,
            Some((_, span)) => return self.refuse(span, "`any_repository` is true or false"),
        };
        Ok(SignatureConfig { of: self.place(node)?, public_keys, annotations, any_repository })
    }

    /// Where it holds. A tag would never be asked about, so it is refused.
    fn place(&self, node: &Node) -> Read<String> {
        let (given, span) = (self.required(node, "of")?, self.field(node, "of")?.span);
        let bare = given.strip_prefix("registry://").unwrap_or(&given);
        let is_plain =
            |part: &str| !part.is_empty() && !part.contains(|char: char| char.is_whitespace() || "@*?".contains(char));
        let (registry, path) = bare.split_once('/').map_or((bare, ""), |(registry, path)| (registry, path));
        if path.contains(':') || !bare.split('/').all(is_plain) {
            let message =
                "`of` is a registry or a repository, such as ghcr.io/shop/policies, without tag, digest or pattern";
            return self.refuse(span, message);
        }
        // A host may be written in any case.
        let registry = registry.to_ascii_lowercase();
        Ok(if path.is_empty() { registry } else { format!("{registry}/{path}") })
    }

    fn annotations(&self, node: &Node) -> Read<BTreeMap<String, String>> {
        let Value::Mapping(entries) = &node.value else {
            return self.refuse(node.span, &format!("expected a mapping, found {}", node.value.description()));
        };
        entries.iter().map(|entry| Ok((entry.key.to_string(), self.text(&entry.value, "an annotation")?))).collect()
    }

    fn text(&self, node: &Node, noun: &str) -> Read<String> {
        node.as_str().map_or_else(
            || self.refuse(node.span, &format!("{noun} is a string, not {}", node.value.description())),
            |text| Ok(text.to_owned()),
        )
    }
}
