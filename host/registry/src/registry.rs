//! Reading from registries: a tag becomes a digest once, and whatever is read by a digest is checked against it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use engine::is_rule_name;
use oci_client::client::current_platform_resolver;
use oci_client::manifest::{OciDescriptor, OciImageManifest, OciManifest};
use reqwest::Method;
use serde::Serialize;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::manifest::{ACCEPT, Bundle, Manifest, module_layer, rule_of};
use crate::transport::{Expected, Transport, read};
use crate::{Digest, Options, Reference, RegistryError};

/// The registries, all of them. Calls block; a Registry may be shared by threads, and holds one of its own for connections.
///
/// A tag is resolved once in the life of a Registry, so that all that is asked about it is asked about the same content,
/// whatever is pushed meanwhile. Do not make or drop one inside of an asynchronous task.
pub struct Registry {
    pub(crate) transport: Transport,
    runtime: Runtime,
    resolved: Mutex<HashMap<String, Digest>>,
}

/// A module as it was pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Digest of its manifest: what a reference pins, and what is signed.
    pub digest: Digest,
    /// The name for its file, without `.wasm`: the rule's, or else that of the repository.
    pub name: String,
    /// WebAssembly; nothing of it was looked at but its first four bytes.
    pub bytes: Vec<u8>,
}

/// What is at a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Artifact {
    /// A single module, pulled.
    Module(Module),
    /// A bundle, of which only the index was read.
    Bundle(Bundle),
}

/// An image's manifest with its configuration.
#[derive(Clone, Debug, Serialize)]
pub struct ManifestAndConfig {
    /// The manifest.
    pub manifest: OciImageManifest,
    /// Its digest.
    pub digest: Digest,
    /// The configuration, JSON.
    pub config: Value,
}

impl Registry {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// The system has no root certificates, or gives no thread.
    pub fn new(options: Options) -> Result<Self, RegistryError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("registry").enable_all().build();
        let runtime = runtime.map_err(|cause| RegistryError::Setup(cause.to_string()))?;
        Ok(Self { transport: Transport::new(options)?, runtime, resolved: Mutex::default() })
    }

    /// The digest that a reference stands for: its own, or that of its tag now.
    ///
    /// # Errors
    /// There is no such tag, or no answer.
    pub fn resolve(&self, reference: &Reference) -> Result<Digest, RegistryError> {
        self.block_on(self.resolve_tag(reference))
    }

    /// As [`resolve`](Self::resolve), of what exists: a digest is asked for as well.
    ///
    /// # Errors
    /// There is no such manifest, or no answer.
    pub fn manifest_digest(&self, reference: &Reference) -> Result<Digest, RegistryError> {
        match reference.digest() {
            None => self.resolve(reference),
            Some(digest) => self.block_on(async {
                let below = format!("manifests/{digest}");
                self.transport.ask(&Method::HEAD, reference, &below, ACCEPT).await.map(|_| digest)
            }),
        }
    }

    /// The manifest or index.
    ///
    /// # Errors
    /// It cannot be had, is not what its digest says, or is not a manifest.
    pub fn manifest(&self, reference: &Reference) -> Result<Manifest, RegistryError> {
        self.block_on(self.fetch_manifest(reference))
    }

    /// An image's manifest and configuration; of an image for several platforms, that for this machine's.
    ///
    /// # Errors
    /// One of them cannot be had, is not what its digest says, or is not readable.
    pub fn manifest_and_config(&self, reference: &Reference) -> Result<ManifestAndConfig, RegistryError> {
        self.block_on(async {
            let mut manifest = self.fetch_manifest(reference).await?;
            if let OciManifest::ImageIndex(index) = &manifest.content {
                let kind = |cause: &str| RegistryError::Kind { what: reference.to_string(), cause: cause.to_owned() };
                let chosen = current_platform_resolver(&index.manifests);
                let chosen = chosen.ok_or_else(|| kind("is an index without an image for this platform"))?;
                let digest =
                    chosen.parse().map_err(|_| kind("is an index with digests of another kind than SHA-256"))?;
                manifest = self.fetch_manifest(&reference.at(digest)).await?;
            }
            let what = format!("the configuration of {reference}");
            let image = manifest.image(&reference.to_string())?.clone();
            let limit = self.transport.limits().manifest_bytes;
            let config = self.fetch_blob(reference, &image.config, limit, &what).await?;
            let config = serde_json::from_slice(&config)
                .map_err(|cause| RegistryError::Malformed { what, cause: cause.to_string() })?;
            Ok(ManifestAndConfig { manifest: image, digest: manifest.digest, config })
        })
    }

    /// What is at the reference: a module, or a bundle's index.
    ///
    /// # Errors
    /// It cannot be had, is not what its digest says, or is neither.
    pub fn pull(&self, reference: &Reference) -> Result<Artifact, RegistryError> {
        self.block_on(async {
            let manifest = self.fetch_manifest(reference).await?;
            if manifest.is_bundle() {
                manifest.bundle(&reference.to_string()).map(Artifact::Bundle)
            } else {
                self.fetch_module(reference, &manifest).await.map(Artifact::Module)
            }
        })
    }

    /// The module at the reference.
    ///
    /// # Errors
    /// It cannot be had, is not what its digest says, or is no module: a bundle is named as one.
    pub fn pull_module(&self, reference: &Reference) -> Result<Module, RegistryError> {
        self.block_on(async {
            let manifest = self.fetch_manifest(reference).await?;
            self.fetch_module(reference, &manifest).await
        })
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    async fn resolve_tag(&self, reference: &Reference) -> Result<Digest, RegistryError> {
        if let Some(digest) = reference.digest() {
            return Ok(digest);
        }
        if let Some(known) = self.known().get(&reference.to_string()) {
            return Ok(*known);
        }
        let digest = self.resolve_now(reference).await?;
        // Of two threads that asked at once, the first one's answer stands.
        Ok(*self.known().entry(reference.to_string()).or_insert(digest))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Digest>> {
        self.resolved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the reference stands for this.
    pub(crate) fn remember(&self, reference: &Reference, digest: Digest) {
        self.known().insert(reference.to_string(), digest);
    }

    /// Asks the registry, whatever it said before.
    pub(crate) async fn resolve_now(&self, reference: &Reference) -> Result<Digest, RegistryError> {
        let below = format!("manifests/{}", reference.manifest());
        let response = self.transport.ask(&Method::HEAD, reference, &below, ACCEPT).await;
        let response = response.map_err(|cause| name(cause, reference))?;
        let said = response.headers().get("docker-content-digest").and_then(|said| said.to_str().ok()?.parse().ok());
        match said {
            Some(digest) => Ok(digest),
            // Registries need not say it.
            None => {
                let response = self.transport.ask(&Method::GET, reference, &below, ACCEPT).await?;
                let limit = Expected::AtMost(self.transport.limits().manifest_bytes);
                read(response, &format!("the manifest of {reference}"), limit).await.map(|bytes| Digest::of(&bytes))
            }
        }
    }

    /// The manifest at a tag now, if there is one: signatures may be added at any time.
    pub(crate) async fn fetch_current(&self, place: &Reference) -> Result<Option<Manifest>, RegistryError> {
        match self.resolve_now(place).await {
            Ok(current) => self.fetch_manifest(&place.at(current)).await.map(Some),
            Err(RegistryError::NotFound(_)) => Ok(None),
            Err(cause) => Err(cause),
        }
    }

    pub(crate) async fn fetch_manifest(&self, reference: &Reference) -> Result<Manifest, RegistryError> {
        let digest = self.resolve_tag(reference).await?;
        let what = format!("the manifest {}", reference.at(digest));
        let response = self.transport.ask(&Method::GET, reference, &format!("manifests/{digest}"), ACCEPT).await;
        let response = response.map_err(|cause| name(cause, reference))?;
        let bytes = read(response, &what, Expected::AtMost(self.transport.limits().manifest_bytes)).await?;
        let actual = Digest::of(&bytes);
        if actual != digest {
            return Err(RegistryError::Digest { what, expected: digest, actual });
        }
        Manifest::parse(&what, digest, &bytes, self.transport.limits().entries)
    }

    /// The content of a descriptor, up to a limit in bytes. Where else it says to be found is not heeded.
    pub(crate) async fn fetch_blob(
        &self,
        reference: &Reference,
        descriptor: &OciDescriptor,
        limit: u64,
        what: &str,
    ) -> Result<Vec<u8>, RegistryError> {
        let malformed = |cause: String| RegistryError::Malformed { what: what.to_owned(), cause };
        let digest: Digest = descriptor.digest.parse().map_err(|cause| malformed(format!("{cause}")))?;
        let size = u64::try_from(descriptor.size).map_err(|_| malformed(format!("its size is {}", descriptor.size)))?;
        if size > limit {
            return Err(RegistryError::TooLarge { what: what.to_owned(), limit });
        }
        let response = self.transport.ask(&Method::GET, reference, &format!("blobs/{digest}"), "*/*").await?;
        let bytes = read(response, what, Expected::Exactly(size)).await?;
        let actual = Digest::of(&bytes);
        if actual == digest {
            Ok(bytes)
        } else {
            Err(RegistryError::Digest { what: what.to_owned(), expected: digest, actual })
        }
    }

    async fn fetch_module(&self, reference: &Reference, manifest: &Manifest) -> Result<Module, RegistryError> {
        let pinned = reference.at(manifest.digest);
        let image = manifest.image(&reference.to_string())?;
        let layer = module_layer(&reference.to_string(), image)?;
        let limit = self.transport.limits().module_bytes;
        let bytes = self.fetch_blob(reference, layer, limit, &format!("the module {pinned}")).await?;
        if !bytes.starts_with(b"\0asm") {
            let cause = "is not a module: its content is not WebAssembly".to_owned();
            return Err(RegistryError::Kind { what: reference.to_string(), cause });
        }
        let rule = rule_of(image.annotations.as_ref()).filter(|rule| is_rule_name(rule));
        let last = reference.repository().rsplit('/').next().unwrap_or_default();
        Ok(Module { digest: manifest.digest, name: rule.unwrap_or(last).to_owned(), bytes })
    }
}

/// What does not exist is called by its reference, not by its address.
fn name(error: RegistryError, reference: &Reference) -> RegistryError {
    match error {
        RegistryError::NotFound(_) => RegistryError::NotFound(reference.to_string()),
        other => other,
    }
}
