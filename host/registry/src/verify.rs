//! Finds an artifact's signatures in its registry, and has them checked. Offline but for that registry: no transparency log is
//! asked, and none is needed for keys that one holds oneself.

use oci_client::manifest::OciImageManifest;

use crate::referrers::Statements;
use crate::signature::{Form, Found, PAYLOAD_TYPE, SIGNATURE_ANNOTATION};
use crate::{Digest, Reference, Registry, RegistryError, SignatureError, Trust};

impl Registry {
    /// Verifies that the artifact is signed as it must be. Its digest: what was verified, and what to use from here on.
    ///
    /// # Errors
    /// It has no signature that counts ([`RegistryError::Signature`]), or its registry does not answer as it should.
    pub fn verify(&self, reference: &Reference, trust: &Trust) -> Result<Digest, RegistryError> {
        if trust.keys.is_empty() {
            return Err(RegistryError::Signature { what: reference.to_string(), cause: SignatureError::NoKeys });
        }
        let digest = self.manifest_digest(reference)?;
        self.proof(reference, digest, &[trust]).map(|_| digest)
    }

    /// The signatures by which the artifact is signed as everybody here asks.
    pub(crate) fn proof(
        &self,
        reference: &Reference,
        digest: Digest,
        trusted: &[&Trust],
    ) -> Result<Vec<Found>, RegistryError> {
        let mut found = self.block_on(self.signatures(&reference.at(digest), digest))?;
        // Signatures of both forms count, but who is signed in ours need not be asked for more.
        if check_all(reference, digest, trusted, &found).is_err() {
            let Statements { found: more, failed } = self.block_on(self.statements(&reference.at(digest), digest))?;
            found.extend(more);
            check_all(reference, digest, trusted, &found).map_err(|cause| failed.unwrap_or(cause))?;
        }
        Ok(found)
    }

    /// All signatures of the artifact, none of them checked.
    async fn signatures(&self, reference: &Reference, digest: Digest) -> Result<Vec<Found>, RegistryError> {
        let Some(manifest) = self.signature_manifest(reference, digest).await? else { return Ok(Vec::new()) };
        let limits = self.transport.limits();
        let mut found = Vec::new();
        let layers = manifest.layers.iter().filter(|layer| layer.media_type == PAYLOAD_TYPE);
        for layer in layers.take(limits.signatures) {
            let signature = layer.annotations.as_ref().and_then(|annotations| annotations.get(SIGNATURE_ANNOTATION));
            let Some(signature) = signature.filter(|signature| !signature.is_empty()) else { continue };
            let what = format!("a signature of {reference}");
            let payload = self.fetch_blob(reference, layer, limits.payload_bytes, &what).await?;
            found.push(Found { form: Form::SimpleSigning, payload, signature: signature.clone() });
        }
        Ok(found)
    }

    /// The artifact that carries the signatures, if there is one.
    pub(crate) async fn signature_manifest(
        &self,
        reference: &Reference,
        digest: Digest,
    ) -> Result<Option<OciImageManifest>, RegistryError> {
        let place = signature_place(reference, digest);
        let manifest = self.fetch_current(&place).await?;
        manifest.map(|manifest| manifest.image(&place.to_string()).cloned()).transpose()
    }
}

/// Whether everybody has signed who must. Where nobody must, nothing is signed.
pub(crate) fn check_all(
    reference: &Reference,
    digest: Digest,
    trusted: &[&Trust],
    found: &[Found],
) -> Result<(), RegistryError> {
    let unverified = |cause| RegistryError::Signature { what: reference.to_string(), cause };
    if trusted.is_empty() {
        return Err(unverified(SignatureError::NoKeys));
    }
    trusted.iter().try_for_each(|trust| trust.check(reference, digest, found).map_err(unverified))
}

/// Where cosign keeps the signatures of an artifact.
pub(crate) fn signature_place(reference: &Reference, digest: Digest) -> Reference {
    reference.tagged(format!("sha256-{}.sig", digest.hex()))
}
