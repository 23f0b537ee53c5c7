//! In which formats a report is wanted, and where.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::word::{WordError, one_of};

/// In which formats a report is wanted, and where.
#[derive(Args)]
pub struct Outputs {
    /// How to print the result on standard output. The default is `human`, unless `--output` prints another one there.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,

    /// Write the result in this format, too: `sarif=seaworthy.sarif` to a file, `github` to standard output. May be given
    /// several times. `step-summary` without a file is added to that of the step on GitHub.
    #[arg(long = "output", value_parser = Output::parse, value_name = "FORMAT[=FILE]")]
    pub outputs: Vec<Output>,

    /// In SARIF, keep what is waived or known as suppressed results. Code scanning shows those as open, so they are left out
    /// by default.
    #[arg(long)]
    pub sarif_suppressed: bool,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: `full` for up to 50 findings, `short` for more.
    Human,
    /// Every finding with its line of the manifest, and how to fix it.
    Full,
    /// Every finding on one line.
    Short,
    /// A table: for each service, how many checks pass, and how many fail by severity.
    Services,
    /// For machines, see `docs/report.md`.
    Json,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// JUnit XML, for the test reports of CI systems.
    Junit,
    /// Annotations of a pull request on GitHub, as a step prints them.
    Github,
    /// Markdown for the summary of a step on GitHub: up to 1 MiB.
    StepSummary,
    /// GitLab code quality.
    Gitlab,
    /// Markdown for a comment in a pull request: up to 65,536 characters.
    Markdown,
    /// A ClusterPolicyReport of wgpolicyk8s.io/v1alpha2.
    #[value(alias = "policyreport")]
    PolicyReport,
}

impl Format {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Full => "full",
            Self::Short => "short",
            Self::Services => "services",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::StepSummary => "step-summary",
            Self::Gitlab => "gitlab",
            Self::Markdown => "markdown",
            Self::PolicyReport => "policy-report",
        }
    }
}

/// One more output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub format: Format,
    /// None for standard output.
    pub file: Option<PathBuf>,
}

impl Output {
    /// Reads `sarif=out.sarif`, `github` or `github=-`.
    fn parse(text: &str) -> Result<Self, WordError> {
        let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(file)));
        let format = Format::from_str(name, false)
            .or_else(|_| one_of(Format::value_variants().iter().copied(), Format::name, name))?;
        match file {
            Some("") => Err(WordError::NoFile),
            file => Ok(Self { format, file: file.filter(|file| *file != "-").map(PathBuf::from) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read_with_their_files() {
        let output = |format, file: Option<&str>| Ok(Output { format, file: file.map(PathBuf::from) });
        let parse = |text: &str| Output::parse(text).map_err(|cause| cause.to_string());
        assert_eq!(parse("sarif=a=b.sarif"), output(Format::Sarif, Some("a=b.sarif")));
        assert_eq!(parse("github"), output(Format::Github, None));
        assert_eq!(parse("policyreport=a"), output(Format::PolicyReport, Some("a")));
        assert_eq!(parse("json=-"), output(Format::Json, None));
        assert!(parse("sarif=").unwrap_err().contains("expected a file"));
        assert!(parse("sarfi=x").unwrap_err().contains("did you mean `sarif`?"));
        for format in Format::value_variants() {
            let named = format.to_possible_value().map(|value| value.get_name().to_owned());
            assert_eq!(named.as_deref(), Some(format.name()));
        }
    }
}
