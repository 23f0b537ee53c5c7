//! Kubewarden's host capability `oci`, answered by registries: what a policy asks about images.
//!
//! Payloads and answers are those of
//! [Kubewarden's callbacks](https://docs.kubewarden.io/reference/spec/host-capabilities/container-registry). Who may ask is
//! not decided here: whoever hands this to a module has looked at its metadata and at the configuration first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use engine::{CallError, Denial, HostCall, HostCalls};
use protocol::contract::{BINDING, OCI};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Identity, PublicKey, Reference, Registry, Trust};

/// Operations of the namespace `oci`.
pub const OPERATIONS: [&str; 5] =
    ["v1/manifest_digest", "v1/oci_manifest", "v1/oci_manifest_config", "v1/verify", "v2/verify"];

/// Answers the namespace `oci`; everything else it refuses. The same question has the same answer for as long as this lives,
/// failures included: one run asks a registry once.
pub struct OciCalls<'a> {
    registry: &'a Registry,
    kept: Mutex<Kept>,
}

/// Answers by operation and payload.
#[derive(Default)]
struct Kept {
    answers: HashMap<(String, Vec<u8>), Result<Vec<u8>, CallError>>,
    /// Of questions and answers.
    bytes: usize,
}

/// Answers that are kept, in bytes of all together; beyond it registries are asked again.
const KEPT_BYTES: usize = 64 << 20;

impl<'a> OciCalls<'a> {
    /// Answers with what this registry client gets.
    #[must_use]
    pub fn new(registry: &'a Registry) -> Self {
        Self { registry, kept: Mutex::default() }
    }

    fn answer(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        let answer = match call.operation {
            "v1/manifest_digest" => {
                let digest = self.registry.manifest_digest(&image(call)?).map_err(CallError::failed)?;
                json!({ "digest": digest })
            }
            "v1/oci_manifest" => {
                let manifest = self.registry.manifest(&image(call)?).map_err(CallError::failed)?;
                serde_json::to_value(manifest.content).map_err(CallError::failed)?
            }
            "v1/oci_manifest_config" => {
                let both = self.registry.manifest_and_config(&image(call)?).map_err(CallError::failed)?;
                serde_json::to_value(both).map_err(CallError::failed)?
            }
            "v1/verify" => self.verify(&call.read::<OuterTag>()?.into())?,
            "v2/verify" => self.verify(&call.read()?)?,
            _ => return Err(Denial::NoOperation(call.path()).into()),
        };
        serde_json::to_vec(&answer).map_err(CallError::failed)
    }

    /// Verifies by public keys. What a signature was made for beside the digest is not asked, as Kubewarden has it: images
    /// may be copies.
    fn verify(&self, asked: &Verification) -> Result<Value, CallError> {
        let (image, pub_keys, annotations) = match asked {
            Verification::PublicKey { image, pub_keys, annotations } => (image, pub_keys, annotations),
            Verification::Keyless {} => return Err(unsupported("a keyless signature")),
            Verification::KeylessPrefix {} => return Err(unsupported("a keyless signature")),
            Verification::GithubActions {} => return Err(unsupported("a signature of GitHub Actions")),
            Verification::Certificate {} => return Err(unsupported("a signature by a certificate")),
        };
        let reference = image.parse::<Reference>().map_err(CallError::invalid)?;
        let keys: Result<Vec<PublicKey>, CallError> = pub_keys
            .iter()
            .enumerate()
            .map(|(place, key)| {
                PublicKey::from_pem(key.as_bytes())
                    .map_err(|cause| CallError::invalid(format!("key {} {cause}", place + 1)))
            })
            .collect();
        let trust =
            Trust { keys: keys?, annotations: annotations.clone().unwrap_or_default(), identity: Identity::Any };
        let digest = self.registry.verify(&reference, &trust).map_err(CallError::failed)?;
        Ok(json!({ "is_trusted": true, "digest": digest }))
    }
}

impl HostCalls for OciCalls<'_> {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        let HostCall { binding, namespace, operation, payload } = call;
        if (binding, namespace) != (BINDING, OCI) {
            return Err(call.unanswered("no registry answers it"));
        }
        let question = (operation.to_owned(), payload.to_vec());
        if let Some(known) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).answers.get(&question) {
            return known.clone();
        }
        let answer = self.answer(call);
        let size = payload.len() + answer.as_ref().map_or(0, Vec::len);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + size <= KEPT_BYTES && kept.answers.insert(question, answer.clone()).is_none() {
            kept.bytes += size;
        }
        answer
    }
}

/// The payload of `v2/verify`. Of what cannot be verified offline only the name is read.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum Verification {
    #[serde(rename = "SigstorePubKeyVerify")]
    PublicKey { image: String, pub_keys: Vec<String>, annotations: Option<BTreeMap<String, String>> },
    #[serde(rename = "SigstoreKeylessVerify")]
    Keyless {},
    #[serde(rename = "SigstoreKeylessPrefixVerify")]
    KeylessPrefix {},
    #[serde(rename = "SigstoreGithubActionsVerify")]
    GithubActions {},
    #[serde(rename = "SigstoreCertificateVerify")]
    Certificate {},
}

/// The payload of `v1/verify`: the same with the name outside, and fewer of them.
#[derive(Deserialize)]
enum OuterTag {
    #[serde(rename = "SigstorePubKeyVerify")]
    PublicKey { image: String, pub_keys: Vec<String>, annotations: Option<BTreeMap<String, String>> },
    #[serde(rename = "SigstoreKeylessVerify")]
    Keyless {},
}

impl From<OuterTag> for Verification {
    fn from(asked: OuterTag) -> Self {
        match asked {
            OuterTag::PublicKey { image, pub_keys, annotations } => Self::PublicKey { image, pub_keys, annotations },
            OuterTag::Keyless {} => Self::Keyless {},
        }
    }
}

fn unsupported(what: &'static str) -> CallError {
    CallError::failed(Unsupported(what))
}

#[derive(Debug, thiserror::Error)]
#[error(
    "{0} is not verified: it needs Sigstore's certificates and its transparency log, and this host verifies offline, \
     by public keys alone (SigstorePubKeyVerify)"
)]
struct Unsupported(&'static str);

fn image(call: HostCall<'_>) -> Result<Reference, CallError> {
    call.read::<String>()?.parse::<Reference>().map_err(CallError::invalid)
}
