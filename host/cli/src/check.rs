//! `seaworthy check`: judges, prints.

use engine::Skip;
use engine::manifest::{Manifest, SkipReason};
use engine::report::Report;

use crate::arguments::{CheckOptions, ReportFormat};
use crate::foreign;
use crate::human::{self, Detail};
use crate::judging::{Judged, judged};
use crate::output::{self, Failure};
use crate::{BROKEN, HOLDS, UNDECIDED};

/// Runs the command; the exit code says what was decided.
pub fn run(options: &CheckOptions) -> Result<u8, Failure> {
    judged(&options.judging, &options.policies, |Judged { report, config, today, off, changes }| {
        let human = |detail| {
            let run = human::Run { detail, strict: options.strict, waivers: &config.waivers, today, off: &off };
            foreign::render(&changes, options.policies.write) + &human::render(report, &run)
        };
        let text = match options.format {
            ReportFormat::Human => human(Detail::Fitting),
            ReportFormat::Full => human(Detail::Full),
            ReportFormat::Short => human(Detail::Short),
            ReportFormat::Json => report.to_json(env!("CARGO_PKG_VERSION")) + "\n",
            ReportFormat::Sarif => report.to_sarif(env!("CARGO_PKG_VERSION")) + "\n",
        };
        output::print(&text)?;
        Ok(exit_code(report, options.strict))
    })
}

fn exit_code(report: &Report<'_>, strict: bool) -> u8 {
    if report.is_undecided() || report.judged.is_empty() || strict && passed_over(report) > 0 {
        UNDECIDED
    } else if report.has_failures() {
        BROKEN
    } else {
        HOLDS
    }
}

/// How many documents, files and paths were passed over that may have held something.
pub fn passed_over(report: &Report<'_>) -> usize {
    let is_empty = |skip: &Skip| *skip == Skip::NoObject(SkipReason::Empty);
    let documents = report.skipped.iter().filter(|skipped| !is_empty(&skipped.reason)).count();
    let paths = report.unread.iter().filter(|unread| !unread.is_failure).count();
    documents + empty_files(report).count() + paths
}

/// The files in which there is nothing at all. A single empty document stands between two separators and is nobody's
/// loss; of a whole file somebody may think that it was judged.
pub fn empty_files<'a>(report: &'a Report<'_>) -> impl Iterator<Item = &'a str> {
    let is_empty = |manifest: &Manifest| {
        manifest.problems.is_empty()
            && manifest.documents.iter().all(|document| document.skipped() == Some(SkipReason::Empty))
    };
    let manifests = report.input.files().iter().map(|file| &file.manifest);
    manifests.filter(move |manifest| is_empty(manifest)).map(|manifest| manifest.name.as_str())
}
