//! Images that were made elsewhere, pushed as they are. It must not know where their blobs lie.

use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;

use crate::manifest::Manifest;
use crate::push::writable;
use crate::{Digest, Reference, Registry, RegistryError};

impl Registry {
    /// Pushes an image: its configuration, its layers, and last the bytes of its manifest. `blob` gives what has a digest.
    ///
    /// # Errors
    /// The manifest is not of one image, a blob cannot be had or is not what its digest says, or the registry does not
    /// take something.
    pub fn push_image(
        &self,
        reference: &Reference,
        manifest: &[u8],
        blob: impl Fn(Digest) -> Result<Vec<u8>, String>,
    ) -> Result<Digest, RegistryError> {
        let tag = writable(reference)?;
        let failed = |cause: String| RegistryError::Push { what: reference.to_string(), cause };
        let what = "the image's manifest";
        let read = Manifest::parse(what, Digest::of(manifest), manifest, self.transport.limits().entries)?;
        let image = read.image(what)?;
        self.block_on(async {
            for descriptor in image.layers.iter().chain([&image.config]) {
                let digest: Digest =
                    descriptor.digest.parse().map_err(|cause| failed(format!("its manifest: {cause}")))?;
                let bytes = blob(digest).map_err(|cause| failed(format!("the blob {digest} {cause}")))?;
                let actual = Digest::of(&bytes);
                if actual != digest {
                    return Err(failed(format!("the blob {digest} has the digest {actual}")));
                }
                self.push_blob(reference, &bytes, &descriptor.digest).await?;
            }
            let digest = self.put_bytes(reference, Some(tag), manifest, OCI_IMAGE_MEDIA_TYPE).await?;
            self.settle(reference, digest).await
        })
    }
}
