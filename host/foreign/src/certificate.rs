//! Kubewarden's capability `crypto`: whether a certificate is trusted by a chain.
//!
//! What counts is what policy-servers do, which is narrower than the words of their documentation: a certificate for
//! signing code (the extended key usage `codeSigning`), verified with webpki against the last of the chain as its root.
//! Without a chain every certificate is trusted, and without `not_after` none expires, but for what the chain's
//! verification says of the present.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::{CallError, HostCall};
use jiff::Timestamp;
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, UnixTime};
use serde::Deserialize;
use serde_json::json;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};
use x509_cert::Certificate as Parsed;
use x509_cert::der::Decode as _;

/// The object identifier of `id-kp-codeSigning` (1.3.6.1.5.5.7.3.3), as DER has it.
const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];

/// The payload of `v1/is_certificate_trusted`.
#[derive(Deserialize)]
struct Request {
    cert: Certificate,
    /// Intermediates first, the root last.
    #[serde(default)]
    cert_chain: Option<Vec<Certificate>>,
    /// RFC 3339; empty is absent.
    #[serde(default)]
    not_after: Option<String>,
}

#[derive(Deserialize)]
struct Certificate {
    encoding: Encoding,
    data: Vec<u8>,
}

#[derive(Deserialize)]
enum Encoding {
    Der,
    Pem,
}

/// Answers `v1/is_certificate_trusted`: `{"cert": {"encoding": "Pem"|"Der", "data": [bytes]}, "cert_chain": [...]|null,
/// "not_after": RFC 3339|null}` gives `{"trusted": bool, "reason": string}`.
///
/// # Errors
/// The payload, a certificate or the time is not readable.
pub fn is_trusted(call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
    let request: Request =
        serde_json::from_slice(call.payload).map_err(|cause| CallError::invalid(CertificateError::Request(cause)))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(CallError::failed)?;
    let distrust = distrust(&request, now).map_err(CallError::invalid)?;
    let answer = json!({ "trusted": distrust.is_none(), "reason": distrust.unwrap_or_default() });
    serde_json::to_vec(&answer).map_err(CallError::failed)
}

/// Why a certificate cannot be looked at.
#[derive(Debug, thiserror::Error)]
enum CertificateError {
    #[error("the request is not readable: {0}")]
    Request(#[source] serde_json::Error),
    #[error("the certificate is not a valid DER or PEM encoded certificate: {0}")]
    Encoding(#[source] pem::Error),
    #[error("the certificate is not a valid end-entity certificate: {0}")]
    EndEntity(#[source] Error),
    #[error("the certificate is not readable: {0}")]
    Content(#[source] x509_cert::der::Error),
    #[error("the time `not_after` is not in RFC 3339 format")]
    Time(#[source] jiff::Error),
    #[error("the certificate chain is not readable: {0}")]
    Chain(#[source] pem::Error),
    #[error("the certificate chain is not readable: {0}")]
    Root(#[source] Error),
}

/// Why the certificate is not trusted, if it is not. `now` counts from 1970.
fn distrust(request: &Request, now: Duration) -> Result<Option<String>, CertificateError> {
    let der = der(&request.cert).map_err(CertificateError::Encoding)?;
    let end_entity = EndEntityCert::try_from(&der).map_err(CertificateError::EndEntity)?;
    let parsed = Parsed::from_der(&der).map_err(CertificateError::Content)?;
    let validity = parsed.tbs_certificate().validity();
    let mut moment = now;
    if let Some(text) = request.not_after.as_deref().filter(|text| !text.is_empty()) {
        let given: Timestamp = text.parse().map_err(CertificateError::Time)?;
        moment = Duration::from_secs(u64::try_from(given.as_second()).unwrap_or_default());
        if validity.not_after.to_unix_duration().as_secs() < moment.as_secs() {
            return Ok(Some("Certificate is being used after its expiration date".into()));
        }
    }
    if validity.not_before.to_unix_duration().as_secs() > now.as_secs() {
        return Ok(Some("Certificate is being used before its validity date".into()));
    }
    match &request.cert_chain {
        None => Ok(None),
        Some(chain) => distrust_of_chain(&end_entity, chain, moment),
    }
}

fn distrust_of_chain(
    end_entity: &EndEntityCert<'_>,
    chain: &[Certificate],
    moment: Duration,
) -> Result<Option<String>, CertificateError> {
    let mut chain = chain.iter().map(der).collect::<Result<Vec<_>, _>>().map_err(CertificateError::Chain)?;
    let root = chain.pop();
    let roots = root.iter().map(anchor_from_trusted_cert).collect::<Result<Vec<_>, _>>();
    let roots = roots.map_err(CertificateError::Root)?;
    let usage = KeyUsage::required(CODE_SIGNING);
    let time = UnixTime::since_unix_epoch(moment);
    let verified = end_entity.verify_for_usage(ALL_VERIFICATION_ALGS, &roots, &chain, time, usage, None, None);
    Ok(match verified {
        Ok(_) => None,
        Err(Error::InvalidSignatureForPublicKey) => {
            Some("Certificate is not trusted by the provided cert chain".into())
        }
        Err(cause) => Some(format!("Certificate not trusted: {cause}")),
    })
}

fn der(certificate: &Certificate) -> Result<CertificateDer<'static>, pem::Error> {
    match certificate.encoding {
        Encoding::Der => Ok(CertificateDer::from(certificate.data.clone())),
        Encoding::Pem => CertificateDer::from_pem_slice(&certificate.data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by `testdata/make.sh`, valid from 2020 for a hundred years.
    const LEAF: &str = include_str!("testdata/leaf.pem");
    const INTERMEDIATE: &str = include_str!("testdata/intermediate.pem");
    const ROOT: &str = include_str!("testdata/root.pem");
    const STRANGER: &str = include_str!("testdata/stranger.pem");
    const FOR_SERVERS: &str = include_str!("testdata/for-servers.pem");

    fn certificate(pem: &str) -> Certificate {
        Certificate { encoding: Encoding::Pem, data: pem.into() }
    }

    fn judged(
        leaf: &str,
        chain: Option<&[&str]>,
        not_after: Option<&str>,
        now: &str,
    ) -> Result<Option<String>, String> {
        let request = Request {
            cert: certificate(leaf),
            cert_chain: chain.map(|chain| chain.iter().map(|pem| certificate(pem)).collect()),
            not_after: not_after.map(ToOwned::to_owned),
        };
        let now: Timestamp = now.parse().unwrap();
        distrust(&request, Duration::from_secs(now.as_second().try_into().unwrap())).map_err(|cause| cause.to_string())
    }

    fn call(payload: &str) -> HostCall<'_> {
        let operation = "v1/is_certificate_trusted";
        HostCall { binding: "kubewarden", namespace: "crypto", operation, payload: payload.as_bytes() }
    }

    const NOW: &str = "2040-01-01T00:00:00Z";

    #[test]
    fn a_chain_to_its_root_is_trusted() {
        assert_eq!(judged(LEAF, Some(&[INTERMEDIATE, ROOT]), None, NOW), Ok(None));
        assert_eq!(judged(LEAF, Some(&[INTERMEDIATE, ROOT]), Some("2050-06-01T00:00:00+02:00"), NOW), Ok(None));
        let der = der(&certificate(LEAF)).unwrap();
        let request = Request {
            cert: Certificate { encoding: Encoding::Der, data: der.to_vec() },
            cert_chain: None,
            not_after: None,
        };
        assert_eq!(distrust(&request, Duration::from_secs(2_000_000_000)).unwrap(), None);
    }

    #[test]
    fn another_root_a_gap_and_another_purpose_are_not_trusted() {
        for (leaf, chain) in
            [(LEAF, &[INTERMEDIATE, STRANGER][..]), (LEAF, &[ROOT]), (LEAF, &[]), (FOR_SERVERS, &[INTERMEDIATE, ROOT])]
        {
            let said = judged(leaf, Some(chain), None, NOW).unwrap();
            assert!(said.is_some_and(|why| why.contains("not trusted")), "{chain:?}");
        }
    }

    #[test]
    fn time_counts_as_in_policy_servers() {
        let late = "2190-01-01T00:00:00Z";
        let expired = Some("Certificate is being used after its expiration date".to_owned());
        assert_eq!(judged(LEAF, None, Some(late), NOW), Ok(expired));
        // Nobody asked about the expiry, and no chain is verified.
        assert_eq!(judged(LEAF, None, None, late), Ok(None));
        assert!(judged(LEAF, Some(&[INTERMEDIATE, ROOT]), None, late).unwrap().is_some());
        let early = Some("Certificate is being used before its validity date".to_owned());
        assert_eq!(judged(LEAF, None, None, "2001-01-01T00:00:00Z"), Ok(early));
        assert_eq!(judged(LEAF, None, Some(""), NOW), Ok(None));
        assert!(judged(LEAF, None, Some("tomorrow"), NOW).unwrap_err().contains("RFC 3339"));
    }

    #[test]
    fn what_is_not_readable_is_an_error() {
        for payload in ["", "{}", r#"{"cert":{"encoding":"Pem","data":[1]}}"#, r#"{"cert":{"encoding":"X","data":[]}}"#]
        {
            assert!(is_trusted(call(payload)).is_err(), "{payload}");
        }
        assert!(judged(LEAF, Some(&["no certificate"]), None, NOW).unwrap_err().contains("chain"));
        let data: Vec<u8> = LEAF.bytes().collect();
        let payload = json!({"cert": {"encoding": "Pem", "data": data}, "cert_chain": null, "not_after": null});
        let answer = is_trusted(call(&payload.to_string())).unwrap();
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&answer).unwrap(),
            json!({"trusted": true, "reason": ""})
        );
    }
}
