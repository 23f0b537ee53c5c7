//! Which rules are used.

use std::path::PathBuf;

use clap::Args;
use protocol::Severity;

use super::word::{WordError, one_of};

/// Which rules.
#[derive(Args, Clone, Default)]
pub struct Selection {
    /// Only this rule, or these: `a,b`. May be given several times.
    #[arg(long, value_delimiter = ',', value_name = "RULE")]
    pub rule: Vec<String>,

    /// Not this rule, or these: `a,b`. May be given several times.
    #[arg(long, value_delimiter = ',', value_name = "RULE")]
    pub skip: Vec<String>,

    /// Only rules of this severity and above.
    #[arg(long, value_parser = severity, value_name = "SEVERITY")]
    pub severity: Option<Severity>,

    /// Use the modules (`<rule>.wasm`) of this folder instead of the bundle inside the binary.
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,
}

/// A severity, as it is typed.
pub fn severity(word: &str) -> Result<Severity, WordError> {
    one_of(Severity::ALL, Severity::name, word)
}
