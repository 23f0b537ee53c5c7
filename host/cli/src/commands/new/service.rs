//! `seaworthy new service`: a service on the golden path.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use scaffold::software_template;

use super::changes;
use super::template::TemplateOptions;
use super::write::{Writing, settled};
use crate::exit::UNDECIDED;
use crate::failure::Failure;
use crate::options::word::WordError;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy new service payments-api --kind http-api --owner team-payments \\
                    --organisation acme
                    payments-api/: the program; k8s-config/: its manifests
  seaworthy new service mailer --kind worker --owner team-crm \\
                    --layout polyrepo --package helm
                    mailer/ and mailer-config/, a chart
  seaworthy new service report --kind cron --owner team-bi \\
                    --set schedule='0 6 * * 1' --dry-run
                    lists what would be written
  seaworthy new service payments-api ... --template golden/
                    with a template of your own
  seaworthy new service web ... \\
                    --template registry://ghcr.io/acme/golden:v3 \\
                    --verify cosign.pub
                    with one from a registry, that `seaworthy push` put there
  seaworthy new service --kind worker --organisation acme --backstage \\
                    --output templates/worker
                    the same files as a software template for Backstage
  seaworthy new service --diff
                    in a service's folder: what the template would change now

Run it in the folder in which your clones lie. No file is ever overwritten.
docs/new-service.md lists all answers.

Exit codes:
  0  written; with --diff: nothing to change
  1  with --diff: the template of today would change something
  2  nothing was written";

#[derive(clap::Args)]
pub struct Args {
    /// The name of the service: lower-case letters, digits and `-`.
    #[arg(value_name = "NAME", required_unless_present_any = ["diff", "backstage"], conflicts_with = "diff")]
    pub name: Option<String>,

    /// What runs: `http-api`, `worker` or `cron`.
    #[arg(long, value_name = "KIND", required_unless_present_any = ["diff", "template"], conflicts_with = "diff")]
    pub kind: Option<String>,

    /// The team that owns it, as the developer portal and GitHub call it.
    #[arg(long, value_name = "TEAM", required_unless_present_any = ["diff", "backstage", "template"], conflicts_with = "diff")]
    pub owner: Option<String>,

    /// One configuration repository for all teams (`monorepo`, the default), or one for this service (`polyrepo`).
    #[arg(long, value_name = "LAYOUT", conflicts_with = "diff")]
    pub layout: Option<String>,

    /// How the manifests of an environment are made: `kustomize`, the default, or `helm`.
    #[arg(long, value_name = "TOOL", conflicts_with = "diff")]
    pub package: Option<String>,

    /// The organisation on GitHub.
    #[arg(long, value_name = "NAME", conflicts_with = "diff")]
    pub organisation: Option<String>,

    /// Where images are pushed. The default is `ghcr.io/<organisation>`.
    #[arg(long, value_name = "REGISTRY", conflicts_with = "diff")]
    pub registry: Option<String>,

    /// The domain of your internal tools. Grafana is `grafana.<domain>` unless `--set grafana=URL` says otherwise.
    #[arg(long, value_name = "DOMAIN", conflicts_with = "diff")]
    pub domain: Option<String>,

    /// The port of an API.
    #[arg(long, value_name = "PORT", conflicts_with = "diff")]
    pub port: Option<String>,

    /// Any other answer to the template. May be given several times.
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "diff")]
    pub set: Vec<Assignment>,

    #[command(flatten)]
    pub template: TemplateOptions,

    /// Where to write; with --diff, the folder of the service.
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    pub output: PathBuf,

    /// List what would be written, and write nothing.
    #[arg(long, conflicts_with = "diff")]
    pub dry_run: bool,

    /// Write a software template for Backstage, which asks for the name and the owner.
    #[arg(long, conflicts_with_all = ["diff", "name", "owner"])]
    pub backstage: bool,

    /// Show what the current template would change in the service of this folder.
    #[arg(long)]
    pub diff: bool,
}

/// `NAME=VALUE`.
#[derive(Clone, Debug)]
pub struct Assignment(String, String);

impl FromStr for Assignment {
    type Err = WordError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let (name, value) = word.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or(WordError::NoValue)?;
        Ok(Self(name.to_owned(), value.to_owned()))
    }
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    if options.diff {
        return changes::run(&options.output, &options.template);
    }
    let (template, origin) = options.template.find(None)?;
    let given = given(options)?;
    let writing = Writing { folder: &options.output, dry_run: options.dry_run };
    if options.backstage {
        let Some(files) = settled(software_template(&template, &given)) else { return Ok(UNDECIDED) };
        return writing.files(files, "");
    }
    writing.template(&template, &origin, &given)
}

fn given(options: &Args) -> Result<BTreeMap<String, String>, Failure> {
    let Args { name, owner, kind, layout, package, organisation, registry, domain, port, .. } = options;
    let flags = [
        ("name", name),
        ("owner", owner),
        ("kind", kind),
        ("layout", layout),
        ("package", package),
        ("organisation", organisation),
        ("registry", registry),
        ("domain", domain),
        ("port", port),
    ];
    let flags = flags.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
    let mut given: BTreeMap<String, String> = flags.collect();
    for Assignment(name, value) in &options.set {
        if given.insert(name.clone(), value.clone()).is_some() {
            return Err(Failure::Usage(format!("`{name}` is given twice")));
        }
    }
    Ok(given)
}
