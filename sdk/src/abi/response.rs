//! What a module answers, in Kubewarden's terms: accepted or not, a message, and warnings that an API server passes on.
//!
//! It must not decide anything: the outcome is there, and rides along whole for hosts that know it.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use protocol::{Finding, Level, Outcome, Verdict, path};
use serde::Serialize;

use crate::rule::Rule;

/// The most characters of one warning, and of all together, that an API server passes on. Bytes are counted: no fewer.
const WARNING: usize = 256;
const WARNINGS: usize = 4096;
/// What ends a warning that was cut.
const CUT: &str = "...";

/// Kubewarden's `SettingsValidationResponse`.
#[derive(Serialize)]
pub struct SettingsResponse {
    pub valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Kubewarden's `ValidationResponse`, with our outcome beside it.
#[derive(Serialize)]
pub struct ValidationResponse {
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
    pub fn new<R: Rule>(outcome: Outcome, warns_only: bool) -> Self {
        let accepted = match outcome.verdict {
            Verdict::Error => false,
            Verdict::Fail => warns_only,
            _ => true,
        };
        let mut warnings = Warnings::default();
        let mut message = String::from(R::NAME) + ":";
        match &outcome.reason {
            Some(reason) if !accepted => message = message + " " + reason + ";",
            Some(reason) if outcome.verdict == Verdict::Unknown => warnings.add(reason.to_owned()),
            _ => {}
        }
        for finding in outcome.findings.iter().filter(|finding| finding.level != Level::Note) {
            let prose = prose(finding);
            if finding.level == Level::Violation && !accepted {
                message = message + " " + &prose + ";";
            } else {
                warnings.add(prose);
            }
        }
        Self { accepted, message: (!accepted).then_some(message), warnings: warnings.texts, outcome }
    }
}

fn prose(finding: &Finding) -> String {
    let path = path::shorten(&finding.path);
    match &finding.container {
        Some(container) => format!("container {container}: {} ({path})", finding.message),
        None => format!("{} ({path})", finding.message),
    }
}

/// Warnings, as many and as long as reach whoever sent the object.
#[derive(Default)]
struct Warnings {
    texts: Vec<String>,
    bytes: usize,
}

impl Warnings {
    /// Adds a warning, cut to its limit; one for which there is no room is left out, the outcome has it.
    fn add(&mut self, mut text: String) {
        if text.len() > WARNING {
            let mut cut = WARNING - CUT.len();
            while !text.is_char_boundary(cut) {
                cut -= 1;
            }
            text.truncate(cut);
            text.push_str(CUT);
        }
        self.bytes += text.len();
        if self.bytes <= WARNINGS {
            self.texts.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_cut_where_an_api_server_cuts_them() {
        for (text, length) in [("x".repeat(256), 256), ("x".repeat(257), 256), ("ä".repeat(200), 255)] {
            let mut warnings = Warnings::default();
            warnings.add(text.clone());
            let [warning] = warnings.texts.as_slice() else { unreachable!() };
            assert_eq!((warning.len(), warning.ends_with(CUT)), (length, text.len() > 256), "{warning}");
        }
    }

    #[test]
    fn warnings_for_which_there_is_no_room_are_left_out() {
        let mut warnings = Warnings::default();
        (0..100).for_each(|_| warnings.add("x".repeat(100)));
        assert_eq!(warnings.texts.len(), 40);
    }
}
