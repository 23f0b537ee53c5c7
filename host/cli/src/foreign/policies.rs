//! From what was typed to policies that are ready to judge: read, compiled once, their settings accepted by themselves.

use std::path::Path;
use std::time::Duration;

use engine::config::{Config, PolicyConfig, suggestion};
use engine::manifest::{Content, Limits, Node, Value, read};
use engine::{Capabilities, OPERATIONS, Policy, Rule};
use registry::{Options, Reference, Registry};
use sandbox::{Module, Sandbox, sections};
use serde_json::Value as Json;

use crate::bundle;
use crate::cache;
use crate::failure::Failure;
use crate::options::policies::PolicyOptions;
use crate::present::output::{self, one_line};
use crate::present::progress::Progress;
use crate::trust::Trusted;

/// A policy that was found, not yet loaded.
pub struct Found {
    policy: Policy,
    wasm: Vec<u8>,
    settings: Json,
    allow: Capabilities,
    /// Whether it may ask a cluster.
    asks_cluster: bool,
}

impl Found {
    /// A policy that looks up objects, as far as it declares it, and asks nothing else.
    pub fn looking(policy: Policy, wasm: Vec<u8>, settings: Json) -> Self {
        Self { policy, wasm, settings, allow: Capabilities::look_ups(), asks_cluster: false }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.policy.metadata.name
    }

    /// Whether it may ask beyond this machine.
    fn reaches_far(&self) -> bool {
        self.asks_cluster || reaches_far(&self.allow)
    }
}

/// What modules may take, the answers that they wait for included. Registries and clusters may take longer than any rule.
pub fn limits(policies: &[Found], config: &Config) -> sandbox::Limits {
    const FAR: Duration = Duration::from_secs(60);
    let usual = sandbox::Limits::default();
    let is_far = policies.iter().any(Found::reaches_far) || config.allowed.iter().any(|(_, it)| reaches_far(it));
    if is_far { sandbox::Limits { deadline: FAR, ..usual } } else { usual }
}

fn reaches_far(allowed: &Capabilities) -> bool {
    let mut far = OPERATIONS.iter().filter(|(namespace, _)| ["oci", "net"].contains(namespace));
    far.any(|(namespace, operation)| allowed.contains(namespace, operation))
}

/// Reads all policies that were asked for, with what the configuration says of them. Nothing is compiled or run.
///
/// # Errors
/// The first that cannot be read, or is not a policy.
pub fn find(options: &PolicyOptions, config: &Config) -> Result<Vec<Found>, Failure> {
    if options.settings.is_some() && options.policy.len() > 1 {
        let message = "--settings is for one --policy; the settings of several are in the configuration: \
                       policies: {NAME: {settings: ...}}";
        return Err(Failure::Usage(message.into()));
    }
    let given = options.settings.as_deref().map(settings).transpose()?;
    let trusted = Trusted::read(options, config)?;
    let mut all: Vec<Found> = Vec::new();
    for address in &options.policy {
        let (name, wasm) = fetch(address, &trusted)?;
        let said = of_config(&name, config)?;
        let refused = |cause: String| Failure::Bundle(format!("{} {}", one_line(address), one_line(&cause)));
        let sections = sections(&wasm, &sandbox::Limits::default())
            .map_err(|cause| refused(format!("is not a policy module: {cause}")))?;
        let metadata = sections.kubewarden.ok_or_else(|| refused("carries no metadata of Kubewarden's".into()))?;
        let policy = Policy::read(&name, &metadata).map_err(|cause| refused(format!("cannot be run: {cause}")))?;
        if all.iter().any(|other| other.policy.metadata.name == name) {
            return Err(Failure::Usage(format!("there are two policies {name}; rename one of the files")));
        }
        let settings = given.clone().or(said.settings).unwrap_or_else(|| Json::Object(serde_json::Map::new()));
        if options.allow.is_empty() && !config.policies.iter().any(|said| said.name == name) {
            warn_of_withheld(&name, &policy);
        }
        let allow = options.allow.iter().cloned().fold(said.allow, Capabilities::and);
        all.push(Found { policy, wasm, settings, allow, asks_cluster: options.cluster });
    }
    Ok(all)
}

/// What the configuration says of a policy. A name that is nearly its own was meant to be.
fn of_config(name: &str, config: &Config) -> Result<PolicyConfig, Failure> {
    if let Some(said) = config.policies.iter().find(|said| said.name == name) {
        return Ok(said.clone());
    }
    let meant = config.policies.iter().find(|said| !suggestion(&said.name, &[name]).is_empty());
    match meant {
        Some(PolicyConfig { name: other, .. }) => Err(Failure::Usage(format!(
            "the configuration has a policy {other}, and the one given is {name}: one of them is misspelt"
        ))),
        None => Ok(PolicyConfig::default()),
    }
}

/// Says what a policy declares to ask and, with nothing said of it anywhere, may not.
fn warn_of_withheld(name: &str, policy: &Policy) {
    let everything = policy.grant.clone().allowing(Capabilities::all());
    let declared = OPERATIONS.iter().filter(|(namespace, operation)| everything.covers(namespace, operation));
    let declared: Vec<String> = declared.map(|(namespace, operation)| format!("{namespace}/{operation}")).collect();
    if !declared.is_empty() {
        let declared = declared.join(", ");
        let how = "allow it by --allow, or under `policies` in the configuration";
        output::warn(&format!("the policy {name} wants to ask for {declared}, and is refused; {how}"));
    }
}

/// A policy's name and module. Out of a registry it is what was signed, where anybody must have signed it.
pub fn fetch(address: &str, trusted: &Trusted) -> Result<(String, Vec<u8>), Failure> {
    let failed = |cause: String| Failure::Bundle(format!("the policy {}: {cause}", one_line(address)));
    let Some(reference) = Reference::of_address(address) else {
        if trusted.wants_all_signed() {
            return Err(failed("a file is not signed; --verify is for policies at registry://...".into()));
        }
        let path = Path::new(address);
        let (wasm, _) = bundle::read_module(path)
            .map_err(|cause| Failure::Bundle(format!("the policy {} {cause}", one_line(address))))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Ok((name, wasm));
    };
    let reference = reference.map_err(|cause| failed(cause.cause))?;
    let registry = Registry::new(Options::default()).map_err(|cause| failed(cause.to_string()))?;
    let pinned = trusted.pin(&registry, &reference).map_err(|cause| failed(cause.to_string()))?;
    let module = registry.pull_module(&pinned).map_err(|cause| failed(cause.to_string()))?;
    Ok((module.name, module.bytes))
}

/// Settings from a file.
fn settings(path: &Path) -> Result<Json, Failure> {
    mapping(path, "settings")
}

/// One mapping from a file, of what is called so.
pub fn mapping(path: &Path, what: &str) -> Result<Json, Failure> {
    let name = output::shown(path);
    let text = sources::read_regular(path, Limits::default().bytes)
        .map_err(|cause| Failure::File(format!("the {what} {name} {cause}")))?;
    let manifest = read(&name, text, &Limits::default());
    if let Some(problem) = manifest.problems.first() {
        let (line, column) = (problem.position.line, problem.position.column);
        return Err(Failure::Usage(format!("{name}:{line}:{column}: {}", problem.kind)));
    }
    match manifest.documents.as_slice() {
        [document] => match &document.content {
            Content::Empty => Ok(Json::Object(serde_json::Map::new())),
            Content::Other(node @ Node { value: Value::Mapping(_), .. }) => {
                serde_json::to_value(node).map_err(|cause| Failure::Usage(format!("{name}: {cause}")))
            }
            _ => Err(Failure::Usage(format!("{name}: {what} are one mapping"))),
        },
        _ => Err(Failure::Usage(format!("{name}: {what} are one document"))),
    }
}

/// Makes the policies ready to judge. What was compiled before is taken from the user's cache.
///
/// # Errors
/// The first that cannot be loaded, or that refuses its settings.
pub fn load(sandbox: &Sandbox, found: Vec<Found>) -> Result<Vec<Rule<Module>>, Failure> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let cache = cache::open();
    let progress = Progress::start("compiling", found.len());
    let rules = found.into_iter().map(|Found { policy, wasm, settings, allow, .. }| {
        let name = policy.metadata.name.clone();
        let refused =
            |what: &str, cause: String| Failure::Bundle(format!("the policy {name} {what}: {}", one_line(&cause)));
        let module = match &cache {
            Some(cache) => sandbox.load_cached(&name, &wasm, cache),
            None => sandbox.load(&name, &wasm),
        };
        let module = module.map_err(|cause| refused("cannot be loaded", cause.to_string()))?;
        let rule = Rule::foreign(policy, module);
        rule.check_protocol(sandbox).map_err(|cause| refused("cannot be used", cause.to_string()))?;
        rule.validate_settings(sandbox, &settings)
            .map_err(|cause| refused("refuses its settings", cause.to_string()))?;
        progress.step();
        Ok(rule.with_settings(&settings).allowing(allow))
    });
    rules.collect()
}
