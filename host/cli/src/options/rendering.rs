//! How charts and kustomizations are rendered.

use std::env;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sources::{KUBE_VERSION, Mode, RenderOptions};

/// How to render.
#[derive(Args)]
pub struct Rendering {
    /// Whether to render charts with `helm` and kustomizations with `kustomize` or `kubectl`. `auto`, the default, does so
    /// where they are installed; where not, the exit code is 2. `never` starts no process and checks the files as they
    /// are.
    #[arg(long, value_enum, value_name = "WHEN")]
    pub render: Option<Render>,

    /// Values for every chart, over its own and those of its environments, as `helm --values` takes them. May be given
    /// several times.
    #[arg(long, value_name = "FILE")]
    pub values: Vec<PathBuf>,

    /// A single value for every chart, `key=value`, as `helm --set` takes it. May be given several times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<String>,

    /// The Kubernetes version that charts are rendered for. The default is 1.36.0.
    #[arg(long, value_name = "VERSION", value_parser = kube_version)]
    pub kube_version: Option<String>,

    /// An API version that charts find installed, such as `monitoring.coreos.com/v1`. May be given several times.
    #[arg(long, value_name = "VERSION", value_parser = api_version)]
    pub api_versions: Vec<String>,

    /// Let helm and kustomize fetch charts and bases from elsewhere. Without it, nothing is fetched, and what
    /// needs the network is not checked.
    #[arg(long)]
    pub allow_network: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Render {
    /// Where the tools are installed.
    Auto,
    /// Never.
    Never,
}

impl From<Render> for Mode {
    fn from(render: Render) -> Self {
        match render {
            Render::Auto => Self::Auto,
            Render::Never => Self::Never,
        }
    }
}

impl Rendering {
    /// What the sources are told.
    pub fn options(&self) -> RenderOptions {
        RenderOptions {
            mode: self.render.map_or(Mode::Auto, Mode::from),
            values: self.values.clone(),
            set: self.set.clone(),
            kube_version: self.kube_version.clone().unwrap_or_else(|| KUBE_VERSION.to_owned()),
            api_versions: self.api_versions.clone(),
            allow_network: self.allow_network,
            wrapper: env::current_exe().ok(),
            ..RenderOptions::default()
        }
    }
}

fn api_version(text: &str) -> Result<String, String> {
    if sources::is_api_version(text) { Ok(text.to_owned()) } else { Err("expected a version such as policy/v1".into()) }
}

fn kube_version(text: &str) -> Result<String, String> {
    if sources::is_kube_version(text) { Ok(text.to_owned()) } else { Err("expected a version such as 1.36.0".into()) }
}

fn assignment(text: &str) -> Result<String, String> {
    if text.contains('=') { Ok(text.to_owned()) } else { Err("expected a value such as image.tag=1.2.3".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_names_what_it_sets() {
        for right in ["image.tag=1.2.3", "a=", "a=1,b=2"] {
            assert_eq!(assignment(right).as_deref(), Ok(right));
        }
        assert!(assignment("image.tag").is_err_and(|cause| cause.contains("image.tag=1.2.3")));
    }
}
