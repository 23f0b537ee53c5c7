//! `seaworthy review`: what kind of change this is, and who must approve it.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use engine::config::Config;
use engine::documents::change_set;
use engine::manifest::{Limits, Manifest};
use engine::review::{Approvals, Decision, Place, Review, render};
use protocol::Outcome;
use protocol::documents::CHANGE_SET;

use crate::bundle::{self, Found, Refusals};
use crate::documents::{self, Shown};
use crate::exit::{BROKEN, HOLDS, UNDECIDED};
use crate::failure::Failure;
use crate::options::rendering::Rendering;
use crate::present::output;
use crate::versions::{Comparison, Versions};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy review --base origin/main
                               what this branch changes, and who must approve it
  seaworthy review --base origin/main --approvals approvals.json
                               is it approved? docs/review.md shows the file
  seaworthy review --base v1.4 --head v1.5
                               between two revisions
  seaworthy review --base origin/main --format markdown
                               a comment for the pull request

The change is compared with the last commit that both have. The approval matrix,
the teams and CODEOWNERS are those of that commit: a change cannot lower its own
requirements.

Exit codes:
  0  the change is classified, or nothing changed; with --approvals, it is
     approved
  1  with --approvals: approvals are missing
  2  something could not be determined: a chart that is not rendered, an owner,
     the members of a team, the history";

#[derive(clap::Args)]
pub struct Args {
    /// A folder of the repository. The whole repository is compared.
    #[arg(default_value = ".", value_name = "PATH")]
    pub path: PathBuf,

    /// What the change is to be merged into: a branch, a tag or a commit, such as origin/main.
    #[arg(long, value_name = "REF")]
    pub base: String,

    /// The change: a branch, a tag or a commit. Uncommitted changes are ignored.
    #[arg(long, default_value = "HEAD", value_name = "REF")]
    pub head: String,

    /// The reviews and the members of teams, JSON or YAML: is the change approved?
    #[arg(long, value_name = "FILE")]
    pub approvals: Option<PathBuf>,

    /// Who proposes the change, where the file of --approvals does not say so.
    #[arg(long, requires = "approvals", value_name = "ACCOUNT")]
    pub author: Option<String>,

    /// The configuration. Without it, the `seaworthy.yaml` of the base counts, in the folder or above it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Accept that some workloads could not be compared.
    #[arg(long)]
    pub allow_unchecked: bool,

    #[command(flatten)]
    pub rendering: Rendering,

    /// Use the modules (`<rule>.wasm`) of this folder instead of the bundle inside the binary.
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For machines, see `docs/review.md`.
    Json,
    /// A comment for a pull request.
    Markdown,
    /// Annotations of GitHub.
    Github,
}

/// Runs the command; the exit code says what was decided.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let approvals = options.approvals.as_deref().map(read_approvals).transpose()?;
    let (all, refusals) = bundle::find(options.bundle.as_deref())?;
    let Args { path, base, head, config, rendering, allow_unchecked, .. } = options;
    let comparison = Comparison { path, base, head, config: config.as_deref(), rendering };
    let versions = Versions::new(&comparison, &all)?;
    let owners = versions.owners();
    let mut change = versions.change(&owners, *allow_unchecked);
    let is_asked = approvals.is_some();
    if let Some(Approvals { author, reviews, teams }) = approvals {
        change.author = author.or_else(|| options.author.clone());
        (change.reviews, change.teams) = (Some(reviews), Some(teams));
    }
    let name = format!("{base}..{head}");
    let manifest = change_set(&name, &change).map_err(|cause| Failure::Usage(format!("the change {cause}")))?;
    let outcome = ask(all, refusals, &versions.config, manifest)?;
    let place = |place: &str, environment: Option<&str>| Place {
        place: place.to_owned(),
        environment: environment.map(str::to_owned),
    };
    let of_files: Vec<Place> = change.files.iter().map(|file| place(file.path, None)).collect();
    let of_objects: Vec<Place> = change.objects.iter().map(|object| place(&object.place, object.environment)).collect();
    let mut review = Review::new(&name, &outcome, is_asked, &of_files, &of_objects);
    let is_changed = !of_files.is_empty() || !of_objects.is_empty();
    if let Some(reason) = review.reason.as_mut().filter(|_| is_changed && !change.unseen.is_empty()) {
        // The rule knows no options of this program.
        reason.push_str("; `--allow-unchecked` accepts this");
    }
    output::print(&match options.format {
        Format::Human => render::human(&review),
        Format::Json => render::json(&review, env!("CARGO_PKG_VERSION")),
        Format::Markdown => render::markdown(&review),
        Format::Github => render::github(&review),
    })?;
    Ok(match review.decision {
        Decision::Unchanged | Decision::Classified | Decision::Approved => HOLDS,
        Decision::Refused => BROKEN,
        Decision::Undecided => UNDECIDED,
    })
}

fn read_approvals(path: &Path) -> Result<Approvals, Failure> {
    let failed = |cause: &dyn std::fmt::Display| Failure::File(format!("--approvals: {} {cause}", path.display()));
    let limit = Limits::default().bytes;
    let (name, text) = sources::read_input(path, limit).map_err(|cause| failed(&cause))?;
    Approvals::read(&name, text).map_err(|cause| failed(&cause))
}

/// What the one rule about changes says of this one.
fn ask(all: Vec<Found>, mut refusals: Refusals, config: &Config, document: Manifest) -> Result<Outcome, Failure> {
    let found = documents::about(&CHANGE_SET, all, config);
    let usage = |message: &str| Failure::Usage(message.into());
    match found.len() {
        1 => {}
        0 if refusals.complain() != HOLDS => return Err(usage("the bundle lacks the rule about changes")),
        0 => return Err(usage("the configuration disables the rule about changes, so nothing can be decided")),
        _ => return Err(usage("several rules are about changes; disable all but one in the configuration")),
    }
    let shown = Shown { document, around: Vec::new() };
    let outcome = documents::ask(found, config, &mut refusals, shown, |checked| {
        let judgement = checked.judged.iter().flat_map(|judged| &judged.judgements).next();
        Ok(judgement.map(|judgement| (*judgement.outcome).clone()))
    })?;
    if refusals.complain() != HOLDS {
        return Err(Failure::Bundle("not all rules can be used".into()));
    }
    outcome.ok_or_else(|| Failure::Bundle("the rule about changes did not look at this one".into()))
}
