//! The report for people. It begins with the single findings and ends with what counts most, since a terminal shows the
//! end: what was broken, what could not be read or was passed over, then who is fine and who is not.

mod findings;
mod passed_over;
mod summary;
pub mod unchecked;

use engine::manifest::Object;
use engine::report::Report;

use crate::present::output::one_line;

pub use findings::{READABLE, in_full};
pub use passed_over::{idle_waivers, passed_over};
pub use summary::{by_rule, conclusion, tally};

/// How much is said of each finding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// `Full` for what can be read in one go, `Short` for more.
    Fitting,
    /// Its line of the manifest, and what to write instead.
    Full,
    /// One line.
    Short,
}

/// What the report does not know of the run.
pub struct Run<'a> {
    pub detail: Detail,
    /// Whether what was passed over counts.
    pub strict: bool,
    /// The configuration, as people type its path.
    pub configuration: Option<&'a str>,
    /// Rules that lack settings they need.
    pub off: &'a [&'a str],
}

/// The whole report as text with colours; the printer takes them out where they do not belong.
pub fn render(report: &Report<'_>, run: &Run<'_>) -> String {
    let mut text = String::new();
    findings::write(report, run.detail, &mut text);
    passed_over::write(report, run, &mut text);
    summary::write(report, run, &mut text);
    text
}

/// `Deployment shop/web`.
pub fn who(object: &Object) -> String {
    one_line(&object.label())
}
