//! How charts and kustomizations are rendered, as people say it on a command line or in a configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a generator says of one Application.
pub type Element = BTreeMap<String, String>;

/// What is said in the configuration of generators that ask a cluster or a server, by the generator.
pub type Given = BTreeMap<String, Vec<Element>>;

/// Whether to render.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Where the tool is installed. Where it is not, what it would render is not checked, and that is said.
    #[default]
    Auto,
    /// Never: no process is started.
    Never,
}

/// The Kubernetes version that charts are rendered for, where nobody says another. A helm that was built from source takes
/// itself for 1.20, which many charts refuse.
pub const KUBE_VERSION: &str = "1.36.0";

/// How to render. The default is what a new user gets.
#[derive(Clone, Debug)]
pub struct RenderOptions {
    /// Whether to render at all.
    pub mode: Mode,
    /// Values files for every chart, behind its own; the last wins.
    pub values: Vec<PathBuf>,
    /// Single values for every chart, as `helm --set` reads them.
    pub set: Vec<String>,
    /// The Kubernetes version that charts are rendered for.
    pub kube_version: String,
    /// API versions that charts may take for installed.
    pub api_versions: Vec<String>,
    /// Folders of kustomizations that are deployed by themselves, although others here refer to them.
    pub roots: Vec<PathBuf>,
    /// Addresses of this repository beside those of its remotes.
    pub repositories: Vec<String>,
    /// What generators of ApplicationSets give that ask a cluster or a server, by the generator.
    pub generators: Given,
    /// Whether tools may fetch remote bases and charts.
    pub allow_network: bool,
    /// A program that kustomize runs for helm: this one, under the name [`HELM_WRAPPER`](super::HELM_WRAPPER).
    pub wrapper: Option<PathBuf>,
    /// The folder of renderings made before; none keeps nothing.
    pub cache: Option<PathBuf>,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Auto,
            values: Vec::new(),
            set: Vec::new(),
            kube_version: KUBE_VERSION.to_owned(),
            api_versions: Vec::new(),
            roots: Vec::new(),
            repositories: Vec::new(),
            generators: BTreeMap::new(),
            allow_network: false,
            wrapper: None,
            cache: None,
        }
    }
}
