//! Signatures as cosign 3 writes them: statements in Sigstore bundles that refer to the artifact. They are made here, byte by
//! byte, and pushed as cosign pushes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_client::client::{ClientConfig, ClientProtocol};
use registry::{Digest, KeyPair};
use serde_json::{Value, json};

use crate::commands::{json, signer, with_password};
use crate::hostile::{Answer, INDEX, MANIFEST};
use crate::server::Server;
use crate::signatures::{Signed, sign};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const IN_TOTO: &str = "application/vnd.in-toto+json";
const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// That the artifact is signed.
fn statement(digest: Digest) -> Value {
    json!({"_type": "https://in-toto.io/Statement/v1", "predicateType": SIGN, "predicate": {},
           "subject": [{"digest": {"sha256": digest.hex()}, "annotations": {"team": "shop"}}]})
}

/// What of a payload is signed, by DSSE.
fn encoding(kind: &str, payload: &str) -> Vec<u8> {
    format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len()).into_bytes()
}

fn bundle(payload: &str, signature: &str) -> Value {
    json!({"mediaType": BUNDLE, "verificationMaterial": {"publicKey": {"hint": "a hint"}, "tlogEntries": []},
           "dsseEnvelope": {"payload": STANDARD.encode(payload), "payloadType": IN_TOTO,
                            "signatures": [{"sig": signature, "keyid": ""}]}})
}

/// The manifest that carries a bundle, without its descriptors.
fn carrier(of: Digest, predicate: &str, config: &Value, layer: &Value) -> Value {
    json!({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE, "config": config, "layers": [layer],
           "subject": {"mediaType": MANIFEST, "digest": of, "size": 1},
           "annotations": {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicate}})
}

impl Signed {
    /// The signer's bundle about a statement.
    fn bundle(&self, statement: &Value) -> Value {
        let payload = statement.to_string();
        bundle(&payload, &self.sign(&encoding(IN_TOTO, &payload)))
    }

    /// Has a bundle; its entry in the list of what refers to the artifact.
    fn carry(&self, bundle: &str, predicate: &str) -> Value {
        let layer = self.server.blob(BUNDLE, bundle.as_bytes());
        let config = self.server.blob(EMPTY, b"{}");
        let manifest = carrier(self.digest, predicate, &config, &layer);
        let digest = self.server.manifest(&Digest::of(bundle.as_bytes()).hex(), &manifest);
        json!({"mediaType": MANIFEST, "artifactType": BUNDLE, "digest": digest, "size": manifest.to_string().len()})
    }

    /// Answers with the list, as a registry that knows the question.
    fn list(&self, entries: &[Value]) {
        let list = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).to_string();
        let question = format!("GET referrers/{}", self.digest);
        self.server
            .answers(move |asked| (asked == question).then(|| Answer::of(list.clone()).header("Content-Type", INDEX)));
    }

    /// Has one bundle.
    fn refer(&self, bundle: &Value) {
        self.list(&[self.carry(&bundle.to_string(), SIGN)]);
    }
}

const ANY: [&str; 1] = ["--any-repository"];

#[test]
fn what_cosign_3_signed_is_verified() {
    let signed = Signed::new();
    signed.refer(&signed.bundle(&statement(signed.digest)));
    signed.verify(&ANY).with(0);
    signed.verify(&["--any-repository", "--annotation", "team=shop"]).with(0);
    let other = signed.verify(&["--any-repository", "--annotation", "team=other"]);
    assert_eq!((other.code, other.err.contains("team=other")), (Some(1), true), "{}", other.err);
    // It names no repository, so it may be another artifact's of the same signer, moved here.
    signed.is_refused("names no repository");
}

#[test]
fn a_registry_that_lists_nothing_has_the_list_at_a_tag() {
    for answer in [
        None,
        Some(Answer::status(400)),
        Some(Answer::status(405)),
        Some(Answer::of("<html>").header("Content-Type", "text/html")),
    ] {
        let signed = Signed::new();
        let mut entry = signed.carry(&signed.bundle(&statement(signed.digest)).to_string(), SIGN);
        // As cosign names it there.
        entry["artifactType"] = json!(EMPTY);
        let tag = format!("sha256-{}", signed.digest.hex());
        signed.server.manifest(&tag, &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}));
        signed.server.answers(move |asked| asked.starts_with("GET referrers/").then(|| answer.clone()).flatten());
        signed.verify(&ANY).with(0);
    }
}

#[test]
fn a_real_registry_has_the_list_at_a_tag() {
    let (server, folder) = (Server::start(), signer());
    let name = server.name("rules:v1");
    let pushed = json(&folder.run(&["push", "--bundle", "bundle", &name, "--format", "json"]).with(0));
    let digest: Digest = pushed["digest"].as_str().unwrap().parse().unwrap();
    let verify = ["verify", &name, "--key", "cosign.pub", "--any-repository"];
    assert_eq!(folder.run(&verify).code, Some(1));

    let payload = statement(digest).to_string();
    let key = std::fs::read(folder.path().join("cosign.key")).unwrap();
    let bundle = bundle(&payload, &sign(&key, &encoding(IN_TOTO, &payload))).to_string();
    let described =
        |kind: &str, content: &[u8]| json!({"mediaType": kind, "digest": Digest::of(content), "size": content.len()});
    let carrier = carrier(digest, SIGN, &described(EMPTY, b"{}"), &described(BUNDLE, bundle.as_bytes())).to_string();
    let mut entry = described(MANIFEST, carrier.as_bytes());
    entry["artifactType"] = json!(EMPTY);
    let list = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).to_string();
    let place = |name: String| name.parse::<oci_client::Reference>().unwrap();
    let work = async {
        let client =
            oci_client::Client::new(ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() });
        let repository = place(name.clone());
        for blob in [b"{}".to_vec(), bundle.into_bytes()] {
            let digest = Digest::of(&blob).to_string();
            client.push_blob(&repository, blob, &digest).await.unwrap();
        }
        let at = place(format!("{}@{}", server.name("rules"), Digest::of(carrier.as_bytes())));
        client.push_manifest_raw(&at, carrier.into_bytes(), MANIFEST.parse().unwrap()).await.unwrap();
        let at = place(format!("{}:sha256-{}", server.name("rules"), digest.hex()));
        client.push_manifest_raw(&at, list.into_bytes(), INDEX.parse().unwrap()).await.unwrap();
    };
    tokio::runtime::Runtime::new().unwrap().block_on(work);
    folder.run(&verify).with(0);

    // Signed in both forms, either suffices.
    with_password(&folder, &["push", "--bundle", "bundle", &name, "--sign", "cosign.key"], "hunter2").with(0);
    folder.run(&["verify", &name, "--key", "cosign.pub"]).with(0);
    folder.run(&verify).with(0);
}

#[test]
fn one_good_signature_of_either_form_suffices() {
    let signed = Signed::new();
    let good = signed.carry(&signed.bundle(&statement(signed.digest)).to_string(), SIGN);
    let other = signed.carry(&signed.bundle(&statement(Digest::of(b"other"))).to_string(), SIGN);
    let broken = signed.carry("no bundle", SIGN);
    let mut absent = good.clone();
    absent["digest"] = json!(Digest::of(b"absent"));
    // One of the older form that does not count.
    let payload = signed.payload(Digest::of(b"other"), "shop/rules").to_string();
    signed.put(payload.as_bytes(), &signed.sign(payload.as_bytes()));
    signed.list(&[other.clone(), broken.clone(), absent.clone(), good]);
    signed.verify(&ANY).with(0);
    // Without the good one nothing is decided, since something could not be read.
    signed.list(&[other.clone(), broken]);
    assert!(signed.verify(&ANY).complaint().contains("is not readable"));
    signed.list(&[other, absent]);
    assert!(signed.verify(&ANY).complaint().contains("does not exist"));
    // Where the older form suffices, nothing is asked.
    let payload = signed.payload(signed.digest, "shop/rules").to_string();
    signed.put(payload.as_bytes(), &signed.sign(payload.as_bytes()));
    let asked = || signed.server.asked().iter().filter(|head| head.contains("referrers")).count();
    let before = asked();
    signed.verify(&[]).with(0);
    assert_eq!(asked(), before);
}

#[test]
fn keys_may_have_signed_in_different_forms() {
    let signed = Signed::new();
    with_password(&signed.folder, &["keys", "--output", "other"], "hunter2").with(0);
    let payload = signed.payload(signed.digest, "shop/rules").to_string();
    signed.put(payload.as_bytes(), &signed.sign(payload.as_bytes()));
    let both = ["--key", "other.pub", "--any-repository"];
    assert_eq!(signed.verify(&both).code, Some(1));
    let key = std::fs::read(signed.folder.path().join("other.key")).unwrap();
    let payload = statement(signed.digest).to_string();
    signed.refer(&bundle(&payload, &sign(&key, &encoding(IN_TOTO, &payload))));
    signed.verify(&both).with(0);
}

/// A statement that was signed, and is not what it must be.
fn is_no_signature(change: impl Fn(&mut Value), said: &str) {
    let signed = Signed::new();
    let mut statement = statement(signed.digest);
    change(&mut statement);
    signed.refer(&signed.bundle(&statement));
    let run = signed.verify(&ANY);
    assert_eq!((run.code, run.err.contains(said)), (Some(1), true), "{said}: {}", run.err);
}

#[test]
fn a_statement_that_says_something_else_is_no_signature() {
    let other = Digest::of(b"other");
    is_no_signature(
        |it| it["subject"][0]["digest"]["sha256"] = json!(other.hex()),
        &format!("signed {other}, not this"),
    );
    is_no_signature(|it| it["subject"][0]["digest"] = json!({"sha512": "0"}), "signed sha256:, not this");
    is_no_signature(|it| it["subject"] = json!([]), "it has no subject");
    is_no_signature(|it| it["predicateType"] = json!("https://slsa.dev/provenance/v1"), "it says something else");
    is_no_signature(|it| it["_type"] = json!("https://in-toto.io/Statement/v0.1"), "its type is");
    is_no_signature(|it| *it = json!([]), "is not readable");
}

#[test]
fn what_the_key_did_not_sign_is_refused() {
    let signed = Signed::new();
    let payload = statement(signed.digest).to_string();
    let other = KeyPair::generate().unwrap().to_encrypted_pem(b"hunter2").unwrap();
    let honest = statement(Digest::of(b"other")).to_string();
    for signature in [
        sign(other.as_bytes(), &encoding(IN_TOTO, &payload)),
        // Of another statement, of the payload without its type, of another type, and none.
        signed.sign(&encoding(IN_TOTO, &honest)),
        signed.sign(payload.as_bytes()),
        signed.sign(&encoding("text/plain", &payload)),
        String::new(),
        "?".to_owned(),
    ] {
        signed.refer(&bundle(&payload, &signature));
        signed.is_refused("did not make its signature");
        assert_eq!(signed.verify(&ANY).code, Some(1), "{signature}");
    }
}

#[test]
fn what_is_no_bundle_of_one_signature_is_not_readable() {
    let signed = Signed::new();
    let good = signed.bundle(&statement(signed.digest));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut bundle = good.clone();
        change(&mut bundle);
        bundle
    };
    let message = json!({"mediaType": BUNDLE, "messageSignature": {"signature": "AA=="}});
    for (bundle, said) in [
        (
            with(&|it| it["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.1")),
            "its mediaType is",
        ),
        (message, "it has no DSSE envelope"),
        (with(&|it| it["dsseEnvelope"]["payloadType"] = json!("text/plain")), "its payloadType is"),
        (with(&|it| it["dsseEnvelope"]["signatures"] = json!([])), "it has 0 signatures"),
        (with(&|it| it["dsseEnvelope"]["signatures"] = json!([{"sig": ""}, {"sig": ""}])), "it has 2 signatures"),
        (with(&|it| it["dsseEnvelope"]["payload"] = json!("?")), "its payload is no base64"),
        (json!([]), "is not readable"),
    ] {
        signed.refer(&bundle);
        let complaint = signed.verify(&ANY).complaint();
        assert!(complaint.contains(said), "{said}: {complaint}");
    }
}

#[test]
fn other_statements_about_an_artifact_are_not_even_fetched() {
    let signed = Signed::new();
    let long = "x".repeat(1 << 20);
    let report = signed.carry(&long, "https://cyclonedx.org/bom");
    let mut named = signed.carry(&format!("{long}y"), SIGN);
    named["annotations"] = json!({"dev.sigstore.bundle.predicateType": "https://cyclonedx.org/bom"});
    let mut chart = signed.carry(&format!("{long}z"), SIGN);
    chart["artifactType"] = json!("application/vnd.cncf.helm.chart");
    signed.list(&[report, named, chart]);
    signed.is_refused("it has no signature");
    assert!(signed.server.sent() < 1 << 20, "{} bytes were read", signed.server.sent());
}

#[test]
fn what_is_read_of_a_list_and_of_its_bundles_is_bounded() {
    let signed = Signed::new();
    let (list, long) = (format!("GET referrers/{}", signed.digest), "x".repeat(65_537));
    signed.list(&[signed.carry(&long, SIGN)]);
    let said = signed.verify(&ANY).complaint();
    assert!(said.contains("larger than the 65536 bytes allowed"), "{said}");
    signed
        .server
        .answers(move |asked| (asked == list).then(|| Answer::of("{").endless().header("Content-Type", INDEX)));
    let said = signed.verify(&ANY).complaint();
    assert!(said.contains("larger than the 4194304 bytes allowed"), "{said}");
    assert!(signed.server.sent() < 24 << 20, "{} bytes were read", signed.server.sent());
    // Of many, so many are looked at.
    let other = signed.carry(&signed.bundle(&statement(Digest::of(b"other"))).to_string(), SIGN);
    let good = signed.carry(&signed.bundle(&statement(signed.digest)).to_string(), SIGN);
    signed.list(&[vec![other.clone(); 49], vec![good.clone()]].concat());
    signed.verify(&ANY).with(0);
    signed.list(&[vec![other; 50], vec![good]].concat());
    assert_eq!(signed.verify(&ANY).code, Some(1));
}

#[test]
fn a_registry_that_fails_has_decided_nothing() {
    let signed = Signed::new();
    let good = signed.carry(&signed.bundle(&statement(signed.digest)).to_string(), SIGN);
    signed.server.answers(|asked| asked.starts_with("GET referrers/").then(|| Answer::status(500)));
    assert!(signed.verify(&ANY).complaint().contains("answered with 500"));
    for content in [json!({"schemaVersion": 2, "layers": []}), json!({"schemaVersion": 1, "manifests": [good]})] {
        let tag = format!("sha256-{}", signed.digest.hex());
        signed.server.answers(|_| None);
        signed.server.manifest(&tag, &content);
        signed.verify(&ANY).complaint();
    }
}
