//! The border of a module: the only place that knows how a rule is called from outside.
//!
//! Everything here speaks waPC's three operations in JSON. Which file carries the bytes is chosen once, below: `wapc.rs`
//! in a WebAssembly module, `native.rs` in a shared object with the same contract, which conformance tests and
//! benchmarks load to compare a rule with itself.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::rule::{Rule, evaluate, validate_settings};
use crate::world::Host;

#[cfg_attr(target_arch = "wasm32", path = "wapc.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "native.rs")]
mod border;
mod response;

pub use border::*;

/// Answers one operation.
///
/// # Errors
/// The operation is unknown.
pub(crate) fn answer<R: Rule>(operation: &[u8], payload: &[u8], host: &dyn Host) -> Result<Vec<u8>, String> {
    match operation {
        b"validate" => {
            let (outcome, warns_only) = evaluate::<R>(payload, host);
            Ok(response::validation(R::NAME, &outcome, warns_only))
        }
        b"validate_settings" => Ok(response::settings(validate_settings::<R>(payload).err().as_deref())),
        b"protocol_version" => Ok(b"\"v1\"".to_vec()),
        _ => Err("unknown operation".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Findings;
    use crate::request::Request;
    use crate::rule::Declaration;
    use crate::settings::{Settings, SettingsError};
    use crate::undecided::Undecided;
    use crate::world::Declared;

    /// Forbids every object, and looks for a Service before where a setting says so.
    struct Forbidding {
        looks: bool,
    }

    impl Declaration for Forbidding {
        const NAME: &'static str = "forbidding";
        const SECTION: protocol::Section = protocol::Section::Delivery;
        const READS: &'static [&'static str] = &[];
        const LOOKS_UP: &'static [Declared] = &[Declared { api_version: "v1", kind: "Service", reads: &[] }];

        fn configure(settings: Settings<'_>) -> Result<Self, SettingsError> {
            Ok(Self { looks: settings.read("looks", || false)? })
        }
    }

    impl Rule for Forbidding {
        fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
            if self.looks {
                request.world().list_all("v1", "Service")?;
            }
            findings.fail(request.object().root(), "forbidden", "nothing");
            Ok(())
        }
    }

    struct Empty;

    impl Host for Empty {
        fn call(&self, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
            Ok(br#"{"items": []}"#.to_vec())
        }
    }

    #[test]
    fn at_admission_a_rule_warns_only_where_it_looked_at_other_objects() {
        for (looks, world, accepted) in [
            ("false", "", false),
            ("true", "", true),
            ("true", r#", "world": "partial""#, false),
            ("true", r#", "world": "complete""#, false),
        ] {
            let payload = format!(r#"{{"request": {{"object": {{}}}}, "settings": {{"looks": {looks}}}{world}}}"#);
            let answer = answer::<Forbidding>(b"validate", payload.as_bytes(), &Empty).unwrap();
            let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(answer.get("accepted"), Some(&accepted.into()), "{payload}");
        }
    }
}
