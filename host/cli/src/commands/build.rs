//! `seaworthy build`: cargo's module of a rule, made smaller, under the rule's own name.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::bundle;
use crate::exit::HOLDS;
use crate::failure::Failure;
use crate::present::output::{self, BOLD, one_line, warn};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy build   the module of the crate in this folder
  seaworthy build required-team-label --output modules/
  seaworthy check k8s/ --policy required-team-label.wasm

Cargo builds it in the release profile for wasm32-unknown-unknown. Where
Binaryen's wasm-opt is installed, it makes the module about a tenth smaller.";

/// What every engine understands of what rustc writes for wasm32-unknown-unknown, as wasm-opt calls it.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

#[derive(clap::Args)]
pub struct Args {
    /// The folder of the rule's crate.
    #[arg(default_value = ".", value_name = "DIR")]
    pub folder: PathBuf,

    /// Where to write the module. The default is the folder of the crate.
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Let cargo fetch nothing, as with cargo's own option.
    #[arg(long)]
    pub offline: bool,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let built = cargo(&options.folder, options.offline)?;
    let (wasm, sections) =
        bundle::read_module(&built).map_err(|cause| Failure::Bundle(format!("{} {cause}", built.display())))?;
    let Some(rule) = sections.rule else {
        let message = format!("{} is not a seaworthy rule: its crate has no `policy!`", built.display());
        return Err(Failure::Bundle(message));
    };
    let smaller = optimised(&built)?;
    let size = wasm.len();
    let module = match smaller {
        Some(smaller) => smaller,
        None => {
            warn("wasm-opt is not installed: install Binaryen, and the module gets about a tenth smaller");
            wasm
        }
    };
    let folder = options.output.as_ref().unwrap_or(&options.folder);
    let path = folder.join(format!("{}.wasm", rule.name));
    let shown = one_line(&sources::name(&path));
    fs::write(&path, &module).map_err(|cause| Failure::File(format!("{shown} cannot be written: {cause}")))?;
    let before = if module.len() == size { String::new() } else { format!(", {size} before wasm-opt") };
    output::print(&format!("{BOLD}{shown}{BOLD:#}  {} bytes{before}\n", module.len()))?;
    Ok(HOLDS)
}

/// The module that cargo builds of the crate in a folder.
fn cargo(folder: &Path, offline: bool) -> Result<PathBuf, Failure> {
    let manifest = folder.join("Cargo.toml");
    let shown = one_line(&sources::name(&manifest));
    let manifest = manifest.canonicalize().map_err(|cause| {
        Failure::File(format!("{shown} cannot be read: {cause}; name the folder of a rule's crate"))
    })?;
    let mut command = Command::new("cargo");
    command.args(["build", "--release", "--target", "wasm32-unknown-unknown"]);
    command.arg("--message-format=json-render-diagnostics").args(offline.then_some("--offline"));
    // In the crate's folder, where its own configuration of cargo and its toolchain count.
    command.current_dir(manifest.parent().unwrap_or(folder)).stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|cause| Failure::Bundle(format!("cargo cannot be started: {cause}; https://rustup.rs")))?;
    let mut messages = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        let read = stdout.read_to_string(&mut messages);
        read.map_err(|cause| Failure::Bundle(format!("what cargo says cannot be read: {cause}")))?;
    }
    let status = child.wait().map_err(|cause| Failure::Bundle(format!("cargo failed: {cause}")))?;
    if !status.success() {
        return Err(Failure::Bundle(format!("cargo cannot build {shown}; it says above why")));
    }
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let own = artifacts.filter(|message| {
        message.get("reason").is_some_and(|reason| reason == "compiler-artifact")
            && message.get("manifest_path").and_then(Value::as_str).is_some_and(|path| Path::new(path) == manifest)
    });
    let mut files =
        own.flat_map(|message| message.get("filenames").and_then(Value::as_array).cloned().unwrap_or_default());
    let module = files.find_map(|file| file.as_str().filter(|file| file.ends_with(".wasm")).map(PathBuf::from));
    module.ok_or_else(|| {
        let message = format!("{shown} makes no module: it needs `[lib] crate-type = [\"cdylib\", \"rlib\"]`");
        Failure::Bundle(message)
    })
}

/// What wasm-opt makes of the module, where it is installed.
fn optimised(module: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let io = |cause: io::Error| Failure::File(format!("no file for what wasm-opt makes: {cause}"));
    let made = NamedTempFile::new().map_err(io)?;
    let mut command = Command::new("wasm-opt");
    match command.arg(module).arg("-O3").args(FEATURES).arg("--output").arg(made.path()).status() {
        Ok(status) if status.success() => fs::read(made.path()).map(Some).map_err(io),
        Ok(_) => Err(Failure::Bundle("wasm-opt cannot read the module; it says above why".into())),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Failure::Bundle(format!("wasm-opt cannot be started: {cause}"))),
    }
}
