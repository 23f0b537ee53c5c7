//! `seaworthy pull`: gets a module or a bundle out of a registry, verified before anything of it is written.

mod save;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use registry::{Artifact, Bundle, Digest, Limits, Module, Reference, Registry};
use serde_json::json;

use crate::exit::HOLDS;
use crate::failure::Failure;
use crate::options::registry::{ArtifactFormat, RegistryOptions, SignatureOptions, failure, list, reference};
use crate::present::output::{self, BOLD, GREEN, YELLOW, count, shown};
use crate::present::progress::Progress;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy pull ghcr.io/shop/readiness:v1 --output rules --verify cosign.pub
  seaworthy check k8s/ --bundle rules
  seaworthy pull ghcr.io/kubewarden/policies/safe-labels:v1.0.0 \\
                    --output policies";

#[derive(clap::Args)]
pub struct Args {
    /// What to get: HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST.
    #[arg(value_parser = reference, value_name = "REFERENCE")]
    pub reference: Reference,

    /// The folder for the modules, `<rule>.wasm`. For a bundle it must have no modules of others.
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub output: PathBuf,

    /// A public key that must have signed it; if several are given, all of them. Otherwise nothing is written.
    #[arg(long, value_name = "KEY.pub")]
    pub verify: Vec<PathBuf>,

    #[command(flatten)]
    pub signature: SignatureOptions,

    #[command(flatten)]
    pub registry: RegistryOptions,

    /// How to print what was pulled.
    #[arg(long, value_enum, default_value_t = ArtifactFormat::Human, value_name = "FORMAT")]
    pub format: ArtifactFormat,
}

/// What was pulled, with the digest of the whole.
struct Pulled {
    digest: Digest,
    modules: Vec<Module>,
    is_bundle: bool,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let trust = options.signature.trust_if_asked(&options.verify)?;
    let registry = options.registry.registry()?;
    // What was verified is a digest, and nothing else is fetched.
    let pinned = match trust {
        None => registry.resolve(&options.reference),
        Some(trust) => registry.verify(&options.reference, &trust),
    };
    let pinned = options.reference.at(pinned.map_err(|cause| failure(&cause))?);
    let pulled = pull(&registry, &pinned)?;
    let files = write(options, &pulled)?;
    output::print(&match options.format {
        ArtifactFormat::Human => human(options, &pinned, &pulled, &files),
        ArtifactFormat::Json => as_json(options, &pinned, &pulled, &files),
    })?;
    Ok(HOLDS)
}

fn pull(registry: &Registry, pinned: &Reference) -> Result<Pulled, Failure> {
    match registry.pull(pinned).map_err(|cause| failure(&cause))? {
        Artifact::Module(module) => Ok(Pulled { digest: module.digest, modules: vec![module], is_bundle: false }),
        Artifact::Bundle(bundle) => {
            let modules = modules(registry, pinned, &bundle)?;
            Ok(Pulled { digest: bundle.digest, modules, is_bundle: true })
        }
    }
}

/// All modules of a bundle, held in memory until all are there.
fn modules(registry: &Registry, pinned: &Reference, bundle: &Bundle) -> Result<Vec<Module>, Failure> {
    let (limit, total) = (Limits::default().bundle_bytes, AtomicU64::new(0));
    let progress = Progress::start("pulling", bundle.entries.len());
    let one = |entry: &registry::BundleEntry| {
        let module = registry.pull_module(&pinned.at(entry.digest)).map_err(|cause| failure(&cause))?;
        let size = module.bytes.len() as u64;
        if total.fetch_add(size, Ordering::Relaxed) + size > limit {
            return Err(Failure::Registry(format!("{pinned} is larger than the {limit} bytes allowed for a bundle")));
        }
        let rule = sandbox::rule(&module.bytes, &sandbox::Limits::default());
        let rule = rule.map_err(|cause| wrong(pinned, &entry.rule, &format!("is not a policy module: {cause}")))?;
        if rule.as_ref().map(|rule| rule.name.as_str()) != Some(entry.rule.as_str()) {
            return Err(wrong(pinned, &entry.rule, "calls itself something else"));
        }
        progress.step();
        Ok(Module { name: entry.rule.clone(), ..module })
    };
    bundle.entries.par_iter().map(one).collect()
}

fn wrong(pinned: &Reference, rule: &str, cause: &str) -> Failure {
    Failure::Registry(format!("the module {rule} of {pinned} {cause}"))
}

fn write(options: &Args, pulled: &Pulled) -> Result<Vec<PathBuf>, Failure> {
    let folder = &options.output;
    if pulled.is_bundle {
        let names: Vec<&str> = pulled.modules.iter().map(|module| module.name.as_str()).collect();
        let others = save::others(folder, &names)?;
        if let Some(other) = others.first() {
            let message = format!(
                "{} has other modules ({}), which would pass for a part of the bundle; name an empty folder with --output",
                shown(folder),
                shown(other),
            );
            return Err(Failure::File(message));
        }
    }
    save::folder(folder)?;
    let files = pulled.modules.iter().map(|module| save::File { name: &module.name, content: &module.bytes });
    files.map(|file| save::write(folder, &file)).collect()
}

fn human(options: &Args, pinned: &Reference, pulled: &Pulled, files: &[PathBuf]) -> String {
    let reference = &options.reference;
    let what = if pulled.is_bundle { count(pulled.modules.len(), "module") } else { "a module".into() };
    let mut text = format!("{GREEN}pulled{GREEN:#} {BOLD}{reference}{BOLD:#}, {what}, ");
    if options.verify.is_empty() {
        let _ = writeln!(text, "{YELLOW}not verified{YELLOW:#}");
    } else {
        let _ = writeln!(text, "signed by {}", list(&options.verify));
    }
    let _ = writeln!(text, "  {pinned}");
    for file in files {
        let _ = writeln!(text, "  {}", shown(file));
    }
    text
}

fn as_json(options: &Args, pinned: &Reference, pulled: &Pulled, files: &[PathBuf]) -> String {
    let modules = pulled.modules.iter().zip(files);
    let modules: Vec<_> = modules
        .map(|(module, file)| json!({"name": module.name, "digest": module.digest, "file": file.display().to_string()}))
        .collect();
    let answer = json!({
        "reference": options.reference.to_string(),
        "digest": pulled.digest,
        "pinned": pinned.to_string(),
        "verified": !options.verify.is_empty(),
        "modules": modules,
    });
    format!("{answer}\n")
}
