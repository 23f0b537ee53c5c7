//! Whether a file of a chart asks what only an installation knows. One rendering does not show all that it may give.
//!
//! The module must not know what a template is for.

use crate::paths::{file_name, folder};

/// What differs between installations, and between one time and the next.
const WORDS: [&str; 8] =
    ["Capabilities", "IsInstall", "IsUpgrade", "Revision", "getHostByName", "lookup", "now", "uuidv4"];

/// Words that compare, or keep something to be compared elsewhere.
const COMPARING: [&str; 14] = [
    "contains",
    "dict",
    "eq",
    "has",
    "hasPrefix",
    "hasSuffix",
    "if",
    "index",
    "list",
    "ne",
    "range",
    "regexMatch",
    "ternary",
    "with",
];

/// Whether a template, or a file of values, asks for it: whether it is an upgrade, what the cluster has, what the release is
/// called.
#[must_use]
pub fn asks_installation(path: &str, text: &str) -> bool {
    let is_of_chart = folder(path).split('/').any(|step| step == "templates") || file_name(path).contains("values");
    is_of_chart && text.split("{{").skip(1).filter_map(|part| part.split("}}").next()).any(asks)
}

/// Whether a template asks for more than what the release is called, which charts commonly compare with their own name.
#[must_use]
pub fn asks_more_than_a_name(text: &str) -> bool {
    let mut actions = text.split("{{").skip(1).filter_map(|part| part.split("}}").next());
    actions.any(|action| {
        asks_words(action)
            || action.match_indices(".Release").any(|(at, of)| {
                let rest = action.get(at + of.len()..).unwrap_or_default();
                !rest.starts_with(".Name") && !rest.starts_with(".Service")
            })
    })
}

fn words(action: &str) -> impl Iterator<Item = &str> {
    action.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
}

fn asks_words(action: &str) -> bool {
    words(action).any(|word| WORDS.contains(&word) || word.starts_with("rand"))
}

fn asks(action: &str) -> bool {
    let release = || action.match_indices(".Release").filter_map(|(at, of)| action.get(at + of.len()..));
    // `.Release.Name` and `.Release.Namespace` are in the names of most objects.
    let is_named = |rest: &str| rest.starts_with(".Name") || rest.starts_with(".Service");
    let compares = || action.contains(":=") || words(action).any(|word| COMPARING.contains(&word));
    asks_words(action) || release().any(|rest| !is_named(rest) || compares())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_installation_knows_is_told_from_values() {
        for (text, is_it) in [
            ("{{ if .Release.IsUpgrade }}a{{ end }}", true),
            ("{{- if $.Capabilities.APIVersions.Has \"a/v1\" }}", true),
            ("{{ if eq .Release.Namespace \"production\" }}", true),
            ("{{ $name := .Release.Name }}", true),
            ("{{ with .Release }}{{ .IsUpgrade }}{{ end }}", true),
            ("{{ index .Release \"IsUpgrade\" }}", true),
            ("{{ .Release | toYaml }}", true),
            ("{{ if lookup \"v1\" \"Secret\" \"a\" \"b\" }}", true),
            ("{{ now | date \"2006\" }}", true),
            ("{{ randAlphaNum 5 }}", true),
            ("name: {{ .Release.Name }}-web\nnamespace: {{ .Release.Namespace | quote }}", false),
            ("{{ if .Values.ingress.enabled }}{{ include \"known\" . }}{{ end }}", false),
            ("helm.sh/release: {{ .Release.Service }}", false),
            ("if lookup now Capabilities", false),
            ("", false),
        ] {
            assert_eq!(asks_installation("web/templates/a.yaml", text), is_it, "{text}");
        }
        for (text, is_it) in [
            ("{{ if .Release.IsUpgrade }}a{{ end }}", true),
            ("{{ with .Release }}{{ .IsUpgrade }}{{ end }}", true),
            ("{{ if lookup \"v1\" \"Secret\" \"a\" \"b\" }}", true),
            ("{{ if eq (randNumeric 1) \"1\" }}", true),
            ("{{- if contains $name .Release.Name }}", false),
            ("{{ if eq .Release.Namespace \"a\" }}", false),
        ] {
            assert_eq!(asks_more_than_a_name(text), is_it, "{text}");
        }
        let text = "{{ .Release.IsUpgrade }}";
        assert!(asks_installation("web/values-eu.yaml", text) && !asks_installation("web/policy.yaml", text));
    }
}
