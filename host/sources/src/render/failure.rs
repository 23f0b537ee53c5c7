//! Why something was not rendered.

use std::time::Duration;

use engine::shell_word;

/// Why there is no rendering, with the line in the file that says what to render, if it is another than the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub why: Why,
    /// The file and the line to look at.
    pub at: Option<(String, u32)>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("{0} is not installed, so this is not rendered")]
    Missing(&'static str),
    #[error("`{0}` is not a valid {1}: nothing is rendered with it")]
    Name(String, &'static str),
    #[error("{0} is a link that leaves the input: it is not followed, and nothing is rendered")]
    Link(String),
    #[error("`{0}` is fetched from elsewhere, which needs `--allow-network`")]
    Remote(String),
    #[error("{0} needs helm under kustomize, and this program cannot run it there")]
    NoWrapper(String),
    #[error("{0} and {1} more files are too much to render: {2} MiB at most")]
    TooMuch(String, usize, u64),
    #[error("{tool} took more than {} s", .time.as_secs())]
    Time { tool: &'static str, time: Duration },
    #[error("{tool} gave more than {} MiB", .bytes >> 20)]
    Output { tool: &'static str, bytes: usize },
    #[error("{tool} failed: {text}")]
    Failed { tool: &'static str, text: String },
    #[error("a dependency of the chart is not in `charts/`: {0}")]
    Dependencies(String),
    #[error("cannot be prepared for rendering: {0}")]
    System(String),
    #[error("the kustomization builds on `{0}`, which is not in the input")]
    Elsewhere(String),
    #[error("the chart renders to nothing with these values")]
    Empty,
    #[error("{0}")]
    Unknown(String),
}

impl Failure {
    pub fn at(why: Why, file: impl Into<String>, line: u32) -> Self {
        Self { why, at: Some((file.into(), line)) }
    }

    /// The command that helps, from the folder of a chart.
    pub fn advice(&self, folder: &str) -> Option<String> {
        let install = |brew: &str, go: &str| Some(format!("brew install {brew}, or: go install {go}@latest"));
        match &self.why {
            Why::Missing("helm") => install("helm", "helm.sh/helm/v3/cmd/helm"),
            Why::Missing(_) => install("kustomize", "sigs.k8s.io/kustomize/kustomize/v5"),
            Why::Dependencies(_) => Some(format!("helm dependency build {}", shell_word(folder))),
            _ => None,
        }
    }
}

impl From<Why> for Failure {
    fn from(why: Why) -> Self {
        Self { why, at: None }
    }
}

impl From<std::io::Error> for Failure {
    fn from(cause: std::io::Error) -> Self {
        Why::System(cause.to_string()).into()
    }
}
