//! The border of a module: the only place that knows how a rule is called from outside.
//!
//! Everything here speaks waPC's three operations in JSON. Which file carries the bytes is chosen once, below: `wapc.rs`
//! in a WebAssembly module, `native.rs` in a shared object with the same contract, which conformance tests and
//! benchmarks load to compare a rule with itself.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use protocol::{Level, Outcome, Verdict, path};
use serde::Serialize;

use crate::rule::{Rule, evaluate, validate_settings};
use crate::world::Host;

#[cfg_attr(target_arch = "wasm32", path = "wapc.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "native.rs")]
mod border;

pub use border::*;

/// Answers one operation.
///
/// # Errors
/// The operation is unknown, or the answer cannot be written.
pub(crate) fn answer<R: Rule>(operation: &[u8], payload: &[u8], host: &dyn Host) -> Result<Vec<u8>, String> {
    match operation {
        b"validate" => {
            let (outcome, warns_only) = evaluate::<R>(payload, host);
            write(&ValidationResponse::new::<R>(outcome, warns_only))
        }
        b"validate_settings" => {
            let message = validate_settings::<R>(payload).err();
            write(&SettingsResponse { valid: message.is_none(), message })
        }
        b"protocol_version" => Ok(b"\"v1\"".to_vec()),
        _ => Err("unknown operation".to_string()),
    }
}

fn write(response: &impl Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec(response).map_err(|_| "the answer cannot be written".to_string())
}

/// Kubewarden's `SettingsValidationResponse`.
#[derive(Serialize)]
struct SettingsResponse {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// Kubewarden's `ValidationResponse`, with our outcome beside it.
#[derive(Serialize)]
struct ValidationResponse {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    outcome: Outcome,
}

impl ValidationResponse {
    /// A rule over one object denies. One that looked at others only warns at admission, since objects arrive one by one;
    /// where it could not decide it denies all the same.
    fn new<R: Rule>(outcome: Outcome, warns_only: bool) -> Self {
        let accepted = match outcome.verdict {
            Verdict::Error => false,
            Verdict::Fail => warns_only,
            _ => true,
        };
        let prose = |level: Option<Level>| {
            let findings =
                outcome.findings.iter().filter(move |finding| level.is_none_or(|level| finding.level == level));
            findings.map(|finding| {
                let path = path::shorten(&finding.path);
                match &finding.container {
                    Some(container) => format!("container {container}: {} ({path})", finding.message),
                    None => format!("{} ({path})", finding.message),
                }
            })
        };
        let message = match &outcome.reason {
            Some(reason) => format!("{}: {reason}", R::NAME),
            None => prose(Some(Level::Violation))
                .fold(format!("{}:", R::NAME), |message, finding| message + " " + &finding + ";"),
        };
        let warnings = match outcome.verdict {
            Verdict::Fail if accepted => prose(None).collect(),
            Verdict::Unknown => outcome.reason.iter().map(ToOwned::to_owned).collect(),
            _ => prose(Some(Level::Warning)).collect(),
        };
        Self { accepted, message: (!accepted).then_some(message), warnings, outcome }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::findings::Findings;
    use crate::request::Request;
    use crate::rule::{Declaration, Declared, Undecided};
    use crate::settings::{Settings, SettingsError};

    /// Forbids every object, and looks for a Service before where a setting says so.
    struct Forbidding {
        looks: bool,
    }

    impl Declaration for Forbidding {
        const NAME: &'static str = "forbidding";
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
