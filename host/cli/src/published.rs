//! Configurations that were published in registries, for others to extend: fetched at their digest, signed, and kept in the
//! user's cache, so that they are there without the registry. It must not know what a configuration says.

use engine::config::SignatureConfig;
use registry::{Configuration, Digest, Options, Reference, Registry, SCHEME, Trust};
use sources::Cache;

use crate::cache;
use crate::trust::Trusted;

/// The text at a reference, signed by all who must have signed it.
///
/// # Errors
/// Why it cannot be had, to stand behind the address, and what to write instead.
pub fn fetch(reference: &Reference, signatures: &[SignatureConfig]) -> Result<Vec<u8>, String> {
    let name = reference.name();
    let Some(digest) = reference.digest() else {
        return Err(format!(
            "is a tag, which can be moved: write its digest, {SCHEME}{name}@sha256:..., which `seaworthy push` and \
             `seaworthy verify` print"
        ));
    };
    let reference = reference.at(digest);
    let trusted = Trusted::configured(signatures).map_err(|cause| format!("cannot be verified: {cause}"))?;
    let trusted = trusted.of(&reference);
    if trusted.is_empty() {
        return Err(format!(
            "must be signed, and this file does not say by whom: add `signatures: [{{of: {name}, public_keys: [...]}}]`"
        ));
    }
    configuration(&reference, &trusted).map(|configuration| configuration.text().to_vec())
}

/// What is kept counts as long as it is signed by those who must sign today.
fn configuration(reference: &Reference, trusted: &[&Trust]) -> Result<Configuration, String> {
    let cache = cache::folder().and_then(|folder| Cache::open(&folder.join("configurations")));
    let key = Digest::of(reference.to_string().as_bytes()).hex();
    let kept = cache.as_ref().and_then(|cache| Configuration::from_kept(&cache.get(&key)?, reference, trusted).ok());
    if let Some(kept) = kept {
        return Ok(kept);
    }
    let fetched =
        Registry::new(Options::default()).and_then(|registry| registry.pull_configuration(reference, trusted));
    let fetched = fetched.map_err(|cause| format!("cannot be used: {cause}"))?;
    if let (Some(cache), Ok(text)) = (&cache, fetched.to_kept()) {
        cache.put(&key, &text);
        cache.shrink();
    }
    Ok(fetched)
}
