//! What a module answers, in Kubewarden's terms: accepted or not, a message, and warnings that an API server passes on.
//!
//! It must not decide anything: the outcome is there, and rides along whole for hosts that know it.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use protocol::contract::OUTCOME;
use protocol::{Finding, Fix, Level, Outcome, Verdict, path};

use crate::json::Writer;

/// The most characters of one warning, and of all together, that an API server passes on. Bytes are counted: no fewer.
const WARNING: usize = 256;
const WARNINGS: usize = 4096;
/// What ends a warning that was cut.
const CUT: &str = "...";

/// Kubewarden's `SettingsValidationResponse`; the message says why they are refused.
pub fn settings(message: Option<&str>) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.open(b'{');
    writer.flag("valid", message.is_none());
    writer.optional("message", message);
    writer.close(b'}');
    writer.finish()
}

/// Kubewarden's `ValidationResponse`, with our outcome beside it.
///
/// A rule over one object denies. One that looked at others only warns at admission, since objects arrive one by one;
/// where it could not decide it denies all the same.
pub fn validation(rule: &str, outcome: &Outcome, warns_only: bool) -> Vec<u8> {
    let accepted = match outcome.verdict {
        Verdict::Error => false,
        Verdict::Fail => warns_only,
        _ => true,
    };
    let mut warnings = Warnings::default();
    let mut message = String::from(rule) + ":";
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
    let mut writer = Writer::default();
    writer.open(b'{');
    writer.flag("accepted", accepted);
    writer.optional("message", (!accepted).then_some(&message));
    if !warnings.texts.is_empty() {
        writer.texts("warnings", &mut warnings.texts.iter().map(String::as_str));
    }
    writer.key(OUTCOME);
    write_outcome(&mut writer, outcome);
    writer.close(b'}');
    writer.finish()
}

fn write_outcome(writer: &mut Writer, outcome: &Outcome) {
    writer.open(b'{');
    writer.member("verdict", outcome.verdict.name());
    writer.optional("reason", outcome.reason.as_deref());
    writer.key("findings");
    writer.open(b'[');
    outcome.findings.iter().for_each(|finding| write_finding(writer, finding));
    writer.close(b']');
    writer.close(b'}');
}

fn write_finding(writer: &mut Writer, finding: &Finding) {
    writer.open(b'{');
    writer.member("level", finding.level.name());
    writer.member("path", &finding.path);
    writer.optional("container", finding.container.as_deref());
    writer.member("message", &finding.message);
    match &finding.fix {
        None => {}
        Some(Fix::Advice(text)) => writer.member("fix", text),
        Some(Fix::Edit(edit)) => {
            writer.key("fix");
            writer.open(b'{');
            writer.member("path", &edit.path);
            writer.key("value");
            writer.json(&edit.value);
            writer.member("applicability", edit.applicability.name());
            writer.close(b'}');
        }
    }
    if finding.conceal {
        writer.flag("conceal", true);
    }
    writer.close(b'}');
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
    use alloc::vec;

    use protocol::{Applicability, Edit, Json};

    use super::*;

    /// Outcomes of every shape: each level, verdict, fix and applicability, and each optional field there and not.
    fn outcomes() -> Vec<Outcome> {
        let edit = |applicability| {
            let value = Json::of("a", vec![Json::of("name", "\"quoted\"")]).and("b", Json::Null);
            Some(Fix::Edit(Edit { path: "$['spec']".into(), value, applicability }))
        };
        let finding = |level, container: Option<&str>, fix, conceal| {
            let (path, container) = ("$['a\\'b']".into(), container.map(String::from));
            Finding { level, path, container, message: "a\n\u{1}".into(), fix, conceal }
        };
        let findings = vec![
            finding(Level::Violation, Some("app"), edit(Applicability::Safe), true),
            finding(Level::Warning, None, edit(Applicability::NeedsReview), false),
            finding(Level::Violation, None, edit(Applicability::Example), false),
            finding(Level::Note, Some(""), None, false),
            finding(Level::Warning, None, Some(Fix::from("advice")), true),
        ];
        let reasons = [
            (Verdict::Pass, None),
            (Verdict::NotApplicable, Some("none")),
            (Verdict::Waived, Some("until")),
            (Verdict::Unknown, Some("not seen")),
            (Verdict::Fail, None),
            (Verdict::Error, Some("")),
        ];
        let outcome = |findings: &[Finding]| {
            reasons.map(|(verdict, reason)| Outcome {
                verdict,
                reason: reason.map(String::from),
                findings: findings.to_vec(),
            })
        };
        [outcome(&[]), outcome(&findings)].concat()
    }

    #[test]
    fn an_outcome_is_written_as_serde_writes_it() {
        for outcome in outcomes() {
            let mut writer = Writer::default();
            write_outcome(&mut writer, &outcome);
            let written = String::from_utf8(writer.finish()).unwrap();
            assert_eq!(written, serde_json::to_string(&outcome).unwrap());
        }
    }

    #[test]
    fn what_is_not_there_is_left_out() {
        let pass = Outcome { verdict: Verdict::Pass, reason: None, findings: Vec::new() };
        let fail = Outcome { verdict: Verdict::Fail, ..pass.clone() };
        let unknown = Outcome { verdict: Verdict::Unknown, reason: Some("why".into()), ..pass.clone() };
        for (outcome, text) in [
            (pass, r#"{"accepted":true,"outcome":{"verdict":"pass","findings":[]}}"#),
            (fail, r#"{"accepted":false,"message":"rule:","outcome":{"verdict":"fail","findings":[]}}"#),
            (
                unknown,
                r#"{"accepted":true,"warnings":["why"],"outcome":{"verdict":"unknown","reason":"why","findings":[]}}"#,
            ),
        ] {
            assert_eq!(String::from_utf8(validation("rule", &outcome, false)).unwrap(), text);
        }
        assert_eq!(settings(None), br#"{"valid":true}"#);
        assert_eq!(settings(Some("no")), br#"{"valid":false,"message":"no"}"#);
    }

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
