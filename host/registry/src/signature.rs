//! Signatures in cosign's forms, as values: what is signed, and what a signature must say to count. It must not know a registry.
//!
//! In the form written here, a signature is a layer of the artifact at the tag `sha256-<digest>.sig`: its content is the payload below, its annotation
//! `dev.cosignproject.cosign/signature` the payload's signature
//! ([cosign's specification](https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md)). The form that
//! cosign 3 prefers is [read as well](statement).

pub(crate) mod statement;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digest, PublicKey, Reference};

/// Media type of the payload.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// Annotation of the payload's layer: its signature in base64.
pub(crate) const SIGNATURE_ANNOTATION: &str = "dev.cosignproject.cosign/signature";

/// The one value of `critical.type`.
const CRITICAL_TYPE: &str = "cosign container image signature";

/// What somebody must have signed for an artifact to be trusted.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Each of these must have signed.
    pub keys: Vec<PublicKey>,
    /// What each signature must carry among its annotations.
    pub annotations: BTreeMap<String, String>,
    /// For which repository it must have been signed.
    pub identity: Identity,
}

/// For which repository a signature must have been made. Its digest is checked in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identity {
    /// For that in which it is found: who may write there cannot pass off as this artifact another one of the same signer.
    #[default]
    SameRepository,
    /// For any, as cosign and Kubewarden have it: the artifact may be a copy.
    Any,
}

/// Why no signature counts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The artifact is not signed.
    #[error("it has no signature")]
    None,
    /// No key was given to verify with.
    #[error("no key was given to verify with")]
    NoKeys,
    /// None of those there are, so many, is by this key (counted from 1) and says what it must; the nearest one's fault.
    #[error("{}", .fault.sentence(*.key, *.signatures))]
    Unsatisfied {
        /// Which of the keys.
        key: usize,
        /// How many signatures there are.
        signatures: usize,
        /// What the nearest lacks.
        fault: Fault,
    },
}

/// What a signature lacks, from far to near.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It is not by this key, or not of this payload.
    Key,
    /// The payload is not what a signer writes.
    Payload(String),
    /// It is of another digest.
    Digest(String),
    /// It was made for another repository.
    Repository(String),
    /// It was made for no repository in particular, as those of [statements](statement) are.
    NoRepository,
    /// It lacks an annotation, or has another value for it.
    Annotation(String),
}

impl Fault {
    /// What that key's signature lacks.
    fn sentence(&self, key: usize, signatures: usize) -> String {
        let signatures =
            if signatures == 1 { "its signature".into() } else { format!("all its {signatures} signatures") };
        match self {
            Self::Key => format!("key {key} did not make {signatures}, or what was signed was changed"),
            Self::Payload(cause) => format!("what key {key} signed is not readable: {cause}"),
            Self::Digest(other) => format!("key {key} signed {other}, not this"),
            Self::Repository(other) => {
                format!("key {key} signed it as {other}, so this is a copy or passed off as another")
            }
            Self::NoRepository => format!(
                "key {key} signed it in cosign 3's form, which names no repository and counts only where any repository does"
            ),
            Self::Annotation(name) => format!("key {key} signed it without the annotation that is asked for, {name}"),
        }
    }
}

/// What is signed. Fields stand in cosign's order, so that the same content is the same bytes.
#[derive(Debug, Deserialize, Serialize)]
struct Payload {
    critical: Critical,
    optional: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Critical {
    identity: SignedIdentity,
    image: SignedImage,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct SignedIdentity {
    #[serde(rename = "docker-reference")]
    docker_reference: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct SignedImage {
    #[serde(rename = "docker-manifest-digest")]
    docker_manifest_digest: String,
}

/// The bytes to sign for an artifact of this repository with this digest.
pub(crate) fn payload(reference: &Reference, digest: Digest, annotations: &BTreeMap<String, String>) -> Vec<u8> {
    let optional = annotations.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
    let payload = Payload {
        critical: Critical {
            // As go-containerregistry names a repository of Docker Hub.
            identity: SignedIdentity { docker_reference: format!("{}/{}", reference.host(), reference.repository()) },
            image: SignedImage { docker_manifest_digest: digest.to_string() },
            kind: CRITICAL_TYPE.to_owned(),
        },
        optional: if annotations.is_empty() { None } else { Some(optional) },
    };
    // Maps of strings have a JSON form.
    serde_json::to_vec(&payload).unwrap_or_default()
}

/// A signature as it is found: nothing of it is checked.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Found {
    /// What the payload is, and so what of it is signed.
    pub form: Form,
    /// What is said to be signed.
    #[serde(with = "crate::base64_text")]
    pub payload: Vec<u8>,
    /// In base64.
    pub signature: String,
}

/// A form of signatures.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// The payload of this module.
    SimpleSigning,
    /// A [`statement`].
    Statement,
}

/// What somebody said of an artifact, by a signature that is theirs.
struct Claims {
    digest: String,
    repository: Option<String>,
    annotations: BTreeMap<String, Value>,
}

impl Found {
    fn signed(&self) -> Cow<'_, [u8]> {
        match self.form {
            Form::SimpleSigning => Cow::Borrowed(&self.payload),
            Form::Statement => Cow::Owned(statement::encoding(&self.payload)),
        }
    }

    /// What it says about the artifact with this digest, or about another one.
    fn claims(&self, digest: Digest) -> Result<Claims, Fault> {
        if let Form::Statement = self.form {
            return statement::claims(&self.payload, digest);
        }
        let payload: Payload =
            serde_json::from_slice(&self.payload).map_err(|cause| Fault::Payload(cause.to_string()))?;
        if payload.critical.kind != CRITICAL_TYPE {
            return Err(Fault::Payload(format!("its type is {:?}", payload.critical.kind)));
        }
        Ok(Claims {
            digest: payload.critical.image.docker_manifest_digest,
            repository: Some(payload.critical.identity.docker_reference),
            annotations: payload.optional.unwrap_or_default(),
        })
    }
}

impl Trust {
    /// Is the artifact, found in this repository and with this digest, signed by all keys as it must be?
    pub(crate) fn check(&self, reference: &Reference, digest: Digest, found: &[Found]) -> Result<(), SignatureError> {
        if self.keys.is_empty() {
            return Err(SignatureError::NoKeys);
        }
        if found.is_empty() {
            return Err(SignatureError::None);
        }
        for (place, key) in self.keys.iter().enumerate() {
            let mut nearest = Fault::Key;
            let is_satisfied = found.iter().any(|found| match self.check_one(key, reference, digest, found) {
                Ok(()) => true,
                Err(fault) => {
                    nearest = fault.max(nearest.clone());
                    false
                }
            });
            if !is_satisfied {
                let signatures = found.len();
                return Err(SignatureError::Unsatisfied { key: place + 1, signatures, fault: nearest });
            }
        }
        Ok(())
    }

    fn check_one(&self, key: &PublicKey, reference: &Reference, digest: Digest, found: &Found) -> Result<(), Fault> {
        // Nothing is read that is not signed.
        if !key.verifies(&found.signed(), &found.signature) {
            return Err(Fault::Key);
        }
        let claims = found.claims(digest)?;
        if claims.digest != digest.to_string() {
            return Err(Fault::Digest(claims.digest));
        }
        if self.identity == Identity::SameRepository {
            let named = claims.repository.ok_or(Fault::NoRepository)?;
            let is_same = named.parse::<Reference>().is_ok_and(|named| named.name() == reference.name());
            if !is_same {
                return Err(Fault::Repository(named));
            }
        }
        let carried = claims.annotations;
        match self.annotations.iter().find(|(name, value)| carried.get(*name).and_then(Value::as_str) != Some(*value)) {
            Some((name, value)) => Err(Fault::Annotation(format!("{name}={value}"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
