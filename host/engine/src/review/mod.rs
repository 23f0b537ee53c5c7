//! What the rule about approvals says of a change, for whoever shows it.
//!
//! The rule decides what each part of the change is, who must approve and whether they did; here it is read from its notes,
//! each of which is `name: value`. The module must not know any class, nor what it takes.

mod approvals;
pub mod render;
#[cfg(test)]
mod tests;

use protocol::path::{Segment, parse};
use protocol::{Finding, Level, Outcome, Verdict};
use serde::Serialize;

pub use approvals::{Approvals, ApprovalsError};

/// One file or object of the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// What kind of change it is.
    pub class: String,
    /// The object, or the file.
    pub what: String,
    /// Why it is of that class.
    pub reason: String,
    /// The file that changed, or what deploys the object.
    pub place: String,
    /// The environment of the object, where it is rendered for several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Whether it is a file.
    #[serde(skip)]
    pub is_file: bool,
}

/// Where a part of the change is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, or what deploys the object.
    pub place: String,
    /// The environment.
    pub environment: Option<String>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    /// It changes no file and no object, and nobody asked whether it is approved.
    Unchanged,
    /// Nobody asked whether it is approved.
    Classified,
    /// It has what it takes.
    Approved,
    /// It lacks something.
    Refused,
    /// Something that decides is not known.
    Undecided,
}

/// A change, classified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// What people call the change: `main..feature`.
    pub change: String,
    /// What was decided.
    pub decision: Decision,
    /// The strictest of all parts.
    pub class: String,
    /// Who can merge.
    pub merge: String,
    /// How many reviews, from whom.
    pub reviews: String,
    /// The path to production.
    pub path: String,
    /// What is missing.
    pub missing: Vec<String>,
    /// Why nothing was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The files and objects, in the order of the change.
    pub parts: Vec<Part>,
}

impl Review {
    /// What the rule says of a change with these files and objects; `is_asked` where reviews were given.
    #[must_use]
    pub fn new(change: &str, outcome: &Outcome, is_asked: bool, files: &[Place], objects: &[Place]) -> Self {
        let decision = match outcome.verdict {
            Verdict::Pass if is_asked => Decision::Approved,
            Verdict::Pass => Decision::Classified,
            Verdict::Fail => Decision::Refused,
            Verdict::Unknown if !is_asked && files.is_empty() && objects.is_empty() => Decision::Unchanged,
            _ => Decision::Undecided,
        };
        let mut review = Self {
            change: change.to_owned(),
            decision,
            class: String::new(),
            merge: String::new(),
            reviews: String::new(),
            path: String::new(),
            missing: Vec::new(),
            reason: outcome.reason.clone().filter(|_| decision != Decision::Unchanged),
            parts: Vec::new(),
        };
        outcome.findings.iter().for_each(|finding| review.add(finding, files, objects));
        review
    }

    fn add(&mut self, finding: &Finding, files: &[Place], objects: &[Place]) {
        if finding.level != Level::Note {
            self.missing.push(finding.message.clone());
            return;
        }
        let (name, value) = finding.message.split_once(": ").unwrap_or((&finding.message, ""));
        let steps = parse(&finding.path).unwrap_or_default();
        let (list, at) = match steps.get(1..3) {
            Some([Segment::Key(list), Segment::Index(at)]) => (list.as_str(), *at),
            _ => {
                match name {
                    "class" => value.clone_into(&mut self.class),
                    "merge" => value.clone_into(&mut self.merge),
                    "reviews" => value.clone_into(&mut self.reviews),
                    "path" => value.clone_into(&mut self.path),
                    _ => {}
                }
                return;
            }
        };
        let is_file = list == "files";
        let place = if is_file { files.get(at) } else { objects.get(at) };
        let (what, reason) = value.split_once(": ").unwrap_or((value, ""));
        self.parts.push(Part {
            class: name.to_owned(),
            what: what.to_owned(),
            reason: reason.to_owned(),
            place: place.map(|place| place.place.clone()).unwrap_or_default(),
            environment: place.and_then(|place| place.environment.clone()),
            is_file,
        });
    }

    /// The parts, those of the change's own class first: they decide it.
    pub fn strictest_first(&self) -> impl Iterator<Item = &Part> {
        let decides = |part: &&Part| part.class == self.class;
        self.parts.iter().filter(decides).chain(self.parts.iter().filter(move |part| !decides(part)))
    }
}
