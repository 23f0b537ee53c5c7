//! `seaworthy kubewarden`: what a cluster needs so that Kubewarden asks these rules.
//!
//! The rules, with the settings of the configuration, as Kubewarden's policies: plain YAML, a Kustomize folder, a Helm chart,
//! or the `policies.yml` of a policy-server that runs by itself. What a policy is asked about and may look up comes from its
//! module's own metadata. It must not decide how a policy judges.

mod chart;
mod chart_schema;
mod conditions;
mod output;
mod places;
mod policy;
mod resources;
mod waivers;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use conditions::MatchCondition;
use engine::Completeness;
use engine::config::Config;
use sandbox::{Limits, Sandbox};
use session::{Session, Setup};

use crate::failure::Failure;
use crate::options::selection::Selection;
use crate::options::word::{WordError, number};
use crate::present::output::{one_line, printable};
use crate::{bundle, configuration, judging};
use output::File;
use places::Places;
use policy::{Choice, Policy};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy kubewarden | kubectl apply -f -    reports, and denies nothing
  seaworthy kubewarden --mode protect --severity high
                                               denies what breaks these rules
  seaworthy kubewarden --config platform.yaml  your settings and waivers
  seaworthy kubewarden --objects policies > policies.yaml
                                               for `kwctl run`
  seaworthy kubewarden --format helm --output chart/
                                               a chart with values for all of it
  seaworthy kubewarden --namespace shop        policies that a team may install
  seaworthy push ghcr.io/shop/readiness:v1 --format json > pushed.json
  seaworthy kubewarden --pushed pushed.json    with each module by its digest
  seaworthy kubewarden --format policy-server > policies.yml
                                               a policy-server without a cluster

docs/kubewarden.md says what each verdict means at admission.";

/// Where a cluster's own parts run: without them it starts no pods, so no rule may stand in their way.
const SYSTEM_NAMESPACES: [&str; 12] = [
    "calico-system",
    "cattle-fleet-system",
    "cattle-system",
    "cert-manager",
    "gke-managed-system",
    "kube-node-lease",
    "kube-public",
    "kube-system",
    "kubewarden",
    "local-path-storage",
    "longhorn-system",
    "tigera-operator",
];

/// What the options take that are times.
const PATIENCE: &str = "whole seconds from 2 to 30";

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub selection: Selection,

    /// The configuration: rules that are off, settings and waivers.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Yaml, value_name = "FORMAT")]
    pub format: Format,

    /// Write into this folder, which must be new or empty, a file each, instead of standard output. Kustomize and Helm need it.
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// AdmissionPolicies of this namespace, instead of policies for the whole cluster. They may not look at other objects, so
    /// rules that do are left out.
    #[arg(long, value_parser = name, value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// Which objects to write: the policies, the ClusterRole and its binding that let the policy-server look things up, or both.
    #[arg(long, value_enum, default_value_t = Objects::All, value_name = "OBJECTS")]
    pub objects: Objects,

    /// What happens to objects that break a rule. Begin with `monitor`, and go on to `protect` when its reports are clean.
    #[arg(long, value_enum, default_value_t = Mode::Monitor, value_name = "MODE")]
    pub mode: Mode,

    /// Check Pods, ReplicaSets and ReplicationControllers too, and what Kubernetes' own controllers make. With
    /// `--mode protect`, a Deployment that breaks a rule then cannot replace a pod.
    #[arg(long)]
    pub pods: bool,

    /// What the API server does while the policy-server does not answer: `ignore` lets objects in, `fail` denies them. By
    /// default `ignore` with `--mode monitor`, and `fail` with `--mode protect`.
    #[arg(long, value_enum, value_name = "POLICY")]
    pub failure_policy: Option<FailurePolicy>,

    /// How long the API server waits for the policy-server, in seconds.
    #[arg(long, default_value_t = 10, value_parser = number::<u8>(2..=30, PATIENCE), value_name = "SECONDS")]
    pub timeout_seconds: u8,

    /// How long the policy-server lets a rule run, in seconds, instead of its own limit.
    #[arg(long, value_parser = number::<u8>(2..=30, PATIENCE), value_name = "SECONDS")]
    pub timeout_eval_seconds: Option<u8>,

    /// A match condition in CEL for every policy, in addition to those that leave out what controllers make; may be given
    /// several times. A request for which it is false, or fails under `--failure-policy ignore`, is not checked.
    #[arg(long, value_parser = conditions::parse, value_name = "NAME=EXPRESSION")]
    pub match_condition: Vec<MatchCondition>,

    /// Which waivers of the configuration the policies carry, as match conditions and settings. These know no container, no
    /// field and no date. A waiver that is left out does not count.
    #[arg(long, value_enum, default_value_t = Waivers::All, value_name = "WAIVERS")]
    pub waivers: Waivers,

    /// Where the modules are published, instead of where they say: `registry.example.com/policies`.
    #[arg(long, value_name = "BASE")]
    pub registry: Option<String>,

    /// The tag of the modules, instead of `v` and each one's version.
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,

    /// Name the modules by digest: those that `seaworthy push --format json` printed to this file.
    #[arg(long, conflicts_with_all = ["registry", "tag"], value_name = "FILE")]
    pub pushed: Option<PathBuf>,

    /// The PolicyServer that runs the policies.
    #[arg(long, default_value = "default", value_parser = name, value_name = "NAME")]
    pub policy_server: String,

    /// The service account of the policy-server, which is allowed what the rules look up.
    #[arg(long, default_value = "kubewarden/policy-server", value_parser = service_account, value_name = "NAMESPACE/NAME")]
    pub service_account: ServiceAccount,

    /// A namespace whose objects are not checked; may be given several times, and replaces the default list of system
    /// namespaces.
    #[arg(long, default_values = SYSTEM_NAMESPACES, value_parser = name, value_name = "NAMESPACE")]
    pub exclude_namespace: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Kubernetes objects, one after the other.
    Yaml,
    /// A folder for `kubectl apply -k`.
    Kustomize,
    /// A chart.
    Helm,
    /// The `policies.yml` of a policy-server.
    PolicyServer,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Let them in, and report them.
    Monitor,
    /// Deny them.
    Protect,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Objects {
    /// Both.
    All,
    /// The policies.
    Policies,
    /// The right to look things up.
    Rbac,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailurePolicy {
    /// Let objects in.
    Ignore,
    /// Deny them.
    Fail,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Waivers {
    /// All of them, or nothing is written.
    All,
    /// Those that a policy can carry. The others are named.
    Possible,
    /// None.
    None,
}

impl Args {
    /// `protect` or `monitor`.
    fn mode(&self) -> &'static str {
        match self.mode {
            Mode::Protect => "protect",
            Mode::Monitor => "monitor",
        }
    }

    /// `Ignore` or `Fail`.
    fn failure_policy(&self) -> &'static str {
        match (self.failure_policy, self.mode) {
            (Some(FailurePolicy::Fail), _) | (None, Mode::Protect) => "Fail",
            (Some(FailurePolicy::Ignore), _) | (None, Mode::Monitor) => "Ignore",
        }
    }
}

/// `kubewarden/policy-server`.
#[derive(Clone)]
pub struct ServiceAccount {
    pub namespace: String,
    pub name: String,
}

fn service_account(word: &str) -> Result<ServiceAccount, WordError> {
    let (namespace, account) = word.split_once('/').ok_or(WordError::NoNamespace)?;
    Ok(ServiceAccount { namespace: name(namespace)?, name: name(account)? })
}

/// A name as the API server takes it for what is named here (RFC 1123).
fn name(text: &str) -> Result<String, WordError> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_name = text.bytes().all(|byte| is_plain(byte) || byte == b'-')
        && text.bytes().next().is_some_and(is_plain)
        && text.bytes().last().is_some_and(is_plain)
        && text.len() <= 63;
    if is_name { Ok(text.to_owned()) } else { Err(WordError::NotAName) }
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    check(options)?;
    let (mut all, mut refusals) = bundle::find(options.selection.bundle.as_deref())?;
    let config = judging::read_config(options.config.as_deref(), &all)?;
    let today = judging::today();
    config.check_waivers(today).map_err(|cause| configuration::refused(&cause))?;
    bundle::set_severities(&mut all, &config.severities);
    let found = bundle::select(all, &options.selection)?;
    let places = Places::new(options)?;
    let mut policies = Vec::new();
    for found in &found {
        match Policy::choose(found, &config, &places, options)? {
            Choice::Policy(policy) => policies.push(*policy),
            Choice::LeftOut(reason) => note(&format!("{} is left out: {reason}", found.metadata.name)),
        }
    }
    if policies.is_empty() {
        return Err(Failure::Usage(
            "there is no rule to write a policy for: --rule, --skip, --severity and the configuration leave none"
                .to_owned(),
        ));
    }
    policies.sort_by(|one, other| one.name.cmp(&other.name));
    note_lost_overrides(&config);
    if options.objects != Objects::Rbac {
        waivers::carry_over(&mut policies, &config, options, today)?;
    }
    validate(found, config, &mut refusals)?;

    let files = match options.format {
        Format::Yaml => resources::files(&policies, options),
        Format::Kustomize => resources::kustomize(&policies, options),
        Format::Helm => chart::files(&policies, options),
        Format::PolicyServer => vec![File::yaml("policies.yml", &resources::policy_server(&policies, options))],
    };
    output::write(&files, options.output.as_deref())?;
    if options.mode == Mode::Monitor {
        note("mode monitor: nothing is denied. When the reports are clean, go on with --mode protect");
    }
    Ok(refusals.complain())
}

fn check(options: &Args) -> Result<(), Failure> {
    let refuse = |message: &str| Err(Failure::Usage(message.to_owned()));
    match options.format {
        Format::Kustomize | Format::Helm if options.output.is_none() => {
            refuse("this format is a folder: give it with --output DIR")
        }
        Format::PolicyServer if options.namespace.is_some() => {
            refuse("--namespace goes with a cluster: a policy-server by itself has no namespaces")
        }
        Format::Kustomize | Format::Helm | Format::PolicyServer if options.objects != Objects::All => {
            refuse("--objects goes with --format yaml: the other formats keep the ClusterRole in a file of its own")
        }
        _ => Ok(()),
    }
}

/// Has the rules themselves look at their settings: a policy-server would refuse them later, and with them all policies.
fn validate(mut found: Vec<bundle::Found>, config: Config, refusals: &mut bundle::Refusals) -> Result<(), Failure> {
    found.retain(|found| config.settings.iter().any(|(of, _)| *of == found.metadata.name));
    if found.is_empty() {
        return Ok(());
    }
    let sandbox = Sandbox::new(Limits::default(), found.len())
        .map_err(|cause| Failure::Bundle(format!("modules cannot be run here: {cause}")))?;
    let rules = bundle::load(&sandbox, found, refusals)?;
    let setup = Setup { config, profile: None, completeness: Completeness::Admission, today: judging::today() };
    let configured = Session::new(&sandbox, rules).configure(setup, |_| true, |_| false);
    configured.map_err(|refused| Failure::Usage(one_line(&refused.to_string())))
}

/// Says which overrides the configuration has. Kubewarden has none.
fn note_lost_overrides(config: &Config) {
    let rules: BTreeSet<&str> =
        config.overrides.iter().flat_map(|over| &over.rules).map(|(rule, _)| rule.as_str()).collect();
    for rule in rules {
        note(&format!("the overrides of {rule} are not carried over: a policy checks every namespace alike"));
    }
}

/// Says something beside the output.
fn note(message: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "note: {}", printable(message));
}
