//! What a check came to.

use engine::report::{Judged, Report, Unread};
use engine::{Bundle, Input, Selected};

use crate::Setup;

/// What one check came to.
pub struct Checked<'a, M> {
    /// What was checked.
    pub input: &'a Input,
    /// The rules that it was checked by.
    pub bundle: &'a Bundle<M>,
    /// Why these and no others, where a profile chose them.
    pub selected: Option<&'a Selected>,
    /// The configuration that it was checked under.
    pub setup: &'a Setup,
    /// Every rule's answer for every object that it is about, in the order of the input. No waiver is applied yet.
    pub judged: Vec<Judged<'a>>,
    /// How many evaluations were run: the others had been run before, and nothing that they rest on has changed.
    pub evaluated: usize,
}

impl<'a, M> Checked<'a, M> {
    /// All there is to say about it, waivers applied, with the paths that gave nothing to check.
    #[must_use]
    pub fn into_report(self, unread: Vec<Unread>) -> Report<'a> {
        let Setup { config, completeness, today, .. } = self.setup;
        Report::new(self.input, self.bundle, *completeness, self.judged, unread, &config.waivers, *today)
            .waived_by_annotations(&config.annotated, config.longest_waiver(), *today)
            .failing_on(config.fail_on)
            .selected_by(self.selected.cloned())
    }
}
