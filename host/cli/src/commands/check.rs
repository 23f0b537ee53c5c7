//! `seaworthy check`: checks, prints.

use std::io::Write;
use std::path::PathBuf;
use std::time::SystemTime;

use engine::report::Report;
use engine::report::render::human::{self, Detail};
use engine::report::render::markdown::{COMMENT, SUMMARY, markdown};
use engine::report::render::policy_report::policy_report;
use engine::report::render::{self, Accepted};
use engine::scorecard::{self, Grouping, Scorecard};
use protocol::Profile;

use crate::change;
use crate::exit::{self, UNDECIDED};
use crate::failure::Failure;
use crate::options::judging::Judging;
use crate::options::outputs::{Format, Outputs};
use crate::options::policies::PolicyOptions;
use crate::outputs::Destinations;
use crate::prepared::{Judged, Known, Needs, Prepared, judged};
use crate::present::output;
use crate::watch::Watch;

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub const EXAMPLES: &str = "\
Examples:
  seaworthy check k8s/           a folder counts as complete
  kustomize build . | seaworthy check -
                                 one stream; add --world complete if that is all
  seaworthy check k8s/ --rule run-as-non-root
                                 one rule
  seaworthy check k8s/ --log web=web.log
                                 and what the workload web has logged
  seaworthy check k8s/ --crds vendor/crds/
                                 definitions for custom resources
  seaworthy check k8s/ --baseline seaworthy-baseline.yaml
                                 only new findings fail: docs/configuration.md
  seaworthy check k8s/ --format json
                                 for machines
  seaworthy check k8s/ --base origin/main
                                 only what a change adds fails: docs/base.md
  seaworthy check k8s/ --watch   again whenever a file changes: docs/watch.md
  seaworthy check k8s/ --output sarif=seaworthy.sarif --output github
                                 several at once: docs/outputs.md
  seaworthy check k8s/ --policy safe-labels.wasm --settings labels.yaml
                                 a Kubewarden policy: docs/foreign-policies.md

Exit codes:
  0  all checks pass
  1  a rule fails
  2  something could not be checked: bad usage, unreadable input, a broken
     bundle, or files that deploy workloads, such as a chart's templates or a
     kustomization whose base is not here";

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub judging: Judging,

    #[command(flatten)]
    pub outputs: Outputs,

    /// Fail (exit code 2) on anything that was skipped: templates, documents that are not Kubernetes objects,
    /// empty files, links.
    #[arg(long)]
    pub strict: bool,

    /// Fail only for new findings: those that were not there at the merge base of HEAD and this git revision, such as
    /// origin/main. Files that are not committed count as changed (docs/base.md).
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,

    /// Check again whenever a file changes, and evaluate only what may have changed. The configuration and the policies are
    /// read once, at the start (docs/watch.md).
    #[arg(long, conflicts_with_all = ["write", "record", "timeout"])]
    pub watch: bool,

    #[command(flatten)]
    pub policies: PolicyOptions,
}

/// Runs the command; the exit code says what was decided.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let destinations = Destinations::new(&options.outputs)?;
    let known = options.base.as_deref().map_or(Known::Baseline, Known::Since);
    let needs =
        Needs { profile: Profile::Recommended, whole_objects: false, documentation: destinations.has(Format::Sarif) };
    if options.watch {
        return watch(options, &destinations, || Prepared::new(&options.judging, &options.policies, needs, known));
    }
    judged(&options.judging, &options.policies, needs, known, |judged| report(options, &destinations, &judged))
}

/// Checks, and checks again whenever something has changed, until the user ends it. The exit code is that of the last time.
fn watch<'o>(
    options: &Args,
    destinations: &Destinations,
    prepare: impl FnOnce() -> Result<Prepared<'o>, Failure>,
) -> Result<u8, Failure> {
    let Judging { paths, log, .. } = &options.judging;
    let watched: Vec<PathBuf> = paths.iter().chain(log.iter().map(|log| &log.path)).cloned().collect();
    if watched.iter().any(|path| path.as_os_str() == sources::STDIN) {
        return Err(Failure::Usage("--watch: standard input does not change: name files or folders".into()));
    }
    // Watched before it is read, so that no change falls between.
    let mut watch = Watch::new(watched)?;
    let mut prepared = prepare()?.again_and_again();
    let settings = prepared.settings().to_vec();
    let at_start = when_written(&settings);
    let mut last = at_start.clone();
    watch.add(&[settings.as_slice(), prepared.values()].concat());
    prepared.read()?;
    loop {
        let (code, evaluated) = prepared.check(|judged| {
            output::clear_screen();
            Ok((report(options, destinations, &judged)?, judged.evaluated))
        })?;
        output::note(&format!("watching: {} run; Ctrl-C ends", output::count(evaluated, "evaluation")));
        for (path, (then, now)) in settings.iter().zip(at_start.iter().zip(&last)) {
            if then != now {
                let shown = sources::name(path);
                output::warn(&format!("{shown} has changed: end with Ctrl-C and start again to use it"));
            }
        }
        loop {
            if !watch.next() {
                return Ok(code);
            }
            let now = when_written(&settings);
            let is_outdated = now != last;
            last = now;
            if prepared.read()? || is_outdated {
                break;
            }
        }
    }
}

/// When each of these files was written.
fn when_written(paths: &[PathBuf]) -> Vec<Option<SystemTime>> {
    paths.iter().map(|path| path.metadata().and_then(|file| file.modified()).ok()).collect()
}

fn report(options: &Args, destinations: &Destinations, judged: &Judged<'_>) -> Result<u8, Failure> {
    let Args { policies, strict, outputs, .. } = options;
    let Judged { report, configuration, off, changes, render_never, .. } = judged;
    let human = |detail, out: &mut dyn Write| {
        let (screen, render_never) = (output::screen(), render_never.as_deref());
        let run = human::Run { detail, screen, strict: *strict, configuration: *configuration, off, render_never };
        let text = change::render(changes, policies.write) + &human::render(report, &run);
        out.write_all(text.as_bytes())
    };
    let accepted = if outputs.sarif_suppressed { Accepted::Suppressed } else { Accepted::LeftOut };
    destinations.write(|format, out| match format {
        Format::Human => human(Detail::Fitting, out),
        Format::Full => human(Detail::Full, out),
        Format::Short => human(Detail::Short, out),
        Format::Services => {
            let scorecard = Scorecard::new(report, &Grouping::default());
            out.write_all(scorecard::render::services(&scorecard, report).as_bytes())
        }
        Format::Json => render::json(report, VERSION, out).and_then(|()| out.write_all(b"\n")),
        Format::Sarif => render::sarif(report, accepted, VERSION, out).and_then(|()| out.write_all(b"\n")),
        Format::Junit => render::junit(report, out),
        Format::Github => out.write_all(render::github(report).as_bytes()),
        Format::StepSummary => out.write_all(markdown(report, SUMMARY).as_bytes()),
        Format::Gitlab => render::gitlab(report, out).and_then(|()| out.write_all(b"\n")),
        Format::Markdown => out.write_all(markdown(report, COMMENT).as_bytes()),
        Format::PolicyReport => out.write_all(policy_report(report).as_bytes()),
    })?;
    Ok(exit_code(report, *strict))
}

fn exit_code(report: &Report<'_>, strict: bool) -> u8 {
    if strict && report.passed_over() > 0 { UNDECIDED } else { exit::code(report.conclusion()) }
}
