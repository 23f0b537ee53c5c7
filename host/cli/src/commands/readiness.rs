//! `seaworthy readiness`: the checklist of each service.

use clap::ValueEnum;
use engine::report::Conclusion;
use engine::report::render::human::unchecked_lines;
use engine::scorecard::{Card, Grouping, NameSource, Scorecard, render};
use protocol::Profile;

use crate::exit::{self, UNDECIDED};
use crate::failure::Failure;
use crate::judging::today;
use crate::options::judging::Judging;
use crate::options::policies::PolicyOptions;
use crate::options::word::{WordError, number, one_of};
use crate::prepared::{Judged, Known, Needs, judged};
use crate::present::output;
use crate::present::table::folded;

/// What a line begins with that stands under a title.
const REMARK: &str = "          ";

/// Problems that are told one by one.
const TOLD: usize = 10;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy readiness k8s/                         the checklist of each service
  seaworthy readiness k8s/ --service catalog       one service
  seaworthy readiness k8s/ --format markdown       to paste in a pull request
  seaworthy readiness k8s/ --format html > readiness.html
                                                   one self-contained page
  seaworthy readiness k8s/ --fail-under 80         a gate to raise step by step
  seaworthy readiness k8s/ --group-by part-of,name
                                                   one checklist for each system

Sources of a service's name: kubernetes-id, name, part-of (labels), workload
(its own name)

Exit codes:
  0  no check fails; with --fail-under, enough checks pass for every service
  1  a check fails; with --fail-under, too few pass for some service
  2  something could not be checked: bad usage, unreadable or unchecked input, a
     broken bundle";

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub judging: Judging,

    /// How to print the checklist.
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,

    /// Only this service: its name, or NAMESPACE/NAME.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,

    /// Where a workload names its service: the first of these sources that it has, or else its own name.
    #[arg(long, value_delimiter = ',', default_value = "kubernetes-id,name", value_parser = name_source, value_name = "SOURCES")]
    pub group_by: Vec<NameSource>,

    /// Fail (exit code 1) only if less than this share of a service's checks passes, in percent.
    #[arg(long, value_parser = number::<u8>(0..=100, "a whole percentage from 0 to 100"), value_name = "PERCENT")]
    pub fail_under: Option<u8>,

    #[command(flatten)]
    pub policies: PolicyOptions,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// A checklist to paste in a pull request.
    Markdown,
    /// One page that needs nothing else.
    Html,
    /// For machines, see `docs/readiness.md`.
    Json,
}

/// Runs the command; the exit code says what was decided.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let needs = Needs { profile: Profile::Full, whole_objects: true, documentation: false };
    judged(&options.judging, &options.policies, needs, Known::Baseline, |Judged { report, .. }| {
        let mut scorecard = Scorecard::new(report, &Grouping(options.group_by.clone()));
        if let Some(name) = &options.service {
            only(name, &mut scorecard)?;
        }
        let version = env!("CARGO_PKG_VERSION");
        let text = match options.format {
            Format::Human => {
                let text = render::human(&scorecard, report, options.fail_under);
                // Marks and titles stand in columns; what is said under a title begins below it.
                folded(&text, output::width(), |line| if line.starts_with(REMARK) { 12 } else { 10 })
            }
            Format::Markdown => render::markdown(&scorecard, report),
            Format::Html => render::html(&scorecard, report, version, today()),
            Format::Json => render::json(&scorecard, report, version) + "\n",
        };
        output::print(&text)?;
        if report.is_incomplete() {
            // The formats do not list what could not be read or was not checked.
            let mut problems = sources::problems(report.input, &report.unread);
            problems.extend(unchecked_lines(report, report.missing()));
            problems.iter().take(TOLD).for_each(|problem| output::complain(problem));
            if problems.len() > TOLD || problems.is_empty() && report.has_faults() {
                output::complain("not everything could be checked; run `seaworthy check` to see what and why");
            } else if !report.missing().is_empty() {
                output::complain("some workloads were not checked; `--allow-unchecked` accepts this");
            } else if problems.is_empty() {
                output::complain("no Kubernetes object found; run `seaworthy check` to see what was skipped");
            }
            return Ok(UNDECIDED);
        }
        // Without services, `--fail-under` cannot be evaluated: exit code 2.
        if scorecard.services().next().is_none() && (scorecard.cards.is_empty() || options.fail_under.is_some()) {
            output::complain(
                "no workload found; give its manifests, or pipe in what `helm template` or `kustomize build` prints",
            );
            return Ok(UNDECIDED);
        }
        Ok(exit_code(&scorecard, options.fail_under))
    })
}

/// Leaves the cards of that service.
fn only(name: &str, scorecard: &mut Scorecard<'_>) -> Result<(), Failure> {
    let known: Vec<String> = scorecard.services().map(|card| card.title()).collect();
    scorecard.cards.retain(|card| card.is_named(name));
    if !scorecard.cards.is_empty() {
        return Ok(());
    }
    let short = known.iter().filter_map(|title| title.rsplit('/').next());
    let candidates: Vec<&str> = short.chain(known.iter().map(String::as_str)).collect();
    let hint = match engine::config::suggestion(name, &candidates) {
        hint if hint.is_empty() && known.is_empty() => "; no services were found".into(),
        hint if hint.is_empty() => format!(
            "; the services are {}",
            known.iter().map(|name| format!("`{name}`")).take(10).collect::<Vec<_>>().join(", ")
        ),
        hint => hint,
    };
    Err(Failure::Usage(format!("there is no service `{name}`{hint}")))
}

fn exit_code(scorecard: &Scorecard<'_>, fail_under: Option<u8>) -> u8 {
    let is_broken = match fail_under {
        Some(least) => scorecard.services().any(|card| card.share().is_under(least)),
        None => scorecard.cards.iter().any(Card::has_open_lines),
    };
    exit::code(Conclusion::of(true, is_broken))
}

fn name_source(word: &str) -> Result<NameSource, WordError> {
    one_of(NameSource::ALL, NameSource::name, word)
}
