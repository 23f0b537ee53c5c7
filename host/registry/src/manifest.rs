//! Manifests and indexes as they came, checked against their digest, and what seaworthy puts into them.

use std::collections::BTreeMap;

use engine::is_rule_name;
use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE,
    OciImageIndex, OciImageManifest, OciManifest, WASM_LAYER_MEDIA_TYPE,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::{Digest, RegistryError};

/// What a registry is asked for where it has manifests.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// `artifactType` of a bundle's index.
pub const BUNDLE_TYPE: &str = "application/vnd.seaworthy.bundle.v1";

/// Annotation of a module's manifest, and of its entry in a bundle: the rule's name.
pub const RULE_ANNOTATION: &str = "dev.seaworthy.rule";

/// A manifest or an index, whose bytes are those of its digest.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its digest.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// What it says.
    pub content: OciManifest,
    /// Its bytes, as they came.
    pub(crate) bytes: Vec<u8>,
}

/// One module of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleEntry {
    /// The rule's name, in kebab-case: safe as the name of a file.
    pub rule: String,
    /// Digest of the module's manifest.
    pub digest: Digest,
}

/// A bundle: an index of modules, one for each rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Digest of the index, which pins all modules.
    pub digest: Digest,
    /// The modules, in the order of the index.
    pub entries: Vec<BundleEntry>,
}

/// The fields by which manifests and indexes are told apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    schema_version: Option<u64>,
    media_type: Option<String>,
    config: Option<IgnoredAny>,
    layers: Option<IgnoredAny>,
    manifests: Option<IgnoredAny>,
}

impl Manifest {
    /// Reads a manifest whose digest is already checked.
    pub(crate) fn parse(what: &str, digest: Digest, bytes: &[u8], entries: usize) -> Result<Self, RegistryError> {
        let malformed = |cause: String| RegistryError::Malformed { what: what.to_owned(), cause };
        let json = |cause: serde_json::Error| malformed(cause.to_string());
        let outline: Outline = serde_json::from_slice(bytes).map_err(json)?;
        if outline.schema_version != Some(2) {
            return Err(malformed("schemaVersion is not 2".to_owned()));
        }
        // Who reads one as the other sees other content under the same digest (CVE-2021-41190).
        let content = match (outline.manifests, outline.layers.or(outline.config)) {
            (Some(_), Some(_)) => return Err(malformed("it is a manifest and an index at once".to_owned())),
            (Some(_), None) => OciManifest::ImageIndex(serde_json::from_slice(bytes).map_err(json)?),
            (None, _) => OciManifest::Image(serde_json::from_slice(bytes).map_err(json)?),
        };
        let (allowed, number) = match &content {
            OciManifest::ImageIndex(index) => {
                ([OCI_IMAGE_INDEX_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE], index.manifests.len())
            }
            OciManifest::Image(image) => ([OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE], image.layers.len()),
        };
        if let Some(media_type) = outline.media_type.filter(|media_type| !allowed.contains(&media_type.as_str())) {
            return Err(malformed(format!("its content is not of its mediaType {media_type:?}")));
        }
        if number > entries {
            return Err(malformed(format!("it has {number} entries, more than the {entries} allowed")));
        }
        Ok(Self { digest, size: bytes.len() as u64, content, bytes: bytes.to_vec() })
    }

    /// The manifest of an artifact; an index is refused.
    pub(crate) fn image(&self, what: &str) -> Result<&OciImageManifest, RegistryError> {
        match &self.content {
            OciManifest::Image(image) => Ok(image),
            OciManifest::ImageIndex(index) => {
                Err(RegistryError::Kind { what: what.to_owned(), cause: index_hint(index) })
            }
        }
    }

    /// Is this a bundle, or at least meant to be one?
    #[must_use]
    pub fn is_bundle(&self) -> bool {
        matches!(&self.content, OciManifest::ImageIndex(index) if index.artifact_type.as_deref() == Some(BUNDLE_TYPE))
    }

    /// The bundle, if this is one.
    ///
    /// # Errors
    /// It is not a bundle, or one of its entries is not what it should be.
    pub(crate) fn bundle(&self, what: &str) -> Result<Bundle, RegistryError> {
        let malformed = |cause: String| RegistryError::Malformed { what: what.to_owned(), cause };
        let OciManifest::ImageIndex(index) = &self.content else {
            let cause = "is a single module, not a bundle".to_owned();
            return Err(RegistryError::Kind { what: what.to_owned(), cause });
        };
        if !self.is_bundle() {
            let cause = "is an index, but not of a seaworthy bundle".to_owned();
            return Err(RegistryError::Kind { what: what.to_owned(), cause });
        }
        let mut entries: Vec<BundleEntry> = Vec::with_capacity(index.manifests.len());
        for entry in &index.manifests {
            let rule = rule_of(entry.annotations.as_ref()).unwrap_or_default();
            if !is_rule_name(rule) {
                return Err(malformed(format!("{} has the rule name {rule:?}, which is not kebab-case", entry.digest)));
            }
            if entries.iter().any(|other| other.rule == rule) {
                return Err(malformed(format!("two of its modules are called {rule}")));
            }
            let digest = entry.digest.parse().map_err(|cause| malformed(format!("{cause}")))?;
            entries.push(BundleEntry { rule: rule.to_owned(), digest });
        }
        if entries.is_empty() {
            return Err(malformed("it has no modules".to_owned()));
        }
        Ok(Bundle { digest: self.digest, entries })
    }
}

/// Why an index is no module, and which of its modules to name instead.
fn index_hint(index: &OciImageIndex) -> String {
    let names: Vec<String> = index
        .manifests
        .iter()
        .filter_map(|entry| Some(format!("@{} ({})", entry.digest, rule_of(entry.annotations.as_ref())?)))
        .take(3)
        .collect();
    if names.is_empty() {
        "is an index of several manifests, not a single one".to_owned()
    } else {
        let number = index.manifests.len();
        format!("is a bundle of {number} modules, not a single one; name one by its digest: {} ...", names.join(", "))
    }
}

/// The rule's name by the annotations, whatever it is.
pub(crate) fn rule_of(annotations: Option<&BTreeMap<String, String>>) -> Option<&str> {
    annotations?.get(RULE_ANNOTATION).map(String::as_str)
}

/// The layer of a module's manifest: exactly one, and of Kubewarden's type. Titles of layers are names for files, given by a
/// stranger; nothing reads them.
pub(crate) fn module_layer<'a>(
    what: &str,
    manifest: &'a OciImageManifest,
) -> Result<&'a oci_client::manifest::OciDescriptor, RegistryError> {
    let wrong = |cause: String| RegistryError::Kind { what: what.to_owned(), cause };
    match manifest.layers.as_slice() {
        [layer] if layer.media_type == WASM_LAYER_MEDIA_TYPE => Ok(layer),
        [layer] => {
            Err(wrong(format!("is not a module: its layer is {:?}, not {WASM_LAYER_MEDIA_TYPE}", layer.media_type)))
        }
        layers => Err(wrong(format!("is not a module: it has {} layers instead of one", layers.len()))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use engine::is_rule_name;

    use super::{BUNDLE_TYPE, Manifest};
    use crate::Digest;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn parse(manifest: &Value) -> Result<Manifest, String> {
        let bytes = manifest.to_string().into_bytes();
        Manifest::parse("it", Digest::of(&bytes), &bytes, 3).map_err(|cause| cause.to_string())
    }

    fn entry(rule: &str) -> Value {
        json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": DIGEST, "size": 2,
               "annotations": {"dev.seaworthy.rule": rule}})
    }

    fn bundle(rules: &[&str]) -> Result<Vec<String>, String> {
        let manifests: Vec<Value> = rules.iter().map(|rule| entry(rule)).collect();
        let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                           "artifactType": BUNDLE_TYPE, "manifests": manifests});
        let bundle = parse(&index)?.bundle("it").map_err(|cause| cause.to_string())?;
        Ok(bundle.entries.into_iter().map(|entry| entry.rule).collect())
    }

    #[test]
    fn what_could_be_read_as_two_things_is_read_as_none() {
        let layer = json!({"mediaType": "a/b", "digest": DIGEST, "size": 2});
        let image = json!({"schemaVersion": 2, "config": layer, "layers": [layer]});
        assert!(parse(&image).is_ok());
        let mut both = image.clone();
        both.as_object_mut().unwrap().insert("manifests".into(), json!([entry("a")]));
        assert!(parse(&both).unwrap_err().contains("at once"));
        let mut lying = image.clone();
        lying.as_object_mut().unwrap().insert("mediaType".into(), "application/vnd.oci.image.index.v1+json".into());
        assert!(parse(&lying).unwrap_err().contains("mediaType"));
        for wrong in [json!({}), json!([]), json!({"schemaVersion": 1, "layers": []}), json!({"schemaVersion": 2})] {
            assert!(parse(&wrong).is_err(), "{wrong}");
        }
        let twice = format!(r#"{{"schemaVersion":2,"config":{layer},"layers":[],"layers":[{layer}]}}"#);
        assert!(Manifest::parse("it", Digest::of(b""), twice.as_bytes(), 3).is_err());
    }

    #[test]
    fn a_bundle_has_few_modules_of_plain_and_different_names() {
        assert_eq!(bundle(&["run-as-non-root", "b2"]).unwrap(), ["run-as-non-root", "b2"]);
        assert!(bundle(&["a", "a"]).unwrap_err().contains("two of its modules are called a"));
        assert!(bundle(&["a", "b", "c", "d"]).unwrap_err().contains("more than the 3 allowed"));
        assert!(bundle(&[]).unwrap_err().contains("no modules"));
        assert!(bundle(&["../../etc/cron.d/a"]).unwrap_err().contains("not kebab-case"));
    }

    #[test]
    fn a_rule_name_is_no_path() {
        for name in ["", ".", "..", "a/b", "../a", "a\\b", "-rf", "A", "a.wasm", "a b", "ä", "a\0", &"a".repeat(101)] {
            assert!(!is_rule_name(name), "{name:?}");
        }
    }
}
