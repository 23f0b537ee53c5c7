//! Waivers: a rule that is broken, and somebody who answers for it until a day.
//!
//! A waiver comes from the trusted side, the configuration. An annotation of the object itself counts only for rules for
//! which the configuration allows that. A waiver names one rule and says which findings, who answers for them, why, and
//! until when. It accepts findings, and nothing else: an error stays one. Waivers do not add up: each finding is accepted
//! by the first waiver that covers it, or it stays.

use protocol::glob::matches_name;
use protocol::{Finding, Level, path};

use crate::builtin;
use crate::manifest::{Content, Limits, Node, Object, Value, read};
use crate::path_pattern::PathPattern;
use crate::spot::Spot;

pub use crate::date::Date;

/// From so many days before its end on, a waiver is said to end soon.
pub const SOON: i64 = 14;

/// How the annotation of an object begins that waives a rule for it: `waiver.seaworthy.dev/run-as-non-root`.
pub const ANNOTATION: &str = "waiver.seaworthy.dev/";

/// One waiver. In the names of the object, and in the environment, `*` stands for any characters.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiver {
    /// The rule's name.
    pub rule: String,
    /// The object's API group; any where it is not given, but see `kind`. Empty for the core group.
    pub group: Option<String>,
    /// The object's kind; any where it is not given. Without a group, a name that Kubernetes itself has is its own kind and
    /// nobody else's. The kind of another group may be written as kubectl has it, `Service.serving.knative.dev`.
    pub kind: Option<String>,
    /// The object's namespace; any where it is not given.
    pub namespace: Option<String>,
    /// The object's name. Always given: a waiver is for something one can point at.
    pub name: String,
    /// The container; the whole object where it is not given.
    pub container: Option<String>,
    /// The fields; all where it is not given.
    pub path: Option<PathPattern>,
    /// The environment; all where it is not given.
    pub environment: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub expires: Date,
    /// Where it stands; absent of an annotation, which stands in the object.
    pub spot: Option<Spot>,
}

impl Waiver {
    /// Whether it is for this object, by whatever rule.
    #[must_use]
    pub fn is_for(&self, object: &Object) -> bool {
        let (group, kind) = self.group_and_kind();
        fits(group, builtin::home_group(object.group(), &object.kind))
            && fits(kind, &object.kind)
            && fits(self.namespace.as_deref(), object.namespace.as_deref().unwrap_or_default())
            && object.name.as_deref().is_some_and(|name| matches_name(&self.name, name))
    }

    /// Whether it covers a rule's finding about an object of that environment, as long as it counts. If the environment
    /// is not known, a waiver for one covers nothing.
    #[must_use]
    pub fn covers(&self, rule: &str, object: &Object, environment: Option<&str>, finding: &Finding) -> bool {
        let is_within = |pattern: &PathPattern| path::parse(&finding.path).is_some_and(|path| pattern.covers(&path));
        self.rule == rule
            && self.is_for(object)
            && (self.container.is_none() || self.container == finding.container)
            && self.path.as_ref().is_none_or(is_within)
            && self.environment.as_deref().is_none_or(|wanted| environment.is_some_and(|it| matches_name(wanted, it)))
    }

    /// Whether it counts on that day.
    #[must_use]
    pub fn counts(&self, today: Date) -> bool {
        self.expires >= today
    }

    /// Who answers for what, for people: `by ana until 2027-03-31: it moves`.
    #[must_use]
    pub fn account(&self) -> String {
        format!("by {} until {}: {}", self.owner, self.expires, self.reason)
    }

    /// The patterns of its objects' group and kind; `None` where any will do. Names collide: a Service of Knative is no
    /// Service.
    #[must_use]
    pub fn group_and_kind(&self) -> (Option<&str>, Option<&str>) {
        let kind = self.kind.as_deref();
        match (self.group.as_deref(), kind.and_then(|kind| kind.split_once('.'))) {
            (Some(group), _) => (Some(group), kind),
            (None, Some((kind, group))) => (Some(group), Some(kind)),
            (None, None) => (kind.and_then(builtin::group_of), kind),
        }
    }
}

/// Whether a name is as the pattern says, if there is one.
fn fits(pattern: Option<&str>, name: &str) -> bool {
    pattern.is_none_or(|pattern| matches_name(pattern, name))
}

/// What annotations of the object itself waive, of these rules. What does not hold is said and waives nothing.
#[must_use]
pub fn annotated(object: &Object, rules: &[String]) -> Vec<Result<Waiver, String>> {
    let tree = object.node.look();
    let annotations = tree.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let Some(Value::Mapping(entries)) = annotations.map(|annotations| &annotations.value) else { return Vec::new() };
    let waivers = entries.iter().filter_map(|entry| {
        let rule = entry.key.strip_prefix(ANNOTATION)?;
        if !rules.iter().any(|known| known == rule) {
            return Some(Err(format!(
                "the configuration does not allow annotations to waive {rule}: `annotations: true` of the rule allows it"
            )));
        }
        let Some(text) = entry.value.as_str() else { return Some(Err(format!("`{}` is no string", entry.key))) };
        Some(in_annotation(rule, text, object).map_err(|cause| format!("`{}` {cause}", entry.key)))
    });
    waivers.collect()
}

/// `{reason: it moves, owner: ana@example.com, expires: 2027-03-31}`, and perhaps a container or a path.
fn in_annotation(rule: &str, text: &str, object: &Object) -> Result<Waiver, String> {
    const EXPECTED: &str = "is a mapping of `reason`, `owner` and `expires`, and perhaps `container` and `path`";
    let manifest = read("", text.into(), &Limits::default());
    let mut contents = manifest.documents.iter().map(|document| &document.content);
    let (Some(Content::Other(node)), None, []) = (contents.next(), contents.next(), manifest.problems.as_slice())
    else {
        return Err(EXPECTED.into());
    };
    let Value::Mapping(entries) = &node.value else { return Err(EXPECTED.into()) };
    let known = ["reason", "owner", "expires", "container", "path"];
    if entries.iter().any(|entry| !known.contains(&&*entry.key)) {
        return Err(EXPECTED.into());
    }
    let given = |key: &str| node.get(key).and_then(Node::as_str).filter(|text| !text.trim().is_empty());
    let needed = |key: &str| given(key).map(str::to_owned).ok_or_else(|| EXPECTED.to_owned());
    let path = match given("path").map(PathPattern::parse) {
        Some(None) => return Err("has an invalid `path`: write one such as `spec.containers[*].image`".into()),
        Some(path) => path,
        None => None,
    };
    Ok(Waiver {
        rule: rule.to_owned(),
        group: None,
        kind: None,
        namespace: None,
        name: object.name.clone().unwrap_or_default(),
        container: given("container").map(str::to_owned),
        path,
        environment: None,
        owner: needed("owner")?,
        reason: needed("reason")?,
        expires: Date::parse(&needed("expires")?).ok_or("has an invalid `expires`: write a date such as 2027-03-31")?,
        spot: None,
    })
}

/// A waiver, and what became of it in a run.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The waiver.
    pub waiver: Waiver,
    /// How many findings it covers: those it accepts, or would if it had not ended.
    pub findings: usize,
    /// What it comes to.
    pub state: State,
    /// How many days it still counts; negative once it has ended.
    pub days_left: i64,
}

/// What becomes of a waiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It accepts findings.
    Used,
    /// There is nothing that it covers.
    Unused,
    /// It has ended, and accepts nothing.
    Expired,
    /// Its rule was not asked.
    NotAsked,
}

impl State {
    /// The name in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Unused => "unused",
            Self::Expired => "expired",
            Self::NotAsked => "not-asked",
        }
    }
}

impl Standing {
    /// What became of a waiver that covers so many findings.
    #[must_use]
    pub fn new(waiver: Waiver, findings: usize, is_asked: bool, today: Date) -> Self {
        let state = match (waiver.counts(today), is_asked, findings) {
            (false, ..) => State::Expired,
            (true, false, _) => State::NotAsked,
            (true, true, 0) => State::Unused,
            (true, true, _) => State::Used,
        };
        let days_left = waiver.expires.days_since(today);
        Self { waiver, findings, state, days_left }
    }

    /// Whether it accepts findings, and ends in a few days.
    #[must_use]
    pub fn ends_soon(&self) -> bool {
        self.state == State::Used && self.days_left <= SOON
    }
}

/// Whether a finding is one that makes a rule broken.
#[must_use]
pub fn is_violation(finding: &Finding) -> bool {
    finding.level == Level::Violation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiver() -> Waiver {
        Waiver {
            rule: "run-as-non-root".into(),
            group: None,
            kind: Some("Pod".into()),
            namespace: None,
            name: "web".into(),
            container: None,
            path: None,
            environment: None,
            owner: "ana".into(),
            reason: "moves in spring".into(),
            expires: Date::parse("2026-02-28").unwrap(),
            spot: None,
        }
    }

    fn finding(container: Option<&str>, path: &str) -> Finding {
        Finding {
            level: Level::Violation,
            path: path.into(),
            container: container.map(Into::into),
            message: "m".into(),
            fix: None,
            conceal: false,
        }
    }

    fn object(yaml: &str) -> Object {
        read("a.yaml", yaml.into(), &Limits::default()).objects().next().unwrap().clone()
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n";

    fn covers(waiver: &Waiver, yaml: &str) -> bool {
        waiver.covers("run-as-non-root", &object(yaml), None, &finding(Some("app"), "$['spec']['containers'][0]"))
    }

    #[test]
    fn a_waiver_counts_through_its_last_day() {
        let counts = |day: &str| waiver().counts(Date::parse(day).unwrap());
        assert!(counts("2026-02-28") && !counts("2026-03-01"));
        let standing = |day: &str| Standing::new(waiver(), 1, true, Date::parse(day).unwrap());
        assert_eq!((standing("2026-02-13").days_left, standing("2026-02-13").ends_soon()), (15, false));
        assert!(standing("2026-02-14").ends_soon() && standing("2026-02-28").ends_soon());
        assert_eq!((standing("2026-03-01").state, standing("2026-03-01").ends_soon()), (State::Expired, false));
    }

    #[test]
    fn a_waiver_covers_what_it_names_and_no_more() {
        assert!(covers(&waiver(), POD));
        let with = |change: fn(&mut Waiver)| {
            let mut waiver = waiver();
            change(&mut waiver);
            covers(&waiver, POD)
        };
        assert!(with(|waiver| waiver.name = "w*".into()));
        assert!(with(|waiver| waiver.namespace = Some("sh*".into())));
        assert!(with(|waiver| waiver.container = Some("app".into())));
        assert!(with(|waiver| waiver.path = PathPattern::parse("spec.containers[*]")));
        assert!(with(|waiver| waiver.group = Some(String::new())));
        assert!(!with(|waiver| waiver.rule = "other".into()));
        assert!(!with(|waiver| waiver.name = "db".into()));
        assert!(!with(|waiver| waiver.namespace = Some("other".into())));
        assert!(!with(|waiver| waiver.container = Some("proxy".into())));
        assert!(!with(|waiver| waiver.path = PathPattern::parse("spec.initContainers")));
        assert!(!with(|waiver| waiver.group = Some("apps".into())));
        assert!(!with(|waiver| waiver.environment = Some("*".into())), "the environment is not known");
        assert!(!covers(&waiver(), "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"));
        assert!(!covers(&waiver(), "apiVersion: v1\nkind: Pod\nmetadata: {generateName: web}\n"));
    }

    #[test]
    fn an_environment_is_one_that_is_known() {
        let waiver = Waiver { environment: Some("dev-*".into()), ..waiver() };
        let covers = |environment| waiver.covers("run-as-non-root", &object(POD), environment, &finding(None, "$"));
        assert!(covers(Some("dev-1")) && !covers(Some("production")) && !covers(None));
    }

    #[test]
    fn a_kind_is_of_a_group() {
        let of = |kind: &str, api_version: &str, of: &str| {
            let waiver = Waiver { kind: Some(kind.into()), ..waiver() };
            covers(&waiver, &format!("apiVersion: {api_version}\nkind: {of}\nmetadata: {{name: web}}\n"))
        };
        assert!(of("Service", "v1", "Service"));
        assert!(!of("Service", "serving.knative.dev/v1", "Service"));
        assert!(of("Service.serving.knative.dev", "serving.knative.dev/v1", "Service"));
        assert!(!of("Service.serving.knative.dev", "v1", "Service"));
        assert!(of("Serv*.serving.*", "serving.knative.dev/v1", "Service") && !of("Serv*.serving.*", "v1", "Service"));
        assert!(!of("Deployment", "apps.example.com/v1", "Deployment"));
        assert!(of("Deployment", "apps/v1", "Deployment") && of("Deployment.apps", "apps/v1", "Deployment"));
        assert!(of("Deployment", "extensions/v1beta1", "Deployment"), "the same kind under its first group");
        assert!(of("Rollout", "argoproj.io/v1alpha1", "Rollout"), "a name that only others have needs no group");
        assert!(of("*Set", "apps/v1", "StatefulSet") && !of("*Set", "apps/v1", "Deployment"));
        let knative = Waiver { group: Some("serving.knative.dev".into()), kind: Some("Service".into()), ..waiver() };
        assert!(covers(&knative, "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: web}\n"));
        assert!(!covers(&knative, "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"));
    }

    #[test]
    fn an_annotation_waives_where_that_is_allowed() {
        let read = |annotations: &str| -> Vec<Result<Waiver, String>> {
            let yaml = format!(
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  annotations:\n    other: a\n    {annotations}\n"
            );
            annotated(&object(&yaml), &["run-as-non-root".to_owned()])
        };
        let whole = "waiver.seaworthy.dev/run-as-non-root: '{reason: it moves, owner: ana, expires: 2026-02-28}'";
        let [Ok(read_one)] = &read(whole)[..] else { panic!("{:?}", read(whole)) };
        assert_eq!((read_one.account(), read_one.name.as_str()), ("by ana until 2026-02-28: it moves".into(), "web"));
        for (annotations, said) in [
            (
                whole.replace("run-as", "walk-as"),
                "the configuration does not allow annotations to waive walk-as-non-root",
            ),
            (whole.replace("owner: ana, ", ""), "is a mapping of"),
            (whole.replace("owner", "by"), "is a mapping of"),
            (whole.replace("2026-02-28", "soon"), "invalid `expires`"),
            (whole.replace("reason", "path: 'a b', reason").replace("'a b'", "a b"), "invalid `path`"),
            ("waiver.seaworthy.dev/run-as-non-root: 'yes'".to_owned(), "is a mapping of"),
            ("waiver.seaworthy.dev/run-as-non-root: [a]".to_owned(), "is no string"),
        ] {
            let all = read(&annotations);
            let [Err(cause)] = &all[..] else { panic!("{annotations}: {all:?}") };
            assert!(cause.contains(said), "{annotations}: {cause}");
        }
        assert!(read("b: c").is_empty());
        let text = format!("apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    {whole}\n");
        let mut manifest = crate::manifest::read("a.yaml", text.into(), &Limits::default());
        manifest.pack(&crate::kept_for([].into_iter()));
        let kept = manifest.objects().next().unwrap();
        assert_eq!(annotated(kept, &["run-as-non-root".to_owned()]).len(), 1, "of an object of which little is kept");
        assert!(!kept.node.is_whole(), "it stays packed");
    }
}
