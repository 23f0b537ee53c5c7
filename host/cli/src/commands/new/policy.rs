//! `seaworthy new policy`: a rule, as a crate of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use registry::Reference;
use scaffold::{Origin, Template};

use super::write::Writing;
use crate::failure::Failure;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy new policy required-team-label
                    a crate with one rule, its cases and its CI
  seaworthy new policy required-team-label --sdk ../seaworthy/sdk
                    with the SDK of a clone
  seaworthy new policy required-team-label \\
                    --sdk https://git.example.com/seaworthy.git
  cd required-team-label && cargo test && seaworthy build

No file is ever overwritten.";

#[derive(clap::Args)]
pub struct Args {
    /// The state that the rule requires, in lower-case words: `read-only-root-filesystem`.
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Where the SDK comes from: the folder of a clone's `sdk`, the address of a git repository, or a published version. The
    /// default is the repository of seaworthy.
    #[arg(long, value_name = "PATH|URL|VERSION", conflicts_with = "workspace")]
    pub sdk: Option<String>,

    /// Where the module will be published: its metadata says so.
    #[arg(long, value_name = "REGISTRY", conflicts_with = "workspace")]
    pub registry: Option<String>,

    /// Write a rule of this repository into `policies/`, for those who work on seaworthy itself.
    #[arg(long)]
    pub workspace: bool,

    /// Where to write.
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    pub output: PathBuf,

    /// List what would be written, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let template = Template::built_in("policy").map_err(|cause| Failure::File(cause.to_string()))?;
    let mut given = BTreeMap::from([("name".to_owned(), options.name.clone())]);
    if options.workspace {
        given.insert("home".into(), "workspace".into());
    }
    if let Some(registry) = &options.registry {
        given.insert("registry".into(), Reference::without_scheme(registry).trim_end_matches('/').into());
    }
    if let Some(sdk) = &options.sdk {
        given.insert("sdk".into(), dependency(sdk, &options.output.join(&options.name))?);
    }
    let writing = Writing { folder: &options.output, dry_run: options.dry_run };
    writing.template(&template, &Origin { name: "policy".into(), digest: None }, &given)
}

/// The SDK as Cargo takes it, from a crate in that folder.
fn dependency(sdk: &str, folder: &Path) -> Result<String, Failure> {
    if sdk.starts_with(|first: char| first.is_ascii_digit()) && !Path::new(sdk).exists() {
        return Ok(format!("version = \"{sdk}\""));
    }
    if sdk.contains("://") || sdk.starts_with("git@") {
        return Ok(format!("git = \"{sdk}\""));
    }
    let path = Path::new(sdk).canonicalize();
    let path =
        path.map_err(|cause| Failure::Usage(format!("--sdk {sdk} is not a folder that can be read: {cause}")))?;
    // The clone itself may be meant.
    let path = if path.join("sdk/Cargo.toml").exists() { path.join("sdk") } else { path };
    if !path.join("Cargo.toml").exists() {
        let message = format!("--sdk {sdk} has no Cargo.toml: name the folder `sdk` of a clone of seaworthy");
        return Err(Failure::Usage(message));
    }
    Ok(format!("path = \"{}\"", relative(&path, folder).unwrap_or(path).display()))
}

/// A path from a folder that need not be there yet, so that both may move together.
fn relative(path: &Path, folder: &Path) -> Option<PathBuf> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = parent.canonicalize().ok()?.join(folder.file_name()?);
    let shared = path.components().zip(folder.components()).take_while(|(one, other)| one == other).count();
    // From nothing but the root, the whole path reads better.
    let up = folder.components().skip(shared).map(|_| Path::new(".."));
    let down: PathBuf = path.components().skip(shared).collect();
    (shared > 1).then(|| up.collect::<PathBuf>().join(down))
}
