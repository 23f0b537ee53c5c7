//! `seaworthy check`: checks, prints.

use clap::ValueEnum;
use engine::report::render::human::{self, Detail};
use engine::report::{Report, render};
use protocol::Profile;

use crate::exit::{self, UNDECIDED};
use crate::failure::Failure;
use crate::foreign;
use crate::judging::{Judged, Needs, judged};
use crate::options::judging::Judging;
use crate::options::policies::PolicyOptions;
use crate::present::output;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy check k8s/                          a folder counts as everything there is
  kustomize build . | seaworthy check -         one stream; add --world complete if that is all
  seaworthy check k8s/ --rule run-as-non-root   one rule
  seaworthy check k8s/ --log web=web.log        and what the workload web has logged
  seaworthy check k8s/ --baseline seaworthy-baseline.yaml
                                                only new findings fail: docs/configuration.md
  seaworthy check k8s/ --format json            for machines
  seaworthy check k8s/ --format sarif           for code scanning
  seaworthy check k8s/ --policy safe-labels.wasm --settings labels.yaml
                                                a Kubewarden policy: docs/foreign-policies.md

Exit codes:
  0  all checks pass
  1  a rule fails
  2  something could not be checked: bad usage, unreadable input, a broken bundle, or files that deploy workloads,
     such as a chart's templates or a kustomization whose base is not here";

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub judging: Judging,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,

    /// Fail (exit code 2) on anything that was skipped: templates, documents that are no Kubernetes objects,
    /// empty files, links.
    #[arg(long)]
    pub strict: bool,

    #[command(flatten)]
    pub policies: PolicyOptions,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: `full` for up to 50 findings, `short` for more.
    Human,
    /// Every finding with its line of the manifest, and what to write instead.
    Full,
    /// Every finding on one line.
    Short,
    /// For machines, see `docs/report.md`.
    Json,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
}

/// Runs the command; the exit code says what was decided.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let Args { judging, policies, strict, .. } = options;
    let needs =
        Needs { profile: Profile::Recommended, whole_objects: false, documentation: options.format == Format::Sarif };
    judged(judging, policies, needs, None, |Judged { report, configuration, off, changes, render_never }| {
        let human = |detail| {
            let (width, strict, render_never) = (output::width(), *strict, render_never.as_deref());
            let run = human::Run { detail, width, strict, configuration, off: &off, render_never };
            foreign::render(&changes, policies.write) + &human::render(report, &run)
        };
        let version = env!("CARGO_PKG_VERSION");
        match options.format {
            Format::Human => output::print(&human(Detail::Fitting)),
            Format::Full => output::print(&human(Detail::Full)),
            Format::Short => output::print(&human(Detail::Short)),
            Format::Json => output::stream(|out| render::json(report, version, out)),
            Format::Sarif => output::stream(|out| render::sarif(report, version, out)),
        }?;
        Ok(exit_code(report, *strict))
    })
}

fn exit_code(report: &Report<'_>, strict: bool) -> u8 {
    if strict && report.passed_over() > 0 { UNDECIDED } else { exit::code(report.conclusion()) }
}
