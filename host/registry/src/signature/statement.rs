//! Signatures as cosign 3 writes them unless it is told otherwise: a Sigstore bundle, in it a DSSE envelope, in that an
//! in-toto statement about the artifact
//! ([cosign](https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md),
//! [DSSE](https://github.com/secure-systems-lab/dsse/blob/master/protocol.md),
//! [in-toto](https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md)). It must not know a registry.
//!
//! What a bundle brings to verify itself with (certificates, entries of a log, hints at a key) is not read: the key is ours.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::{Claims, Fault, Form, Found};
use crate::Digest;

/// Media type of a bundle, and `artifactType` of the manifest that carries one.
pub(crate) const BUNDLE_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Annotation of that manifest: what the statement in its bundle says.
pub(crate) const PREDICATE_ANNOTATION: &str = "dev.sigstore.bundle.predicateType";

/// Says that the artifact is signed. Statements of other predicates say something about it: that it was scanned, how it was
/// built; whoever signs these does not sign the artifact.
pub(crate) const PREDICATE_TYPE: &str = "https://sigstore.dev/cosign/sign/v1";

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    media_type: String,
    dsse_envelope: Option<Envelope>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    sig: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, Value>>,
}

/// The signature in a bundle, or why it has no signature that could count.
pub(crate) fn open(bundle: &[u8]) -> Result<Found, String> {
    let bundle: Bundle = serde_json::from_slice(bundle).map_err(|cause| cause.to_string())?;
    if bundle.media_type != BUNDLE_TYPE {
        return Err(format!("its mediaType is {:?}", bundle.media_type));
    }
    let envelope = bundle.dsse_envelope.ok_or("it has no DSSE envelope")?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(format!("its payloadType is {:?}", envelope.payload_type));
    }
    let [signature] = <[Signature; 1]>::try_from(envelope.signatures)
        .map_err(|signatures| format!("it has {} signatures instead of one", signatures.len()))?;
    let payload = STANDARD.decode(envelope.payload).map_err(|cause| format!("its payload is no base64: {cause}"))?;
    Ok(Found { form: Form::Statement, payload, signature: signature.sig })
}

/// What is signed of a statement: DSSE's pre-authentication encoding, which has the type and both lengths in it.
pub(super) fn encoding(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// What the statement says about the artifact with this digest; where it is not about that, about its first subject.
pub(super) fn claims(payload: &[u8], digest: Digest) -> Result<Claims, Fault> {
    let statement: Statement = serde_json::from_slice(payload).map_err(|cause| Fault::Payload(cause.to_string()))?;
    if statement.kind != STATEMENT_TYPE {
        return Err(Fault::Payload(format!("its type is {:?}", statement.kind)));
    }
    if statement.predicate_type != PREDICATE_TYPE {
        return Err(Fault::Payload(format!("it says something else, {:?}", statement.predicate_type)));
    }
    let hex = |subject: &Subject| subject.digest.get("sha256").cloned().unwrap_or_default();
    let mut subjects = statement.subject;
    let place = subjects.iter().position(|subject| hex(subject) == digest.hex()).unwrap_or_default();
    let subject = if place < subjects.len() {
        subjects.swap_remove(place)
    } else {
        return Err(Fault::Payload("it has no subject".to_owned()));
    };
    let digest = format!("sha256:{}", hex(&subject));
    Ok(Claims { digest, repository: None, annotations: subject.annotations.unwrap_or_default() })
}
