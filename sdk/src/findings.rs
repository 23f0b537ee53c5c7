//! What a rule found, in the order in which it looked.

use alloc::string::String;
use alloc::vec::Vec;

use protocol::{Finding, Fix, Level};

use crate::field::Field;
use crate::malformed::Malformed;
use crate::seen::{Seen, hash};

/// Collects findings. A rule never stops at the first one.
#[derive(Default)]
pub struct Findings {
    all: Vec<Finding>,
    seen: Seen,
}

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
        let hash = hash(&[&finding.path, &finding.message]);
        let said = |known: usize| {
            self.all.get(known).is_some_and(|known| {
                (known.level, &known.path, &known.container, &known.message)
                    == (finding.level, &finding.path, &finding.container, &finding.message)
            })
        };
        if !self.seen.contains(hash, said) {
            self.seen.push(hash);
            self.all.push(finding);
        }
    }

    /// All findings, those about malformed fields first. Where a field is malformed, that is the one thing said about it
    /// and about what would be inside it.
    pub(crate) fn into_all(self, malformed: Malformed) -> Vec<Finding> {
        let found = self.all.into_iter().filter(|finding| !malformed.covers(&finding.path));
        let found: Vec<Finding> = found.collect();
        malformed.into_findings().into_iter().chain(found).collect()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn finding(path: &str, message: &str) -> Finding {
        let (path, message) = (path.into(), message.into());
        Finding { level: Level::Violation, path, container: None, message, fix: None, conceal: false }
    }

    #[test]
    fn what_is_said_twice_or_inside_what_is_malformed_is_said_once() {
        let mut findings = Findings::default();
        for path in ["$['a']", "$['a']", "$['a'][0]['b']", "$['ab']", "$['c']", "$"] {
            findings.push(finding(path, "missing"));
        }
        findings.push(finding("$['c']", "wrong"));
        let mut malformed = Malformed::default();
        for (path, message) in [("$['a']", "no list"), ("$['a']", "again"), ("$", "of other"), ("$", "of other")] {
            malformed.push(finding(path, message), path == "$");
        }
        malformed.push(finding("$", "of another"), true);
        let all = findings.into_all(malformed);
        let said: Vec<_> = all.iter().map(|finding| format!("{} {}", finding.path, finding.message)).collect();
        assert_eq!(
            said,
            [
                "$['a'] no list",
                "$ of other",
                "$ of another",
                "$['ab'] missing",
                "$['c'] missing",
                "$ missing",
                "$['c'] wrong"
            ]
        );
    }
}
