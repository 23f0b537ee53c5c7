//! `seaworthy pr`: whether a pull request keeps to the conventions.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use engine::documents::{Commit, PullRequest, change_set, pull_request};
use engine::manifest::Limits;
use engine::report::render::human::{self, Detail};
use engine::report::render::{self, Accepted};
use protocol::Verdict;
use protocol::documents::PULL_REQUEST;
use sources::{Event, Files};

use crate::bundle::{self, Found, Refusals};
use crate::documents::{self, Shown};
use crate::exit::{self, HOLDS, UNDECIDED};
use crate::failure::Failure;
use crate::options::rendering::Rendering;
use crate::present::output;
use crate::versions::{Comparison, Versions};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy pr --event \"$GITHUB_EVENT_PATH\"
                              in a workflow of GitHub; the branch is checked out
  seaworthy pr --title 'feat(web): add keys' --branch feature/keys --base main
                              before it is opened
  seaworthy pr --title 'feat(web): add keys' --branch feature/keys --base main \\
                              --body-file body.md

The commits and the change are those of --head since it left --base-ref. Whether
the change needs a runbook is read from the objects that it changes:
docs/review.md.

Exit codes:
  0  it keeps to the conventions
  1  it does not; the output suggests a title that is nearly right
  2  something could not be determined";

#[derive(clap::Args)]
pub struct Args {
    /// A folder of the repository.
    #[arg(default_value = ".", value_name = "PATH")]
    pub path: PathBuf,

    /// The event of a pull request, a merge request or a push, as the CI system gives it: JSON.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["title", "branch", "base", "body_file", "author"])]
    pub event: Option<PathBuf>,

    /// The title.
    #[arg(long, required_unless_present = "event", value_name = "TEXT")]
    pub title: Option<String>,

    /// The branch with the change.
    #[arg(long, required_unless_present = "event", value_name = "NAME")]
    pub branch: Option<String>,

    /// The branch to merge into.
    #[arg(long, required_unless_present = "event", value_name = "NAME")]
    pub base: Option<String>,

    /// A file with the description; `-` is standard input. Without it, the description is empty.
    #[arg(long, value_name = "FILE")]
    pub body_file: Option<PathBuf>,

    /// Who opens it.
    #[arg(long, default_value = "", value_name = "ACCOUNT")]
    pub author: String,

    /// What the change is compared with. Without it, `origin/` and the branch to merge into, or that branch itself.
    #[arg(long, value_name = "REF")]
    pub base_ref: Option<String>,

    /// The change.
    #[arg(long, default_value = "HEAD", value_name = "REF")]
    pub head: String,

    /// The configuration. Without it, the `seaworthy.yaml` of the base counts.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

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
    /// For machines, see `docs/report.md`.
    Json,
    /// SARIF 2.1.0.
    Sarif,
}

/// Runs the command; the exit code says what was decided.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let Event { name, mut about } = described(options)?;
    let (all, refusals) = bundle::find(options.bundle.as_deref())?;
    let candidates = match &options.base_ref {
        Some(base) => vec![base.clone()],
        None => vec![format!("origin/{}", about.base), about.base.clone()],
    };
    let Args { path, head, config, rendering, .. } = options;
    let compare = |base: &String| {
        let comparison = Comparison { path, base, head, config: config.as_deref(), rendering };
        Versions::new(&comparison, &all)
    };
    let mut compared = candidates.iter().map(compare);
    let first = compared.next().unwrap_or_else(|| Err(Failure::Usage("there is no base".into())));
    // The first one says what to fetch.
    let versions = first.or_else(|cause| compared.find_map(Result::ok).ok_or(cause))?;
    if about.commits.is_empty() {
        let commits = versions.commits.iter();
        about.commits = commits.map(|it| Commit { sha: it.id.clone(), message: it.message.clone() }).collect();
    }
    let refused = |cause| Failure::Usage(format!("the pull request {cause}"));
    let request = pull_request(&name, &about).map_err(refused)?;
    let owners = versions.owners();
    let change = change_set(&name, &versions.change(&owners, false)).map_err(refused)?;
    let mut around = vec![change];
    let mut files = Files::default();
    around.extend(sources::read_trees(std::slice::from_ref(path), &mut files).into_iter().map(|tree| tree.manifest));
    check(options, all, refusals, &versions, Shown { document: request, around })
}

/// What the event says, or the options.
fn described(options: &Args) -> Result<Event, Failure> {
    let limit = Limits::default().bytes;
    let read = |path: &Path| {
        let read = sources::read_input(path, limit);
        read.map_err(|cause| Failure::File(format!("{} {cause}", path.display()))).map(|(_, text)| text)
    };
    if let Some(path) = &options.event {
        return Event::read(&read(path)?).map_err(|cause| Failure::File(format!("{} {cause}", path.display())));
    }
    let body = options.body_file.as_deref().map(read).transpose()?.unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let about = PullRequest {
        title: text(&options.title),
        body: String::from_utf8_lossy(&body).into_owned(),
        branch: text(&options.branch),
        base: text(&options.base),
        author: options.author.clone(),
        labels: Vec::new(),
        commits: Vec::new(),
    };
    Ok(Event { name: about.branch.clone(), about })
}

/// Prints what the rules about pull requests say of this one.
fn check(
    options: &Args,
    all: Vec<Found>,
    mut refusals: Refusals,
    versions: &Versions,
    shown: Shown,
) -> Result<u8, Failure> {
    let found = documents::about(&PULL_REQUEST, all, &versions.config);
    if found.is_empty() {
        refusals.complain();
        return Err(Failure::Usage("no rule is about pull requests, or the configuration disables it".into()));
    }
    let code = documents::ask(found, &versions.config, &mut refusals, shown, |checked| {
        let report = checked.into_report(Vec::new());
        let version = env!("CARGO_PKG_VERSION");
        match options.format {
            Format::Human => {
                let (detail, screen) = (Detail::Full, output::screen());
                let run =
                    human::Run { detail, screen, strict: false, configuration: None, off: &[], render_never: None };
                output::print(&human::render(&report, &run))
            }
            Format::Json => output::stream_json(|out| render::json(&report, version, out)),
            Format::Sarif => output::stream_json(|out| render::sarif(&report, Accepted::LeftOut, version, out)),
        }?;
        // What cannot be seen is nothing that anybody kept to.
        let mut judgements = report.judged.iter().flat_map(|judged| &judged.judgements);
        let is_open = judgements.any(|judgement| judgement.outcome.verdict == Verdict::Unknown);
        let code = exit::code(report.conclusion());
        Ok(if code == HOLDS && is_open { UNDECIDED } else { code })
    })?;
    Ok(if refusals.complain() == HOLDS { code } else { UNDECIDED })
}
