//! Whether an AlertmanagerConfig routes the alerts of a service to PagerDuty.
//!
//! Other objects are read as they are: one that is malformed routes nothing, and is judged by itself.

use sdk::prelude::*;
use sdk::service::{Service, text_at};
use sdk::value::Value;

use crate::pattern;

/// What is known of an alert: its name, and the labels that its rule gives it. Nothing, where no alert is in sight.
#[derive(Clone, Copy)]
struct Alert<'a> {
    name: Option<&'a str>,
    labels: Option<&'a Value<'a>>,
}

/// Who the alerts are about.
struct Subject<'s, 'a> {
    service: &'s Service<'a>,
    namespace: Option<&'a str>,
    owner: &'a str,
}

/// Finds a service whose alerts are not routed.
pub fn check<'a>(
    workload: Object<'a>,
    service: &Service<'a>,
    component: Object<'a>,
    world: &World<'a>,
    findings: &mut Findings,
) -> Result<(), Undecided> {
    let owner = text_at(component.root(), &["spec", "owner"]).unwrap_or_default();
    let owner = owner.rsplit(['/', ':']).next().unwrap_or_default();
    let subject = Subject { service, namespace: workload.namespace(), owner };
    let mut alerts = Vec::new();
    for rule in world.list_all("monitoring.coreos.com/v1", "PrometheusRule")? {
        subject.add_alerts(rule, &mut alerts);
    }
    if alerts.is_empty() {
        alerts.push(Alert { name: None, labels: None });
    }
    let managers = world.list_all("monitoring.coreos.com/v1", "Alertmanager")?;
    let mut out_of_reach = None;
    for config in world.list_all("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig")? {
        let spec = config.root().value().and_then(|root| root.get("spec"));
        let pages = |spec: &Value<'a>| {
            spec.get("route").is_some_and(|route| subject.pages(route, items(spec, "receivers"), &alerts))
        };
        if !spec.is_some_and(pages) {
            continue;
        }
        if takes_alerts_of(config, workload.namespace(), &managers) {
            return Ok(());
        }
        out_of_reach = Some(config);
    }
    if let Some(manager) = managers.iter().find(|manager| has_a_secret(**manager)) {
        let name = manager.name();
        let reason = format!("a route may be in the Secret of Alertmanager {name}, which is not looked into");
        return Err(Undecided::Unknown(reason));
    }
    world.must_be_complete(format!(
        "AlertmanagerConfig that routes alerts of service {} to PagerDuty",
        service.name()
    ))?;
    let mut message = format!("no AlertmanagerConfig routes the alerts of service {} to PagerDuty", service.name());
    if let Some(config) = out_of_reach {
        message += &format!("; {} would, but takes only those of its own namespace", config.name());
    }
    let fix = "route them to a receiver with `pagerdutyConfigs`, in an AlertmanagerConfig of the same namespace";
    findings.fail(workload.get("metadata.name"), message, fix);
    Ok(())
}

/// Whether an AlertmanagerConfig is about alerts of this namespace, by its own or by what an Alertmanager says.
fn takes_alerts_of(config: Object<'_>, namespace: Option<&str>, managers: &[Object<'_>]) -> bool {
    config.namespace() == namespace
        || managers.iter().any(|manager| {
            let says = |steps: &[&str]| text_at(manager.root(), steps);
            let together = manager.namespace() == config.namespace();
            match says(&["spec", "alertmanagerConfigMatcherStrategy", "type"]) {
                Some("None") => return true,
                Some("OnNamespaceExceptForAlertmanagerNamespace") if together => return true,
                _ => {}
            }
            together && says(&["spec", "alertmanagerConfiguration", "name"]) == Some(config.name())
        })
}

/// Whether an Alertmanager has (a part of) its configuration in a Secret: one that it names, or the one of its own name,
/// which it falls back to where it takes up no AlertmanagerConfig.
fn has_a_secret(manager: Object<'_>) -> bool {
    let is_set = |field| manager.get("spec").get(field).is_set();
    is_set("configSecret") || !(is_set("alertmanagerConfigSelector") || is_set("alertmanagerConfiguration"))
}

impl<'a> Subject<'_, 'a> {
    /// Adds the alerts of a PrometheusRule that are the service's.
    fn add_alerts(&self, rule: Object<'a>, alerts: &mut Vec<Alert<'a>>) {
        let is_whole = self.service.is_subject_of(rule);
        let groups = rule.root().value().and_then(|root| root.get("spec")?.get("groups"));
        for rule in groups.into_iter().flat_map(Value::items).flat_map(|group| items(group, "rules")) {
            let (name, labels) = (text(rule, "alert"), rule.get("labels"));
            if name.is_some() && (is_whole || labels.is_some_and(|labels| self.service.is_named_in(labels))) {
                alerts.push(Alert { name, labels });
            }
        }
    }

    /// Whether one of the alerts comes to a receiver that calls PagerDuty, by this route or one below it. A route without a
    /// receiver has that of the route above it, which has been asked by then.
    fn pages(&self, route: &Value<'a>, receivers: &[Value<'a>], alerts: &[Alert<'a>]) -> bool {
        let fits = |alert: &&Alert<'a>| items(route, "matchers").iter().all(|matcher| self.fits(matcher, alert));
        let alerts: Vec<Alert<'a>> = alerts.iter().filter(fits).copied().collect();
        let receiver = text(route, "receiver").filter(|name| !name.is_empty());
        let calls = |known: &Value<'a>| {
            receiver.is_some() && text(known, "name") == receiver && !items(known, "pagerdutyConfigs").is_empty()
        };
        !alerts.is_empty()
            && (receivers.iter().any(calls)
                || items(route, "routes").iter().any(|route| self.pages(route, receivers, &alerts)))
    }

    /// Whether a matcher fits an alert, as far as that is known.
    fn fits(&self, matcher: &Value<'a>, alert: &Alert<'a>) -> bool {
        let (label, wanted) = (text(matcher, "name").unwrap_or_default(), text(matcher, "value").unwrap_or_default());
        let is_regex = matcher.get("regex") == Some(&Value::Bool(true));
        let (positive, is_regex) = match text(matcher, "matchType") {
            Some("!=") => (false, false),
            Some("=~") => (true, true),
            Some("!~") => (false, true),
            _ => (true, is_regex),
        };
        // What is too hard to read is taken to fit, whichever way.
        let is = |text: &str| if is_regex { pattern::matches(wanted, text) } else { Some(wanted == text) };
        let known = match label {
            "namespace" => self.namespace,
            "alertname" => alert.name,
            _ => alert.labels.and_then(|labels| text(labels, label)),
        };
        match known {
            Some(text) => is(text).is_none_or(|matches| matches == positive),
            None if !positive || wanted.is_empty() || matches!(label, "severity" | "namespace") => true,
            None => {
                let names = self.service.names().iter().chain([&self.owner]);
                names.filter(|name| !name.is_empty()).any(|name| is(name) != Some(false))
            }
        }
    }
}

fn text<'a>(value: &Value<'a>, key: &str) -> Option<&'a str> {
    value.get(key)?.str()
}

fn items<'a>(value: &Value<'a>, key: &str) -> &'a [Value<'a>] {
    value.get(key).map_or(&[], Value::items)
}
