//! `policies.yml` of Kubewarden's policy-server: the policies by name, where each is, what it is set to, and whether it denies.
//!
//! Keys that have no effect here are refused by name, so that nothing is let in that a policy-server would have denied.

use std::path::{Path, PathBuf};

use engine::config::{Admission, Config, Mode, ModeOverride, Reaction, with_suggestion};
use engine::{Policy, Scope};
use sandbox::{Limits, sections};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::policies::{self, Found};
use crate::bundle;
use crate::failure::Failure;
use crate::present::output::{one_line, shown};
use crate::trust::Trusted;

/// A file's own address, as a policy-server has it.
const FILE: &str = "file://";

/// One entry. Keys that are not known are refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    module: String,
    #[serde(default)]
    policy_mode: PolicyMode,
    #[serde(default)]
    allowed_to_mutate: bool,
    #[serde(default)]
    settings: Option<Map<String, Json>>,
    #[serde(default)]
    context_aware_resources: Vec<Resource>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PolicyMode {
    /// A violation is counted and logged.
    Monitor,
    /// A violation denies the object.
    #[default]
    Protect,
}

#[derive(PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Resource {
    api_version: String,
    kind: String,
}

/// The policies of the file, ready to be loaded.
pub struct PolicyServer {
    /// Policies that are rules of ours.
    pub rules: Vec<bundle::Found>,
    /// The others.
    pub policies: Vec<Found>,
    /// Their settings and modes.
    pub config: Config,
}

impl PolicyServer {
    /// Reads the file, and fetches every module that it names. Nothing is compiled or run.
    ///
    /// # Errors
    /// A module cannot be fetched, or a key has no effect here.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let mut server = Self::none();
        for (name, entry) in entries(path)? {
            server.add(path, &name, entry)?;
        }
        Ok(server)
    }

    /// The modules that the file names and that are files too.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn modules(path: &Path) -> Result<Vec<PathBuf>, Failure> {
        let addresses = entries(path)?.into_iter().map(|(_, entry)| address(path, &entry.module));
        Ok(addresses.filter(|address| !address.contains("://")).map(PathBuf::from).collect())
    }

    fn none() -> Self {
        // As a policy-server has it: a policy that gives no answer denies, and an updated object is checked like a new one.
        let (deny, modes) = (Some(Reaction::Deny), Vec::new());
        let admission = Admission { mode: Mode::Enforce, undecided: deny, known: deny, modes };
        Self { rules: Vec::new(), policies: Vec::new(), config: Config { admission, ..Config::default() } }
    }

    fn add(&mut self, file: &Path, name: &str, entry: Entry) -> Result<(), Failure> {
        let address = address(file, &entry.module);
        let refused = |cause: String| Failure::Bundle(format!("{} {}", one_line(&address), one_line(&cause)));
        let (_, wasm) = policies::fetch(&address, &Trusted::without_signatures())?;
        let sections =
            sections(&wasm, &Limits::default()).map_err(|cause| refused(format!("is not a policy module: {cause}")))?;
        let may_look_up = |api_version: &str, kind: &str| {
            let named = |resource: &Resource| (&*resource.api_version, &*resource.kind) == (api_version, kind);
            entry.context_aware_resources.iter().any(named)
        };
        let settings = entry.settings.map(Json::Object);
        if let Some(mut rule) = sections.rule {
            rule.name = name.to_owned();
            rule.looks_up.retain(|look_up| may_look_up(&look_up.api_version, &look_up.kind));
            self.rules.push(bundle::Found::given(rule, &address, wasm));
            self.config.settings.extend(settings.map(|settings| (name.to_owned(), settings)));
        } else {
            let metadata = sections.kubewarden.ok_or_else(|| refused("carries no metadata of Kubewarden's".into()))?;
            let metadata = with_look_ups(metadata, &may_look_up);
            let policy = Policy::read(name, &metadata).map_err(|cause| refused(format!("cannot be run: {cause}")))?;
            let settings = settings.unwrap_or_else(|| Json::Object(Map::new()));
            self.policies.push(Found::looking(policy.of_any_request(), wasm, settings));
        }
        if entry.policy_mode == PolicyMode::Monitor {
            let (rules, scope) = (vec![name.to_owned()], Scope::default());
            self.config.admission.modes.push(ModeOverride { rules, scope, mode: Mode::Audit });
        }
        Ok(())
    }
}

/// The entries of the file, by name; at least one.
fn entries(path: &Path) -> Result<Vec<(String, Entry)>, Failure> {
    let shown = shown(path);
    let Json::Object(all) = policies::mapping(path, "policies")? else { return Ok(Vec::new()) };
    let read = all.into_iter().map(|(name, entry)| {
        let refused = |cause: String| Failure::Usage(format!("{shown}, policy {}: {cause}", one_line(&name)));
        if entry.get("policies").is_some() {
            return Err(refused("groups are not served; name each policy by itself".to_owned()));
        }
        let entry: Entry =
            serde_json::from_value(entry).map_err(|cause| refused(with_suggestion(&cause.to_string())))?;
        if entry.allowed_to_mutate {
            return Err(refused("allowedToMutate: true has no effect here, since nothing is changed".to_owned()));
        }
        Ok((name, entry))
    });
    let read: Vec<_> = read.collect::<Result<_, _>>()?;
    if read.is_empty() { Err(Failure::Usage(format!("{shown} names no policy"))) } else { Ok(read) }
}

/// Where the module is. The path of a file is relative to the file that names it.
fn address(file: &Path, module: &str) -> String {
    let path = module.strip_prefix(FILE).unwrap_or(module);
    if path == module && module.contains("://") {
        return module.to_owned();
    }
    file.parent().unwrap_or(Path::new("")).join(path).display().to_string()
}

/// The metadata, with only the look-ups that the entry allows.
fn with_look_ups(mut metadata: Json, may_look_up: &dyn Fn(&str, &str) -> bool) -> Json {
    if let Some(Json::Array(declared)) = metadata.get_mut("contextAwareResources") {
        declared.retain(|resource| {
            let text = |field: &str| resource.get(field).and_then(Json::as_str).unwrap_or_default();
            may_look_up(text("apiVersion"), text("kind"))
        });
    }
    metadata
}
