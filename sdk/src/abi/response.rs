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

/// The most characters of one warning, and of all together, that an API server passes on.
const WARNING: usize = 256;
const WARNINGS: usize = 4096;

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
        let mut causes = Vec::new();
        match &outcome.reason {
            Some(reason) if !accepted => causes.push(reason.to_owned()),
            Some(reason) if outcome.verdict == Verdict::Unknown => warnings.add(reason.to_owned()),
            _ => {}
        }
        for finding in &outcome.findings {
            match finding.level {
                Level::Violation if !accepted => causes.push(prose(finding)),
                Level::Violation | Level::Warning => warnings.add(prose(finding)),
                Level::Note => {}
            }
        }
        let message = (!accepted).then(|| format!("{}: {}", R::NAME, causes.join("; ")));
        Self { accepted, message, warnings: warnings.texts, outcome }
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
    characters: usize,
}

impl Warnings {
    /// Adds a warning, cut to its limit; one for which there is no room is left out, the outcome has it.
    fn add(&mut self, mut text: String) {
        let mut length = text.chars().count();
        if length > WARNING {
            let cut = text.char_indices().nth(WARNING - 1).map_or(0, |(cut, _)| cut);
            text.truncate(cut);
            text.push('…');
            length = WARNING;
        }
        let characters = self.characters + length;
        if characters <= WARNINGS {
            self.characters = characters;
            self.texts.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn warnings_are_cut_where_an_api_server_cuts_them() {
        let mut warnings = Warnings::default();
        for text in ["ä".repeat(WARNING), "ä".repeat(WARNING + 1)] {
            warnings.add(text.to_string());
        }
        let lengths: Vec<usize> = warnings.texts.iter().map(|text| text.chars().count()).collect();
        assert_eq!(lengths, [WARNING, WARNING]);
        assert_eq!(warnings.texts.first().map(|text| text.ends_with('ä')), Some(true));
        assert_eq!(warnings.texts.last().map(|text| text.ends_with('…')), Some(true));
    }

    #[test]
    fn warnings_for_which_there_is_no_room_are_left_out() {
        let mut warnings = Warnings::default();
        (0..100).for_each(|_| warnings.add("x".repeat(100)));
        assert_eq!((warnings.texts.len(), warnings.characters), (40, 4000));
        warnings.add("y".repeat(96));
        assert_eq!((warnings.texts.len(), warnings.characters), (41, 4096));
    }
}
