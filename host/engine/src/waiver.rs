//! Waivers: a rule that is broken, and somebody who answers for it until a date.
//!
//! A waiver comes from the trusted side, the configuration, and never from the manifest that it excuses. It names one
//! rule and says which objects, who allowed it, why, and until when. It turns `fail` into `waived`, and nothing else: an
//! error stays one. Waivers do not add up: the first that covers a whole finding list counts.

use protocol::{Finding, Level, Outcome, Verdict};

use crate::builtin;
use crate::manifest::Object;

/// A calendar day, `YYYY-MM-DD`; compares as it sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// After every day that counts.
    pub const LAST: Self = Self { year: 9999, month: 12, day: 31 };

    /// Reads `YYYY-MM-DD`; `None` where that is no day of the calendar.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next()?;
            let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { part.parse::<u16>().ok() } else { None }
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let exists = parts.next().is_none() && (1..=days).contains(&day);
        exists.then(|| Some(Self { year, month: month.try_into().ok()?, day: day.try_into().ok()? }))?
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// One waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The rule's name.
    pub rule: String,
    /// The object's kind; any where it is not given. A name that Kubernetes itself has is its own kind and nobody else's;
    /// the kind of another group is written as kubectl has it, `Service.serving.knative.dev`.
    pub kind: Option<String>,
    /// The object's namespace; any where it is not given.
    pub namespace: Option<String>,
    /// The object's name. Always given: a waiver is for something one can point at.
    pub name: String,
    /// The container; the whole object where it is not given.
    pub container: Option<String>,
    /// Who allowed it.
    pub by: String,
    /// Why.
    pub why: String,
    /// The last day on which it counts.
    pub until: Date,
}

impl Waiver {
    fn concerns(&self, rule: &str, object: &Object) -> bool {
        let fits = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        self.rule == rule
            && self.kind.as_deref().is_none_or(|kind| is_kind(kind, object))
            && fits(&self.namespace, object.namespace.as_deref().unwrap_or_default())
            && object.name.as_deref() == Some(&self.name)
    }

    /// Whether it covers a rule's finding about an object, as long as it counts.
    #[must_use]
    pub fn covers(&self, rule: &str, object: &Object, finding: &Finding) -> bool {
        self.concerns(rule, object) && (self.container.is_none() || self.container == finding.container)
    }
}

/// Whether an object is of the kind that a waiver names. Names collide: a Service of Knative is no Service.
fn is_kind(wanted: &str, object: &Object) -> bool {
    let group = builtin::home_group(object.group(), &object.kind);
    match wanted.split_once('.') {
        Some((kind, of)) => kind == object.kind && of == group,
        None => wanted == object.kind && builtin::group_of(wanted).is_none_or(|own| own == group),
    }
}

/// What the waivers that count today make of a rule's answer for an object, where they cover all violations. Several
/// waivers for single containers may do so together; each covers only what it names.
#[must_use]
pub fn waived(waivers: &[Waiver], today: Date, rule: &str, object: &Object, outcome: &Outcome) -> Option<Outcome> {
    if outcome.verdict != Verdict::Fail {
        return None;
    }
    let counts = |waiver: &&Waiver| waiver.until >= today;
    let mut used: Vec<&Waiver> = Vec::new();
    for finding in outcome.findings.iter().filter(|finding| finding.level == Level::Violation) {
        match waivers.iter().filter(counts).find(|waiver| waiver.covers(rule, object, finding)) {
            Some(waiver) if used.contains(&waiver) => {}
            Some(waiver) => used.push(waiver),
            None => return None,
        }
    }
    let said = used.iter().map(|waiver| format!("by {} until {}: {}", waiver.by, waiver.until, waiver.why));
    let reason = said.collect::<Vec<_>>().join("; ");
    Some(Outcome { verdict: Verdict::Waived, reason: Some(reason), findings: outcome.findings.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, read};

    fn waiver(container: Option<&str>, until: &str) -> Waiver {
        Waiver {
            rule: "run-as-non-root".into(),
            kind: Some("Pod".into()),
            namespace: None,
            name: "web".into(),
            container: container.map(Into::into),
            by: "ana".into(),
            why: "moves in spring".into(),
            until: Date::parse(until).unwrap(),
        }
    }

    fn verdict(waivers: &[Waiver], manifest: &str, containers: &[&str]) -> Verdict {
        let manifest = read("pod.yaml", manifest.into(), &Limits::default());
        let object = manifest.objects().next().unwrap();
        let finding = |container: &&str| Finding {
            level: Level::Violation,
            path: "$".into(),
            container: Some((*container).to_owned()),
            message: "m".into(),
            fix: None,
            conceal: false,
        };
        let findings = containers.iter().map(finding).collect();
        let outcome = Outcome { verdict: Verdict::Fail, reason: None, findings };
        let waived = waived(waivers, Date::parse("2026-02-28").unwrap(), "run-as-non-root", object, &outcome);
        waived.map_or(outcome.verdict, |waived| waived.verdict)
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n";

    #[test]
    fn a_waiver_counts_through_its_last_day() {
        assert_eq!(verdict(&[waiver(None, "2026-02-28")], POD, &["app"]), Verdict::Waived);
        assert_eq!(verdict(&[waiver(None, "2026-02-27")], POD, &["app"]), Verdict::Fail);
    }

    #[test]
    fn a_waiver_covers_what_it_names_and_no_more() {
        let app = waiver(Some("app"), "2027-01-01");
        assert_eq!(verdict(std::slice::from_ref(&app), POD, &["app"]), Verdict::Waived);
        assert_eq!(verdict(std::slice::from_ref(&app), POD, &["app", "proxy"]), Verdict::Fail);
        assert_eq!(
            verdict(&[app.clone(), waiver(Some("proxy"), "2027-01-01")], POD, &["app", "proxy"]),
            Verdict::Waived
        );
        assert_eq!(verdict(&[app.clone(), waiver(Some("proxy"), "2026-01-01")], POD, &["app", "proxy"]), Verdict::Fail);
        assert_eq!(verdict(&[app], "apiVersion: v1\nkind: Pod\nmetadata: {name: db}\n", &["app"]), Verdict::Fail);
        assert_eq!(
            verdict(
                &[waiver(None, "2027-01-01")],
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n",
                &["app"]
            ),
            Verdict::Fail
        );
    }

    #[test]
    fn a_kind_is_of_a_group() {
        let of = |kind: &str, api_version: &str, of: &str| {
            let waiver = Waiver { kind: Some(kind.into()), ..waiver(None, "2027-01-01") };
            let manifest = format!("apiVersion: {api_version}\nkind: {of}\nmetadata: {{name: web}}\n");
            verdict(&[waiver], &manifest, &["app"]) == Verdict::Waived
        };
        assert!(of("Service", "v1", "Service"));
        assert!(!of("Service", "serving.knative.dev/v1", "Service"));
        assert!(of("Service.serving.knative.dev", "serving.knative.dev/v1", "Service"));
        assert!(!of("Service.serving.knative.dev", "v1", "Service"));
        assert!(!of("Deployment", "apps.example.com/v1", "Deployment"));
        assert!(of("Deployment", "apps/v1", "Deployment") && of("Deployment.apps", "apps/v1", "Deployment"));
        assert!(of("Deployment", "extensions/v1beta1", "Deployment"), "the same kind under its first group");
        assert!(of("Rollout", "argoproj.io/v1alpha1", "Rollout"), "a name that only others have needs no group");
    }

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for day in ["2026-01-31", "2024-02-29", "2000-02-29"] {
            assert_eq!(Date::parse(day).unwrap().to_string(), day);
        }
        for text in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-1-01",
            "2026-01-01-01",
            "soon",
            "+026-01-01",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
