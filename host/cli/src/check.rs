//! `seaworthy check`: judges, prints.

use engine::Skip;
use engine::manifest::SkipReason;
use engine::report::Report;

use crate::arguments::{CheckOptions, ReportFormat};
use crate::human::{self, Detail};
use crate::judging::{Judged, judged};
use crate::output::{self, Failure};
use crate::{BROKEN, HOLDS, UNDECIDED};

/// Runs the command; the exit code says what was decided.
pub fn run(options: &CheckOptions) -> Result<u8, Failure> {
    judged(&options.judging, |Judged { report, config, today }| {
        let human = |detail| {
            let run = human::Run { detail, strict: options.strict, waivers: &config.waivers, today };
            human::render(report, &run)
        };
        let text = match options.format {
            ReportFormat::Human => human(Detail::Fitting),
            ReportFormat::Full => human(Detail::Full),
            ReportFormat::Short => human(Detail::Short),
            ReportFormat::Json => report.to_json(env!("CARGO_PKG_VERSION")) + "\n",
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

/// How many documents and paths were skipped that may have held something.
pub fn passed_over(report: &Report<'_>) -> usize {
    let is_empty = |skip: &Skip| *skip == Skip::NoObject(SkipReason::Empty);
    let documents = report.skipped.iter().filter(|skipped| !is_empty(&skipped.reason)).count();
    documents + report.unread.iter().filter(|unread| !unread.is_failure).count()
}
