//! Whether an image is signed, asked of a host that can reach registries.
//!
//! Kubewarden's operation `oci/v2/verify`. A host without a network refuses it, and a rule then says what it can without.

use alloc::format;
use alloc::string::{String, ToString};

use protocol::contract;

use super::{World, is_refusal};
use crate::json::Writer;
use crate::value::Value;

/// What a host found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// The image is signed with every one of the keys.
    Trusted,
    /// It is not, or not for all that the host could find out; says why.
    Untrusted(String),
    /// The host does not verify signatures here.
    NotAsked,
}

impl World<'_> {
    /// Whether the image is signed with these public keys, PEM.
    #[must_use]
    pub fn signature(&self, image: &str, public_keys: &[String]) -> Signature {
        let mut writer = Writer::default();
        writer.open(b'{');
        writer.member("type", "SigstorePubKeyVerify");
        writer.member("image", image);
        writer.texts("pub_keys", &mut public_keys.iter().map(String::as_str));
        writer.close(b'}');
        match self.host.call(contract::OCI, contract::VERIFY, &writer.finish()) {
            Ok(answer) => {
                let answer = self.memory.bump.alloc_slice_copy(&answer);
                match Value::parse(answer, &self.memory.bump).ok().and_then(|answer| answer.get("is_trusted").copied())
                {
                    Some(Value::Bool(true)) => Signature::Trusted,
                    _ => Signature::Untrusted("the host does not trust it".to_string()),
                }
            }
            Err(cause) if is_refusal(&cause) => Signature::NotAsked,
            Err(cause) => Signature::Untrusted(format!("the host says: {cause}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::memory::Memory;
    use crate::world::{Completeness, Host};

    struct Registry(Result<&'static str, &'static str>);

    impl Host for Registry {
        fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
            assert_eq!((namespace, operation), ("oci", "v2/verify"));
            assert_eq!(payload, br#"{"type":"SigstorePubKeyVerify","image":"web:1","pub_keys":["key"]}"#);
            self.0.map(|json| json.as_bytes().to_vec()).map_err(ToString::to_string)
        }
    }

    fn signature(answer: Result<&'static str, &'static str>) -> Signature {
        let (memory, host) = (Memory::new(), Registry(answer));
        World::new(&memory, &host, Completeness::Complete, &[]).signature("web:1", &["key".to_string()])
    }

    #[test]
    fn only_a_plain_yes_is_trusted() {
        assert_eq!(signature(Ok(r#"{"is_trusted": true, "digest": "sha256:x"}"#)), Signature::Trusted);
        for answer in [r#"{"is_trusted": false}"#, r#"{"is_trusted": "true"}"#, "{}", "true", "no JSON"] {
            assert!(matches!(signature(Ok(answer)), Signature::Untrusted(_)), "{answer}");
        }
        let unsigned = signature(Err("no signatures found"));
        assert_eq!(unsigned, Signature::Untrusted("the host says: no signatures found".to_string()));
    }

    #[test]
    fn a_host_that_may_not_ask_has_not_asked() {
        for cause in ["look-up not allowed: oci v2/verify", "policy `x` has not been granted access to `oci/v2/verify`"]
        {
            assert_eq!(signature(Err(cause)), Signature::NotAsked, "{cause}");
        }
    }
}
