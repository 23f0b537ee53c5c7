//! What a run comes to: the one place that decides it, for every face, exit code and format.
//!
//! Besides "all hold" and "something is broken" there is a third: incomplete. A run is never green by mistake, so what
//! could not be read, what failed, and what deploys workloads without having been checked all keep it from holding.

use protocol::Verdict;

use super::Report;
use crate::input::Skip;
use crate::manifest::{Manifest, SkipReason};
use crate::unchecked::Unchecked;

/// What a run comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// All was checked, and all rules hold.
    Holds,
    /// All was checked, and a rule is broken.
    Broken,
    /// Not all was checked. Rules may be broken all the same.
    Incomplete,
}

impl Conclusion {
    /// What it comes to, if so much is known.
    #[must_use]
    pub const fn of(is_complete: bool, is_broken: bool) -> Self {
        match (is_complete, is_broken) {
            (false, _) => Self::Incomplete,
            (true, true) => Self::Broken,
            (true, false) => Self::Holds,
        }
    }

    /// The name in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::Incomplete => "incomplete",
        }
    }
}

impl Report<'_> {
    /// The same report of a caller who accepts that what deploys workloads ([`unchecked`](Self::unchecked)) is not checked.
    /// Files that could not be read and rules that failed are never accepted.
    #[must_use]
    pub fn accepting_unchecked(self, accepts: bool) -> Self {
        Self { accepts_unchecked: accepts, ..self }
    }

    /// What the run comes to.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let is_complete = !self.has_faults() && !self.judged.is_empty() && self.missing().is_empty();
        Conclusion::of(is_complete, self.has_failures())
    }

    /// Whether anything that should have been checked was not.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.conclusion() == Conclusion::Incomplete
    }

    /// What deploys workloads and was not checked, whether or not that is accepted.
    #[must_use]
    pub fn unchecked(&self) -> &[Unchecked] {
        self.input.unchecked()
    }

    /// Of [`unchecked`](Self::unchecked), what makes the run incomplete.
    #[must_use]
    pub fn missing(&self) -> &[Unchecked] {
        if self.accepts_unchecked { &[] } else { self.unchecked() }
    }

    /// Whether anything could not be read, or a rule failed.
    #[must_use]
    pub fn has_faults(&self) -> bool {
        self.input.files().iter().any(|file| !file.manifest.problems.is_empty())
            || self.unread.iter().any(|unread| unread.is_failure)
            || self.has(Verdict::Error)
    }

    /// Whether any rule is broken of those that fail the run.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        let own = |rule: usize| self.rules.get(rule).map(|rule| rule.severity);
        let judgements = self.judged.iter().flat_map(|judged| &judged.judgements);
        let mut broken = judgements.filter(|judgement| judgement.outcome.verdict == Verdict::Fail);
        broken.any(|it| it.severity.or_else(|| own(it.rule)).is_none_or(|severity| severity >= self.fail_on))
    }

    /// How many documents, files and paths were passed over that may have held something.
    #[must_use]
    pub fn passed_over(&self) -> usize {
        let is_told =
            |skip: &Skip| !matches!(skip, Skip::NoObject(SkipReason::Empty) | Skip::Known(_) | Skip::Rendered(_));
        let documents = self.skipped.iter().filter(|skipped| is_told(&skipped.reason)).count();
        let paths = self.unread.iter().filter(|unread| !unread.is_failure).count();
        documents + self.empty_files().count() + paths
    }

    /// The files in which there is nothing at all. A single empty document stands between two separators and is nobody's
    /// loss; of a whole file somebody may think that it was judged.
    pub(super) fn empty_files(&self) -> impl Iterator<Item = &Manifest> {
        let is_empty = |manifest: &&Manifest| {
            manifest.problems.is_empty()
                && manifest.documents.iter().all(|document| document.skipped() == Some(SkipReason::Empty))
        };
        let manifests = self.input.files().iter().map(|file| &file.manifest);
        manifests.filter(is_empty)
    }

    fn has(&self, verdict: Verdict) -> bool {
        self.judged.iter().flat_map(|judged| &judged.judgements).any(|judgement| judgement.outcome.verdict == verdict)
    }
}
