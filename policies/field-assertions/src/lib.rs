#![no_std]
extern crate alloc;

mod query;

use query::{Query, regex};
use regex_lite::Regex;
use sdk::prelude::*;
use sdk::requirement::{Requirement, check_each, validate_each};
use sdk::settings::{Scalar, SettingsError};
use sdk::value::Value;

policy! {
    /// Objects meet your own assertions.
    ///
    /// An assertion says which objects it is about (`group` and `kind`, and a name and namespace where you like), which
    /// of their fields (an RFC 9535 JSONPath `query`), and what must be true of these (`condition`):
    ///
    /// | condition | holds when |
    /// |---|---|
    /// | `exists` | the query finds something |
    /// | `absent` | it finds nothing; each thing that it finds is told |
    /// | `equals` | all that it finds is `value` |
    /// | `one_of` | all that it finds is among `values` |
    /// | `matches` | all that it finds is text, and the whole of it matches the regular expression `pattern` |
    /// | `count` | it finds at least `min` and at most `max` things |
    /// | `range` | all that it finds is a number or a quantity, at least `min` and at most `max` |
    ///
    /// `null` is nothing, as to the API server. Types count: the text `"3"` is not the number `3`; `range` alone takes a
    /// number in quotes, since `500m` and `1Gi` are such.
    ///
    /// Where `equals`, `one_of`, `matches` or `range` has nothing to look at, the assertion does not hold, unless it is
    /// `optional`. An element of a list without the field is not found either, and the others speak for it: say of each
    /// element that it has the field with a filter and `absent`, as below.
    ///
    /// Queries have the functions of RFC 9535: `length`, `count`, `match`, `search` and `value`. Regular expressions are
    /// I-Regexps (RFC 9485) without Unicode properties. Findings tell your message and what was asked for, never what
    /// the manifest says, which may be a secret.
    ///
    /// The rule is disabled until it has assertions.
    ///
    /// ## Why
    ///
    /// Every platform has agreements of its own: a label on each namespace, a registry for all images, a class for each
    /// Ingress. A sentence and a query are enough for most of them; a rule of one's own is for the rest.
    ///
    /// ## Fix
    ///
    /// Write at the place named what the assertion's author asks for. Whether the assertion is right is theirs to say.
    ///
    /// ```yaml,settings
    /// assertions:
    ///   - group: apps
    ///     kind: Deployment
    ///     query: $.spec.template.spec.containers[*].image
    ///     condition: matches
    ///     pattern: registry\.example\.com/.*
    ///     message: images come from our own registry
    ///   - group: apps
    ///     kind: Deployment
    ///     query: $.spec.template.spec.containers[?!@.imagePullPolicy]
    ///     condition: absent
    ///     message: say when to pull the image
    ///     severity: warning
    /// ```
    ///
    /// ## Fails
    ///
    /// ```yaml,fail=app
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   template:
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: docker.io/library/nginx:1.29
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   template:
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: registry.example.com/web:1.4.2
    ///           imagePullPolicy: IfNotPresent
    /// ```
    ///
    /// ```yaml,not-applicable
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: web}
    /// ```
    pub struct FieldAssertions {
        /// What must be true of which objects.
        assertions: Vec<Assertion>,
    }
    /// What must be true of some objects.
    struct Assertion {
        /// The API group of the objects: `apps`, `""` for the core group, `"*"` for every group.
        group: String,
        /// The kind of the objects, or `"*"` for every kind.
        kind: String,
        /// The name of the one object meant.
        name: Option<String> = None,
        /// The namespace of the objects meant.
        namespace: Option<String> = None,
        /// What to look at: a JSONPath (RFC 9535) from the root of the object.
        query: String,
        /// What must be true of it: exists, absent, equals, one_of, matches, count or range.
        condition: String,
        /// For equals: the value.
        value: Option<Scalar> = None,
        /// For one_of: the values.
        values: Vec<Scalar> = [],
        /// For matches: a regular expression for the whole text.
        pattern: Option<String> = None,
        /// For count and range: the least that is right.
        min: Option<Quantity> = None,
        /// For count and range: the most that is right.
        max: Option<Quantity> = None,
        /// For equals, one_of, matches and range: whether there may be nothing to look at.
        optional: bool = false,
        /// What is wrong where it is not true: a clause for the reader of the finding.
        message: String,
        /// What a finding is: a violation, a warning or a note.
        severity: String = "violation",
    }
    severity: Medium,
    section: Delivery,
    since: "0.1.0",
    applies_to: [Everything],
    reads: ["*"],
    links_std: true,
}

impl Rule for FieldAssertions {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        let is_any = check_each(&self.assertions, object, |check| check.check(object.root(), findings))?;
        if is_any { Ok(()) } else { not_applicable("no assertion is about this object") }
    }

    fn validate(&self) -> Result<(), SettingsError> {
        validate_each(&self.assertions)
    }
}

/// An assertion whose query, condition and severity were understood.
struct Check<'s> {
    query: Query,
    condition: Condition<'s>,
    assertion: &'s Assertion,
    tell: fn(&mut Findings, Field<'_>, &str, String),
}

/// What must be true of the nodes found.
enum Condition<'s> {
    Exists,
    Absent,
    OneOf(&'s [Scalar]),
    Matches(&'s str, Regex),
    Count(Bounds<'s>),
    Range(Bounds<'s>),
}

/// Both ends belong to it.
struct Bounds<'s> {
    min: Option<&'s Quantity>,
    max: Option<&'s Quantity>,
}

impl Requirement for Assertion {
    type Understood<'r> = Check<'r>;

    const SETTING: &'static str = "assertions";

    fn is_about(&self, object: Object<'_>) -> bool {
        let is = |wanted: &str, actual: &str| wanted == "*" || wanted == actual;
        is(&self.group, object.group())
            && is(&self.kind, object.kind())
            && self.name.as_deref().is_none_or(|name| name == object.name())
            && self.namespace.as_deref().is_none_or(|namespace| Some(namespace) == object.namespace())
    }

    fn understand(&self) -> Result<Check<'_>, String> {
        if self.kind.is_empty() {
            return Err("`kind` is empty".to_owned());
        }
        if self.message.trim_matches(['.', ' ']).is_empty() {
            return Err("`message` is empty: say what is wrong where the assertion does not hold".to_owned());
        }
        let tell: fn(&mut Findings, Field<'_>, &str, String) = match self.severity.as_str() {
            "violation" => |findings, at, message, fix| findings.fail(at, message, fix),
            "warning" => |findings, at, message, fix| findings.warn(at, message, fix),
            "note" => |findings, at, message, _| findings.note(at, message),
            other => return Err(format!("unknown severity `{other}`; known are violation warning note")),
        };
        let condition = self.condition()?;
        Ok(Check { query: Query::parse(&self.query)?, condition, assertion: self, tell })
    }
}

impl Assertion {
    fn condition(&self) -> Result<Condition<'_>, String> {
        let bounds = || match (&self.min, &self.max) {
            (None, None) => Err(format!("`{}` takes `min` or `max`", self.condition)),
            (Some(min), Some(max)) if min > max => Err(format!("`min` {min} is more than `max` {max}")),
            (min, max) => Ok(Bounds { min: min.as_ref(), max: max.as_ref() }),
        };
        let (condition, takes): (_, &[&str]) = match self.condition.as_str() {
            "exists" => (Condition::Exists, &[]),
            "absent" => (Condition::Absent, &[]),
            "equals" => {
                let value = self.value.as_ref().ok_or_else(|| "`equals` takes a `value`".to_owned())?;
                (Condition::OneOf(core::slice::from_ref(value)), &["value", "optional"])
            }
            "one_of" if self.values.is_empty() => return Err("`one_of` takes `values`".to_owned()),
            "one_of" => (Condition::OneOf(&self.values), &["values", "optional"]),
            "matches" => {
                let pattern = self.pattern.as_deref().ok_or_else(|| "`matches` takes a `pattern`".to_owned())?;
                (Condition::Matches(pattern, regex(pattern, true)?), &["pattern", "optional"])
            }
            "count" => (Condition::Count(bounds()?), &["min", "max"]),
            "range" => (Condition::Range(bounds()?), &["min", "max", "optional"]),
            other => {
                let known = "exists absent equals one_of matches count range";
                return Err(format!("unknown condition `{other}`; known are {known}"));
            }
        };
        let given = [
            ("value", self.value.is_some()),
            ("values", !self.values.is_empty()),
            ("pattern", self.pattern.is_some()),
            ("min", self.min.is_some()),
            ("max", self.max.is_some()),
            ("optional", self.optional),
        ];
        match given.iter().find(|(name, given)| *given && !takes.contains(name)) {
            Some((name, _)) => Err(format!("`{name}` means nothing to `{}`", self.condition)),
            None => Ok(condition),
        }
    }
}

impl Check<'_> {
    fn check(&self, root: Field<'_>, findings: &mut Findings) {
        let mut found = self.query.select(root);
        found.retain(|node| node.is_set());
        let mut tell = |at| {
            let message = self.assertion.message.trim_end_matches(['.', ' ']);
            (self.tell)(findings, at, message, self.condition.wanted(&self.assertion.query));
        };
        match &self.condition {
            Condition::Exists if found.is_empty() => tell(root),
            Condition::Exists => {}
            Condition::Absent => found.into_iter().for_each(tell),
            Condition::Count(bounds) => {
                // What is one too many is a place; what is missing has none.
                let place =
                    (1..).zip(&found).find(|(count, _)| bounds.is_above(&amount(*count))).map(|(_, node)| *node);
                if place.is_some() || bounds.is_below(&amount(found.len())) {
                    tell(place.unwrap_or(root));
                }
            }
            _ if found.is_empty() && self.assertion.optional => {}
            _ if found.is_empty() => tell(root),
            condition => found.into_iter().filter(|node| !condition.holds(*node)).for_each(tell),
        }
    }
}

impl Condition<'_> {
    /// Whether it holds for a node that is set.
    fn holds(&self, node: Field<'_>) -> bool {
        match (self, node.value()) {
            (Self::OneOf(values), Some(value)) => values.iter().any(|wanted| wanted.is(value)),
            (Self::Matches(_, regex), Some(Value::String(text))) => regex.is_match(text),
            (Self::Range(bounds), Some(Value::Number(text) | Value::String(text))) => {
                Quantity::parse(text).is_ok_and(|amount| !bounds.is_below(&amount) && !bounds.is_above(&amount))
            }
            _ => false,
        }
    }

    /// What to write instead.
    fn wanted(&self, query: &str) -> String {
        match self {
            Self::Exists => format!("something at {query}"),
            Self::Absent => "remove this".to_owned(),
            Self::OneOf([value]) => value.to_string(),
            Self::OneOf(values) => {
                values.iter().fold("one of:".to_owned(), |text, value| text + " " + &value.to_string())
            }
            Self::Matches(pattern, _) => format!("text that matches {pattern}"),
            Self::Count(bounds) => format!("{} at {query}", bounds.text()),
            Self::Range(bounds) => bounds.text(),
        }
    }
}

fn amount(count: usize) -> Quantity {
    Quantity::from(u32::try_from(count).unwrap_or(u32::MAX))
}

impl Bounds<'_> {
    fn is_below(&self, amount: &Quantity) -> bool {
        self.min.is_some_and(|min| amount < min)
    }

    fn is_above(&self, amount: &Quantity) -> bool {
        self.max.is_some_and(|max| amount > max)
    }

    fn text(&self) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("{min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => String::new(),
        }
    }
}
