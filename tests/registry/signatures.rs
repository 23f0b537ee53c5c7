//! Signatures that do not count: none, another key's, another digest's, another repository's, changed ones.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use registry::{Digest, KeyPair};
use serde_json::{Value, json};

use crate::commands::{signer, with_password};
use crate::hostile::{Answer, Hostile, MANIFEST, PAYLOAD, wasm};
use crate::server::Server;
use crate::support::{Folder, Run};

/// A hostile registry with a module at `v1`, and the folder of its honest signer.
pub struct Signed {
    pub server: Hostile,
    pub folder: Folder,
    pub digest: Digest,
}

impl Signed {
    pub fn new() -> Self {
        let server = Hostile::start();
        let digest = server.module("v1", &wasm(b"module"));
        Self { server, folder: signer(), digest }
    }

    /// What cosign would sign for this digest and repository.
    pub fn payload(&self, digest: Digest, repository: &str) -> Value {
        let identity = json!({"docker-reference": format!("{}/{repository}", self.server.host)});
        json!({"critical": {"identity": identity, "image": {"docker-manifest-digest": digest},
                            "type": "cosign container image signature"}, "optional": null})
    }

    /// Puts a payload with a signature where the module's signatures are.
    pub fn put(&self, payload: &[u8], signature: &str) {
        let mut layer = self.server.blob(PAYLOAD, payload);
        layer["annotations"] = json!({"dev.cosignproject.cosign/signature": signature});
        let config = self.server.blob("application/vnd.oci.image.config.v1+json", b"{}");
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]});
        self.server.manifest(&format!("sha256-{}.sig", self.digest.hex()), &manifest);
    }

    /// The signer's signature of these bytes, made by another tool.
    pub fn sign(&self, payload: &[u8]) -> String {
        let key = fs::read(self.folder.path().join("cosign.key")).unwrap();
        sign(&key, payload)
    }

    pub fn verify(&self, more: &[&str]) -> Run {
        let name = self.server.name("v1");
        self.folder.run(&[&["verify", &name, "--key", "cosign.pub"][..], more].concat())
    }

    /// Is refused, for that reason, and nothing of it is pulled either.
    pub fn is_refused(&self, reason: &str) {
        let verified = self.verify(&[]);
        assert_eq!((verified.code, verified.err.contains(reason)), (Some(1), true), "{}", verified.err);
        let pull = self.folder.run(&["pull", &self.server.name("v1"), "--output", "out", "--verify", "cosign.pub"]);
        assert!(pull.complaint().contains(reason));
        assert!(!self.folder.path().join("out").exists());
        let module = format!("blobs/{}", Digest::of(&wasm(b"module")));
        assert!(self.server.asked().iter().all(|head| !head.contains(&module)), "nothing unverified is fetched");
    }
}

/// By the crate that cosign's own tests of other languages use, so that our signing is not what checks our verifying.
pub fn sign(key: &[u8], payload: &[u8]) -> String {
    use sigstore::crypto::SigningScheme;
    use sigstore::crypto::signing_key::SigStoreKeyPair;
    let pair = SigStoreKeyPair::from_encrypted_pem(key, b"hunter2").unwrap();
    let signer = pair.to_sigstore_signer(&SigningScheme::ECDSA_P256_SHA256_ASN1).unwrap();
    STANDARD.encode(signer.sign(payload).unwrap())
}

#[test]
fn what_the_signer_signed_is_verified() {
    let signed = Signed::new();
    let payload = signed.payload(signed.digest, "shop/rules").to_string();
    signed.put(payload.as_bytes(), &signed.sign(payload.as_bytes()));
    let said = signed.verify(&["--format", "json"]).with(0);
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (answer["verified"].as_bool(), answer["digest"].as_str()),
        (Some(true), Some(&*signed.digest.to_string()))
    );
}

#[test]
fn what_is_not_signed_is_refused() {
    Signed::new().is_refused("it has no signature");
    let signed = Signed::new();
    let answer: Value = serde_json::from_str(&signed.verify(&["--format", "json"]).with(1)).unwrap();
    assert_eq!((answer["verified"].as_bool(), answer["reason"].as_str()), (Some(false), Some("it has no signature")));
}

#[test]
fn a_signature_of_another_digest_is_refused() {
    let signed = Signed::new();
    let other = Digest::of(b"other");
    let payload = signed.payload(other, "shop/rules").to_string();
    signed.put(payload.as_bytes(), &signed.sign(payload.as_bytes()));
    signed.is_refused(&format!("signed {other}, not this"));
}

#[test]
fn a_signature_of_another_repository_is_refused_unless_copies_are_accepted() {
    let signed = Signed::new();
    let payload = signed.payload(signed.digest, "shop/other").to_string();
    signed.put(payload.as_bytes(), &signed.sign(payload.as_bytes()));
    signed.is_refused("shop/other, so this is a copy");
    signed.verify(&["--any-repository"]).with(0);
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let signed = Signed::new();
    let payload = signed.payload(signed.digest, "shop/rules").to_string();
    let other = KeyPair::generate().unwrap();
    let key = other.to_encrypted_pem(b"hunter2").unwrap();
    signed.put(payload.as_bytes(), &sign(key.as_bytes(), payload.as_bytes()));
    signed.is_refused("did not make its signature");
}

#[test]
fn a_payload_that_was_changed_is_refused() {
    let signed = Signed::new();
    let honest = signed.payload(Digest::of(b"other"), "shop/rules").to_string();
    let changed = signed.payload(signed.digest, "shop/rules").to_string();
    signed.put(changed.as_bytes(), &signed.sign(honest.as_bytes()));
    signed.is_refused("what was signed was changed");
}

#[test]
fn a_payload_that_is_not_what_its_digest_says_is_no_answer() {
    let signed = Signed::new();
    let payload = signed.payload(signed.digest, "shop/rules").to_string();
    signed.put(payload.as_bytes(), &signed.sign(payload.as_bytes()));
    let (blob, other) = (Digest::of(payload.as_bytes()), payload.replace("null", "true"));
    signed.server.answers(move |asked| (asked == format!("GET blobs/{blob}")).then(|| Answer::of(other.clone())));
    let said = signed.verify(&[]).complaint();
    assert!(said.contains("is not what was asked for"), "{said}");
}

#[test]
fn a_tag_that_moves_after_it_was_verified_pulls_what_was_verified() {
    let signed = Signed::new();
    let payload = signed.payload(signed.digest, "shop/rules").to_string();
    signed.put(payload.as_bytes(), &signed.sign(payload.as_bytes()));
    let evil = signed.server.module("evil", &wasm(b"evil"));
    let asked_before = std::sync::atomic::AtomicBool::new(false);
    signed.server.answers(move |asked| {
        let moved = asked.ends_with("manifests/v1") && asked_before.swap(true, std::sync::atomic::Ordering::SeqCst);
        moved.then(|| Answer::redirect(&format!("/v2/shop/rules/manifests/{evil}")))
    });
    let name = signed.server.name("v1");
    signed.folder.run(&["pull", &name, "--output", "out", "--verify", "cosign.pub"]).with(0);
    assert_eq!(fs::read(signed.folder.path().join("out/rules.wasm")).unwrap(), wasm(b"module"));
}

#[test]
fn many_signatures_may_stand_beside_each_other_and_each_key_must_be_among_them() {
    let (server, folder) = (Server::start(), signer());
    let name = server.name("rules:v1");
    with_password(&folder, &["keys", "--output", "other"], "hunter2").with(0);
    let verify = |keys: &[&str]| {
        let keys = keys.iter().flat_map(|key| ["--key", key]);
        folder.run(&["verify", &name].into_iter().chain(keys).collect::<Vec<_>>())
    };
    let push =
        |key: &str| with_password(&folder, &["push", "--bundle", "bundle", &name, "--sign", key], "hunter2").with(0);
    push("cosign.key");
    verify(&["cosign.pub"]).with(0);
    let said = verify(&["cosign.pub", "other.pub"]);
    assert_eq!((said.code, said.err.contains("key 2 did not make its signature")), (Some(1), true), "{}", said.err);
    push("other.key");
    verify(&["cosign.pub", "other.pub"]).with(0);
    verify(&["other.pub", "cosign.pub"]).with(0);
}
