//! Putting modules, bundles and signatures into a registry. The same content always makes the same digest: nothing written
//! here says when or where it was made.

use std::collections::BTreeMap;

use engine::is_rule_name;
use oci_client::client::{Config, ImageLayer};
use oci_client::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciDescriptor,
    OciImageIndex, OciImageManifest, OciManifest, WASM_CONFIG_MEDIA_TYPE, WASM_LAYER_MEDIA_TYPE,
};
use reqwest::Method;
use serde_json::json;

use crate::manifest::{BUNDLE_TYPE, Bundle, BundleEntry, RULE_ANNOTATION};
use crate::signature::{PAYLOAD_TYPE, SIGNATURE_ANNOTATION, payload};
use crate::transport::{Content, next_hop};
use crate::verify::signature_place;
use crate::{Digest, KeyPair, Reference, Registry, RegistryError};

/// What bytes are sent as.
const BYTES: &str = "application/octet-stream";

/// A module to push.
#[derive(Clone, Debug)]
pub struct NewModule {
    /// WebAssembly.
    pub bytes: Vec<u8>,
    /// The rule's name; modules of others have none, and cannot be part of a bundle.
    pub rule: Option<String>,
    /// For its manifest: what registries show, and what `kwctl` takes over from the module's metadata.
    pub annotations: BTreeMap<String, String>,
}

/// An artifact to push. Its own configuration says nothing but its type.
pub(crate) struct NewArtifact {
    pub(crate) layers: Vec<ImageLayer>,
    /// Media type of its configuration.
    pub(crate) config_type: &'static str,
    pub(crate) artifact_type: Option<String>,
    pub(crate) annotations: Option<BTreeMap<String, String>>,
}

impl NewModule {
    fn artifact(&self) -> NewArtifact {
        let mut annotations = self.annotations.clone();
        if let Some(rule) = &self.rule {
            annotations.insert(RULE_ANNOTATION.to_owned(), rule.clone());
        }
        NewArtifact {
            layers: vec![ImageLayer::new(self.bytes.clone(), WASM_LAYER_MEDIA_TYPE.to_owned(), None)],
            config_type: WASM_CONFIG_MEDIA_TYPE,
            artifact_type: None,
            annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
        }
    }
}

impl Registry {
    /// Pushes a module in Kubewarden's form: a manifest with one layer. The digest of the manifest.
    ///
    /// # Errors
    /// The registry does not take it, or then has something else at the tag.
    pub fn push_module(&self, reference: &Reference, module: &NewModule) -> Result<Digest, RegistryError> {
        self.push_artifact(reference, &module.artifact())
    }

    /// Pushes modules, each by its digest, and then an index of them at the tag: who pulls the tag gets all or none of them.
    /// `pushed` is called after each.
    ///
    /// # Errors
    /// A module has no rule name, two have the same, or the registry does not take them.
    pub fn push_bundle(
        &self,
        reference: &Reference,
        modules: &[NewModule],
        pushed: impl Fn(),
    ) -> Result<Bundle, RegistryError> {
        let tag = writable(reference)?;
        let failed = |cause: String| RegistryError::Push { what: reference.to_string(), cause };
        let (mut entries, mut manifests) = (Vec::<BundleEntry>::new(), Vec::new());
        self.block_on(async {
            for module in modules {
                let rule = module.rule.clone().filter(|rule| is_rule_name(rule));
                let rule =
                    rule.ok_or_else(|| failed("a module without a rule's name cannot be part of it".to_owned()))?;
                if entries.iter().any(|entry| entry.rule == rule) {
                    return Err(failed(format!("two of its modules are called {rule}")));
                }
                let (digest, size) = self.push_at(reference, &module.artifact(), None).await?;
                manifests.push(entry(&rule, digest, size));
                entries.push(BundleEntry { rule, digest });
                pushed();
            }
            let index = OciImageIndex {
                schema_version: 2,
                media_type: Some(OCI_IMAGE_INDEX_MEDIA_TYPE.to_owned()),
                manifests,
                artifact_type: Some(BUNDLE_TYPE.to_owned()),
                annotations: None,
            };
            let digest = self.put(reference, Some(tag), &OciManifest::ImageIndex(index)).await?.0;
            let digest = self.settle(reference, digest).await?;
            Ok(Bundle { digest, entries })
        })
    }

    /// Signs the artifact with this digest in the reference's repository, and adds the signature to those there are. Of two
    /// who sign at the same moment one may be lost, as with cosign.
    ///
    /// # Errors
    /// The key does not sign, or the registry does not take the signature.
    pub fn sign(
        &self,
        reference: &Reference,
        digest: Digest,
        key: &KeyPair,
        annotations: &BTreeMap<String, String>,
    ) -> Result<(), RegistryError> {
        let place = signature_place(reference, digest);
        let failed = |cause: String| RegistryError::Push { what: format!("the signature {place}"), cause };
        let message = payload(reference, digest, annotations);
        let signature = key.sign(&message).map_err(|cause| failed(cause.to_string()))?;
        let layer = OciDescriptor {
            media_type: PAYLOAD_TYPE.to_owned(),
            digest: Digest::of(&message).to_string(),
            size: i64::try_from(message.len()).unwrap_or(i64::MAX),
            urls: None,
            annotations: Some(BTreeMap::from([(SIGNATURE_ANNOTATION.to_owned(), signature)])),
            artifact_type: None,
        };
        self.block_on(async {
            let mut layers = self.signature_manifest(reference, digest).await?.map_or(Vec::new(), |found| found.layers);
            if layers.len() >= self.transport.limits().signatures {
                return Err(failed(format!("it has {} signatures already", layers.len())));
            }
            layers.push(layer.clone());
            let digests: Vec<&str> = layers.iter().map(|layer| layer.digest.as_str()).collect();
            // An image without anything in it but its layers, as cosign writes them.
            let config = json!({"architecture": "", "config": {}, "created": "0001-01-01T00:00:00Z", "history": [],
                                "os": "", "rootfs": {"diff_ids": digests, "type": "layers"}});
            let config = Config::new(config.to_string(), IMAGE_CONFIG_MEDIA_TYPE.to_owned(), None);
            self.push_blob(&place, &message, &layer.digest).await?;
            let manifest = OciImageManifest { layers, ..OciImageManifest::build(&[], &config, None) };
            self.push_blob(&place, &config.data, &manifest.config.digest).await?;
            let tag = place.manifest();
            self.put(&place, Some(&tag), &OciManifest::Image(manifest)).await.map(drop)
        })
    }

    /// Pushes an artifact to the reference's tag. The digest of its manifest.
    pub(crate) fn push_artifact(&self, reference: &Reference, artifact: &NewArtifact) -> Result<Digest, RegistryError> {
        let tag = writable(reference)?;
        self.block_on(async {
            let digest = self.push_at(reference, artifact, Some(tag)).await?.0;
            self.settle(reference, digest).await
        })
    }

    /// Pushes an artifact's blobs and its manifest, to a tag or else by its digest. The manifest's digest and length.
    async fn push_at(
        &self,
        reference: &Reference,
        artifact: &NewArtifact,
        tag: Option<&str>,
    ) -> Result<(Digest, u64), RegistryError> {
        let config = Config::new("{}", artifact.config_type.to_owned(), None);
        let mut manifest = OciImageManifest::build(&artifact.layers, &config, artifact.annotations.clone());
        manifest.artifact_type.clone_from(&artifact.artifact_type);
        for (layer, descriptor) in artifact.layers.iter().zip(&manifest.layers) {
            self.push_blob(reference, &layer.data, &descriptor.digest).await?;
        }
        self.push_blob(reference, &config.data, &manifest.config.digest).await?;
        self.put(reference, tag, &OciManifest::Image(manifest)).await
    }

    /// Pushes a blob, in one piece, unless it is there
    /// ([POST, then PUT](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#post-then-put)).
    pub(crate) async fn push_blob(
        &self,
        reference: &Reference,
        content: &[u8],
        digest: &str,
    ) -> Result<(), RegistryError> {
        let transport = &self.transport;
        // Whether it is there is a question that may be answered with no: then it is pushed, and that says what is wrong.
        if transport.write(&Method::HEAD, reference, &format!("blobs/{digest}"), None).await.is_ok() {
            return Ok(());
        }
        let nothing = Content { bytes: &[], media_type: BYTES };
        let opened =
            transport.write(&Method::POST, reference, "blobs/uploads/", Some(nothing)).await.map_err(unwritten)?;
        let mut place = next_hop(opened.url(), opened.headers())?;
        place.query_pairs_mut().append_pair("digest", digest);
        let content = Content { bytes: content, media_type: BYTES };
        transport.write_at(&Method::PUT, reference, &place, Some(content)).await.map(drop).map_err(unwritten)
    }

    /// Pushes a manifest to a tag or else by its digest. Its digest and length.
    async fn put(
        &self,
        reference: &Reference,
        tag: Option<&str>,
        manifest: &OciManifest,
    ) -> Result<(Digest, u64), RegistryError> {
        let failed = |cause: String| RegistryError::Push { what: reference.to_string(), cause };
        let bytes = serde_json::to_vec(manifest).map_err(|cause| failed(cause.to_string()))?;
        let digest = self.put_bytes(reference, tag, &bytes, manifest.content_type()).await?;
        Ok((digest, bytes.len() as u64))
    }

    /// As [`put`](Self::put), of the bytes of a manifest.
    pub(crate) async fn put_bytes(
        &self,
        reference: &Reference,
        tag: Option<&str>,
        bytes: &[u8],
        media_type: &str,
    ) -> Result<Digest, RegistryError> {
        let digest = Digest::of(bytes);
        let below = format!("manifests/{}", tag.map_or_else(|| digest.to_string(), str::to_owned));
        let content = Content { bytes, media_type };
        self.transport.write(&Method::PUT, reference, &below, Some(content)).await.map_err(unwritten)?;
        Ok(digest)
    }

    /// Does the registry have at the tag what was pushed there?
    pub(crate) async fn settle(&self, reference: &Reference, digest: Digest) -> Result<Digest, RegistryError> {
        let tagged = reference.tagged(reference.tag().unwrap_or_default().to_owned());
        let kept = self.resolve_now(&tagged).await?;
        if kept != digest {
            let cause = format!(
                "the registry has {kept} at the tag, not {digest}: somebody else pushed, or it changes content"
            );
            return Err(RegistryError::Push { what: reference.to_string(), cause });
        }
        self.remember(&tagged, digest);
        Ok(digest)
    }
}

/// The tag to push to.
pub(crate) fn writable(reference: &Reference) -> Result<&str, RegistryError> {
    reference.tag().filter(|_| reference.digest().is_none()).ok_or_else(|| RegistryError::Push {
        what: reference.to_string(),
        cause: "name a tag; the digest comes of the content".to_owned(),
    })
}

fn entry(rule: &str, digest: Digest, size: u64) -> ImageIndexEntry {
    ImageIndexEntry {
        media_type: OCI_IMAGE_MEDIA_TYPE.to_owned(),
        digest: digest.to_string(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        platform: None,
        annotations: Some(BTreeMap::from([(RULE_ANNOTATION.to_owned(), rule.to_owned())])),
        artifact_type: None,
    }
}

/// Who may read may not write for that.
fn unwritten(cause: RegistryError) -> RegistryError {
    match cause {
        RegistryError::Denied { url, cause } => {
            RegistryError::Denied { url, cause: format!("it lets us not write there, {cause}") }
        }
        other => other,
    }
}
