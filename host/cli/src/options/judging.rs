//! What is checked, and by what.

use std::path::PathBuf;

use clap::builder::ArgPredicate;
use clap::{Args, ValueEnum};
use engine::Completeness;
use protocol::{Profile, Severity};
use sources::{Exclude, Log};

use super::configuration::ConfigOptions;
use super::limits::Limits;
use super::promotion::Promotion;
use super::rendering::Rendering;
use super::selection::{Selection, severity};
use super::word::{WordError, number, one_of};

/// What to check, and by what.
#[derive(Args)]
pub struct Judging {
    /// Files, folders, or `-` for standard input. A folder is searched for .yaml, .yml, .json, Kustomization and Dockerfiles;
    /// a file may have any name. Subfolders that are repositories, or several of which have a LICENSE, are
    /// projects: each is checked on its own. Rules may see the names of all files in the repository around a folder,
    /// to find wrong paths in manifests. The default is this folder, unless --log is given.
    #[arg(default_value = ".", default_value_if("log", ArgPredicate::IsPresent, None), value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Do not read what matches this pattern, in the way of .gitignore: `tests/`, `*.secret.yaml`. May be given several
    /// times. Files that .gitignore or .ignore leaves out are not read either, and are listed.
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<Exclude>,

    /// A captured log, checked by the rules about log lines: FILE, or NAME=FILE, or NAMESPACE/NAME=FILE with the workload
    /// or the service that wrote it. Without, the file's name up to the first dot is the name. May be given several times;
    /// `NAME=-` reads standard input. The first 10,000 lines and 1 MiB are read.
    #[arg(long, value_parser = Log::parse, value_name = "LOG")]
    pub log: Vec<Log>,

    /// A file or a folder of CustomResourceDefinitions, for the rule kubernetes-schema: custom resources are checked by them.
    /// They are not checked themselves, and no other rule sees them. May be given several times. Those in the input are
    /// found without it.
    #[arg(long, value_name = "PATH")]
    pub crds: Vec<PathBuf>,

    #[command(flatten)]
    pub rendering: Rendering,

    #[command(flatten)]
    pub promotion: Promotion,

    #[command(flatten)]
    pub selection: Selection,

    /// Which rules run: `essential`, the rules for every team; `recommended`, all except those for tools that the input does
    /// not use; `full`, the whole checklist.
    #[arg(long, value_parser = profile, conflicts_with = "rule", value_name = "PROFILE")]
    pub profile: Option<Profile>,

    /// Whether the input is complete. If it is, an object that is not in it is missing. The default is `complete` if only
    /// folders are given, and `partial` otherwise. The summary shows which: `input: complete`.
    #[arg(long, value_enum, value_name = "WORLD")]
    pub world: Option<World>,

    /// Accept that some workloads are not checked: a chart's templates, a kustomization whose base is missing, an Argo CD
    /// Application of a chart. Without it, the exit code is 2.
    #[arg(long)]
    pub allow_unchecked: bool,

    /// Stop the checks after this many seconds; 0 sets no limit. The default is 300 where the variable CI is set, and 0
    /// otherwise. If some checks did not run, the exit code is 2.
    #[arg(long, value_parser = number::<u64>(0..=u64::MAX, "whole seconds, such as 30"), value_name = "SECONDS")]
    pub timeout: Option<u64>,

    /// How much to read: `bytes` and `documents` of one file, `total` bytes of all files. The default is
    /// bytes=2Gi,documents=2000000,total=4Gi. Input above a limit is not read, and the exit code is 2.
    #[arg(long, value_parser = Limits::parse, value_name = "NAME=NUMBER,...")]
    pub limits: Option<Limits>,

    /// Fail (exit code 1) only for findings of this severity and above. All are reported.
    #[arg(long, value_parser = severity, value_name = "SEVERITY")]
    pub fail_on: Option<Severity>,

    /// Known findings, written by `seaworthy baseline write`. Only new findings fail.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    #[command(flatten)]
    pub configuration: ConfigOptions,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum World {
    /// The input is everything.
    Complete,
    /// The input is a part: other objects may be elsewhere.
    Partial,
}

impl From<World> for Completeness {
    fn from(world: World) -> Self {
        match world {
            World::Complete => Self::Complete,
            World::Partial => Self::Partial,
        }
    }
}

pub fn profile(word: &str) -> Result<Profile, WordError> {
    one_of(Profile::ALL, Profile::name, word)
}
