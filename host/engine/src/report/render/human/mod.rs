//! The report for people. It begins with the single findings and ends with what counts most, since a terminal shows the
//! end: what was broken, what could not be read or was passed over, then who is fine and who is not.

mod findings;
mod message;
mod passed_over;
mod summary;
mod unchecked;

use crate::manifest::Object;
use crate::report::Report;

use crate::shown::one_line;

pub use findings::READABLE;
pub use message::in_full;
pub use passed_over::idle_waivers;
pub use summary::{by_rule, conclusion, tally};
pub use unchecked::lines as unchecked_lines;

/// How much is said of each finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// `Full` for what can be read in one go, `Short` for more.
    Fitting,
    /// Its line of the manifest, and what to write instead.
    Full,
    /// One line.
    Short,
}

/// What a text is shown on.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Characters of a line of a manifest that are shown.
    pub width: usize,
    /// Whether a rule's name is a link to its page (OSC 8).
    pub has_links: bool,
}

/// What the report does not know of the run.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// How much is said of each finding.
    pub detail: Detail,
    /// What it is shown on.
    pub screen: Screen,
    /// Whether what was passed over counts.
    pub strict: bool,
    /// The configuration, as people type its path.
    pub configuration: Option<&'a str>,
    /// Rules that lack settings they need.
    pub off: &'a [&'a str],
    /// Who says that nothing is rendered, if somebody does: `--render never`.
    pub render_never: Option<&'a str>,
}

/// The whole report as text with colours; the printer takes them out where they do not belong.
#[must_use]
pub fn render(report: &Report<'_>, run: &Run<'_>) -> String {
    let mut text = String::new();
    let failures = findings::write(report, run, &mut text);
    passed_over::write(report, run, &mut text);
    summary::write(report, failures, run, &mut text);
    text
}

/// `Deployment shop/web`.
#[must_use]
pub fn who(object: &Object) -> String {
    one_line(&object.label())
}
