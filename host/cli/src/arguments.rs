//! What may be typed: every command, its flags, and their help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use engine::Completeness;
use engine::scorecard::NameSource;
use protocol::Severity;

use crate::artifact::{keys, pull, push, verify};
use crate::audit::{self, AuditOptions};
use crate::foreign::PolicyOptions;
use crate::kubewarden::{self, KubewardenOptions};
use crate::logs::Log;

/// Is your service ready for production? Judges Kubernetes manifests with sandboxed rules.
#[derive(Parser)]
#[command(name = "seaworthy", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,

    /// Whether to colour the output; `auto` colours a terminal, and heeds NO_COLOR.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN", display_order = 998)]
    pub color: Color,
}

#[derive(Subcommand)]
pub enum Command {
    /// Judge manifests, and say what is wrong, where, and what to write instead.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckOptions),
    /// Show the readiness checklist of each service: which lines hold, and what is missing.
    #[command(after_help = READINESS_EXAMPLES)]
    Readiness(ReadinessOptions),
    /// Show which level of the workflow maturity model a repository has evidence for.
    #[command(after_help = MATURITY_EXAMPLES)]
    Maturity(MaturityOptions),
    /// List the rules.
    #[command(after_help = RULES_EXAMPLES)]
    Rules(RulesOptions),
    /// Show a rule's documentation: what it decides, why, and how to hold it.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainOptions),
    /// Show what a module says of itself, without running it.
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectOptions),
    /// Put the rules into a registry as a bundle, or one module, and sign them.
    #[command(after_help = push::EXAMPLES)]
    Push(Box<push::PushOptions>),
    /// Get a bundle or a module out of a registry, verified before anything is written.
    #[command(after_help = pull::EXAMPLES)]
    Pull(Box<pull::PullOptions>),
    /// Say whether what is in a registry is signed by those who are trusted.
    #[command(after_help = verify::EXAMPLES)]
    Verify(Box<verify::VerifyOptions>),
    /// Make a key pair to sign with, in cosign's form.
    #[command(after_help = keys::EXAMPLES)]
    Keys(keys::KeysOptions),
    /// Judge what is in a cluster, and print the result or write it there as policy reports.
    #[command(after_help = audit::EXAMPLES)]
    Audit(Box<AuditOptions>),
    /// Write what a cluster needs so that Kubewarden asks the rules: policies, a chart, or a policy-server's file.
    #[command(after_help = kubewarden::EXAMPLES)]
    Kubewarden(Box<KubewardenOptions>),
}

const EXAMPLES: &str = "\
Examples:
  seaworthy check k8s/                judge a folder of manifests
  seaworthy rules                     what is asked of a service
  seaworthy explain readiness-probe   why, and how to hold it";

const CHECK_EXAMPLES: &str = "\
Examples:
  seaworthy check k8s/                          a folder is taken for everything there is
  kustomize build . | seaworthy check -         one stream; add --world complete if that is all
  seaworthy check k8s/ --rule run-as-non-root   one rule
  seaworthy check k8s/ --log web=web.log        and what the workload web has logged
  seaworthy check k8s/ --format json            for machines
  seaworthy check k8s/ --format sarif           for code scanning
  seaworthy check k8s/ --policy safe-labels.wasm --settings labels.yaml
                                                a Kubewarden policy: docs/foreign-policies.md

Exit codes:
  0  all rules hold
  1  a rule is broken
  2  something could not be decided: bad usage, unreadable input, a broken bundle";

const READINESS_EXAMPLES: &str = "\
Examples:
  seaworthy readiness k8s/                                     the checklist of each service
  seaworthy readiness k8s/ --service catalog                   of one
  seaworthy readiness k8s/ --format markdown                   to paste in a pull request
  seaworthy readiness k8s/ --format html > readiness.html      one page, for everybody
  seaworthy readiness k8s/ --fail-under 80                     a gate, to be raised step by step
  seaworthy readiness k8s/ --group-by part-of,name             a system as one

Sources of a service's name: kubernetes-id, name, part-of (labels), workload (its own name)

Exit codes:
  0  all lines hold; with --fail-under, enough of them for every service
  1  a line does not hold; with --fail-under, too few hold for some service
  2  something could not be decided: bad usage, unreadable input, a broken bundle";

const MATURITY_EXAMPLES: &str = "\
Examples:
  seaworthy maturity .                 the level, the evidence, and what the next level asks for
  seaworthy maturity . --format json   for machines

Only evidence in files counts. Exit code 2 if something could not be read.";

const RULES_EXAMPLES: &str = "\
Examples:
  seaworthy rules                   the checklist
  seaworthy rules --severity high   what must not wait
  seaworthy rules --format json     all metadata: kinds, fields read, settings, documentation";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  seaworthy explain readiness-probe";

const INSPECT_EXAMPLES: &str = "\
Examples:
  seaworthy inspect policies/readiness-probe.wasm";

#[derive(Args)]
pub struct CheckOptions {
    #[command(flatten)]
    pub judging: Judging,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = ReportFormat::Human, value_name = "FORMAT")]
    pub format: ReportFormat,

    /// Fail (exit code 2) on anything that was skipped: templates, documents that are no Kubernetes objects,
    /// empty files, links.
    #[arg(long)]
    pub strict: bool,

    #[command(flatten)]
    pub policies: PolicyOptions,
}

/// What to judge, and by what.
#[derive(Args)]
pub struct Judging {
    /// Files, folders, or `-` for standard input. A folder is searched for .yaml, .yml, .json and Kustomization;
    /// a file may have any name. A folder's children that are repositories, or of which several have a LICENSE, are
    /// projects: each is judged without a view of the others. Of the repository around a folder the names of all files
    /// are seen, so that a path in a manifest can be called wrong.
    #[arg(required_unless_present = "log", value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// A captured log, judged by the rules about log lines: FILE, or NAME=FILE, or NAMESPACE/NAME=FILE with the workload
    /// or the service that wrote it. Without, the file's name up to the first dot is the name. May be given several times;
    /// `NAME=-` reads standard input. The first 10,000 lines and 1 MiB are read.
    #[arg(long, value_parser = Log::parse, value_name = "LOG")]
    pub log: Vec<Log>,

    #[command(flatten)]
    pub selection: Selection,

    /// Whether the input is everything there is, so that what is not in it may be called missing. The default is
    /// `complete` where only folders are given, and `partial` otherwise.
    #[arg(long, value_enum, value_name = "WORLD")]
    pub world: Option<World>,

    /// The configuration: rules that are off, settings, waivers.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Args)]
pub struct ReadinessOptions {
    #[command(flatten)]
    pub judging: Judging,

    /// How to print the checklist.
    #[arg(long, value_enum, default_value_t = CardFormat::Human, value_name = "FORMAT")]
    pub format: CardFormat,

    /// Only this service: its name, or NAMESPACE/NAME.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,

    /// Where the name of a workload's service stands: the first of these that it has, or else its own name.
    #[arg(long, value_delimiter = ',', default_value = "kubernetes-id,name", value_parser = name_source, value_name = "SOURCES")]
    pub group_by: Vec<NameSource>,

    /// Fail (exit code 1) only if less than this share of a service's lines holds, in percent.
    #[arg(long, value_parser = clap::value_parser!(u8).range(..=100), value_name = "PERCENT")]
    pub fail_under: Option<u8>,
}

/// Which rules.
#[derive(Args)]
pub struct Selection {
    /// Only this rule; may be given several times.
    #[arg(long, value_name = "RULE")]
    pub rule: Vec<String>,

    /// Not this rule; may be given several times.
    #[arg(long, value_name = "RULE")]
    pub skip: Vec<String>,

    /// Only rules of this severity and above.
    #[arg(long, value_parser = severity, value_name = "SEVERITY")]
    pub severity: Option<Severity>,

    /// Use the modules (`<rule>.wasm`) of this folder instead of the bundle inside the binary.
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,
}

#[derive(Args)]
pub struct MaturityOptions {
    /// The repository: folders or files, searched for .yaml, .yml and .json.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// How to print the answer.
    #[arg(long, value_enum, default_value_t = MaturityFormat::Human, value_name = "FORMAT")]
    pub format: MaturityFormat,
}

#[derive(Args)]
pub struct RulesOptions {
    #[command(flatten)]
    pub selection: Selection,

    /// How to print the list.
    #[arg(long, value_enum, default_value_t = ListFormat::Human, value_name = "FORMAT")]
    pub format: ListFormat,
}

#[derive(Args)]
pub struct ExplainOptions {
    /// The rule's name; `seaworthy rules` lists them.
    #[arg(value_name = "RULE")]
    pub rule: String,

    /// Use the modules of this folder instead of the bundle inside the binary.
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,
}

#[derive(Args)]
pub struct InspectOptions {
    /// The module.
    #[arg(value_name = "FILE.wasm")]
    pub file: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
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

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CardFormat {
    /// For people.
    Human,
    /// A checklist to paste in a pull request.
    Markdown,
    /// One page that needs nothing else.
    Html,
    /// For machines, see `docs/readiness.md`.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MaturityFormat {
    /// For people.
    Human,
    /// For machines, see `docs/maturity.md`.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A table.
    Human,
    /// All that the rules say of themselves.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum World {
    /// Everything there is.
    Complete,
    /// A part; what is not in it may be elsewhere.
    Partial,
}

impl From<World> for Completeness {
    fn from(world: World) -> Self {
        match world {
            World::Complete => Self::Complete,
            World::Partial => Self::Partial,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Makes this choice for all that is printed from now on.
    pub fn apply(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

fn severity(text: &str) -> Result<Severity, String> {
    let names: Vec<&str> = Severity::ALL.iter().map(|severity| severity.name()).collect();
    let found = Severity::ALL.into_iter().find(|severity| severity.name() == text);
    found.ok_or_else(|| format!("expected {}{}", names.join(", "), engine::config::suggestion(text, &names)))
}

fn name_source(text: &str) -> Result<NameSource, String> {
    let names = NameSource::ALL.map(NameSource::name);
    let found = NameSource::ALL.into_iter().find(|source| source.name() == text);
    found.ok_or_else(|| format!("expected {}{}", names.join(", "), engine::config::suggestion(text, &names)))
}
