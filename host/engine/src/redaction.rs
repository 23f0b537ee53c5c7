//! Takes the values of Secrets out of what somebody else's policy says: it gets them as an API server would send them,
//! and may repeat them in a message.
//!
//! Our own rules do not pass here. They name the keys of a Secret, and a value may be spelt like its key.

use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::{Fix, Json as Written, Outcome};
use serde_json::Value as Json;

use crate::call::{CallError, HostCall, HostCalls};

/// What stands in place of a value.
const REDACTED: &str = "(redacted)";

/// A shorter value may be part of any word, and is replaced only where it is a word of its own.
const PART_OF_WORDS: usize = 4;

/// What `kubectl apply` keeps of an object, values included.
const LAST_APPLIED: &str = "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";

/// The values that one evaluation has been shown.
#[derive(Debug, Default)]
pub struct Redaction(RefCell<Vec<String>>);

impl Redaction {
    /// Notes the values of a Secret, or of all Secrets in a list.
    pub fn note(&self, object: &Json) {
        for item in object.get("items").and_then(Json::as_array).into_iter().flatten() {
            self.note(item);
        }
        for (field, is_encoded) in [("data", true), ("stringData", false)] {
            let values = object.get(field).and_then(Json::as_object).into_iter().flat_map(|values| values.values());
            for value in values {
                self.note_value(value.as_str().map_or_else(|| value.to_string(), str::to_owned), is_encoded);
            }
        }
        let applied = object.pointer(LAST_APPLIED).and_then(Json::as_str);
        if let Some(applied) = applied.and_then(|text| serde_json::from_str::<Json>(text).ok()) {
            self.note(&applied);
        }
    }

    /// Notes a value in every form in which a message may repeat it: plain and encoded, whole and by line, and as JSON
    /// and Rust's `{:?}` escape it.
    fn note_value(&self, value: String, is_encoded: bool) {
        let other = if is_encoded {
            let letters: String = value.split_ascii_whitespace().collect();
            STANDARD.decode(letters).ok().and_then(|bytes| String::from_utf8(bytes).ok())
        } else {
            Some(STANDARD.encode(&value))
        };
        let mut values = self.0.borrow_mut();
        for text in [Some(value), other].into_iter().flatten() {
            let escaped = Json::from(text.as_str()).to_string();
            values.extend(escaped.strip_prefix('"').and_then(|it| it.strip_suffix('"')).map(str::to_owned));
            values.extend(text.lines().map(|line| line.trim().to_owned()));
            values.push(text);
        }
    }

    /// The outcome without the values.
    pub fn apply(&self, outcome: &mut Outcome) {
        let mut values = self.0.borrow_mut();
        values.retain(|value| value.len() > 1);
        // A value may be part of a longer one.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        let redact = |text: &mut String| {
            for value in values.iter() {
                *text = without(text, value);
            }
        };
        for finding in &mut outcome.findings {
            redact(&mut finding.message);
            match &mut finding.fix {
                Some(Fix::Advice(text)) => redact(text),
                Some(Fix::Edit(edit)) => each_text(&mut edit.value, &redact),
                None => {}
            }
        }
        outcome.reason.as_mut().into_iter().for_each(redact);
    }
}

fn each_text(value: &mut Written, change: &impl Fn(&mut String)) {
    match value {
        Written::String(text) => change(text),
        Written::List(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Written::Map(members) => members.iter_mut().for_each(|(_, member)| each_text(member, change)),
        Written::Null | Written::Bool(_) | Written::Integer(_) => {}
    }
}

fn without(text: &str, value: &str) -> String {
    let is_letter = |letter: char| letter.is_alphanumeric();
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once(value) {
        let is_word = !before.ends_with(is_letter) && !after.starts_with(is_letter);
        kept.push_str(before);
        kept.push_str(if is_word || value.len() >= PART_OF_WORDS { REDACTED } else { value });
        rest = after;
    }
    kept + rest
}

/// A host that notes the Secrets which it hands out.
pub struct Noting<'a, H> {
    pub host: H,
    pub redaction: &'a Redaction,
}

impl<H: HostCalls> HostCalls for Noting<'_, H> {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        let answer = self.host.call(call);
        let is_of_secrets = || call.read::<Json>().is_ok_and(|asked| asked.get("kind") == Some(&Json::from("Secret")));
        if let Ok(answer) = &answer
            && call.namespace == protocol::contract::KUBERNETES
            && is_of_secrets()
        {
            self.redaction.note(&serde_json::from_slice(answer).unwrap_or_default());
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Finding, Level, Verdict};
    use serde_json::json;

    use super::*;

    fn said(secret: &Json, message: &str) -> String {
        let redaction = Redaction::default();
        redaction.note(secret);
        let finding = Finding {
            level: Level::Violation,
            path: "$".into(),
            container: None,
            message: message.into(),
            fix: Some(message.into()),
            conceal: false,
        };
        let mut outcome = Outcome { verdict: Verdict::Fail, reason: Some(message.into()), findings: vec![finding] };
        redaction.apply(&mut outcome);
        let finding = outcome.findings.first().map(|finding| finding.message.clone());
        assert_eq!(finding, outcome.reason);
        finding.unwrap_or_default()
    }

    #[test]
    fn a_value_is_taken_out_in_every_form() {
        let secret = json!({
            "data": {"password": "aHVudGVyMg==", "key": "bGluZSBvbmUKbGluZSB0d28="},
            "stringData": {"token": "say \"hunter3\"", "pin": 1234, "no": "no", "empty": ""},
            "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration":
                "{\"stringData\": {\"old\": \"hunter1\"}}"}},
        });
        for (message, expected) in [
            ("password is hunter2!", "password is (redacted)!"),
            ("xhunter2x", "x(redacted)x"),
            ("data: {password: aHVudGVyMg==}", "data: {password: (redacted)}"),
            ("its second line is `line two`", "its second line is `(redacted)`"),
            ("line one\nline two", "(redacted)"),
            (r#"{"key":"line one\nline two"}"#, r#"{"key":"(redacted)"}"#),
            (r#"{"token":"say \"hunter3\""}"#, r#"{"token":"(redacted)"}"#),
            ("pin 1234, once hunter1", "pin (redacted), once (redacted)"),
            ("no, nobody", "(redacted), nobody"),
            ("the key `password` is not allowed", "the key `password` is not allowed"),
        ] {
            assert_eq!(said(&secret, message), expected);
        }
    }

    #[test]
    fn a_secret_that_was_looked_up_is_no_less_one() {
        struct Answers;
        impl HostCalls for Answers {
            fn call(&self, _: HostCall<'_>) -> Result<Vec<u8>, CallError> {
                Ok(json!({"items": [{"stringData": {"a": "hunter2"}}]}).to_string().into_bytes())
            }
        }
        for (kind, is_noted) in [("Secret", true), ("Service", false)] {
            let redaction = Redaction::default();
            let payload = json!({"api_version": "v1", "kind": kind}).to_string();
            let call = HostCall {
                binding: "kubewarden",
                namespace: "kubernetes",
                operation: "list_resources_all",
                payload: payload.as_bytes(),
            };
            assert!(Noting { host: Answers, redaction: &redaction }.call(call).is_ok());
            assert_eq!(!redaction.0.borrow().is_empty(), is_noted, "{kind}");
        }
    }
}
