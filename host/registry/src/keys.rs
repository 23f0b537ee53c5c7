//! Key pairs in cosign's form: `cosign.key`, encrypted with a password, and `cosign.pub`. It must not know files or
//! registries, nor ever print a private key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigstore::crypto::signing_key::SigStoreKeyPair;
use sigstore::crypto::signing_key::ecdsa::ECDSAKeys;
use sigstore::crypto::{CosignVerificationKey, Signature, SigningScheme};

/// A private key and its public one.
pub struct KeyPair(SigStoreKeyPair);

/// What signatures are verified with: ECDSA on P-256 (cosign's own), P-384 and P-521, Ed25519, RSA.
#[derive(Clone, Debug)]
pub struct PublicKey(CosignVerificationKey);

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(String);

impl KeyPair {
    /// A new one on P-256, as `cosign generate-key-pair` makes them.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let signer = SigningScheme::ECDSA_P256_SHA256_ASN1.create_signer();
        let pair = signer.and_then(|signer| signer.to_sigstore_keypair());
        pair.map(Self).map_err(|cause| KeyError(format!("no key can be made: {cause}")))
    }

    /// Reads `cosign.key`.
    ///
    /// # Errors
    /// It is no such key, or the password is another.
    pub fn from_pem(pem: &[u8], password: &[u8]) -> Result<Self, KeyError> {
        let text = String::from_utf8_lossy(pem);
        if !text.contains("-----BEGIN ") || !text.contains("PRIVATE KEY-----") {
            return Err(KeyError("is no private key in cosign's form (PEM)".to_owned()));
        }
        let pair = SigStoreKeyPair::from_encrypted_pem(pem, password);
        pair.map(Self).map_err(|_| KeyError("cannot be opened: is the password right?".to_owned()))
    }

    /// The content of `cosign.key`.
    ///
    /// # Errors
    /// It cannot be encrypted.
    pub fn to_encrypted_pem(&self, password: &[u8]) -> Result<String, KeyError> {
        let pem = self.0.private_key_to_encrypted_pem(password).map_err(|cause| KeyError(cause.to_string()))?;
        Ok(unix_lines(&pem))
    }

    /// The content of `cosign.pub`.
    ///
    /// # Errors
    /// The key cannot be written.
    pub fn public_pem(&self) -> Result<String, KeyError> {
        self.0.public_key_to_pem().map(|pem| unix_lines(&pem)).map_err(|cause| KeyError(cause.to_string()))
    }

    /// The signature of these bytes, in base64.
    ///
    /// # Errors
    /// The key does not sign.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<String, KeyError> {
        let scheme = match &self.0 {
            SigStoreKeyPair::ECDSA(ECDSAKeys::P256(_)) => SigningScheme::ECDSA_P256_SHA256_ASN1,
            SigStoreKeyPair::ECDSA(ECDSAKeys::P384(_)) => SigningScheme::ECDSA_P384_SHA384_ASN1,
            SigStoreKeyPair::ECDSA(ECDSAKeys::P521(_)) => SigningScheme::ECDSA_P521_SHA512_ASN1,
            SigStoreKeyPair::ED25519(_) => SigningScheme::ED25519,
            SigStoreKeyPair::RSA(_) => SigningScheme::RSA_PKCS1_SHA256(0),
        };
        let signed = self.0.to_sigstore_signer(&scheme).and_then(|signer| signer.sign(message));
        signed.map(|signature| STANDARD.encode(signature)).map_err(|cause| KeyError(cause.to_string()))
    }
}

/// Lines as cosign ends them; the crate that writes them ends them as Windows does.
fn unix_lines(pem: &str) -> String {
    pem.replace("\r\n", "\n")
}

impl PublicKey {
    /// Reads `cosign.pub`.
    ///
    /// # Errors
    /// It is no public key, or of a kind that is not supported.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let key = CosignVerificationKey::try_from_pem(pem);
        key.map(Self).map_err(|cause| KeyError(format!("is no public key in cosign's form (PEM): {cause}")))
    }

    /// Was this signature, in base64, made of these bytes with the private key?
    pub(crate) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        self.0.verify_signature(Signature::Base64Encoded(signature.as_bytes()), message).is_ok()
    }
}
