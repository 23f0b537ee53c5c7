//! The versions that a file names: of images, charts and repositories.
//!
//! Files are read as they are written, whatever tool builds them: `images` of a kustomization, values of a chart, images of
//! containers, sources of Argo CD and Flux. The module must not know an environment, nor which version is the better one.

use super::elements::{is_version, labels};
use super::reference::{Reference, as_known, reference};
use super::text::{is_fixed, scalar};
use crate::manifest::{Content, Entry, Limits, Manifest, Node, Object, Span, Value, read};

/// Versions of one file that are compared. Of a file with more there is one more, so that its reader sees it.
pub const MOST_VERSIONS: usize = 1_000;

/// Texts within texts, such as a patch of a kustomization in an Application.
const DEPTH: usize = 3;

/// Keys beside images by name that say something of all of them. A registry may have a port, which is no tag.
const OF_ALL_IMAGES: [&str; 5] = ["registry", "imageRegistry", "repository", "tag", "digest"];

/// Keys that name the environment in a file of parameters, and those that name a version there.
const ENVIRONMENTS: [&str; 4] = ["env", "environment", "stage", "cluster"];
const REVISIONS: [&str; 5] = ["revision", "targetRevision", "chartVersion", "version", "tag"];

/// One version that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What it is a version of: the repository of an image, a chart, a repository of git. None where the file does not say.
    pub of: Option<String>,
    /// Where it stands, as people read it: `images[web]`.
    pub at: String,
    /// The tag, or the version of a chart.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<String>,
    /// What around it may say which environment it is for, the most certain first.
    pub said: Vec<String>,
    /// Where it stands in the text.
    pub span: Span,
}

impl Version {
    /// Whether it says which image it is and not which version of it, as `newName` does without `newTag`. An image that ends
    /// with `/` says the registry alone.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.tag.is_none() && self.digest.is_none()
    }
}

/// The versions in a file, in its order.
#[must_use]
pub fn versions(manifest: &Manifest) -> Vec<Version> {
    let mut walk = Walk { found: Vec::new(), said: Vec::new(), outer: None, depth: 0, url: None };
    walk.manifest(manifest, "");
    walk.found
}

struct Walk {
    found: Vec<Version>,
    said: Vec<String>,
    /// Where the text stands that this one is in.
    outer: Option<Span>,
    depth: usize,
    /// The address that a Flux source is a version of.
    url: Option<String>,
}

/// A mapping, and what it is called.
struct Here<'a> {
    node: &'a Node,
    /// The path to it.
    at: &'a str,
    /// The key that it stands under; that of its list, if it is an item.
    key: &'a str,
}

impl Here<'_> {
    fn text(&self, key: &str) -> Option<String> {
        scalar(self.node.get(key)?)
    }

    /// Whether each entry is an image by the name of its container: `images: {web: example.com/web:1.0.0}`.
    fn has_images(&self) -> bool {
        self.key == "images" && !self.at.ends_with(']')
    }
}

impl Walk {
    fn manifest(&mut self, manifest: &Manifest, at: &str) {
        for document in &manifest.documents {
            match &document.content {
                Content::Objects(objects) => objects.iter().for_each(|object| self.object(object, at)),
                Content::Other(node) => {
                    if at.is_empty() {
                        self.parameters(node);
                    }
                    self.value(node, at, "");
                }
                Content::Empty | Content::Template | Content::Broken | Content::Foreign(_) => {}
            }
        }
    }

    fn object(&mut self, object: &Object, at: &str) {
        let node = object.node.look();
        // What is in a Secret is nobody's to repeat.
        if object.kind.ends_with("Secret") {
            return;
        }
        let said = std::mem::replace(&mut self.said, said(object, &node));
        let is_source = object.group() == "source.toolkit.fluxcd.io";
        self.url = is_source.then(|| scalar(node.get("spec")?.get("url")?)).flatten();
        let is_kustomization = object.group() == crate::manifest::kustomization::GROUP;
        let before = match (at.is_empty(), is_kustomization) {
            (true, true) => String::new(),
            _ => format!("{at}{}/{} ", object.kind, object.display_name()),
        };
        if let Value::Mapping(entries) = &node.value {
            let own =
                entries.iter().filter(|entry| !matches!(&*entry.key, "apiVersion" | "kind" | "metadata" | "status"));
            own.for_each(|entry| self.value(&entry.value, &format!("{before}{}", entry.key), &entry.key));
        }
        (self.said, self.url) = (said, None);
    }

    fn value(&mut self, node: &Node, at: &str, key: &str) {
        if self.found.len() > MOST_VERSIONS {
            return;
        }
        match &node.value {
            Value::Mapping(entries) => self.mapping(&Here { node, at, key }, entries),
            Value::Sequence(items) if key == "elements" => {
                let labelled = items.iter().zip(labels(items));
                labelled.for_each(|(item, label)| self.value(item, &format!("{at}[{label}]"), key));
            }
            Value::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    let name = item.get("name").and_then(scalar).unwrap_or_else(|| index.to_string());
                    self.value(item, &format!("{at}[{name}]"), key);
                }
            }
            _ => self.scalar(node, at, key),
        }
    }

    fn mapping(&mut self, here: &Here<'_>, entries: &[Entry]) {
        let known = match here.key {
            "images" => self.kustomize_image(here) || self.image(here),
            "parameters" => self.parameter(here),
            "helmCharts" | "dependencies" => self.dependency(here),
            "elements" => {
                self.element(here, entries);
                true
            }
            "ref" => self.flux_source(here),
            _ => self.operation(here) || self.source(here) || self.flux_chart(here) || self.image(here),
        };
        let is_whole = known && !here.has_images() && !matches!(here.key, "source" | "sources" | "spec");
        for entry in entries.iter().filter(|_| !is_whole) {
            let dot = if here.at.is_empty() || here.at.ends_with(' ') { "" } else { "." };
            let key = if here.has_images() && !OF_ALL_IMAGES.contains(&&*entry.key) { "image" } else { &*entry.key };
            self.value(&entry.value, &format!("{}{dot}{}", here.at, entry.key), key);
        }
    }

    fn scalar(&mut self, node: &Node, at: &str, key: &str) {
        let Some(text) = scalar(node) else { return };
        let lower = key.to_ascii_lowercase().replace(['_', '-'], "");
        if matches!(&*lower, "image" | "imagename") || lower.ends_with("image") || key == "images" {
            match text.split_once('=') {
                // `name=new:tag`, as Argo CD overrides images.
                Some((_, new)) if key == "images" => self.push_override(new, at, node.span),
                named => self.push_image(named.map_or(&*text, |(_, text)| text), at, node.span),
            }
        } else if lower.ends_with("imagetag") || lower.ends_with("imageversion") {
            self.push(None, at, (Some(text), None), node.span);
        } else if lower.ends_with("imagedigest") {
            self.push(None, at, (None, Some(text)), node.span);
        } else if matches!(key, "patch" | "patches" | "patchesStrategicMerge" | "patchesJson6902" | "values") {
            self.inner(&text, at, node.span);
        } else if matches!(key, "resources" | "bases" | "components") {
            self.remote(&text, at, node.span);
        }
    }

    /// A kustomization of another repository: `https://github.com/acme/config//web?ref=v1.0.0`. A branch is no version.
    fn remote(&mut self, text: &str, at: &str, span: Span) {
        let Some((url, query)) = text.split_once('?') else { return };
        let named = |part: &str| part.strip_prefix("ref=").or_else(|| part.strip_prefix("version=")).map(str::to_owned);
        if let Some(revision) = query.split('&').find_map(named).filter(|revision| is_fixed(revision)) {
            self.push(Some(url.trim_end_matches(".git").to_owned()), at, (Some(revision), None), span);
        }
    }

    /// YAML in a text.
    fn inner(&mut self, text: &str, at: &str, span: Span) {
        if self.depth >= DEPTH || !text.contains('\n') && !text.contains('{') {
            return;
        }
        let outer = *self.outer.get_or_insert(span);
        self.depth += 1;
        self.manifest(&read("", text.as_bytes().to_vec(), &Limits::default()), &format!("{at} "));
        self.depth -= 1;
        self.outer = (self.depth > 0).then_some(outer);
    }

    /// An entry of a kustomization's `images`.
    fn kustomize_image(&mut self, here: &Here<'_>) -> bool {
        let Some(name) = here.text("name") else { return false };
        let place = ["newTag", "digest", "newName", "tagSuffix"].iter().find_map(|key| here.node.get(key));
        let Some(place) = place else { return false };
        let tag = match (here.text("newTag"), here.text("tagSuffix")) {
            // Which tag it is put behind stands elsewhere.
            (tag, Some(suffix)) => Some(format!("{}{suffix}", tag.as_deref().unwrap_or("*"))),
            (tag, None) => tag,
        };
        match (here.text("newName"), here.text("digest")) {
            (Some(new), None) if tag.is_none() => self.push_open(new, here.at, place.span),
            (new, digest) => self.push(Some(new.unwrap_or(name)), here.at, (tag, digest), place.span),
        }
        true
    }

    /// A parameter of Helm, as Argo CD sets it: `image.tag`.
    fn parameter(&mut self, here: &Here<'_>) -> bool {
        let (Some(name), Some(value)) = (here.text("name"), here.text("value")) else { return false };
        let span = here.node.get("value").map_or(here.node.span, |value| value.span);
        let lower = name.to_ascii_lowercase();
        match lower.rsplit('.').next().unwrap_or_default() {
            last if last.ends_with("tag") => self.push(None, here.at, (Some(value), None), span),
            last if last.ends_with("digest") => self.push(None, here.at, (None, Some(value)), span),
            last if last.ends_with("image") => self.push_image(&value, here.at, span),
            "repository" if lower.contains("image") => self.push_open(value, here.at, span),
            _ => {}
        }
        true
    }

    /// A chart that another one or a kustomization is made of.
    fn dependency(&mut self, here: &Here<'_>) -> bool {
        let (Some(name), Some(version)) = (here.text("name"), here.node.get("version")) else { return false };
        let of = match here.text("repository").or_else(|| here.text("repo")) {
            Some(repository) => format!("{}/{name}", repository.trim_end_matches('/')),
            None => name,
        };
        self.push(Some(of), here.at, (scalar(version), None), version.span);
        // A chart in a kustomization has values too.
        here.key == "dependencies"
    }

    /// What a list generator of an ApplicationSet says of one Application.
    fn element(&mut self, here: &Here<'_>, entries: &[Entry]) {
        let others = entries.iter().filter(|entry| !is_version(&entry.key)).filter_map(|entry| scalar(&entry.value));
        let around = std::mem::replace(&mut self.said, others.collect());
        for entry in entries {
            let at = format!("{}.{}", here.at, entry.key);
            match scalar(&entry.value) {
                Some(text) if is_version(&entry.key) => {
                    if entry.key.to_ascii_lowercase().ends_with("image") {
                        self.push_image(&text, &at, entry.value.span);
                    } else if !entry.key.to_ascii_lowercase().ends_with("revision") || is_fixed(&text) {
                        self.push(None, &at, (Some(text), None), entry.value.span);
                    }
                }
                _ => self.value(&entry.value, &at, &entry.key),
            }
        }
        self.said = around;
    }

    /// What a git generator of an ApplicationSet reads of one environment: `{env: production, revision: v1.0.0}`.
    fn parameters(&mut self, node: &Node) {
        let Value::Mapping(entries) = &node.value else { return };
        if !entries.iter().any(|entry| ENVIRONMENTS.contains(&&*entry.key) && entry.value.as_str().is_some()) {
            return;
        }
        for entry in entries.iter().filter(|entry| REVISIONS.contains(&&*entry.key)) {
            let is_branch = |text: &str| entry.key.to_ascii_lowercase().ends_with("revision") && !is_fixed(text);
            if let Some(text) = scalar(&entry.value).filter(|text| !is_branch(text)) {
                self.push(None, &entry.key, (Some(text), None), entry.value.span);
            }
        }
    }

    /// An operation of a JSON patch that writes a version.
    fn operation(&mut self, here: &Here<'_>) -> bool {
        let (Some(_), Some(path), Some(value)) = (here.text("op"), here.text("path"), here.node.get("value")) else {
            return false;
        };
        let Some(text) = scalar(value) else { return false };
        let at = format!("{} {path}", here.at);
        match path.rsplit('/').next().unwrap_or_default() {
            "image" => self.push_image(&text, &at, value.span),
            "tag" | "newTag" | "version" => self.push(None, &at, (Some(text), None), value.span),
            "targetRevision" if is_fixed(&text) => self.push(None, &at, (Some(text), None), value.span),
            _ => {}
        }
        true
    }

    /// A source of an Argo CD Application: a chart, or a commit or a tag of a repository. A branch is no version.
    fn source(&mut self, here: &Here<'_>) -> bool {
        let (Some(url), Some(revision)) = (here.text("repoURL"), here.node.get("targetRevision")) else { return false };
        let Some(text) = scalar(revision) else { return false };
        let url = url.trim_end_matches('/').trim_end_matches(".git");
        let at = format!("{}.targetRevision", here.at);
        match (here.text("chart"), here.text("path")) {
            (Some(chart), _) => self.push(Some(format!("{url}/{chart}")), &at, (Some(text), None), revision.span),
            (None, path) if is_fixed(&text) => {
                let of = path.map_or_else(|| url.to_owned(), |path| format!("{url}//{path}"));
                self.push(Some(of), &at, (Some(text), None), revision.span);
            }
            (None, _) => {}
        }
        true
    }

    /// The chart of a HelmRelease. A patch for an environment names its version alone.
    fn flux_chart(&mut self, here: &Here<'_>) -> bool {
        let (chart, Some(version)) = (here.text("chart"), here.node.get("version")) else { return false };
        if chart.is_none() && !here.at.ends_with(" spec.chart.spec") {
            return false;
        }
        let of = here.node.get("sourceRef").and_then(|source| scalar(source.get("name")?));
        let of = match (of, chart) {
            (Some(of), Some(chart)) => Some(format!("{of}/{chart}")),
            (_, chart) => chart,
        };
        self.push(of, &format!("{}.version", here.at), (scalar(version), None), version.span);
        true
    }

    /// The `ref` of a Flux source. A branch is no version.
    fn flux_source(&mut self, here: &Here<'_>) -> bool {
        let Some(url) = self.url.clone() else { return false };
        let tag = ["tag", "semver", "commit"].iter().find_map(|key| here.node.get(key));
        let (digest, Some(place)) = (here.text("digest"), tag.or_else(|| here.node.get("digest"))) else {
            return false;
        };
        let url = url.trim_end_matches('/').trim_end_matches(".git");
        let url = url.strip_prefix("oci://").unwrap_or(url).to_owned();
        self.push(Some(url), here.at, (tag.and_then(scalar), digest), place.span);
        true
    }

    /// An image in the values of a chart: `{repository, tag}`.
    fn image(&mut self, here: &Here<'_>) -> bool {
        let is_written = |node: &&Node| scalar(node).is_some_and(|text| !text.trim().is_empty());
        let place = ["tag", "digest"].iter().find_map(|key| here.node.get(key).filter(is_written));
        let is_image = here.key.to_ascii_lowercase().contains("image");
        let registry = here.text("registry").filter(|registry| !registry.is_empty());
        let Some(place) = place else {
            let of = match (registry, here.text("repository")) {
                (Some(registry), repository) => Some(format!("{registry}/{}", repository.unwrap_or_default())),
                (None, repository) => repository,
            };
            if let Some(of) = of.filter(|_| is_image && !here.has_images()) {
                self.push_open(of, here.at, here.node.span);
            }
            return false;
        };
        // Much else has a name and a tag: an input of Fluent Bit.
        let repository = here.text("repository").or_else(|| here.text("name").filter(|_| is_image));
        if repository.is_none() && !is_image {
            return false;
        }
        let of = match (registry, repository) {
            (Some(registry), Some(repository)) => Some(format!("{registry}/{repository}")),
            (_, repository) => repository,
        };
        self.push(of, here.at, (here.text("tag"), here.text("digest")), place.span);
        true
    }

    /// An image. A container without a tag runs `latest`; elsewhere the tag may stand beside it.
    fn push_image(&mut self, text: &str, at: &str, span: Span) {
        let Reference { repository, tag, digest } = reference(text);
        let is_latest = digest.is_none() && !repository.is_empty() && is_of_container(at);
        let tag = tag.or(is_latest.then_some("latest"));
        self.push(Some(repository.to_owned()), at, (tag.map(str::to_owned), digest.map(str::to_owned)), span);
    }

    /// An image that takes the place of another one, with that one's tag if it has none.
    fn push_override(&mut self, text: &str, at: &str, span: Span) {
        match reference(text) {
            Reference { repository, tag: None, digest: None } => self.push_open(repository.to_owned(), at, span),
            _ => self.push_image(text, at, span),
        }
    }

    /// Whose image it is, where something else says which version of it.
    fn push_open(&mut self, of: String, at: &str, span: Span) {
        if !of.is_empty() {
            self.add(Some(of), at, (None, None), span);
        }
    }

    fn push(&mut self, of: Option<String>, at: &str, (tag, digest): (Option<String>, Option<String>), span: Span) {
        let written = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        // `tag: v1@sha256:...` is what charts that know no digests are given.
        let (tag, digest) = match tag.as_deref().and_then(|tag| tag.split_once('@')) {
            Some((tag, of_tag)) if digest.is_none() => (Some(tag.to_owned()), Some(of_tag.to_owned())),
            _ => (tag, digest),
        };
        let (tag, digest) = (written(tag), written(digest));
        if tag.is_some() || digest.is_some() {
            self.add(of, at, (tag, digest), span);
        }
    }

    /// What a template has yet to fill in is no version.
    fn add(&mut self, of: Option<String>, at: &str, (tag, digest): (Option<String>, Option<String>), span: Span) {
        let is_filled = |text: &String| !["{{", "${", "$("].iter().any(|sign| text.contains(sign));
        if [&of, &tag, &digest].into_iter().flatten().all(is_filled) && self.found.len() <= MOST_VERSIONS {
            let of = of.filter(|of| !of.is_empty()).map(|of| as_known(&of).to_owned());
            let (at, span) = (at.to_owned(), self.outer.unwrap_or(span));
            self.found.push(Version { of, at, tag, digest, said: self.said.clone(), span });
        }
    }
}

/// What an object says of its environment: its labels, where it is deployed, its name.
fn said(object: &Object, node: &Node) -> Vec<String> {
    let find = |path: &[&str]| scalar(path.iter().try_fold(node, |node, step| node.get(step))?);
    let labels = ["app.kubernetes.io/environment", "environment", "env"];
    let labels = labels.iter().filter_map(|label| find(&["metadata", "labels", label]));
    let places = [
        find(&["spec", "destination", "namespace"]),
        find(&["spec", "targetNamespace"]),
        find(&["spec", "path"]),
        find(&["spec", "source", "path"]),
        object.namespace.clone(),
        object.name.clone(),
        find(&["spec", "destination", "name"]),
    ];
    labels.chain(places.into_iter().flatten()).collect()
}

/// Whether a place is that of a container's image, in an object or in the path of a JSON patch.
fn is_of_container(at: &str) -> bool {
    let list = match at.strip_suffix("].image") {
        Some(item) => item.rsplit_once('[').map(|(list, _)| list),
        None => at.rsplit('/').nth(2),
    };
    list.is_some_and(|list| list.ends_with("ontainers"))
}
