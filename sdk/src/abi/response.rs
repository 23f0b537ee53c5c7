//! What a module answers, in Kubewarden's terms: accepted or not, a message, and warnings that an API server passes on.
//!
//! It must not decide anything: the outcome is there, and rides along whole for hosts that know it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use protocol::contract::OUTCOME;
use protocol::told::{MESSAGE, WARNINGS, fit, one_line};
use protocol::{Finding, Fix, Level, Outcome, Verdict, path};

use crate::json::Writer;

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
/// where it could not decide it denies all the same. What it denies for is said in warnings as well: a policy in mode
/// `monitor` passes on nothing else.
pub fn validation(rule: &str, outcome: &Outcome, warns_only: bool) -> Vec<u8> {
    let accepted = match outcome.verdict {
        Verdict::Error => false,
        Verdict::Fail => warns_only,
        _ => true,
    };
    let mut told = Vec::new();
    if let (Verdict::Error | Verdict::Unknown, Some(reason)) = (outcome.verdict, &outcome.reason) {
        told.push(one_line(reason));
    }
    // The worst first.
    add_prose(&mut told, outcome, Level::Violation);

    let mut writer = Writer::default();
    writer.open(b'{');
    writer.flag("accepted", accepted);
    if !accepted {
        let (texts, more) = fit(&mut told.iter().cloned(), MESSAGE);
        let mut message = format!("{rule}: ");
        for (index, text) in texts.iter().enumerate() {
            message.push_str(if index == 0 { "" } else { "; " });
            message.push_str(text);
        }
        if more > 0 {
            message.push_str(&format!("; and {more} more"));
        }
        writer.member("message", &message);
    }
    add_prose(&mut told, outcome, Level::Warning);
    let (mut warnings, more) = fit(&mut told.iter().map(|text| format!("{rule}: {text}")), WARNINGS);
    if more > 0 {
        warnings.push(format!("{rule}: and {more} more"));
    }
    if !warnings.is_empty() {
        writer.texts("warnings", &mut warnings.iter().map(String::as_str));
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

fn add_prose(told: &mut Vec<String>, outcome: &Outcome, level: Level) {
    for finding in &outcome.findings {
        if finding.level != level {
            continue;
        }
        let (message, path) = (&finding.message, path::shorten(&finding.path));
        told.push(one_line(&match &finding.container {
            Some(container) => format!("container {container}: {message} ({path})"),
            None => format!("{message} ({path})"),
        }));
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
            (fail, r#"{"accepted":false,"message":"rule: ","outcome":{"verdict":"fail","findings":[]}}"#),
            (
                unknown,
                r#"{"accepted":true,"warnings":["rule: why"],"outcome":{"verdict":"unknown","reason":"why","findings":[]}}"#,
            ),
        ] {
            assert_eq!(String::from_utf8(validation("rule", &outcome, false)).unwrap(), text);
        }
        assert_eq!(settings(None), br#"{"valid":true}"#);
        assert_eq!(settings(Some("no")), br#"{"valid":false,"message":"no"}"#);
    }

    fn failed(messages: &[String]) -> Outcome {
        let finding = |message: &String| Finding {
            level: Level::Violation,
            path: "$['spec']".into(),
            container: None,
            message: message.clone(),
            fix: None,
            conceal: false,
        };
        let findings = messages.iter().map(finding).collect();
        Outcome { verdict: Verdict::Fail, reason: None, findings }
    }

    /// The message and the warnings.
    fn said(outcome: &Outcome, warns_only: bool) -> (String, Vec<String>) {
        let answer: serde_json::Value = serde_json::from_slice(&validation("rule", outcome, warns_only)).unwrap();
        let warnings = answer["warnings"].as_array().into_iter().flatten();
        let warnings = warnings.map(|warning| warning.as_str().unwrap().into()).collect();
        (answer["message"].as_str().unwrap_or_default().into(), warnings)
    }

    #[test]
    fn what_a_denial_says_is_said_in_warnings_too() {
        let outcome = failed(&["one".into(), "two".into(), "one".into()]);
        let (message, warnings) = said(&outcome, false);
        assert_eq!(message, "rule: one (spec); two (spec)");
        assert_eq!(warnings, ["rule: one (spec)", "rule: two (spec)"]);
        assert_eq!(said(&outcome, true), (String::new(), warnings));
        let error = Outcome { verdict: Verdict::Error, reason: Some("why".into()), findings: Vec::new() };
        assert_eq!(said(&error, false), ("rule: why".into(), vec!["rule: why".into()]));
    }

    #[test]
    fn the_worst_comes_first_and_the_rest_is_counted() {
        let mut outcome = failed(&(0..500).map(|index| format!("{index} {}", "x".repeat(90))).collect::<Vec<_>>());
        outcome.findings[0].level = Level::Warning;
        let (message, warnings) = said(&outcome, false);
        assert!(message.starts_with("rule: 1 x") && message.len() <= 8192 && message.len() > 8000, "{message}");
        assert!(message.ends_with(" more") && !message.contains("0 x (spec); 1"), "{message}");
        let length: usize = warnings.iter().map(String::len).sum();
        assert!(length <= 4096 && warnings[0].starts_with("rule: 1 x"), "{warnings:?}");
        let shown = warnings.len() - 1;
        assert_eq!(warnings[shown], format!("rule: and {} more", 500 - shown));
    }
}
