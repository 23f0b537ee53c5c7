//! Profiles: which rules run where nobody names them one by one.
//!
//! A rule says the smallest profile that it is part of, and which tools its checks are of no use without. Whether a team
//! uses a tool shows in its manifests: in objects of the tool's groups, in labels and annotations, in environment variables.
//! The module must not know any rule or any tool; both come from the rules' metadata.

use std::cell::LazyCell;
use std::fmt;

use protocol::{Profile, RuleMetadata, Tool};
use serde::Serialize;

use crate::input::Input;
use crate::manifest::{Node, Object, Value};
use crate::pods;

/// A profile, and what it leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Selected {
    /// The profile.
    #[serde(rename = "name")]
    pub profile: Profile,
    /// The rules that do not run, by name in order.
    pub left_out: Vec<LeftOut>,
}

/// A rule that does not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its name.
    pub rule: String,
    /// Why.
    pub reason: Reason,
}

/// Why a rule does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is part of this larger profile.
    PartOf(Profile),
    /// The input shows none of these tools, of which the rule needs one.
    NoTrace(Vec<String>),
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PartOf(profile) => write!(formatter, "part of the profile {profile}"),
            Self::NoTrace(tools) => write!(formatter, "no trace of {}", tools.join(" or ")),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Selected {
    /// Which of these rules the profile leaves out. Those that somebody asks for by name always run.
    pub fn new<'r>(
        profile: Profile,
        rules: impl Iterator<Item = &'r RuleMetadata>,
        input: &Input,
        is_asked_for: impl Fn(&str) -> bool,
    ) -> Self {
        let rules: Vec<&RuleMetadata> = if profile == Profile::Full {
            Vec::new()
        } else {
            rules.filter(|rule| !is_asked_for(&rule.name)).collect()
        };
        let wanted = rules.iter().filter(|rule| rule.profile <= profile).flat_map(|rule| &rule.rests_on).flatten();
        let seen = seen(wanted, input);
        let reason = |rule: &RuleMetadata| {
            if rule.profile > profile {
                return Some(Reason::PartOf(rule.profile));
            }
            let lacking = rule.rests_on.iter().find(|tools| !tools.iter().any(|tool| seen.contains(&tool)))?;
            Some(Reason::NoTrace(lacking.iter().map(|tool| tool.name.clone()).collect()))
        };
        let left_out = rules.iter().filter_map(|rule| Some(LeftOut { rule: rule.name.clone(), reason: reason(rule)? }));
        let mut left_out: Vec<LeftOut> = left_out.collect();
        left_out.sort_by(|one, other| one.rule.cmp(&other.rule));
        Self { profile, left_out }
    }

    /// Whether the rule does not run.
    #[must_use]
    pub fn leaves_out(&self, rule: &str) -> bool {
        self.left_out.iter().any(|left_out| left_out.rule == rule)
    }
}

/// The tools that show in the input. Nothing more is looked at once all of them have.
fn seen<'r>(tools: impl Iterator<Item = &'r Tool>, input: &Input) -> Vec<&'r Tool> {
    let (mut wanted, mut seen) = (Vec::new(), Vec::new());
    for tool in tools {
        if !wanted.contains(&tool) {
            wanted.push(tool);
        }
    }
    for subject in input.subjects() {
        if wanted.is_empty() {
            break;
        }
        let tree = LazyCell::new(|| subject.object.node.look());
        let (found, rest) = wanted.into_iter().partition(|tool| shows(tool, subject.object, || &tree));
        wanted = rest;
        seen.extend::<Vec<_>>(found);
    }
    seen
}

/// Whether a tool shows in an object, whose tree need not be looked at where its group says it.
fn shows<'t>(tool: &Tool, object: &Object, tree: impl Fn() -> &'t Node) -> bool {
    tool.groups.iter().any(|group| is_of(object.group(), group)) || {
        let tree = tree();
        let template = pods::template(object, tree);
        let mut metadata = [Some(tree), template].into_iter().flatten().filter_map(|at| at.get("metadata"));
        metadata.any(|metadata| has_key(tool, metadata))
            || template.is_some_and(|template| has_variable(tool, template))
    }
}

fn has_key(tool: &Tool, metadata: &Node) -> bool {
    let maps = ["labels", "annotations"].into_iter().filter_map(|map| metadata.get(map));
    let entries = maps.flat_map(|map| match &map.value {
        Value::Mapping(entries) => entries.as_slice(),
        _ => &[],
    });
    entries.into_iter().any(|entry| {
        let domain = entry.key.split_once('/').map(|(domain, _)| domain);
        let is_meant = |key: &String| *entry.key == **key || domain.is_some_and(|domain| is_of(domain, key));
        tool.keys.iter().any(is_meant)
    })
}

fn has_variable(tool: &Tool, template: &Node) -> bool {
    let is_meant = |variable: &Node| {
        let name = variable.get("name").and_then(Node::as_str).unwrap_or_default();
        tool.variables.iter().any(|prefix| name.starts_with(prefix))
    };
    let mut containers = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| template.get("spec").map_or(&[][..], |spec| spec.list(list)));
    !tool.variables.is_empty() && containers.any(|container| container.list("env").iter().any(is_meant))
}

/// Whether a domain is this one, or lies below it.
fn is_of(domain: &str, known: &str) -> bool {
    domain.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use protocol::{Section, Severity};

    use super::*;
    use crate::file::File;
    use crate::manifest::{Limits, read};

    fn tool(name: &str, groups: &[&str], keys: &[&str], variables: &[&str]) -> Tool {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Tool { name: name.into(), groups: owned(groups), keys: owned(keys), variables: owned(variables) }
    }

    fn rule(name: &str, profile: Profile, rests_on: Vec<Vec<Tool>>) -> RuleMetadata {
        RuleMetadata {
            name: name.into(),
            version: String::new(),
            title: String::new(),
            documentation: String::new(),
            severity: Severity::Low,
            section: Section::Security,
            since: String::new(),
            url: String::new(),
            profile,
            rests_on,
            yields_to: Vec::new(),
            applies_to: Vec::new(),
            reads: Vec::new(),
            looks_up: Vec::new(),
            capabilities: Vec::new(),
            settings: serde_json::Value::Null,
            examples: Vec::new(),
        }
    }

    fn rules() -> Vec<RuleMetadata> {
        let portal = || tool("Portal", &["portal.example"], &["portal.example", "portal_page"], &[]);
        let pager = || tool("Pager", &[], &["pager.example"], &["PAGER_"]);
        vec![
            rule("probes", Profile::Essential, Vec::new()),
            rule("spread", Profile::Recommended, Vec::new()),
            rule("pages", Profile::Recommended, vec![vec![portal(), pager()]]),
            rule("both", Profile::Recommended, vec![vec![portal()], vec![pager()]]),
            rule("titles", Profile::Full, Vec::new()),
        ]
    }

    fn left_out(profile: Profile, yaml: &str) -> Vec<(String, String)> {
        let input = Input::new(vec![File { manifest: read("a.yaml", yaml.into(), &Limits::default()), project: 0 }]);
        let selected = Selected::new(profile, rules().iter(), &input, |name| name == "asked-for");
        selected.left_out.into_iter().map(|LeftOut { rule, reason }| (rule, reason.to_string())).collect()
    }

    fn names(profile: Profile, yaml: &str) -> Vec<String> {
        left_out(profile, yaml).into_iter().map(|(rule, _)| rule).collect()
    }

    const PLAIN: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: portal_page}}\n";

    #[test]
    fn each_profile_has_the_rules_of_the_one_before_it() {
        let said = |rule: &str, reason: &str| (rule.to_owned(), reason.to_owned());
        assert_eq!(left_out(Profile::Full, PLAIN), []);
        let part = "part of the profile full";
        let (either, one) = (said("pages", "no trace of Portal or Pager"), said("both", "no trace of Portal"));
        assert_eq!(left_out(Profile::Recommended, PLAIN), [one, either, said("titles", part)]);
        assert_eq!(names(Profile::Essential, PLAIN), ["both", "pages", "spread", "titles"]);
        assert_eq!(left_out(Profile::Essential, PLAIN)[0].1, "part of the profile recommended");
    }

    #[test]
    fn a_trace_is_a_group_a_key_or_a_variable() {
        let pod = |metadata: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {metadata}\n");
        let deployment = |template: &str| {
            format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{template: {template}}}\n")
        };
        for yaml in [
            "apiVersion: portal.example/v1\nkind: Page\n".to_owned(),
            "apiVersion: docs.portal.example/v1\nkind: Page\n".to_owned(),
            pod("{annotations: {portal.example/id: a}}"),
            pod("{labels: {portal_page: a}}"),
            pod("{labels: {a.pager.example/id: a}}"),
            deployment("{metadata: {annotations: {pager.example/id: a}}}"),
            deployment("{spec: {containers: [{name: a, env: [{name: PAGER_KEY, value: b}]}]}}"),
            deployment("{spec: {initContainers: [{name: a, env: [{name: PAGER_KEY, value: b}]}]}}"),
        ] {
            assert!(!names(Profile::Recommended, &yaml).contains(&"pages".to_owned()), "{yaml}");
        }
        for yaml in [
            "apiVersion: myportal.example/v1\nkind: Page\n".to_owned(),
            pod("{annotations: {example/portal: a}}"),
            pod("{annotations: [portal.example/id]}"),
            pod("{labels: {portal_page/a/b: a}}").replace("portal_page/a/b", "page"),
            deployment("{spec: {containers: [{name: a, env: [{name: MY_PAGER_KEY}], image: pager.example/a}]}}"),
            deployment("[]"),
        ] {
            assert!(names(Profile::Recommended, &yaml).contains(&"pages".to_owned()), "{yaml}");
        }
    }

    #[test]
    fn traces_are_seen_in_objects_of_which_little_is_kept() {
        let keep = crate::kept_for([].into_iter());
        for yaml in [
            "apiVersion: v1\nkind: Pod\nmetadata: {annotations: {portal.example/id: a}}\n",
            "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {metadata: {annotations: {pager.example/id: a}}}}\n",
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, env: [{name: PAGER_KEY}]}]}\n",
        ] {
            let mut manifest = read("a.yaml", yaml.into(), &Limits::default());
            manifest.pack(&keep);
            let input = Input::new(vec![File { manifest, project: 0 }]);
            let selected = Selected::new(Profile::Recommended, rules().iter(), &input, |_| false);
            assert!(!selected.leaves_out("pages"), "{yaml}");
            assert!(input.subjects().all(|subject| !subject.object.node.is_whole()), "they stay packed");
        }
    }

    #[test]
    fn of_each_group_one_tool_is_enough() {
        let both =
            "apiVersion: v1\nkind: Pod\nmetadata: {labels: {portal_page: a}, annotations: {pager.example/id: b}}\n";
        assert_eq!(names(Profile::Recommended, both), ["titles"]);
        let one = both.replace("pager.example/id", "other");
        assert_eq!(names(Profile::Recommended, &one), ["both", "titles"]);
    }

    #[test]
    fn what_is_asked_for_by_name_runs() {
        let input = Input::default();
        let rules = rules();
        let selected =
            Selected::new(Profile::Essential, rules.iter(), &input, |name| name == "titles" || name == "both");
        assert!(selected.leaves_out("pages") && !selected.leaves_out("titles") && !selected.leaves_out("both"));
    }
}
