//! What becomes of what is to be ignored: a waiver, a rule that is off, or a line that says why neither.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::checks::{checks, rules};
use super::ignored::{Ignored, Target, Tool, What};
use crate::report::render::one_line;
use crate::waiver::Date;
use crate::yaml;

/// What was carried over, and what was not.
#[derive(Debug, Default)]
pub struct Imported {
    waivers: Vec<Carried>,
    disabled: BTreeSet<String>,
    lost: Vec<Lost>,
    known: BTreeSet<String>,
}

/// One waiver to be.
#[derive(Debug)]
struct Carried {
    rule: &'static str,
    target: Target,
    why: Option<String>,
    /// What it stands for: the tool, its check, and where it was.
    from: Vec<(Tool, String, String)>,
}

/// What could not be carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// `file:line`.
    pub at: String,
    /// What it is, with the tool's name before it.
    pub what: String,
    /// Why not, or what to do instead.
    pub why: String,
}

impl Imported {
    /// `known` are the rules that there are: a configuration may name no others.
    pub(super) fn new(all: Vec<Ignored>, known: &[&str]) -> Self {
        let mut imported = Self { known: known.iter().map(ToString::to_string).collect(), ..Self::default() };
        let mut everywhere = Vec::new();
        for Ignored { tool, what, why, at } in all {
            match what {
                What::Object(check, target) => imported.object(tool, &check, &target, why.as_deref(), &at),
                What::Everywhere(check) => everywhere.push((tool, check, at)),
                What::Other(what, instead) => imported.lose(tool, &what, at, instead.to_owned()),
            }
        }
        imported.everywhere(&everywhere);
        imported
    }

    /// What could not be carried over.
    #[must_use]
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// Whether no tool is told to ignore anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waivers.is_empty() && self.disabled.is_empty() && self.lost.is_empty()
    }

    fn lose(&mut self, tool: Tool, what: &str, at: String, why: String) {
        self.lost.push(Lost { at, what: format!("{} {what}", tool.name()), why });
    }

    /// The rules that cover a check. If no rule does, it records why.
    fn covering(&mut self, tool: Tool, check: &str, at: &str) -> Vec<&'static str> {
        let covering = rules(tool, check);
        if covering.as_ref().is_none_or(Vec::is_empty) {
            let why = if covering.is_some() { "no rule reports this" } else { "no check of this name is known" };
            self.lose(tool, check, at.to_owned(), why.to_owned());
        }
        let mut covering = covering.unwrap_or_default();
        for rule in covering.extract_if(.., |rule| !self.known.contains(*rule)).collect::<Vec<_>>() {
            self.lose(tool, check, at.to_owned(), format!("the rule {rule} is not in this bundle"));
        }
        covering
    }

    fn object(&mut self, tool: Tool, check: &str, target: &Target, why: Option<&str>, at: &str) {
        for rule in self.covering(tool, check, at) {
            let from = (tool, check.to_owned(), at.to_owned());
            let known = self.waivers.iter_mut().find(|known| known.rule == rule && known.target == *target);
            let Some(known) = known else {
                self.waivers.push(Carried {
                    rule,
                    target: target.clone(),
                    why: why.map(str::to_owned),
                    from: vec![from],
                });
                continue;
            };
            if !known.from.contains(&from) {
                known.from.push(from);
            }
            match (&mut known.why, why) {
                (Some(said), Some(more)) if !said.split("; ").any(|part| part == more) => {
                    said.push_str("; ");
                    said.push_str(more);
                }
                (none @ None, Some(why)) => *none = Some(why.to_owned()),
                _ => {}
            }
        }
    }

    /// A rule is off where all the checks that it covers are.
    fn everywhere(&mut self, all: &[(Tool, String, String)]) {
        let is_off = |tool: Tool, check: &str| all.iter().any(|(of, off, _)| *of == tool && off == check);
        for (tool, check, at) in all {
            for rule in self.covering(*tool, check, at) {
                let others: Vec<&str> = checks(*tool, rule).filter(|other| !is_off(*tool, other)).collect();
                if others.is_empty() {
                    self.disabled.insert(rule.to_owned());
                } else {
                    let why = format!(
                        "the rule {rule} also covers {}: see its settings, or waive objects",
                        others.join(", ")
                    );
                    self.lose(*tool, &format!("{check}, off everywhere"), at.clone(), why);
                }
            }
        }
    }

    /// A configuration with the waivers, of this owner and until this day. Comments say where each is from, and at the end
    /// what could not be carried over.
    #[must_use]
    pub fn to_yaml(&self, owner: &str, expires: Date) -> String {
        let mut text = String::from("# Made by `seaworthy import waivers`: read each before you rely on it.\n");
        if !self.disabled.is_empty() {
            let off = self.disabled.iter().map(|rule| (rule.clone(), json!({"enabled": false})));
            text += &yaml::document(&json!({"rules": off.collect::<Map<String, Value>>()}));
        }
        if !self.waivers.is_empty() {
            text += "waivers:\n";
        }
        for waiver in &self.waivers {
            waiver.write(owner, expires, &mut text);
        }
        if !self.lost.is_empty() {
            text += "# Not carried over:\n";
        }
        for Lost { at, what, why } in &self.lost {
            let _ = writeln!(text, "# {}", one_line(&format!("{at}: {what}: {why}")));
        }
        text
    }
}

impl Carried {
    fn write(&self, owner: &str, expires: Date, text: &mut String) {
        for (tool, check, at) in &self.from {
            let _ = writeln!(text, "# {}", one_line(&format!("{at}: {} {check}", tool.name())));
        }
        let tools: BTreeSet<Tool> = self.from.iter().map(|(tool, ..)| *tool).collect();
        for tool in tools {
            let is_ignored = |check: &str| self.from.iter().any(|(of, ignored, _)| *of == tool && ignored == check);
            let more: Vec<&str> = checks(tool, self.rule).filter(|check| !is_ignored(check)).collect();
            if !more.is_empty() {
                let _ = writeln!(text, "# wider than before: it also waives {} of {}", more.join(", "), tool.name());
            }
        }
        let Target { kind, namespace, name, container } = &self.target;
        let parts = [("kind", kind.as_ref()), ("namespace", namespace.as_ref()), ("name", Some(name))];
        let object = parts
            .into_iter()
            .filter_map(|(key, value)| Some(format!("{key}: {}", yaml::flow(&value?.as_str().into()))));
        let checks: Vec<String> = self.from.iter().map(|(tool, check, _)| format!("{} {check}", tool.name())).collect();
        let why = self.why.clone().unwrap_or_else(|| format!("ignored before: {}", checks.join(", ")));
        let _ = writeln!(text, "- rule: {}\n  object: {{{}}}", self.rule, object.collect::<Vec<_>>().join(", "));
        let rest = [
            ("container", container.as_deref()),
            ("owner", Some(owner)),
            ("reason", Some(&*why)),
            ("expires", Some(&*expires.to_string())),
        ];
        for (key, value) in rest {
            if let Some(value) = value {
                let _ = writeln!(text, "  {}", yaml::entry(key, &value.into(), 2));
            }
        }
    }
}
