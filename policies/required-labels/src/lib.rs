#![no_std]
use regex_lite::Regex;
use sdk::documents::GROUP;
use sdk::prelude::*;
use sdk::requirement::{check_each, validate_each};
use sdk::settings::SettingsError;

policy! {
    /// Objects carry the labels and annotations that your platform requires.
    ///
    /// Each entry of the setting `required` says which `kinds` it is about, which `label` or `annotation` they must have,
    /// and which values it may have: one of `values`, or one that matches the regular expression `pattern` as a whole.
    /// Without either, any value is right.
    ///
    /// | in `kinds` | means |
    /// |---|---|
    /// | `Deployment` | every object of that kind, in whatever group |
    /// | `Deployment.apps`, `Service.core` | the kind of that group; `core` is the group without a name |
    /// | `Workloads` | every kind that runs pods |
    /// | `*` | every object that has a name |
    ///
    /// With `pods: true` the labels of the pods are meant (`spec.template.metadata`), and not those of the object itself.
    ///
    /// The rule is disabled until it has entries.
    ///
    /// ## Why
    ///
    /// Labels are how people and programs find what belongs together: who owns it, what it costs, where its dashboard is.
    /// One object without them is in no bill, no alert's route and no selector.
    ///
    /// ## Fix
    ///
    /// Add the label or the annotation with one of the values that the finding names.
    ///
    /// ```yaml,settings
    /// required:
    ///   - kinds: [Workloads, Namespace]
    ///     label: team
    ///     pattern: "[a-z]+(-[a-z]+)*"
    ///   - kinds: [Namespace]
    ///     label: environment
    ///     values: [dev, staging, production]
    ///   - kinds: [Ingress.networking.k8s.io]
    ///     annotation: example.com/reviewed-by
    /// ```
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: shop, labels: {team: payments, environment: prod}}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: shop, labels: {team: payments, environment: production}}
    /// ```
    ///
    /// ```yaml,not-applicable
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: web}
    /// ```
    pub struct RequiredLabels {
        /// Which labels and annotations which objects must have.
        required: Vec<Requirement>,
    }
    /// A label or an annotation that some objects must have.
    struct Requirement {
        /// The kinds that must have it: `Deployment`, `Deployment.apps`, `Workloads` or `*`.
        kinds: Vec<String>,
        /// The key of the label.
        label: Option<String> = None,
        /// The key of the annotation, where no label is meant.
        annotation: Option<String> = None,
        /// The values that are right; any where none are given.
        values: Vec<String> = [],
        /// A regular expression that the whole value matches.
        pattern: Option<String> = None,
        /// Whether the labels of the pods are meant, and not those of the object itself.
        pods: bool = false,
    }
    severity: Medium,
    section: Delivery,
    since: "0.1.0",
    applies_to: [Everything],
    reads: ["*"],
    links_std: true,
}

impl Rule for RequiredLabels {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        let is_any = check_each(&self.required, object, |check| check.check(object, findings))?;
        if is_any { Ok(()) } else { not_applicable("no label or annotation is required of this kind") }
    }

    fn validate(&self) -> Result<(), SettingsError> {
        validate_each(&self.required)
    }
}

/// A requirement that was understood.
struct Check<'s> {
    noun: &'static str,
    key: &'s str,
    pattern: Option<Regex>,
    requirement: &'s Requirement,
}

impl sdk::requirement::Requirement for Requirement {
    type Understood<'r> = Check<'r>;

    const SETTING: &'static str = "required";

    fn is_about(&self, object: Object<'_>) -> bool {
        let is_kind = |wanted: &String| match (wanted.as_str(), wanted.split_once('.')) {
            // A document that a host makes, of a log or a Dockerfile, has nobody who could label it.
            ("*", _) if object.group() == GROUP => false,
            ("*", _) => !object.name().is_empty() || object.get("metadata.generateName").is_set(),
            ("Workloads", _) => Workload::view(object).is_some(),
            (_, Some((kind, "core"))) => object.is("", kind),
            (_, Some((kind, group))) => object.is(group, kind),
            (kind, None) => object.kind() == kind,
        };
        (!self.pods || Workload::view(object).is_some()) && self.kinds.iter().any(is_kind)
    }

    fn understand(&self) -> Result<Check<'_>, String> {
        let (noun, key) = match (&self.label, &self.annotation) {
            (Some(label), None) => ("label", label),
            (None, Some(annotation)) => ("annotation", annotation),
            _ => return Err("give a `label` or an `annotation`, and not both".to_owned()),
        };
        if key.is_empty() || self.kinds.is_empty() || self.kinds.iter().any(String::is_empty) {
            return Err(format!("`kinds` and `{noun}` must not be empty"));
        }
        if self.pattern.is_some() && !self.values.is_empty() {
            return Err("give `values` or a `pattern`, and not both".to_owned());
        }
        let pattern = self.pattern.as_deref().map(|pattern| Regex::new(&format!("^(?:{pattern})$")));
        let pattern = pattern.transpose().map_err(|cause| format!("`pattern` is no regular expression: {cause}"))?;
        Ok(Check { noun, key, pattern, requirement: self })
    }
}

impl Check<'_> {
    fn check(&self, object: Object<'_>, findings: &mut Findings) {
        let Self { noun, key, pattern, requirement } = self;
        let metadata = if requirement.pods {
            let Some(workload) = Workload::view(object) else { return };
            workload.template().get("metadata")
        } else {
            object.get("metadata")
        };
        let field = metadata.get(if *noun == "label" { "labels" } else { "annotations" }).entry(key);
        let (values, wanted) = (&requirement.values, requirement.pattern.as_deref());
        let fix = match (values.as_slice(), wanted) {
            ([value], _) => fix::set(field, value.as_str()),
            ([], None) => fix::set(field, "<value>").example(),
            ([], Some(pattern)) => Fix::Advice(format!("a value that matches {pattern}")),
            (values, _) => Fix::Advice(format!("one of {}", values.join(", "))),
        };
        let Some(value) = field.str() else {
            if !field.is_set() {
                let whose = if requirement.pods { "the pods have" } else { "the object has" };
                findings.fail(field, format!("{whose} no {noun} `{key}`, which is required here"), fix);
            }
            return;
        };
        if !values.is_empty() && !values.iter().any(|wanted| wanted == value) {
            findings.fail(field, format!("`{value}` is not a value of the {noun} `{key}`"), fix);
        } else if pattern.as_ref().is_some_and(|pattern| !pattern.is_match(value)) {
            findings.fail(field, format!("`{value}` does not match the pattern of the {noun} `{key}`"), fix);
        }
    }
}
