//! An object that deploys folders of the input, and what Argo CD's and Flux's have in common: each of their sources
//! becomes a job, or is said not to be looked at. Nothing is left out without a word.

use std::path::{Path, PathBuf};

use engine::File;
use engine::manifest::{Covered, Limits, Manifest, Node, Object, Span, Value, read};

use super::catalog::Catalog;
use super::chart::Values;
use super::failure::{Failure, Why};
use super::mark::{self, Shift};
use super::options::Given;
use super::plan::{Job, Need, What, or_here};
use super::repository::Repository;

/// A folder that is deployed, if one is known, and the job that renders it.
pub type Made = (Option<PathBuf>, Job);

/// What one source gives: nothing where its files stand for themselves, or where somebody else says what of it is not
/// looked at. The error is a job that says so.
pub type Source = Result<Option<Made>, Box<Made>>;

/// An object that deploys.
pub struct Deployer<'a> {
    pub catalog: &'a Catalog<'a>,
    pub repository: &'a Repository,
    /// What generators give that ask a cluster or a server.
    pub generators: &'a Given,
    /// Where it was written.
    pub file: &'a File,
    pub object: &'a Object,
    /// Where it stands as it is deployed: after a rendering, or where it was written.
    pub stands_in: &'a File,
    pub standing: &'a Object,
}

impl<'a> Deployer<'a> {
    /// The file and the line in which somebody wrote what is at a place of the object.
    fn place(&self, at: Span) -> (String, u32) {
        let manifest = &self.file.manifest;
        let written = manifest.rendering().and_then(|rendering| {
            let place = rendering.place(at.start).map(|(place, _)| place).or_else(|| rendering.object(at.start))?;
            let (name, text) = rendering.text(place)?;
            Some((name.to_owned(), text.position(place.span.start).line))
        });
        written.unwrap_or_else(|| (manifest.name.clone(), manifest.source.position(at.start).line))
    }

    /// A job of this object; `folder` is where what it renders lies.
    pub fn job(&self, folder: &Path, environment: String, namespace: Option<String>, what: What) -> Job {
        let (file, line) = self.place(self.object.node.locate(&[]));
        let shown = self.catalog.tree.shown(folder);
        let (tool, place) = match &what {
            What::Kustomization { .. } => ("kustomize build", shown.clone()),
            // One chart in several environments has a place for each.
            _ => ("helm template", format!("{}/{environment}", or_here(&shown))),
        };
        let name = format!("{} ({tool}, {environment})", or_here(&shown));
        let standing = &self.stands_in.manifest;
        let at = standing.source.position(self.standing.node.locate(&[]).start).line;
        let covers = vec![Covered::Object { file: standing.name.clone(), line: at }, Covered::Folder(shown)];
        let project = self.file.project;
        Job { environment, name, folder: place, file, line, covers, namespace, project, what, need: Need::Always }
    }

    /// Something that is refused or not known, at a place in this object.
    pub fn nothing(&self, why: Why, at: &Node) -> Box<Made> {
        let span = if at.span.end == 0 { self.object.node.locate(&[]) } else { at.span };
        let (file, line) = self.place(span);
        let failure = Failure::at(why, file, line);
        let mut job = self.job(Path::new(""), self.object.display_name(), None, What::Nothing(failure));
        job.covers.retain(|covered| matches!(covered, Covered::Object { .. }));
        Box::new((None, job))
    }

    /// The same in words.
    pub fn unknown(&self, text: impl Into<String>, at: &Node) -> Box<Made> {
        self.nothing(Why::Unknown(text.into()), at)
    }

    /// The text at a path, if it is a name. Any other text is refused where it stands.
    pub fn name(
        &self,
        node: &Node,
        path: &[&str],
        is_name: fn(&str) -> bool,
        what: &'static str,
    ) -> Result<Option<String>, Box<Made>> {
        let Some(at) = path.iter().try_fold(node, |node, key| node.get(key)) else { return Ok(None) };
        match at.as_str() {
            None | Some("") => Ok(None),
            Some(text) if is_name(text) => Ok(Some(text.to_owned())),
            Some(text) => Err(self.nothing(Why::Name(text.to_owned(), what), at)),
        }
    }

    /// Values that stand in this object, as a mapping or as a text.
    pub fn inline(&self, node: &Node) -> Option<Values> {
        inline(&self.file.manifest, node)
    }

    /// The objects of the input that may be the one of a kind, a group and a name that is meant beside this one.
    pub fn all(&self, group: &str, kind: &str, name: &str, namespace: Option<&str>) -> Vec<(&'a File, &'a Object)> {
        let own = namespace.or(self.standing.namespace.as_deref());
        let fits = |it: &&Object| {
            let is_near = it.namespace.as_deref().zip(own).is_none_or(|(one, other)| one == other);
            it.kind == kind && it.group() == group && it.name.as_deref() == Some(name) && is_near
        };
        let files = self.catalog.files.iter().map(|known| known.file);
        files.flat_map(|file| file.manifest.objects().filter(fits).map(move |object| (file, object))).collect()
    }

    /// The only one of them.
    pub fn find(&self, group: &str, kind: &str, name: &str, namespace: Option<&str>) -> Option<(&'a File, &'a Object)> {
        let all = self.all(group, kind, name, namespace);
        if let [only] = all.as_slice() { Some(*only) } else { None }
    }
}

/// Whether a member says yes.
pub fn is_true(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|it| it.value == Value::Bool(true))
}

/// Values that a node of a manifest is, or that its text is.
pub fn inline(manifest: &Manifest, node: &Node) -> Option<Values> {
    let (name, source) = (manifest.name.clone(), manifest.source.clone());
    let Some(inner) = node.as_str() else {
        let is_mapping = matches!(node.value, Value::Mapping(_));
        return is_mapping.then(|| Values::Inline { name, source: source.into(), node: node.clone(), shift: None });
    };
    let values = read("values", inner.into(), &Limits::default());
    let values = values.documents.iter().find_map(mark::node_of).cloned()?;
    let shift = Some(Shift::new(inner, &source.text(), node.span));
    Some(Values::Inline { name, source: source.into(), node: values, shift })
}
