//! Makes the edits that rules propose: which of them, what the files say then, and whether a check agrees.
//!
//! [`plan`] makes new texts of a report; whoever calls it has these checked, and asks [`objections`] whether what was to be
//! fixed is fixed and nothing else is found. What is objected to is planned no more. Edits that meet in one place wait for
//! each other: the next plan, of the next report, has them. The module must not know files, nor who runs the check.

mod answers;
mod plan;
mod target;
#[cfg(test)]
mod tests;

pub use answers::{Answers, Objection, objections};
pub use plan::{Choice, Left, NewText, Plan, plan};

/// A finding whose edit was proposed: what is said of which object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// By whom, and of what.
    pub asked: Asked,
    /// In which container.
    pub container: Option<String>,
    /// The field, as a normalised JSONPath.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

/// An edit that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The finding that it fixes.
    pub finding: Finding,
    /// Whether somebody has to review it.
    pub needs_review: bool,
    /// The index of the file that it changes.
    pub file: usize,
    /// The fields that it sets, each by the keys on the way to it; items of lists count as their list.
    pub fields: Vec<Vec<String>>,
}

/// A rule and an object, by its place: an edit moves no object to another document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The name of the file that was checked.
    pub file: String,
    /// The index of the document.
    pub document: usize,
    /// The object's path in the document.
    pub object: String,
    /// The rule.
    pub rule: String,
}
