//! `seaworthy push`: puts a module, all rules as a bundle, a configuration, a template of services or an image into a
//! registry, and signs them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use engine::Sections;
use protocol::RuleMetadata;
use registry::{Digest, KeyPair, NewModule, Reference, Registry, RegistryError, TEMPLATE_TYPE};
use sandbox::Limits;
use scaffold::Template;
use serde_json::{Value, json};

use crate::bundle;
use crate::configuration::publishable;
use crate::exit::{HOLDS, UNDECIDED};
use crate::failure::Failure;
use crate::judging::today;
use crate::options::password::PasswordOptions;
use crate::options::registry::{
    ArtifactFormat, RegistryOptions, annotation, annotations, failure, key_file, reference,
};
use crate::present::output::{self, BOLD, DIM, GREEN, YELLOW, count, shown};
use crate::present::progress::Progress;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy push ghcr.io/shop/readiness:v1
                                           the bundle inside this binary
  seaworthy push --bundle policies/ ghcr.io/shop/readiness:v1
                                           the modules of a folder
  seaworthy push team-label.wasm ghcr.io/shop/team-label:v1
                                           one module, for Kubewarden too
  seaworthy push --template golden/ ghcr.io/shop/golden:v3
                                           a template for new services
  seaworthy push ghcr.io/shop/readiness:v1 --sign cosign.key
                                           signed, as pull --verify asks
  seaworthy push seaworthy.yaml ghcr.io/shop/configuration:v1 --sign cosign.key
                                           a configuration, for others to extend
  seaworthy push image/ ghcr.io/shop/seaworthy:0.1.0
                                           the image of an OCI layout

Credentials are Docker's: `docker login ghcr.io`.";

#[derive(clap::Args)]
#[command(allow_missing_positional = true)]
pub struct Args {
    /// One module instead of a bundle, or a configuration (.yaml, .yml or .json), or a folder with an image as an OCI layout.
    #[arg(value_name = "FILE", conflicts_with = "bundle")]
    pub file: Option<PathBuf>,

    /// Where to: HOST/REPOSITORY:TAG.
    #[arg(required = true, value_parser = reference, value_name = "REFERENCE")]
    pub reference: Reference,

    /// Push the modules of this folder instead of those inside the binary.
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,

    /// Push the template of services in this folder, for `seaworthy new service --template registry://...`.
    #[arg(long, conflicts_with_all = ["file", "bundle"], value_name = "DIR")]
    pub template: Option<PathBuf>,

    /// Sign what is pushed with this private key: a bundle, and each of its modules.
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,

    #[command(flatten)]
    pub password: PasswordOptions,

    /// An annotation for the signature; may be given several times.
    #[arg(long, requires = "sign", value_parser = annotation, value_name = "NAME=VALUE")]
    pub annotation: Vec<(String, String)>,

    #[command(flatten)]
    pub registry: RegistryOptions,

    /// How to print what was pushed.
    #[arg(long, value_enum, default_value_t = ArtifactFormat::Human, value_name = "FORMAT")]
    pub format: ArtifactFormat,
}

/// The largest layer of an image, in bytes.
const BLOB_BYTES: usize = 256 << 20;

/// What was pushed.
struct Pushed {
    what: &'static str,
    digest: Digest,
    /// The modules of a bundle, by their rules' names.
    modules: Vec<(String, Digest)>,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    // A wrong password is said before anything is pushed.
    let key = options.sign.as_deref().map(|path| key_pair(path, &options.password)).transpose()?;
    if let Some(folder) = &options.template {
        return template(options, folder, key.as_ref());
    }
    if let Some(path) = options.file.as_deref().filter(|path| is_configuration(path)) {
        return configuration(options, path, key.as_ref());
    }
    if let Some(path) = options.file.as_deref().filter(|path| path.is_dir()) {
        return image(options, path, key.as_ref());
    }
    let modules = match &options.file {
        Some(path) => vec![module(path)?],
        None => {
            let (found, refusals) = bundle::find(options.bundle.as_deref())?;
            // A bundle without one of its rules would be taken for all of them.
            if refusals.complain() != HOLDS {
                return Ok(UNDECIDED);
            }
            found.iter().map(|found| of_wasm(found.wasm().to_vec(), &found.metadata.name)).collect::<Result<_, _>>()?
        }
    };
    let registry = options.registry.registry()?;
    let pushed = push(&registry, options, &modules).map_err(|cause| failure(&cause))?;
    finish(&registry, options, &pushed, key.as_ref()).map(|()| HOLDS)
}

fn is_configuration(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

/// Pushes a configuration that holds: what is wrong with it is said here, and not in each repository that extends it.
fn configuration(options: &Args, path: &Path, key: Option<&KeyPair>) -> Result<u8, Failure> {
    let (found, refusals) = bundle::find(None)?;
    let code = refusals.complain();
    let rules: Vec<&RuleMetadata> = found.iter().map(|found| &found.metadata).collect();
    let text = publishable(path, &rules, today())?;
    let registry = options.registry.registry()?;
    let digest = registry.push_configuration(&options.reference, &text).map_err(|cause| failure(&cause))?;
    let pushed = Pushed { what: "a configuration", digest, modules: Vec::new() };
    finish(&registry, options, &pushed, key).map(|()| code)
}

/// Pushes the one image of an [OCI layout](https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
fn image(options: &Args, folder: &Path, key: Option<&KeyPair>) -> Result<u8, Failure> {
    let wrong = |cause: &str| Failure::File(format!("{} {cause}", shown(folder)));
    let read = |path: PathBuf| sources::read_regular(&path, BLOB_BYTES).map_err(|cause| cause.to_string());
    let blob = |digest: Digest| read(folder.join("blobs/sha256").join(digest.hex()));
    let index =
        read(folder.join("index.json")).map_err(|cause| wrong(&format!("is not an OCI layout: index.json {cause}")))?;
    let index: Value =
        serde_json::from_slice(&index).map_err(|cause| wrong(&format!("is not an OCI layout: {cause}")))?;
    let Some([manifest]) = index.pointer("/manifests").and_then(Value::as_array).map(Vec::as_slice) else {
        return Err(wrong("is not an OCI layout of one image"));
    };
    let digest = manifest.get("digest").and_then(Value::as_str).and_then(|digest| digest.parse().ok());
    let digest: Digest = digest.ok_or_else(|| wrong("is not an OCI layout: its image has no digest"))?;
    let manifest = blob(digest).map_err(|cause| wrong(&format!("has no image {digest}: its manifest {cause}")))?;
    if Digest::of(&manifest) != digest {
        return Err(wrong(&format!("has another manifest at {digest}")));
    }
    let registry = options.registry.registry()?;
    let digest = registry.push_image(&options.reference, &manifest, blob).map_err(|cause| failure(&cause))?;
    finish(&registry, options, &Pushed { what: "an image", digest, modules: Vec::new() }, key).map(|()| HOLDS)
}

/// Signs what was pushed, where it is to be signed, and says so.
fn finish(registry: &Registry, options: &Args, pushed: &Pushed, key: Option<&KeyPair>) -> Result<(), Failure> {
    if let Some(key) = key {
        sign(registry, options, pushed, key).map_err(|cause| failure(&cause))?;
    }
    output::print(&match options.format {
        ArtifactFormat::Human => human(options, pushed),
        ArtifactFormat::Json => json(options, pushed),
    })
}

fn template(options: &Args, folder: &Path, key: Option<&KeyPair>) -> Result<u8, Failure> {
    let files = Template::files(folder).map_err(|cause| Failure::File(cause.to_string()))?;
    let files = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
    let registry = options.registry.registry()?;
    let digest = registry.push_files(&options.reference, TEMPLATE_TYPE, &files).map_err(|cause| failure(&cause))?;
    finish(&registry, options, &Pushed { what: "a template", digest, modules: Vec::new() }, key).map(|()| HOLDS)
}

fn push(registry: &Registry, options: &Args, modules: &[NewModule]) -> Result<Pushed, RegistryError> {
    match (&options.file, modules) {
        (Some(_), [module]) => {
            let digest = registry.push_module(&options.reference, module)?;
            Ok(Pushed { what: "a module", digest, modules: Vec::new() })
        }
        _ => {
            let progress = Progress::start("pushing", modules.len());
            let bundle = registry.push_bundle(&options.reference, modules, || progress.step())?;
            let modules = bundle.entries.into_iter().map(|entry| (entry.rule, entry.digest)).collect();
            Ok(Pushed { what: "a bundle", digest: bundle.digest, modules })
        }
    }
}

/// Signs the modules first: where the bundle is signed, all of it is.
fn sign(registry: &Registry, options: &Args, pushed: &Pushed, key: &KeyPair) -> Result<(), RegistryError> {
    let annotations = annotations(&options.annotation);
    let progress = Progress::start("signing", pushed.modules.len() + 1);
    for digest in pushed.modules.iter().map(|(_, digest)| *digest).chain([pushed.digest]) {
        registry.sign(&options.reference, digest, key, &annotations)?;
        progress.step();
    }
    Ok(())
}

fn key_pair(path: &Path, password: &PasswordOptions) -> Result<KeyPair, Failure> {
    let pem = key_file(path)?;
    KeyPair::from_pem(&pem, &password.read()?).map_err(|cause| Failure::File(format!("{} {cause}", shown(path))))
}

fn module(path: &Path) -> Result<NewModule, Failure> {
    let read = bundle::read_module(path);
    let (bytes, sections) = read.map_err(|cause| Failure::Bundle(format!("{} {cause}", shown(path))))?;
    Ok(new_module(bytes, &sections))
}

fn of_wasm(bytes: Vec<u8>, name: &str) -> Result<NewModule, Failure> {
    let sections = sandbox::sections(&bytes, &Limits::default());
    let sections = sections.map_err(|cause| Failure::Bundle(format!("{name} is not a policy module: {cause}")))?;
    Ok(new_module(bytes, &sections))
}

fn new_module(bytes: Vec<u8>, sections: &Sections) -> NewModule {
    let rule = sections.rule.as_ref().map(|rule| rule.name.clone());
    NewModule { bytes, rule, annotations: manifest_annotations(sections) }
}

/// Kubewarden's annotations as `kwctl push` takes them over, those of several lines left out, and what registries show of
/// any artifact.
fn manifest_annotations(sections: &Sections) -> BTreeMap<String, String> {
    let given = sections.kubewarden.as_ref().and_then(|metadata| metadata.get("annotations")?.as_object());
    let one_line = |(name, value): (&String, &Value)| {
        let value = value.as_str().filter(|value| value.lines().count() <= 1)?;
        Some((name.clone(), value.to_owned()))
    };
    let mut annotations: BTreeMap<String, String> = given.into_iter().flatten().filter_map(one_line).collect();
    for (of, shown) in [
        ("title", "title"),
        ("description", "description"),
        ("version", "version"),
        ("license", "licenses"),
        ("source", "source"),
        ("url", "url"),
    ] {
        if let Some(value) = annotations.get(&format!("io.kubewarden.policy.{of}")).cloned() {
            annotations.entry(format!("org.opencontainers.image.{shown}")).or_insert(value);
        }
    }
    annotations
}

fn human(options: &Args, pushed: &Pushed) -> String {
    let reference = &options.reference;
    let what = match pushed.modules.len() {
        0 => pushed.what.to_owned(),
        modules => count(modules, "module"),
    };
    let mut text = format!("{GREEN}pushed{GREEN:#} {BOLD}{reference}{BOLD:#}, {what}");
    match &options.sign {
        Some(key) => {
            let _ = writeln!(text, ", signed with {}", shown(key));
        }
        None => {
            let _ = writeln!(text, ", {YELLOW}not signed{YELLOW:#}");
        }
    }
    let _ = writeln!(text, "  {}", reference.at(pushed.digest));
    for (rule, digest) in &pushed.modules {
        let _ = writeln!(text, "  {DIM}{digest}{DIM:#}  {rule}");
    }
    text
}

fn json(options: &Args, pushed: &Pushed) -> String {
    let reference = &options.reference;
    let modules: Vec<Value> = pushed
        .modules
        .iter()
        .map(|(rule, digest)| json!({"rule": rule, "digest": digest, "pinned": reference.at(*digest).to_string()}))
        .collect();
    let mut text = json!({
        "reference": reference.to_string(),
        "digest": pushed.digest,
        "pinned": reference.at(pushed.digest).to_string(),
        "signed": options.sign.is_some(),
        "modules": modules,
    })
    .to_string();
    text.push('\n');
    text
}
