//! What Flux deploys: the folder of a Kustomization, and the chart of a HelmRelease.

use std::path::Path;

use engine::File;
use engine::manifest::{Node, Object, Value};
use serde_json::{Map, Value as Json, json};

use super::chart::{Release, Values};
use super::deployer::{Deployer, Made, Source, inline, is_true};
use super::kustomization::{Given, Over};
use super::names;
use super::plan::{What, environment_of};
use super::repository::spelt;
use super::substitute::{Missing, Variables};

/// The group of what Flux fetches from.
const SOURCES: &str = "source.toolkit.fluxcd.io";

/// What `flux bootstrap` calls the repository that the object itself is from.
const BOOTSTRAPPED: &str = "flux-system";

impl Deployer<'_> {
    pub fn kustomization(&self, spec: &Node) -> Source {
        let path = spec.text(&["path"]).unwrap_or(".");
        let reference = spec.get("sourceRef");
        let name = reference.and_then(|it| it.text(&["name"])).unwrap_or_default();
        let Some(reference) = reference.filter(|it| it.text(&["kind"]) == Some("GitRepository")) else {
            return Ok(None);
        };
        let is_known = self.git_source(reference, path)?;
        let is_root = crate::read::clean(path.trim_start_matches('/').as_ref()).as_os_str().is_empty();
        // The engine says that the root of another repository is not here.
        if is_root && !is_known && name != BOOTSTRAPPED {
            return Ok(None);
        }
        let Some(folder) = self.catalog.folder(path) else {
            let text = format!("deploys `{path}` of GitRepository {name}, which is not in the input");
            return Err(self.unknown(text, spec.get("path").unwrap_or(reference)));
        };
        let namespace = self.name(spec, &["targetNamespace"], names::is_label, "namespace")?;
        let mut fields = Map::new();
        if let Some(namespace) = &namespace {
            fields.insert("namespace".to_owned(), namespace.as_str().into());
        }
        for key in ["namePrefix", "nameSuffix", "patches", "images", "components"] {
            if let Some(value) = spec.get(key).and_then(|value| serde_json::to_value(value).ok()) {
                fields.insert(key.to_owned(), value);
            }
        }
        if let Some(Json::Array(components)) = fields.get_mut("components") {
            let is_there = |path: &Json| path.as_str().is_some_and(|path| folder.join(path).is_dir());
            components.retain(|path| !is_true(spec, "ignoreMissingComponents") || is_there(path));
        }
        if let Some(labels) = spec.get("commonMetadata").and_then(|it| it.get("labels")) {
            fields.insert("labels".to_owned(), json!([{ "pairs": labels }]));
        }
        let own = &self.file.manifest;
        let given = ["patches", "images"].iter().filter_map(|key| Some(Given::member(own, spec.entry(key)?.clone())));
        let (variables, filled, needed) = match spec.get("postBuild") {
            Some(build) => {
                let (variables, filled, needed) = self.variables(build);
                // Where nothing is set, Flux fills in nothing, not even defaults.
                let variables = Some(variables).filter(|variables| !variables.is_empty() || needed.is_some());
                (variables, filled, needed)
            }
            None => (None, Vec::new(), None),
        };
        let is_over = !fields.is_empty() || variables.is_some();
        let over = is_over.then(|| Over { fields, given: given.collect(), variables, filled, needed });
        // Plain files stand for themselves.
        if over.is_none() && !self.catalog.kustomizations.contains_key(&folder) {
            return Ok(None);
        }
        let what = What::Kustomization { folder: folder.clone(), over: over.map(Box::new) };
        let environment = self.environment(&folder);
        let is_alone = environment == environment_of(&self.catalog.tree.shown(&folder));
        let mut job = self.job(&folder, environment, namespace, what);
        if is_alone {
            job.name = format!("{} (kustomize build, {})", job.folder, self.object.display_name());
        }
        Ok(Some((Some(folder), job)))
    }

    /// What people call the environment of a folder: as the folder, or, where others deploy it too, as the object or as the
    /// folder that this stands in.
    fn environment(&self, folder: &Path) -> String {
        let group = self.object.group();
        let is_same = |object: &&Object| {
            let is_kind = object.kind == self.object.kind && object.group() == group;
            let spec = is_kind.then(|| object.node.get("spec")).flatten();
            let path = spec.map(|spec| spec.text(&["path"]).unwrap_or("."));
            path.and_then(|path| self.catalog.folder(path)).is_some_and(|other| other == *folder)
        };
        let objects = self.catalog.files.iter().flat_map(|known| known.file.manifest.objects());
        let same: Vec<String> = objects.filter(is_same).map(Object::display_name).collect();
        let own = self.object.display_name();
        match (same.len(), same.iter().filter(|name| **name == own).count()) {
            (0 | 1, _) => environment_of(&self.catalog.tree.shown(folder)),
            (_, 0 | 1) => own,
            _ => environment_of(self.file.manifest.name.rsplit_once('/').map_or("", |(folder, _)| folder)),
        }
    }

    /// Whether the repository that is meant is known to be this one, at this state. What is known to be another is said.
    pub fn git_source(&self, reference: &Node, path: &str) -> Result<bool, Box<Made>> {
        let name = reference.text(&["name"]).unwrap_or_default();
        let found = self.find(SOURCES, "GitRepository", name, reference.text(&["namespace"]));
        let Some(spec) = found.and_then(|(_, object)| object.node.get("spec")) else { return Ok(false) };
        let url = spec.text(&["url"]).unwrap_or_default();
        if !self.repository.is_here(url) {
            let text = format!("deploys `{path}` of {}, which is another repository", spelt(url));
            return Err(self.unknown(text, reference));
        }
        let Some(at) = spec.get("ref") else { return Ok(true) };
        let revision = ["commit", "name", "semver", "tag"].iter().find_map(|key| at.text(&[key]));
        let branch = at.text(&["branch"]);
        let is_this = revision.is_none() && branch.is_none_or(|it| self.repository.is_this_tree(Some(it)));
        if is_this {
            return Ok(true);
        }
        let revision = revision.or(branch).unwrap_or_default();
        let text = format!("`{path}` is deployed at `{revision}`, which is not this tree: that is not rendered");
        Err(self.unknown(text, reference))
    }

    /// What Flux fills in after a build, as far as it stands in the input, the mappings that it stands in, and what is not
    /// there. The last mapping wins.
    fn variables(&self, build: &Node) -> (Variables, Vec<Given>, Option<Missing>) {
        let (mut filled, mut missing, mut last, mut is_optional) = (Vec::new(), Vec::new(), 0, true);
        for reference in build.list("substituteFrom") {
            let Some((file, object)) = self.data(reference) else {
                let (kind, name) = named(reference);
                let need_not_be = is_true(reference, "optional") && self.all("", kind, name, None).is_empty();
                missing.push(format!("{kind} `{name}`"));
                if !need_not_be {
                    (last, is_optional) = (filled.len(), false);
                }
                continue;
            };
            let mappings = ["data", "stringData"].iter().filter_map(|key| object.node.get(key));
            filled.extend(mappings.map(|node| Given::new(&file.manifest, node.clone())));
        }
        filled.extend(build.get("substitute").map(|node| Given::new(&self.file.manifest, node.clone())));
        let behind = filled.iter().skip(last).flat_map(Given::texts).map(|(name, _)| name);
        let needed = Missing { of: missing.join(" and "), settled: behind.collect(), is_optional };
        let needed = Some(needed).filter(|_| !missing.is_empty());
        (filled.iter().flat_map(Given::texts).collect(), filled, needed)
    }

    /// The ConfigMap or the Secret of the input that is named. What is encoded is not read: it would be a Secret's.
    fn data(&self, reference: &Node) -> Option<(&File, &Object)> {
        let (kind, name) = (reference.text(&["kind"])?, reference.text(&["name"])?);
        let (file, object) = self.find("", kind, name, None)?;
        (kind == "ConfigMap" || object.node.get("stringData").is_some()).then_some((file, object))
    }

    pub fn helm_release(&self, spec: &Node) -> Source {
        let Some(chart) = spec.get("chart").and_then(|chart| chart.get("spec")) else { return Ok(None) };
        let (path, reference) = (chart.text(&["chart"]), chart.get("sourceRef"));
        let reference = reference.filter(|it| it.text(&["kind"]) == Some("GitRepository"));
        // The engine says that a chart of a registry is not here.
        let (Some(path), Some(reference)) = (path, reference) else { return Ok(None) };
        self.git_source(reference, path)?;
        let folder = self.catalog.folder(path).filter(|folder| self.catalog.charts.contains_key(folder));
        let Some(folder) = folder else {
            return Err(self.unknown(format!("deploys the chart `{path}`, which is not in the input"), chart));
        };
        if let Some(renderers) = spec.get("postRenderers").filter(|it| it.value != Value::Sequence(Vec::new())) {
            return Err(self.unknown("`postRenderers` are not run here: the chart is not rendered", renderers));
        }
        let release = self.name(spec, &["releaseName"], names::is_release, "name of a release")?;
        let target = self.name(spec, &["targetNamespace"], names::is_label, "namespace")?;
        let own = self.object.display_name();
        let release = release.unwrap_or_else(|| {
            names::release_of(&target.as_ref().map_or_else(|| own.clone(), |target| format!("{target}-{own}")))
        });
        let namespace = target.or_else(|| self.standing.namespace.clone()).filter(|it| names::is_label(it));
        let mut values = Vec::new();
        let files: Vec<&Node> = chart.get("valuesFile").into_iter().chain(chart.list("valuesFiles")).collect();
        for file in &files {
            let path = file.as_str().unwrap_or_default();
            match self.catalog.file(path.trim_start_matches("./")) {
                Some(found) => values.push(Values::File(found)),
                None if is_true(chart, "ignoreMissingValuesFiles") => {}
                None => return Err(self.unknown(format!("the values file `{path}` is not in the input"), file)),
            }
        }
        for reference in spec.list("valuesFrom") {
            values.extend(self.values_from(reference)?);
        }
        values.extend(spec.get("values").and_then(|values| self.inline(values)));
        let what = What::Release(Box::new(Release {
            chart: folder.clone(),
            name: release,
            namespace: namespace.clone(),
            // Files that are named stand in the place of the chart's own.
            without_own: !values.is_empty() && !files.is_empty(),
            values,
            ..Release::default()
        }));
        let job = self.job(&folder, own, namespace, what);
        Ok(Some((Some(folder), job)))
    }

    /// The values in a ConfigMap or a Secret of the input; none of one that is not there and need not be.
    fn values_from(&self, reference: &Node) -> Result<Option<Values>, Box<Made>> {
        let (kind, name) = named(reference);
        let is_optional = is_true(reference, "optional");
        if is_optional && self.all("", kind, name, None).is_empty() {
            return Ok(None);
        }
        if let Some(target) = reference.get("targetPath") {
            return Err(self.unknown("`targetPath` is not read here: the chart is not rendered", target));
        }
        let key = reference.text(&["valuesKey"]).unwrap_or("values.yaml");
        let found = self.data(reference).and_then(|(file, object)| {
            let value = ["data", "stringData"].iter().find_map(|data| object.node.get(data)?.get(key))?;
            inline(&file.manifest, value)
        });
        let text = || format!("the values of {kind} `{name}` are not in the input");
        found.map(Some).ok_or_else(|| self.unknown(text(), reference))
    }
}

/// The kind and the name of an object that is referred to.
fn named(reference: &Node) -> (&str, &str) {
    let kind = reference.text(&["kind"]).unwrap_or("object");
    (kind, reference.text(&["name"]).unwrap_or_default())
}
