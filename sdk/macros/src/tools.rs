//! The tools that rules rest on, and what shows in manifests that a team uses one.
//!
//! A trace is an object of the tool's API groups, a label or annotation of its domain, or one of its environment variables.
//! An image is no trace: everybody runs somebody's Grafana.

use protocol::Tool;
use quote::ToTokens as _;

use crate::declaration::{Alternatives, ToolEntry};

/// A name in declarations, the name for people, API groups, labels and annotations, environment variables.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const TOOLS: &[Row] = &[
    ("Argo", "Argo", &["argoproj.io"], &["argoproj.io"], &[]),
    ("Backstage", "Backstage", &["backstage.io"], &["backstage.io"], &[]),
    ("CertManager", "cert-manager", &["cert-manager.io"], &["cert-manager.io"], &[]),
    ("Connaisseur", "Connaisseur", &[], &["securesystemsengineering.connaisseur"], &[]),
    ("ExternalSecrets", "External Secrets Operator", &["external-secrets.io"], &["external-secrets.io"], &[]),
    ("Flagger", "Flagger", &["flagger.app"], &["flagger.app"], &[]),
    ("Flux", "Flux", &["toolkit.fluxcd.io"], &["toolkit.fluxcd.io"], &[]),
    (
        "Grafana",
        "Grafana",
        &["grafana.integreatly.org", "integreatly.org"],
        &["grafana", "grafana_dashboard", "grafana_datasource", "grafana_folder", "grafana.com"],
        &[],
    ),
    ("Keda", "KEDA", &["keda.sh"], &["keda.sh"], &[]),
    ("Kubewarden", "Kubewarden", &["kubewarden.io"], &["kubewarden.io"], &[]),
    ("Kyverno", "Kyverno", &["kyverno.io"], &["kyverno.io"], &[]),
    ("OpenTelemetry", "OpenTelemetry", &["opentelemetry.io"], &["opentelemetry.io"], &["OTEL_"]),
    ("OpenSlo", "OpenSLO", &["openslo", "openslo.com"], &["openslo.com"], &[]),
    ("Opsgenie", "Opsgenie", &[], &["opsgenie.com"], &[]),
    ("PagerDuty", "PagerDuty", &["pagerduty.com", "pagerduty.openshift.io"], &["pagerduty.com"], &[]),
    ("PrometheusOperator", "Prometheus Operator", &["monitoring.coreos.com"], &["monitoring.coreos.com"], &[]),
    ("Pyrra", "Pyrra", &["pyrra.dev"], &["pyrra.dev"], &[]),
    ("Sigstore", "Sigstore policy-controller", &["policy.sigstore.dev"], &["policy.sigstore.dev"], &[]),
    ("Sloth", "Sloth", &["sloth.slok.dev"], &["sloth_service", "sloth.slok.dev"], &[]),
    ("VictoriaMetrics", "VictoriaMetrics operator", &["operator.victoriametrics.com"], &[], &[]),
];

/// The tools of which one is enough.
pub fn one_of(Alternatives(entries): &Alternatives) -> syn::Result<Vec<Tool>> {
    entries.iter().map(tool).collect()
}

fn tool(entry: &ToolEntry) -> syn::Result<Tool> {
    let name = match entry {
        ToolEntry::Key(key) if is_key(&key.value()) => {
            return Ok(Tool { name: key.value(), keys: vec![key.value()], ..Tool::default() });
        }
        ToolEntry::Key(key) => {
            return Err(syn::Error::new(key.span(), "expected a label or an annotation such as \"example.com/team\""));
        }
        ToolEntry::Known(name) => name,
    };
    let Some((_, title, groups, keys, variables)) = TOOLS.iter().find(|(known, ..)| name == known) else {
        let known: Vec<&str> = TOOLS.iter().map(|(known, ..)| *known).collect();
        let message = format!("expected a label or an annotation in quotes, or one of {}", known.join(", "));
        return Err(syn::Error::new_spanned(name.to_token_stream(), message));
    };
    let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    Ok(Tool { name: (*title).to_owned(), groups: owned(groups), keys: owned(keys), variables: owned(variables) })
}

/// Whether it may be the key of a label: a name, or a domain and a name.
fn is_key(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !part.is_empty() && part.bytes().all(is_usual)
    };
    text.split('/').count() <= 2 && text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let alternatives: Alternatives = syn::parse_str(text).map_err(|cause| cause.to_string())?;
        let tools = one_of(&alternatives).map_err(|cause| cause.to_string())?;
        Ok(tools.into_iter().map(|tool| tool.name).collect())
    }

    #[test]
    fn an_entry_is_tools_and_labels_of_which_one_is_enough() {
        assert_eq!(read("Backstage"), Ok(vec!["Backstage".into()]));
        let mixed = read("Backstage | PrometheusOperator | \"seaworthy.dev/on-call\"");
        assert_eq!(mixed, Ok(vec!["Backstage".into(), "Prometheus Operator".into(), "seaworthy.dev/on-call".into()]));
        for wrong in ["Backstge", "\"a b\"", "\"a/b/c\"", "\"/a\"", ""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tool_stands_in_the_table_once_and_shows_somewhere() {
        for (index, (name, title, groups, keys, variables)) in TOOLS.iter().enumerate() {
            assert!(!TOOLS.iter().take(index).any(|(other, ..)| other == name), "{name}");
            assert!(!title.is_empty(), "{name}");
            assert!(!(groups.is_empty() && keys.is_empty() && variables.is_empty()), "{name}");
            assert!(keys.iter().all(|key| is_key(key)), "{name}");
        }
    }
}
