//! Configurations in registries: one text, signed. What is pulled carries all that proves it, so that it can be kept and
//! verified again without its registry. It must not know what a configuration says, nor where one is kept.

use oci_client::client::ImageLayer;
use oci_client::manifest::OciDescriptor;
use serde::{Deserialize, Serialize};

use crate::manifest::Manifest;
use crate::push::NewArtifact;
use crate::signature::Found;
use crate::verify::check_all;
use crate::{Digest, Limits, Reference, Registry, RegistryError, Trust};

/// Media type of a configuration's manifest: what the manifest says that its own configuration is.
pub const CONFIGURATION_TYPE: &str = "application/vnd.seaworthy.configuration.v1+json";

/// Media type of the text.
const TEXT_TYPE: &str = "application/vnd.seaworthy.configuration.text.v1+yaml";

/// A configuration that was verified, with what proves it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Configuration {
    /// The text.
    #[serde(with = "crate::base64_text")]
    text: Vec<u8>,
    #[serde(with = "crate::base64_text")]
    manifest: Vec<u8>,
    signatures: Vec<Found>,
}

/// A text is no configuration that was kept.
#[derive(Debug, thiserror::Error)]
#[error("no configuration was kept here: {0}")]
pub struct KeptError(#[from] serde_json::Error);

impl Configuration {
    /// The text, as it was pushed.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// All of it, to be kept.
    ///
    /// # Errors
    /// It has no form as JSON; this does not happen.
    pub fn to_kept(&self) -> Result<String, KeptError> {
        Ok(serde_json::to_string(self)?)
    }

    /// What was kept, verified again from its digest and its signatures on. Who wrote the kept text need not be trusted.
    ///
    /// # Errors
    /// It is no such text, it is not what the reference's digest says, or somebody has not signed it.
    pub fn from_kept(kept: &str, reference: &Reference, trusted: &[&Trust]) -> Result<Self, RegistryError> {
        let what = format!("the kept copy of {reference}");
        let malformed = |cause: String| RegistryError::Malformed { what: what.clone(), cause };
        let read: Self = serde_json::from_str(kept).map_err(|cause| malformed(cause.to_string()))?;
        let expected = reference.digest().ok_or_else(|| malformed("its reference has no digest".to_owned()))?;
        let manifest = Manifest::parse(&what, expected, &read.manifest, Limits::default().entries)?;
        let layer = layer(&reference.to_string(), &manifest)?;
        for (expected, actual) in [
            (expected.to_string(), Digest::of(&read.manifest).to_string()),
            (layer.digest, Digest::of(&read.text).to_string()),
        ] {
            if expected != actual {
                return Err(malformed(format!("its digest is {actual} and not {expected}")));
            }
        }
        check_all(reference, expected, trusted, &read.signatures)?;
        Ok(read)
    }
}

impl Registry {
    /// Pushes the text of a configuration. The digest of its manifest.
    ///
    /// # Errors
    /// The registry does not take it, or then has something else at the tag.
    pub fn push_configuration(&self, reference: &Reference, text: &[u8]) -> Result<Digest, RegistryError> {
        let artifact = NewArtifact {
            layers: vec![ImageLayer::new(text.to_vec(), TEXT_TYPE.to_owned(), None)],
            config_type: CONFIGURATION_TYPE,
            artifact_type: None,
            annotations: None,
        };
        self.push_artifact(reference, &artifact)
    }

    /// The configuration at that digest. Its signatures are verified before anything else of it is fetched.
    ///
    /// # Errors
    /// Somebody has not signed who must, or nobody must; it cannot be had, or is no configuration.
    pub fn pull_configuration(
        &self,
        reference: &Reference,
        trusted: &[&Trust],
    ) -> Result<Configuration, RegistryError> {
        let digest = self.manifest_digest(reference)?;
        let reference = reference.at(digest);
        let signatures = self.proof(&reference, digest, trusted)?;
        self.block_on(async {
            let manifest = self.fetch_manifest(&reference).await?;
            let layer = layer(&reference.to_string(), &manifest)?;
            let limit = self.transport.limits().configuration_bytes;
            let text = self.fetch_blob(&reference, &layer, limit, &format!("the configuration {reference}")).await?;
            Ok(Configuration { text, manifest: manifest.bytes, signatures })
        })
    }
}

/// The one layer of a configuration.
fn layer(what: &str, manifest: &Manifest) -> Result<OciDescriptor, RegistryError> {
    let image = manifest.image(what)?;
    match image.layers.as_slice() {
        [layer] if layer.media_type == TEXT_TYPE => Ok(layer.clone()),
        _ => {
            let cause = "is not a configuration: `seaworthy push seaworthy.yaml REFERENCE` makes one".to_owned();
            Err(RegistryError::Kind { what: what.to_owned(), cause })
        }
    }
}
