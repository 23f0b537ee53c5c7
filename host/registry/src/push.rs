//! Putting modules, bundles and signatures into a registry. The same content always makes the same digest: nothing written
//! here says when or where it was made.

use std::collections::BTreeMap;

use oci_client::Client;
use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciDescriptor,
    OciImageIndex, OciImageManifest, OciManifest, WASM_CONFIG_MEDIA_TYPE, WASM_LAYER_MEDIA_TYPE,
};
use oci_client::secrets::RegistryAuth;
use reqwest::header::HeaderValue;
use serde_json::json;

use crate::error::root;
use crate::manifest::{BUNDLE_TYPE, Bundle, BundleEntry, RULE_ANNOTATION, is_rule_name};
use crate::signature::{PAYLOAD_TYPE, SIGNATURE_ANNOTATION, payload};
use crate::token::Authorization;
use crate::verify::signature_place;
use crate::{Digest, KeyPair, Reference, Registry, RegistryError};

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

impl Registry {
    /// Pushes a module in Kubewarden's form: a manifest with one layer. The digest of the manifest.
    ///
    /// # Errors
    /// The registry does not take it, or then has something else at the tag.
    pub fn push_module(&self, reference: &Reference, module: &NewModule) -> Result<Digest, RegistryError> {
        let tag = writable(reference)?;
        self.block_on(async {
            let client = self.writer(reference).await?;
            let digest = self.push_at(&client, reference, module, Some(tag)).await?.0;
            self.settle(reference, digest).await
        })
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
            let client = self.writer(reference).await?;
            for module in modules {
                let rule = module.rule.clone().filter(|rule| is_rule_name(rule));
                let rule =
                    rule.ok_or_else(|| failed("a module without a rule's name cannot be part of it".to_owned()))?;
                if entries.iter().any(|entry| entry.rule == rule) {
                    return Err(failed(format!("two of its modules are called {rule}")));
                }
                let (digest, size) = self.push_at(&client, reference, module, None).await?;
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
            let digest = self.put(&client, reference, Some(tag), &OciManifest::ImageIndex(index)).await?.0;
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
            let client = self.writer(&place).await?;
            let digests: Vec<&str> = layers.iter().map(|layer| layer.digest.as_str()).collect();
            // An image without anything in it but its layers, as cosign writes them.
            let config = json!({"architecture": "", "config": {}, "created": "0001-01-01T00:00:00Z", "history": [],
                                "os": "", "rootfs": {"diff_ids": digests, "type": "layers"}});
            let config = Config::new(config.to_string(), IMAGE_CONFIG_MEDIA_TYPE.to_owned(), None);
            self.push_blob(&client, &place, message, &layer.digest).await?;
            let manifest = OciImageManifest { layers, ..OciImageManifest::build(&[], &config, None) };
            self.push_blob(&client, &place, config.data.to_vec(), &manifest.config.digest).await?;
            let tag = place.manifest();
            self.put(&client, &place, Some(&tag), &OciManifest::Image(manifest)).await.map(drop)
        })
    }

    /// A client that may write to the reference's repository. The token is got by us: the client crate would take it from
    /// anywhere.
    async fn writer(&self, reference: &Reference) -> Result<Client, RegistryError> {
        let authorization = self.transport.authorization(reference).await?;
        let auth = authorization.map_or(RegistryAuth::Anonymous, Authorization::into_oci);
        let protocol =
            if self.transport.scheme(reference) == "http" { ClientProtocol::Http } else { ClientProtocol::Https };
        let limits = self.transport.limits();
        let config = ClientConfig {
            protocol,
            read_timeout: Some(limits.idle),
            connect_timeout: Some(limits.connect),
            user_agent: concat!("seaworthy/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|cause| RegistryError::Setup(root(&cause)))?;
        client.store_auth_if_needed(reference.to_oci().resolve_registry(), &auth).await;
        Ok(client)
    }

    /// Pushes a module's blobs and its manifest, to a tag or else by its digest. The manifest's digest and length.
    async fn push_at(
        &self,
        client: &Client,
        reference: &Reference,
        module: &NewModule,
        tag: Option<&str>,
    ) -> Result<(Digest, u64), RegistryError> {
        let layer = ImageLayer::new(module.bytes.clone(), WASM_LAYER_MEDIA_TYPE.to_owned(), None);
        let config = Config::new("{}", WASM_CONFIG_MEDIA_TYPE.to_owned(), None);
        let mut annotations = module.annotations.clone();
        if let Some(rule) = &module.rule {
            annotations.insert(RULE_ANNOTATION.to_owned(), rule.clone());
        }
        let annotations = Some(annotations).filter(|annotations| !annotations.is_empty());
        let manifest = OciImageManifest::build(&[layer], &config, annotations);
        for layer in &manifest.layers {
            self.push_blob(client, reference, module.bytes.clone(), &layer.digest).await?;
        }
        self.push_blob(client, reference, config.data.to_vec(), &manifest.config.digest).await?;
        self.put(client, reference, tag, &OciManifest::Image(manifest)).await
    }

    async fn push_blob(
        &self,
        client: &Client,
        reference: &Reference,
        content: Vec<u8>,
        digest: &str,
    ) -> Result<(), RegistryError> {
        let place = reference.to_oci();
        let work = async {
            // Whether it is there is a question that may be answered with no: then it is pushed, and that says what is wrong.
            if client.blob_exists(&place, digest).await.unwrap_or(false) {
                return Ok(());
            }
            client.push_blob(&place, content, digest).await.map(drop)
        };
        self.in_time(reference, work).await
    }

    async fn put(
        &self,
        client: &Client,
        reference: &Reference,
        tag: Option<&str>,
        manifest: &OciManifest,
    ) -> Result<(Digest, u64), RegistryError> {
        let failed = |cause: String| RegistryError::Push { what: reference.to_string(), cause };
        let bytes = serde_json::to_vec(manifest).map_err(|cause| failed(cause.to_string()))?;
        let (digest, size) = (Digest::of(&bytes), bytes.len() as u64);
        let content_type = HeaderValue::from_str(manifest.content_type()).map_err(|cause| failed(cause.to_string()))?;
        let place = tag.map_or_else(|| reference.at(digest), |tag| reference.tagged(tag.to_owned())).to_oci();
        let work = async { client.push_manifest_raw(&place, bytes, content_type).await.map(drop) };
        self.in_time(reference, work).await?;
        Ok((digest, size))
    }

    /// Does the registry have at the tag what was pushed there?
    async fn settle(&self, reference: &Reference, digest: Digest) -> Result<Digest, RegistryError> {
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

    async fn in_time(
        &self,
        reference: &Reference,
        work: impl Future<Output = Result<(), OciDistributionError>>,
    ) -> Result<(), RegistryError> {
        let failed = |cause: String| RegistryError::Push { what: reference.to_string(), cause };
        match tokio::time::timeout(self.transport.limits().request, work).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(
                OciDistributionError::UnauthorizedError { .. }
                | OciDistributionError::ServerError { code: 401 | 403, .. },
            )) => {
                let cause = "it lets us not write there".to_owned();
                Err(RegistryError::Denied { url: reference.to_string(), cause })
            }
            Ok(Err(cause)) => Err(failed(said(&cause))),
            Err(_) => Err(failed("it takes too long".to_owned())),
        }
    }
}

/// The tag to push to.
fn writable(reference: &Reference) -> Result<&str, RegistryError> {
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

/// What the registry said, cut to a line, and without addresses that may be signed.
fn said(cause: &OciDistributionError) -> String {
    let text = match cause {
        OciDistributionError::ServerError { code, message, .. } => format!("{code} {message}"),
        OciDistributionError::RequestError(cause) => root(cause),
        other => other.to_string(),
    };
    text.chars().take(300).collect()
}
