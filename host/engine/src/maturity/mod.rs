//! How mature a repository's workflow is, by the guide's model: from manual (L1) to a product platform (L5).
//!
//! Only evidence counts, and each piece has a file and a line. A practice that leaves no trace in the files is not seen,
//! and is said to have no evidence, not to be absent. The module must not know how the answer is printed, JSON excepted.

mod catalog;
mod evidence;
mod json;
mod pipelines;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::input::Input;

pub use catalog::Catalog;

/// Something that a level asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Practice {
    /// A pipeline or a GitOps controller deploys, not a person.
    AutomatedDeployment,
    /// Argo CD or Flux keeps the cluster as the repository says.
    #[serde(rename = "gitops")]
    GitOps,
    /// GitOps sources name the repository that configuration comes from.
    SeparateConfig,
    /// At least two environments, each with a configuration of its own.
    Environments,
    /// A developer portal knows the services.
    Portal,
    /// Teams get namespaces without asking a person.
    SelfService,
    /// Standards are policies that a machine checks.
    PolicyAsCode,
    /// Service level objectives.
    Objectives,
    /// A template for each kind of workload.
    GoldenPaths,
    /// Policies are checked in CI, or reports of them kept.
    AutomatedCompliance,
    /// Teams see what they cost.
    CostShowback,
}

impl Practice {
    /// All of them, by level.
    pub const ALL: [Self; 11] = [
        Self::AutomatedDeployment,
        Self::GitOps,
        Self::SeparateConfig,
        Self::Environments,
        Self::Portal,
        Self::SelfService,
        Self::PolicyAsCode,
        Self::Objectives,
        Self::GoldenPaths,
        Self::AutomatedCompliance,
        Self::CostShowback,
    ];

    /// The level that asks for it.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::AutomatedDeployment => Level::CiDeployments,
            Self::GitOps | Self::SeparateConfig | Self::Environments => Level::GitOps,
            Self::Portal | Self::SelfService | Self::PolicyAsCode | Self::Objectives => Level::Platform,
            Self::GoldenPaths | Self::AutomatedCompliance | Self::CostShowback => Level::ProductPlatform,
        }
    }

    /// The name in machine-readable output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AutomatedDeployment => "automated-deployment",
            Self::GitOps => "gitops",
            Self::SeparateConfig => "separate-config",
            Self::Environments => "environments",
            Self::Portal => "portal",
            Self::SelfService => "self-service",
            Self::PolicyAsCode => "policy-as-code",
            Self::Objectives => "objectives",
            Self::GoldenPaths => "golden-paths",
            Self::AutomatedCompliance => "automated-compliance",
            Self::CostShowback => "cost-showback",
        }
    }

    /// What is asked for.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::AutomatedDeployment => "Deployments are automated, by a pipeline or by GitOps",
            Self::GitOps => "Argo CD or Flux applies what the repository says",
            Self::SeparateConfig => "GitOps sources name the repository of the configuration",
            Self::Environments => "Two environments or more have configurations of their own",
            Self::Portal => "Services are in a developer portal",
            Self::SelfService => "Teams get namespaces by themselves",
            Self::PolicyAsCode => "Standards are policies as code",
            Self::Objectives => "Services have objectives (SLOs)",
            Self::GoldenPaths => "Golden paths: templates for kinds of workload",
            Self::AutomatedCompliance => "Compliance is checked by machines",
            Self::CostShowback => "Teams see what they cost",
        }
    }

    /// What would be evidence.
    #[must_use]
    pub const fn looked_for(self) -> &'static str {
        match self {
            Self::AutomatedDeployment => {
                "a GitHub Actions, GitLab CI or Tekton step that applies manifests, deploys a chart or pushes an image, or GitOps"
            }
            Self::GitOps => "Argo CD Application or ApplicationSet; Flux Kustomization, HelmRelease or GitRepository",
            Self::SeparateConfig => "a repository URL in an Argo CD source, or a Flux GitRepository or OCIRepository",
            Self::Environments => "kustomizations in the folders of two environments, or values files for two",
            Self::Portal => "Backstage catalog entities",
            Self::SelfService => {
                "Capsule Tenant, HNC SubnamespaceAnchor, a Kyverno policy that generates for namespaces, Crossplane claims"
            }
            Self::PolicyAsCode => {
                "Kyverno, Gatekeeper or Kubewarden policies, ValidatingAdmissionPolicy, seaworthy's configuration"
            }
            Self::Objectives => "Sloth, OpenSLO or Pyrra objectives, or SLO recording rules in a PrometheusRule",
            Self::GoldenPaths => {
                "Backstage Template, cookiecutter.json, a Helm starter, Crossplane Composition or definition"
            }
            Self::AutomatedCompliance => "PolicyReport objects, or a CI step that checks policies",
            Self::CostShowback => "OpenCost, Kubecost or Infracost, as an object, a chart or a CI step",
        }
    }
}

/// A level of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// L1: people deploy by hand, as far as can be seen.
    Manual,
    /// L2: a pipeline deploys.
    CiDeployments,
    /// L3: the cluster follows a repository.
    GitOps,
    /// L4: guardrails, objectives, a portal.
    Platform,
    /// L5: the platform is a product.
    ProductPlatform,
}

impl Level {
    /// All of them, the lowest first.
    pub const ALL: [Self; 5] = [Self::Manual, Self::CiDeployments, Self::GitOps, Self::Platform, Self::ProductPlatform];

    /// 1 to 5.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Manual => 1,
            Self::CiDeployments => 2,
            Self::GitOps => 3,
            Self::Platform => 4,
            Self::ProductPlatform => 5,
        }
    }

    /// As the guide calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manual => "Manual",
            Self::CiDeployments => "CI deployments",
            Self::GitOps => "GitOps",
            Self::Platform => "Platform",
            Self::ProductPlatform => "Product platform",
        }
    }
}

/// A trace of a practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Of what.
    pub practice: Practice,
    /// What was seen, in a few words; from a file, so escape it.
    pub what: String,
    /// The file's name.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maturity {
    /// By practice, in the order of the input.
    pub evidence: Vec<Evidence>,
}

impl Maturity {
    /// Looks through everything that was given, patches and documents that are no objects included. `roots` are the folders
    /// that were asked for, as the files in them are named: what a folder is called counts only below them.
    #[must_use]
    pub fn new(input: &Input, catalog: &Catalog, roots: &[String]) -> Self {
        let mut evidence = evidence::find(input, catalog, roots);
        evidence.sort_by_key(|evidence| evidence.practice);
        Self { evidence }
    }

    /// The evidence of a practice.
    pub fn of(&self, practice: Practice) -> impl Iterator<Item = &Evidence> {
        self.evidence.iter().filter(move |evidence| evidence.practice == practice)
    }

    /// The practices that a level asks for and that left no trace.
    pub fn missing(&self, level: Level) -> impl Iterator<Item = Practice> {
        let asked = Practice::ALL.into_iter().filter(move |practice| practice.level() == level);
        asked.filter(|practice| self.of(*practice).next().is_none())
    }

    /// The highest level up to which there is evidence of everything that is asked.
    #[must_use]
    pub fn level(&self) -> Level {
        let reached = Level::ALL.into_iter().take_while(|level| self.missing(*level).next().is_none());
        reached.last().unwrap_or(Level::Manual)
    }

    /// The next level; none above the highest.
    #[must_use]
    pub fn next(&self) -> Option<Level> {
        let level = self.level();
        Level::ALL.into_iter().find(|next| *next > level)
    }
}
