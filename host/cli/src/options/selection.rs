//! Which rules are used.

use std::path::PathBuf;

use clap::Args;
use protocol::Severity;

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

/// A severity, as it is typed.
pub fn severity(text: &str) -> Result<Severity, String> {
    let names: Vec<&str> = Severity::ALL.iter().map(|severity| severity.name()).collect();
    let found = Severity::ALL.into_iter().find(|severity| severity.name() == text);
    found.ok_or_else(|| format!("expected {}{}", names.join(", "), engine::config::suggestion(text, &names)))
}
