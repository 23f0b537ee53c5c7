//! The commands: each module has what may be typed for one, its help, and what it does. None knows another.

mod audit;
mod check;
mod explain;
mod inspect;
mod keys;
mod kubewarden;
mod maturity;
mod pull;
mod push;
mod readiness;
mod rules;
mod verify;

use clap::Subcommand;

use crate::failure::Failure;

#[derive(Subcommand)]
pub enum Command {
    /// Judge manifests, and say what is wrong, where, and what to write instead.
    #[command(after_help = check::EXAMPLES)]
    Check(check::Args),
    /// Show the readiness checklist of each service: which lines hold, and what is missing.
    #[command(after_help = readiness::EXAMPLES)]
    Readiness(readiness::Args),
    /// Show which level of the workflow maturity model a repository has evidence for.
    #[command(after_help = maturity::EXAMPLES)]
    Maturity(maturity::Args),
    /// List the rules.
    #[command(after_help = rules::EXAMPLES)]
    Rules(rules::Args),
    /// Show a rule's documentation: what it decides, why, and how to hold it.
    #[command(after_help = explain::EXAMPLES)]
    Explain(explain::Args),
    /// Show what a module says of itself, without running it.
    #[command(after_help = inspect::EXAMPLES)]
    Inspect(inspect::Args),
    /// Put the rules into a registry as a bundle, or one module, and sign them.
    #[command(after_help = push::EXAMPLES)]
    Push(Box<push::Args>),
    /// Get a bundle or a module out of a registry, verified before anything is written.
    #[command(after_help = pull::EXAMPLES)]
    Pull(Box<pull::Args>),
    /// Say whether what is in a registry is signed by those who are trusted.
    #[command(after_help = verify::EXAMPLES)]
    Verify(Box<verify::Args>),
    /// Make a key pair to sign with, in cosign's form.
    #[command(after_help = keys::EXAMPLES)]
    Keys(keys::Args),
    /// Judge what is in a cluster, and print the result or write it there as policy reports.
    #[command(after_help = audit::EXAMPLES)]
    Audit(Box<audit::Args>),
    /// Write what a cluster needs so that Kubewarden asks the rules: policies, a chart, or a policy-server's file.
    #[command(after_help = kubewarden::EXAMPLES)]
    Kubewarden(Box<kubewarden::Args>),
}

impl Command {
    /// Runs the command; the exit code says what was decided.
    pub fn run(&self) -> Result<u8, Failure> {
        match self {
            Self::Check(args) => check::run(args),
            Self::Readiness(args) => readiness::run(args),
            Self::Maturity(args) => maturity::run(args),
            Self::Rules(args) => rules::run(args),
            Self::Explain(args) => explain::run(args),
            Self::Inspect(args) => inspect::run(args),
            Self::Push(args) => push::run(args),
            Self::Pull(args) => pull::run(args),
            Self::Verify(args) => verify::run(args),
            Self::Keys(args) => keys::run(args),
            Self::Audit(args) => audit::run(args),
            Self::Kubewarden(args) => kubewarden::run(args),
        }
    }
}
