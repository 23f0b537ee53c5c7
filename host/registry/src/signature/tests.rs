use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Fault, Form, Found, Identity, SignatureError, Trust, payload};
use crate::{Digest, KeyPair, PublicKey, Reference};

/// What `cosign sign --key` made, as the tests of policy-fetcher and sigstore-rs have it (Apache-2.0): a key of cosign's
/// own kind, and one of RSA with an annotation.
const COSIGN: (&str, &str, &str) = (
    "-----BEGIN PUBLIC KEY-----\n\
     MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELKhD7F5OKy77Z582Y6h0u1J3GNA+\n\
     kvUsh4eKpd1lwkDAzfFDs7yXEExsEkPPuiQJBelDT68n7PDIWB/QEY7mrA==\n\
     -----END PUBLIC KEY-----",
    r#"{"critical":{"identity":{"docker-reference":"registry-testing.svc.lan/busybox"},"image":{"docker-manifest-digest":"sha256:f3cfc9d0dbf931d3db4685ec659b7ac68e2a578219da4aae65427886e649b06b"},"type":"cosign container image signature"},"optional":null}"#,
    "MEYCIQDWWxPQa3XFUsPbyTY+n+bZu/6Pwhg5WwyYDQtEfQho9wIhAPkKW7eub8b7BX+YbbRac8TwwIrK5KxvdtQ6NuoD+ivW",
);
const RSA: (&str, &str, &str) = (
    "-----BEGIN PUBLIC KEY-----\n\
     MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvM/dHoi6nSy7hbKHLYUr\n\
     Xy6Bv35JbdoIzny5vSFiRXApr0KS56U8PugdGmh+vd7H8YNlx2YOJxzv02Blsrcm\n\
     WDZcXjE3Xpsi/IHFfRZLOdwwR+u8MNFxwRUVzxyIzKGtbREVVfXPfb2Xc6FL5/tE\n\
     vQtUKuR6XdzSaav2RnV5IybCB09s0Np0AUbdi5EfSe4INuqgY+VFYLjvM5onbAQL\n\
     N3bFLS4Quk66Dhv93Zi6NwopwL1F07UPC5uadkyePStP3PA0OAOemj9vZADOWx5a\n\
     dsGCKISs8iphNC5mDVoLy8Ry49Ms3eQXRjVQOMco3YNf8AhsIdxDNBVN8VTDKVkE\n\
     DwIDAQAB\n\
     -----END PUBLIC KEY-----",
    r#"{"critical":{"identity":{"docker-reference":"registry.suse.com/suse/sle-micro/5.0/toolbox"},"image":{"docker-manifest-digest":"sha256:356631f7603526a0af827741f5fe005acf19b7ef7705a34241a91c2d47a6db5e"},"type":"cosign container image signature"},"optional":{"creator":"OBS"}}"#,
    "umasnfYJyLbYPjiq1wIy086Ns+CrgiMoQUSGqPqlUmtWsY0hbngJ73hPfJFrppviPKdBeuUiiwgKagBKIXLEXjwxQp4eE3szwqkKoAnR/lByb7ahLgVQ4MB6xDQaHD53MYtj7aOvd4O7FqJltVVjEn7nM/Du2tL5y3jf6lD7VfHZE8uRocRlyppt8SfTc5L12mVlZ0YlfKYkd334A4y/reCy3Yws0j356Wj7GLScMU5uR11Y2y41rSyYm5uXhTerwNFXsRcPMAmenMarCdCmt4Lf4wpcJBCU172xiK+rIhbMgkLjjA772+auSYf1E8CySVah5CD0Td5YC3y8vIIYaA==",
);

/// What `cosign generate-key-pair` made, without a password, as the tests of sigstore-rs have it (Apache-2.0).
const COSIGN_KEY: &str = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n\
    eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6\n\
    OCwicCI6MX0sInNhbHQiOiJFY3pJR3Z0bnpFcCsxaEpudERnbGI1UnoxN3gwQVMy\n\
    YklvWGRNcDQrU1NJPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94\n\
    Iiwibm9uY2UiOiJtSVVKbG1OMzNINExvZ0dhaG5MamdmK3R4SmJwci93MCJ9LCJj\n\
    aXBoZXJ0ZXh0IjoiM3FtS2FidXRuYm1WT1IvTkZGM2NDaUErTXp1WWQ5L0VERDVI\n\
    MVlUSGhQVzZsSzAvdjVqdDZCQzlsME12NGV5am9qZkl0d3B6a2JJOXQrZGx5VXZ3\n\
    VUgvMWZjbkFZT2dEdXRLQzkvSkNiOE02SVY2VHpVaDF5c0ZFWDFzeG9xb1FzeUpL\n\
    bjM0UVlldFNlaVdDaGtmUHUyZXByQjFEV0pwekdzTGZIakxNVTkzOEdmNk1xM1A0\n\
    N0ZSd2syZzY1cFZnSGMwVWV1L1N1OUs0Zmc9PSJ9\n\
    -----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n";

fn found((_, payload, signature): (&str, &str, &str)) -> Found {
    Found { form: Form::SimpleSigning, payload: payload.into(), signature: signature.into() }
}

fn signed(payload: &str) -> (Reference, Digest) {
    let payload: Value = serde_json::from_str(payload).unwrap();
    let text = |path: &str| payload.pointer(path).and_then(Value::as_str).unwrap();
    let digest = text("/critical/image/docker-manifest-digest").parse().unwrap();
    (text("/critical/identity/docker-reference").parse().unwrap(), digest)
}

fn trust(key: &str, annotations: &[(&str, &str)], identity: Identity) -> Trust {
    let annotations = annotations.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Trust { keys: vec![PublicKey::from_pem(key.as_bytes()).unwrap()], annotations, identity }
}

fn fault(result: Result<(), SignatureError>) -> Fault {
    match result.unwrap_err() {
        SignatureError::Unsatisfied { fault, .. } => fault,
        other => unreachable!("{other}"),
    }
}

#[test]
fn what_cosign_signed_is_verified() {
    for fixture in [COSIGN, RSA] {
        let (reference, digest) = signed(fixture.1);
        let trust = trust(fixture.0, &[], Identity::SameRepository);
        assert_eq!(trust.check(&reference, digest, &[found(fixture)]), Ok(()));
    }
}

#[test]
fn what_is_signed_here_is_what_cosign_signs() {
    let (reference, digest) = signed(COSIGN.1);
    assert_eq!(String::from_utf8(payload(&reference, digest, &BTreeMap::new())).unwrap(), COSIGN.1);
    let (reference, digest) = signed(RSA.1);
    let annotations = BTreeMap::from([("creator".to_owned(), "OBS".to_owned())]);
    assert_eq!(String::from_utf8(payload(&reference, digest, &annotations)).unwrap(), RSA.1);
    let hub = payload(&"busybox".parse().unwrap(), digest, &annotations);
    assert!(String::from_utf8(hub).unwrap().contains(r#""docker-reference":"index.docker.io/library/busybox""#));
}

#[test]
fn cosign_keys_open_and_sign() {
    let pair = KeyPair::from_pem(COSIGN_KEY.as_bytes(), b"").unwrap();
    let public = PublicKey::from_pem(pair.public_pem().unwrap().as_bytes()).unwrap();
    assert!(public.verifies(b"a", &pair.sign(b"a").unwrap()));
}

#[test]
fn keys_are_written_as_cosign_reads_them() {
    let pair = KeyPair::generate().unwrap();
    let pem = pair.to_encrypted_pem(b"hunter2").unwrap();
    assert!(!pem.contains('\r') && !pair.public_pem().unwrap().contains('\r'));
    let mut lines = pem.lines();
    assert_eq!(lines.next(), Some("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----"));
    let body: String = lines.take_while(|line| !line.starts_with('-')).collect();
    let body = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    // cosign takes no other parameters than these of scrypt, or N of 65536.
    assert_eq!(body.pointer("/kdf/name"), Some(&json!("scrypt")));
    assert_eq!(body.pointer("/kdf/params"), Some(&json!({"N": 32768, "r": 8, "p": 1})));
    assert_eq!(body.pointer("/cipher/name"), Some(&json!("nacl/secretbox")));
    let public = PublicKey::from_pem(pair.public_pem().unwrap().as_bytes()).unwrap();
    let again = KeyPair::from_pem(pem.as_bytes(), b"hunter2").unwrap();
    assert!(public.verifies(b"a", &again.sign(b"a").unwrap()));
    let wrong = KeyPair::from_pem(pem.as_bytes(), b"hunter3").err().unwrap().to_string();
    assert!(wrong.contains("password") && !wrong.contains("hunter"), "{wrong}");
    for (pem, said) in [("", "no private key"), ("hunter2", "no private key"), (COSIGN.0, "no private key")] {
        assert!(KeyPair::from_pem(pem.as_bytes(), b"").err().unwrap().to_string().contains(said), "{pem}");
    }
    for pem in ["", "hunter2", COSIGN_KEY] {
        let said = PublicKey::from_pem(pem.as_bytes()).unwrap_err().to_string();
        assert!(said.contains("no public key") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_signature_counts_for_its_digest_only() {
    let (reference, _) = signed(COSIGN.1);
    let other = Digest::of(b"other");
    let checked = trust(COSIGN.0, &[], Identity::Any).check(&reference, other, &[found(COSIGN)]);
    assert!(matches!(fault(checked), Fault::Digest(signed) if signed.starts_with("sha256:f3cfc9d0")));
}

#[test]
fn a_signature_counts_for_its_repository_unless_copies_do() {
    let (_, digest) = signed(COSIGN.1);
    let other: Reference = "registry-testing.svc.lan/other".parse().unwrap();
    let checked = trust(COSIGN.0, &[], Identity::SameRepository).check(&other, digest, &[found(COSIGN)]);
    assert_eq!(fault(checked), Fault::Repository("registry-testing.svc.lan/busybox".into()));
    assert_eq!(trust(COSIGN.0, &[], Identity::Any).check(&other, digest, &[found(COSIGN)]), Ok(()));
}

#[test]
fn what_was_changed_after_it_was_signed_does_not_count() {
    let (reference, digest) = signed(COSIGN.1);
    let trust = trust(COSIGN.0, &[], Identity::Any);
    let mut changed = found(COSIGN);
    changed.payload = COSIGN.1.replace("null", "{\"a\":\"b\"}").into();
    assert_eq!(fault(trust.check(&reference, digest, &[changed])), Fault::Key);
    for signature in ["", "AAAA", "!", RSA.2] {
        let changed = Found { signature: signature.into(), ..found(COSIGN) };
        assert_eq!(fault(trust.check(&reference, digest, &[changed])), Fault::Key, "{signature}");
    }
    let other = KeyPair::generate().unwrap();
    let other = Trust { keys: vec![PublicKey::from_pem(other.public_pem().unwrap().as_bytes()).unwrap()], ..trust };
    assert_eq!(fault(other.check(&reference, digest, &[found(COSIGN)])), Fault::Key);
}

#[test]
fn annotations_must_be_there_with_their_value() {
    let (reference, digest) = signed(RSA.1);
    let check = |annotations: &[(&str, &str)]| {
        trust(RSA.0, annotations, Identity::SameRepository).check(&reference, digest, &[found(RSA)])
    };
    assert_eq!(check(&[("creator", "OBS")]), Ok(()));
    assert_eq!(fault(check(&[("creator", "obs")])), Fault::Annotation("creator=obs".into()));
    assert_eq!(fault(check(&[("creator", "OBS"), ("team", "shop")])), Fault::Annotation("team=shop".into()));
}

#[test]
fn each_key_must_have_signed_and_without_keys_nothing_counts() {
    let (reference, digest) = signed(COSIGN.1);
    let mut both = trust(COSIGN.0, &[], Identity::SameRepository);
    both.keys.push(PublicKey::from_pem(RSA.0.as_bytes()).unwrap());
    let checked = both.check(&reference, digest, &[found(COSIGN)]);
    assert!(matches!(checked, Err(SignatureError::Unsatisfied { key: 2, .. })), "{checked:?}");
    let none = Trust { keys: Vec::new(), ..both };
    assert_eq!(none.check(&reference, digest, &[found(COSIGN)]), Err(SignatureError::NoKeys));
    let trust = trust(COSIGN.0, &[], Identity::SameRepository);
    assert_eq!(trust.check(&reference, digest, &[]), Err(SignatureError::None));
    // One that does not count takes nothing from one that does.
    assert_eq!(trust.check(&reference, digest, &[found(RSA), found(COSIGN)]), Ok(()));
}

#[test]
fn only_what_cosign_signs_is_a_payload() {
    let pair = KeyPair::generate().unwrap();
    let key = pair.public_pem().unwrap();
    let (reference, digest) = signed(COSIGN.1);
    let signature = |payload: &str| Found {
        form: Form::SimpleSigning,
        payload: payload.into(),
        signature: pair.sign(payload.as_bytes()).unwrap(),
    };
    let trust = trust(&key, &[], Identity::SameRepository);
    assert_eq!(trust.check(&reference, digest, &[signature(COSIGN.1)]), Ok(()));
    let other_type = COSIGN.1.replace("cosign container", "atomic container");
    for payload in ["", "null", "[]", "{}", r#"{"critical":{}}"#, &other_type] {
        assert!(
            matches!(fault(trust.check(&reference, digest, &[signature(payload)])), Fault::Payload(_)),
            "{payload}"
        );
    }
}
