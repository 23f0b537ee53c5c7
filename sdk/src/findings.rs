//! What a rule found, in the order in which it looked.

use alloc::string::String;
use alloc::vec::Vec;

use protocol::{Finding, Fix, Level};

use crate::field::Field;

/// Collects findings. A rule never stops at the first one.
#[derive(Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// The rule is broken at this place: what is wrong, and what to write instead.
    ///
    /// `message` is a clause without a full stop; `fix` is an edit made by [`fix`](crate::fix), or a short sentence.
    pub fn fail(&mut self, at: Field<'_>, message: impl Into<String>, fix: impl Into<Fix>) {
        self.push(at.finding(Level::Violation, message.into(), Some(fix.into())));
    }

    /// As [`fail`](Self::fail), where the text at this place may be a secret: no host shows it.
    pub fn fail_concealed(&mut self, at: Field<'_>, message: impl Into<String>, fix: impl Into<Fix>) {
        let finding = at.finding(Level::Violation, message.into(), Some(fix.into()));
        self.push(Finding { conceal: true, ..finding });
    }

    /// Worth a look at this place; does not break the rule.
    pub fn warn(&mut self, at: Field<'_>, message: impl Into<String>, fix: impl Into<Fix>) {
        self.push(at.finding(Level::Warning, message.into(), Some(fix.into())));
    }

    /// Worth knowing about this place, such as why something deliberate was accepted.
    pub fn note(&mut self, at: Field<'_>, message: impl Into<String>) {
        self.push(at.finding(Level::Note, message.into(), None));
    }

    /// Containers that share a field of their pod have the same to say about it; it is said once.
    fn push(&mut self, finding: Finding) {
        let said = |known: &Finding| {
            (known.level, &known.path, &known.container, &known.message)
                == (finding.level, &finding.path, &finding.container, &finding.message)
        };
        if !self.0.iter().any(said) {
            self.0.push(finding);
        }
    }

    /// All findings, those about malformed fields first. Where a field is malformed, that is the one thing said about it
    /// and about what would be inside it.
    pub(crate) fn into_all(self, malformed: Vec<Finding>) -> Vec<Finding> {
        let found = self.0.into_iter().filter(|finding| {
            // At the root stands what is malformed elsewhere.
            let covers = |known: &&Finding| known.path != "$" && finding.path.starts_with(known.path.as_str());
            malformed.iter().find(covers).is_none()
        });
        let found: Vec<Finding> = found.collect();
        malformed.into_iter().chain(found).collect()
    }
}
