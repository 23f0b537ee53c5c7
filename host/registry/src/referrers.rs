//! Signatures that refer to an artifact, as cosign 3 pushes them: manifests whose `subject` it is, listed by the
//! [referrers API](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers), or where a
//! registry has none, by an index at the tag `sha256-<digest>`.
//!
//! The list is the registry's word, with no digest to hold it against. It need not be more: what it names is fetched by
//! digest, and counts only if it is signed.

use std::collections::BTreeMap;

use oci_client::manifest::{ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OciManifest};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use crate::manifest::Manifest;
use crate::signature::Found;
use crate::signature::statement::{BUNDLE_TYPE, PREDICATE_ANNOTATION, PREDICATE_TYPE, open};
use crate::transport::{Expected, read};
use crate::{Digest, DigestError, Reference, Registry, RegistryError};

/// `artifactType` by which lists that clients keep name everything: they take it from the manifest's configuration.
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";

/// Signatures that were found, none of them checked, and why there may be more.
#[derive(Default)]
pub(crate) struct Statements {
    pub found: Vec<Found>,
    /// What of the rest went wrong first: where those that were found do not suffice, nothing is decided.
    pub failed: Option<RegistryError>,
}

impl Registry {
    /// All signatures of the artifact that are statements.
    pub(crate) async fn statements(&self, reference: &Reference, digest: Digest) -> Result<Statements, RegistryError> {
        let mut all = Statements::default();
        let referrers = self.referrers(reference, digest).await?;
        for entry in referrers.iter().filter(|entry| may_sign(entry)).take(self.transport.limits().signatures) {
            match self.statement(reference, entry).await {
                Ok(found) => all.found.extend(found),
                Err(cause) => all.failed = all.failed.or(Some(cause)),
            }
        }
        Ok(all)
    }

    /// The signature that a referrer carries, if it carries one.
    async fn statement(&self, of: &Reference, entry: &ImageIndexEntry) -> Result<Option<Found>, RegistryError> {
        let what = format!("a signature of {of}");
        let malformed = |cause: String| RegistryError::Malformed { what: what.clone(), cause };
        let place = of.at(entry.digest.parse().map_err(|cause: DigestError| malformed(cause.to_string()))?);
        let manifest = self.fetch_manifest(&place).await?;
        let image = manifest.image(&place.to_string())?;
        let Some(layer) = image.layers.first().filter(|layer| layer.media_type == BUNDLE_TYPE) else { return Ok(None) };
        if is_about_something_else(image.annotations.as_ref()) {
            return Ok(None);
        }
        let bundle = self.fetch_blob(of, layer, self.transport.limits().payload_bytes, &what).await?;
        open(&bundle).map(Some).map_err(malformed)
    }

    /// What refers to the artifact.
    async fn referrers(&self, reference: &Reference, digest: Digest) -> Result<Vec<ImageIndexEntry>, RegistryError> {
        let what = format!("the list of what refers to {reference}");
        let mut list = self.listed(reference, digest, &what).await?;
        if list.is_none() {
            list = self.fetch_current(&reference.tagged(format!("sha256-{}", digest.hex()))).await?;
        }
        match list.map(|list| list.content) {
            None => Ok(Vec::new()),
            Some(OciManifest::ImageIndex(index)) => Ok(index.manifests),
            Some(OciManifest::Image(_)) => {
                Err(RegistryError::Kind { what, cause: "is no list, but a single manifest".to_owned() })
            }
        }
    }

    /// What the registry says, if it knows the question; else it answers with an error, or with a page.
    async fn listed(
        &self,
        reference: &Reference,
        digest: Digest,
        what: &str,
    ) -> Result<Option<Manifest>, RegistryError> {
        let limits = self.transport.limits();
        let below = format!("referrers/{digest}");
        let response = match self.transport.ask(&Method::GET, reference, &below, OCI_IMAGE_INDEX_MEDIA_TYPE).await {
            Err(RegistryError::NotFound(_) | RegistryError::Status { status: 400 | 405 | 406, .. }) => return Ok(None),
            answer => answer?,
        };
        if response.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != OCI_IMAGE_INDEX_MEDIA_TYPE) {
            return Ok(None);
        }
        let bytes = read(response, what, Expected::AtMost(limits.manifest_bytes)).await?;
        Manifest::parse(what, Digest::of(&bytes), &bytes, limits.entries).map(Some)
    }
}

/// Can this be a signature? Its manifest has the last word.
fn may_sign(entry: &ImageIndexEntry) -> bool {
    let kind = entry.artifact_type.as_deref();
    kind.is_none_or(|kind| [BUNDLE_TYPE, EMPTY_TYPE].contains(&kind))
        && !is_about_something_else(entry.annotations.as_ref())
}

/// Does it say itself that it is another statement about the artifact? These may be long.
fn is_about_something_else(annotations: Option<&BTreeMap<String, String>>) -> bool {
    annotations.and_then(|annotations| annotations.get(PREDICATE_ANNOTATION)).is_some_and(|it| it != PREDICATE_TYPE)
}
