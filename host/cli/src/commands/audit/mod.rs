//! `seaworthy audit`: judges what is in a cluster, page by page.
//!
//! Nothing is kept of an object once it is judged but what counts it: a format prints as the objects come, and the whole is
//! told at the end. It must not know how a cluster is asked.

mod human;
mod json;
mod reports;
mod tally;

use std::path::PathBuf;

use clap::ValueEnum;
use cluster::{Audit, Cluster, ClusterError, Dialect, Shard};
use engine::config::suggestion;
use engine::manifest::Object;
use engine::{Completeness, Judgement, World};
use protocol::RuleMetadata;
use sandbox::{Budget, Run};
use session::{Session, Setup};

use crate::budget::Unfinished;
use crate::cores::Part;
use crate::failure::Failure;
use crate::foreign;
use crate::judging::{self, Chosen};
use crate::options::cluster::AccessOptions;
use crate::options::configuration::ConfigOptions;
use crate::options::selection::Selection;
use crate::options::word::number;
use crate::present::progress::Progress;
use human::{Detail, Human};
use json::Json;
use reports::{Printed, Written};
use tally::Tally;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy audit                           all of the current context's cluster
  seaworthy audit --namespace shop --severity high
                                            one namespace, what must not wait
  seaworthy audit --context staging --format json
                                            for machines: docs/audit.md
  seaworthy audit --format policy-report    what --write would write
  seaworthy audit --format policy-report --write
                                            as PolicyReports beside the objects

It needs to list what it checks and looks up: the ClusterRole `view` is enough
for most, but not for Secrets and RBAC. Kinds that may not be listed are named.

Exit codes:
  0  all checks pass
  1  a rule fails
  2  something could not be checked: no cluster, a kind or a report that is
     forbidden";

/// What `--world-memory` takes.
const MEMORY: &str = "whole MiB above 0, such as 512";

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub access: AccessOptions,

    /// Only objects in this namespace; may be given several times. Rules still look up objects in all namespaces.
    #[arg(long, value_name = "NAMESPACE")]
    pub namespace: Vec<String>,

    /// Only the objects of one shard of several, such as 0/4: each of as many processes checks its own, and `seaworthy report
    /// merge` puts their JSON together. Rules still look up all objects.
    #[arg(long, value_name = "INDEX/COUNT")]
    pub shard: Option<Shard>,

    #[command(flatten)]
    pub selection: Selection,

    /// The configuration: rules that are off, settings, waivers.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,

    /// Write the reports to the cluster instead, and remove those of earlier audits that are outdated.
    /// Reports contain the selected rules only. They do not record the filters.
    #[arg(long)]
    pub write: bool,

    /// Let the API server validate what --write would do, and change nothing.
    #[arg(long, requires = "write")]
    pub dry_run: bool,

    /// How much memory the objects that rules look up may take. Kinds that do not fit are named, and rules that need
    /// them answer `unknown`.
    #[arg(long, default_value_t = 512, value_parser = number::<u32>(1..=u64::MAX, MEMORY), value_name = "MIB")]
    pub world_memory: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: `full` for up to 50 findings, `short` for more.
    Human,
    /// Every finding with its fix.
    Full,
    /// Every finding on one line.
    Short,
    /// For machines, see `docs/audit.md`.
    Json,
    /// PolicyReport and ClusterPolicyReport of wgpolicyk8s.io/v1alpha2, YAML.
    #[value(alias = "policyreport")]
    PolicyReport,
    /// Report and ClusterReport of openreports.io/v1alpha1, YAML.
    #[value(name = "openreports")]
    OpenReports,
}

/// Takes what is decided, object by object.
trait Outlet {
    /// Takes some objects, each with what rules said of it, waivers applied.
    fn batch(&mut self, judged: &[Judged<'_>], tally: &mut Tally<'_>) -> Result<(), Failure>;

    /// Behind the last object.
    fn finish(&mut self, tally: &mut Tally<'_>) -> Result<(), Failure>;
}

/// All that rules said about one object.
struct Judged<'a> {
    object: &'a Object,
    judgements: Vec<Judgement>,
}

/// Runs the command; the exit code says what was decided.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let dialect = match options.format {
        Format::PolicyReport => Some(Dialect::PolicyReport),
        Format::OpenReports => Some(Dialect::OpenReports),
        _ if options.write => {
            return Err(Failure::Usage("--write needs --format policy-report or --format openreports".into()));
        }
        _ => None,
    };
    let configuration = ConfigOptions {
        config: options.config.clone(),
        no_config: options.config.is_none(),
        ..ConfigOptions::default()
    };
    let Chosen { found, configuration, mut refusals } = judging::choose(&options.selection, &configuration, &[])?;
    let config = configuration.config;
    let cluster = options.access.connect()?;
    check_namespaces(&cluster, &options.namespace)?;
    let sandbox = judging::sandbox(foreign::limits(&[], &config), found.len())?;
    let rules = judging::load(&sandbox, found, Vec::new(), &config, &mut refusals)?;
    let budget = Budget::default();
    let run = sandbox.run_within(budget);
    let setup = Setup { config, profile: None, completeness: Completeness::Complete, today: judging::today() };
    let session = judging::session(&run, rules, setup, &options.selection)?;
    let Setup { config, today, .. } = session.setup();
    let off = judging::off(session.bundle());
    let rules: Vec<&RuleMetadata> = session.bundle().rules().iter().map(|rule| &rule.metadata).collect();
    let mut outlet: Box<dyn Outlet> = match (options.format, dialect) {
        (_, Some(dialect)) if options.write => Box::new(Written::new(&cluster, dialect, options)?),
        (_, Some(dialect)) => Box::new(Printed::new(dialect)),
        (Format::Json, _) => Box::new(Json::new(&options.namespace, options.shard)),
        (Format::Full, _) => Box::new(Human::new(Detail::Full)),
        (Format::Short, _) => Box::new(Human::new(Detail::Short)),
        _ => Box::new(Human::new(Detail::Fitting)),
    };
    let mut tally = Tally::new(rules, off, *today);
    tally.watch(config, &options.namespace);
    tally.is_part = options.shard.is_some();
    for unread in refusals.into_unread() {
        tally.problem(format!("{} {}", unread.path, unread.reason));
    }
    audit(options, &cluster, &session, budget, &mut *outlet, &mut tally)?;
    for unread in Unfinished::of(&run, budget).unread {
        tally.problem(format!("{} {}", unread.path, unread.reason));
    }
    outlet.finish(&mut tally)?;
    Ok(tally.exit_code())
}

/// Judges everything there is.
fn audit(
    options: &Args,
    cluster: &Cluster,
    session: &Session<&Run<'_>>,
    budget: Budget,
    outlet: &mut dyn Outlet,
    tally: &mut Tally<'_>,
) -> Result<(), Failure> {
    let judging =
        session.bundle().rules().iter().map(|rule| &rule.metadata).filter(|rule| !tally.off.contains(&&*rule.name));
    let audit = Audit::new(cluster, judging, options.namespace.clone()).of_shard(options.shard);
    let reading = Progress::open_ended("reading what rules look up,".into(), "objects");
    let bytes = usize::try_from(options.world_memory).unwrap_or(usize::MAX).saturating_mul(1 << 20);
    let gathered = audit.gather(bytes, reading.counter()).map_err(failure)?;
    drop(reading);
    tally.unseen(&gathered.blind_spots);
    audit.unknown_kinds().for_each(|(kind, reason)| tally.unlisted(kind, reason));

    let world = World::of(&gathered.objects, gathered.blind_spots);
    for (kind, batches) in audit.kinds(&world) {
        let progress = Progress::open_ended(format!("checking {kind},"), "objects");
        for batch in batches {
            let batch = match batch {
                Ok(batch) => batch,
                Err(cause) => {
                    tally.unlisted(&kind, &cause.to_string());
                    continue;
                }
            };
            let mut judgements = session.check_objects(&Part(&progress), &world, &batch.objects);
            let unfinished = Unfinished::of(session.runtime(), budget);
            judgements.iter_mut().for_each(|judgements| unfinished.take_from(judgements));
            let judged = batch.objects.iter().zip(judgements);
            let mut judged: Vec<Judged<'_>> =
                judged.map(|(object, judgements)| Judged { object, judgements }).collect();
            judged.iter_mut().for_each(|judged| tally.count(judged));
            tally.owned += batch.owned;
            batch.problems.into_iter().for_each(|problem| tally.problem(problem));
            outlet.batch(&judged, tally)?;
        }
    }
    Ok(())
}

/// A namespace that is not there would be an audit of nothing.
fn check_namespaces(cluster: &Cluster, wanted: &[String]) -> Result<(), Failure> {
    if wanted.is_empty() {
        return Ok(());
    }
    let during = "listing namespaces";
    let there = cluster.namespaces().map_err(|cause| failure(ClusterError::Request { during, cause }))?;
    // Who may not list them may still know their names.
    let Some(there) = there else { return Ok(()) };
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    match wanted.iter().find(|name| !there.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Failure::Usage(format!("there is no namespace `{name}`{}", suggestion(name, &there)))),
    }
}

fn failure(cause: ClusterError) -> Failure {
    Failure::Cluster(cause.to_string())
}
