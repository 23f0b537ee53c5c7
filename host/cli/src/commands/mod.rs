//! The commands: each module has what may be typed for one, its help, and what it does. None knows another.

mod audit;
mod baseline;
mod build;
mod check;
mod completions;
mod config;
mod explain;
mod fix;
mod import;
mod inspect;
mod keys;
mod kubewarden;
mod lsp;
mod man;
mod maturity;
mod new;
mod pr;
mod pull;
mod push;
mod readiness;
mod report;
mod review;
mod rules;
mod serve;
mod test;
mod verify;

use clap::Subcommand;

use crate::failure::Failure;

#[derive(Subcommand)]
pub enum Command {
    /// Check manifests: what is wrong, where, and how to fix it.
    #[command(after_help = check::EXAMPLES)]
    Check(check::Args),
    /// Show the readiness checklist of each service: which checks pass, and what is missing.
    #[command(after_help = readiness::EXAMPLES)]
    Readiness(readiness::Args),
    /// Fix findings with safe edits: show them as a diff, or write them.
    #[command(after_help = fix::EXAMPLES)]
    Fix(Box<fix::Args>),
    /// Record the findings of today. `check --baseline FILE` then fails only for new ones.
    #[command(after_help = baseline::EXAMPLES)]
    Baseline(Box<baseline::Args>),
    /// Show the configuration that counts for an input, and where each value comes from.
    #[command(after_help = config::EXAMPLES)]
    Config(config::Args),
    /// Show which level of the workflow maturity model a repository has evidence for.
    #[command(after_help = maturity::EXAMPLES)]
    Maturity(maturity::Args),
    /// Show what kind of change this is, who must approve it, and which path it takes to production.
    #[command(after_help = review::EXAMPLES)]
    Review(Box<review::Args>),
    /// Check a pull request against the conventions: title, branches, tickets, runbook.
    #[command(after_help = pr::EXAMPLES)]
    Pr(Box<pr::Args>),
    /// Start a service on the golden path, or a rule.
    #[command(after_help = new::EXAMPLES)]
    New(new::Args),
    /// Build the module of a rule's crate.
    #[command(after_help = build::EXAMPLES)]
    Build(build::Args),
    /// Test a policy with the cases of a file.
    #[command(after_help = test::EXAMPLES)]
    Test(test::Args),
    /// List the rules.
    #[command(after_help = rules::EXAMPLES)]
    Rules(rules::Args),
    /// Show a rule's documentation: what it requires, why, and how to fix findings.
    #[command(after_help = explain::EXAMPLES)]
    Explain(explain::Args),
    /// Convert the exceptions of other tools into waivers.
    #[command(after_help = import::EXAMPLES)]
    Import(import::Args),
    /// Show a module's metadata without running it.
    #[command(after_help = inspect::EXAMPLES)]
    Inspect(inspect::Args),
    /// Push the rules to a registry, as a bundle or one module, and sign them.
    #[command(after_help = push::EXAMPLES)]
    Push(Box<push::Args>),
    /// Download a bundle or a module from a registry, and verify it before writing it.
    #[command(after_help = pull::EXAMPLES)]
    Pull(Box<pull::Args>),
    /// Check that an artifact in a registry is signed by a trusted key.
    #[command(after_help = verify::EXAMPLES)]
    Verify(Box<verify::Args>),
    /// Make a key pair to sign with, in cosign's form.
    #[command(after_help = keys::EXAMPLES)]
    Keys(keys::Args),
    /// Check what runs in a cluster. Print the result, or write it there as policy reports.
    #[command(after_help = audit::EXAMPLES)]
    Audit(Box<audit::Args>),
    /// Merge reports that were written in parts.
    #[command(after_help = report::EXAMPLES)]
    Report(report::Args),
    /// Serve the rules as an admission webhook, without Kubewarden.
    #[command(after_help = serve::EXAMPLES)]
    Serve(Box<serve::Args>),
    /// Write the Kubewarden policies, chart, or policy-server file that run the rules in a cluster.
    #[command(after_help = kubewarden::EXAMPLES)]
    Kubewarden(Box<kubewarden::Args>),
    /// Check manifests in an editor as you type: a language server on standard input and output.
    #[command(after_help = lsp::EXAMPLES)]
    Lsp(lsp::Args),
    /// Print the completions of a shell.
    #[command(after_help = completions::EXAMPLES)]
    Completions(completions::Args),
    /// Print the man page, or write those of all commands to a folder.
    #[command(after_help = man::EXAMPLES)]
    Man(man::Args),
}

impl Command {
    /// Runs the command; the exit code says what was decided. `definition` is what may be typed for all of them.
    pub fn run(&self, definition: &clap::Command) -> Result<u8, Failure> {
        match self {
            Self::Check(args) => check::run(args),
            Self::Readiness(args) => readiness::run(args),
            Self::Fix(args) => fix::run(args),
            Self::Baseline(args) => baseline::run(args),
            Self::Config(args) => config::run(args),
            Self::Maturity(args) => maturity::run(args),
            Self::Review(args) => review::run(args),
            Self::Pr(args) => pr::run(args),
            Self::New(args) => new::run(args),
            Self::Build(args) => build::run(args),
            Self::Test(args) => test::run(args),
            Self::Rules(args) => rules::run(args),
            Self::Explain(args) => explain::run(args),
            Self::Import(args) => import::run(args),
            Self::Inspect(args) => inspect::run(args),
            Self::Push(args) => push::run(args),
            Self::Pull(args) => pull::run(args),
            Self::Verify(args) => verify::run(args),
            Self::Keys(args) => keys::run(args),
            Self::Audit(args) => audit::run(args),
            Self::Report(args) => report::run(args),
            Self::Serve(args) => serve::run(args),
            Self::Kubewarden(args) => kubewarden::run(args),
            Self::Lsp(args) => lsp::run(args),
            Self::Completions(args) => completions::run(args, definition),
            Self::Man(args) => man::run(args, definition),
        }
    }
}
