//! Files in a registry, such as a template of services: a manifest with one layer for each file, and its path as the title of the
//! layer. `oras push` writes the same form.
//!
//! Nothing is unpacked: each file is a blob of its own. A path is a stranger's word: it leads below a folder, or the whole is
//! refused. The module must not know what the files are for.

use std::collections::BTreeMap;

use oci_client::client::ImageLayer;

use crate::push::NewArtifact;
use crate::{Digest, Reference, Registry, RegistryError};

/// `artifactType` of a template of services or rules.
pub const TEMPLATE_TYPE: &str = "application/vnd.seaworthy.template.v1";

/// Where a layer says its path.
const TITLE: &str = "org.opencontainers.image.title";

/// The type of a layer: what it is, its path says.
const FILE_TYPE: &str = "application/octet-stream";

/// An artifact without a configuration has this one.
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";

/// Files as they were pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulledFiles {
    /// Digest of their manifest: what a reference pins, and what is signed.
    pub digest: Digest,
    /// By their paths, with `/`, below the folder that they belong in.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Registry {
    /// Pushes files as an artifact of that type. The digest of its manifest.
    ///
    /// # Errors
    /// The registry does not take them, or then has something else at the tag.
    pub fn push_files(
        &self,
        reference: &Reference,
        artifact_type: &str,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Digest, RegistryError> {
        let layer = |(path, bytes): (&String, &Vec<u8>)| {
            let annotations = BTreeMap::from([(TITLE.to_owned(), path.clone())]);
            ImageLayer::new(bytes.clone(), FILE_TYPE.to_owned(), Some(annotations))
        };
        let artifact = NewArtifact {
            layers: files.iter().map(layer).collect(),
            config_type: EMPTY_TYPE,
            artifact_type: Some(artifact_type.to_owned()),
            annotations: None,
        };
        self.push_artifact(reference, &artifact)
    }

    /// The files of an artifact of that type, of so many bytes together at the most.
    ///
    /// # Errors
    /// They cannot be had, are not what their digests say, or are no such artifact.
    pub fn pull_files(
        &self,
        reference: &Reference,
        artifact_type: &str,
        limit: u64,
    ) -> Result<PulledFiles, RegistryError> {
        self.block_on(async {
            let manifest = self.fetch_manifest(reference).await?;
            let pinned = reference.at(manifest.digest);
            let image = manifest.image(&reference.to_string())?;
            if image.artifact_type.as_deref() != Some(artifact_type) {
                let found = image.artifact_type.as_deref().unwrap_or("nothing");
                let cause = format!("has the artifactType {found:?}, not {artifact_type}");
                return Err(RegistryError::Kind { what: reference.to_string(), cause });
            }
            let (mut files, mut room) = (BTreeMap::new(), limit);
            for layer in &image.layers {
                let title = layer.annotations.as_ref().and_then(|annotations| annotations.get(TITLE));
                let malformed = |cause: String| RegistryError::Malformed { what: pinned.to_string(), cause };
                let path = title.ok_or_else(|| malformed("it has a layer without a title".to_owned()))?;
                if !is_below(path) {
                    return Err(malformed(format!("it has the path {path:?}, which does not lead below its folder")));
                }
                let what = format!("{path:?} of {pinned}");
                let bytes = self.fetch_blob(reference, layer, room, &what).await?;
                room = room.saturating_sub(bytes.len() as u64);
                if files.insert(path.clone(), bytes).is_some() {
                    return Err(malformed(format!("it has {path:?} twice")));
                }
            }
            Ok(PulledFiles { digest: manifest.digest, files })
        })
    }
}

/// Whether a path leads below a folder on every system.
fn is_below(path: &str) -> bool {
    let is_plain = |step: &str| !matches!(step, "" | "." | "..") && !step.contains(['\\', ':', '\0']);
    path.split('/').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn a_path_leads_below_its_folder() {
        for path in ["template.yaml", "a/b.yaml", ".github/ci.yaml", "..a"] {
            assert!(is_below(path), "{path}");
        }
        for path in ["", "/etc/passwd", "../a", "a/../b", "a//b", "a/", "./a", "C:/a", "a\\b", "a\0b"] {
            assert!(!is_below(path), "{path}");
        }
    }
}
