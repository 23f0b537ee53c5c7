//! Builds a kustomization: of copies of what it refers to, and of nothing else, and once more with marks in all of it.

use std::path::{Path, PathBuf};

use engine::manifest::{Covered, Entry, Manifest, Node, Source, Value, read};
use serde_json::{Map, Value as Json, json};

use super::chart::is_part;
use super::failure::{Failure, Why};
use super::generated;
use super::mark::{self, Context, Marks, Style};
use super::marking::{Inner, marked_fields, marked_kustomization, marked_patch, patches_in, patches_of};
use super::options::RenderOptions;
use super::overlay::{self, Places};
use super::parts::{NAMES, Parts, Role, kustomization_of};
use super::rendered::{Rendered, limits};
use super::stage::Stage;
use super::substitute::{Filled, Missing, Variables, substituted};
use super::tool::{Call, Tool, Tools};
use super::tree::Tree;

/// The name under which this program is helm to kustomize.
pub const HELM_WRAPPER: &str = "seaworthy-helm";

/// What Argo CD and Flux write into a kustomization before they build it.
#[derive(Clone, Debug, Default)]
pub struct Over {
    pub fields: Map<String, Json>,
    /// Those of them whose places are told, as they were written.
    pub given: Vec<Given>,
    /// What is filled in after the build, if anything is.
    pub variables: Option<Variables>,
    /// The same as it was written; the last one wins.
    pub filled: Vec<Given>,
    /// What else would be filled in, and is not in the input.
    pub needed: Option<Missing>,
}

/// Members of a mapping, and where somebody wrote them.
#[derive(Clone, Debug)]
pub struct Given {
    name: String,
    source: Source,
    node: Node,
}

impl Given {
    /// A mapping that stands in a manifest.
    pub fn new(manifest: &Manifest, node: Node) -> Self {
        Self { name: manifest.name.clone(), source: manifest.source.clone(), node }
    }

    /// The members that are scalars, as texts.
    pub fn texts(&self) -> impl Iterator<Item = (String, String)> {
        let text = |entry: &Entry| Some((entry.key.to_string(), mark::text_of(&entry.value.value)?));
        self.entries().iter().filter_map(text)
    }

    fn entries(&self) -> &[Entry] {
        match &self.node.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// A mapping of one member.
    pub fn member(manifest: &Manifest, entry: Entry) -> Self {
        let span = entry.value.span;
        Self::new(manifest, Node { value: Value::Mapping(vec![entry]), span })
    }
}

impl Over {
    /// The same with marks; `first` is the number of the first text.
    fn marked<'a>(&'a self, marks: &mut Marks<'a>, first: usize, inner: &'a [Vec<Inner>]) -> Self {
        let mut fields = self.fields.clone();
        for (at, (given, inner)) in self.given.iter().zip(inner).enumerate() {
            let copy = marked_fields(marks, first + at, &given.node, inner);
            fields.extend(serde_json::from_str::<Map<String, Json>>(&copy).unwrap_or_default());
        }
        let mut variables = self.variables.clone();
        let first = first + self.given.len();
        for (at, given) in self.filled.iter().enumerate() {
            for entry in given.entries() {
                // What has lines is more than the end of a value.
                let value = mark::text_of(&entry.value.value).filter(|it| !it.is_empty() && !it.contains('\n'));
                if let Some((value, variables)) = value.zip(variables.as_mut()) {
                    variables.insert(entry.key.to_string(), marks.filling(entry, &value, first + at));
                }
            }
        }
        Self { fields, variables, needed: self.needed.clone(), ..Self::default() }
    }

    /// The kustomization, as JSON, with all that is written into it: lists grow, an image takes the place of the one of its
    /// name, and anything else is replaced.
    fn onto(&self, kustomization: &str) -> String {
        let mut written: Map<String, Json> = serde_json::from_str(kustomization).unwrap_or_default();
        for (key, value) in &self.fields {
            match (written.get_mut(key), value) {
                (Some(Json::Array(images)), Json::Array(more)) if key == "images" => {
                    images.retain(|image| more.iter().all(|other| other.get("name") != image.get("name")));
                    images.extend(more.iter().cloned());
                }
                (Some(Json::Array(items)), Json::Array(more)) => items.extend(more.iter().cloned()),
                (Some(Json::Object(members)), Json::Object(more)) => members.extend(more.clone()),
                _ => _ = written.insert(key.clone(), value.clone()),
            }
        }
        Json::Object(written).to_string()
    }
}

/// Builds the kustomization in a folder.
pub fn build(
    tools: &Tools,
    tree: &Tree,
    folder: &Path,
    over: Option<&Over>,
    options: &RenderOptions,
) -> Result<Rendered, Failure> {
    let mut parts = Parts::new(tree, options.allow_network);
    let is_bare = !NAMES.iter().any(|name| folder.join(name).is_file());
    // Without a kustomization, Flux makes one of all files.
    let bare = if is_bare { Some(json!({ "resources": parts.add_bare(folder)? }).to_string()) } else { None };
    if !is_bare {
        parts.add_folder(folder)?;
    }
    if let Some(Over { fields, .. }) = over {
        parts.add_laid_over(folder, fields)?;
    }
    let tool = tools.kustomize.as_ref().ok_or(Why::Missing("kustomize"))?;
    let target = parts.staged(folder);
    let own = parts.parts.first().filter(|_| !is_bare);
    let top = own.map_or_else(|| target.join(NAMES[0]), |part| part.path.clone());
    let given = bare.clone().or_else(|| own.and_then(|part| kustomization_of(&part.manifest)).map(mark::plain));
    let build = Build { tools, tool, options, chart: parts.chart.clone(), target, over, top, bare };
    let is_written = is_bare || over.is_some_and(|over| !over.fields.is_empty());
    if let Some(given) = given.filter(|_| is_written) {
        let written = over.map_or_else(|| given.clone(), |over| over.onto(&given));
        parts.stage.write(&build.top, written.into_bytes());
    }
    let Filled { text, open, unreadable } = build.run(&parts.stage, over)?;
    let manifest = read("rendered", text.into_bytes(), &limits());
    let unknown = unfilled(over.and_then(|over| over.needed.as_ref()), open, unreadable);
    let mut rendered = Rendered { manifest, unknown, ..Rendered::default() };
    // What a generator puts into a ConfigMap may be an object all the same.
    let made_of_charts = parts.charts.iter().flat_map(|chart| {
        let files = parts.stage.copied().map(|(_, real)| real).filter(move |real| real.starts_with(chart));
        files.map(|real| tree.shown(real)).filter(move |name| is_part(name, &tree.shown(chart)))
    });
    rendered.made_of = parts.parts.iter().map(|part| part.manifest.name.clone()).chain(made_of_charts).collect();
    rendered.texts =
        parts.parts.iter().map(|part| (part.manifest.name.clone(), part.manifest.source.clone())).collect();
    let given = over.into_iter().flat_map(|over| over.given.iter().chain(&over.filled));
    rendered.texts.extend(given.map(|given| (given.name.clone(), given.source.clone())));
    let kustomizations = parts.parts.iter().filter(|part| part.role == Role::Kustomization);
    let folders = kustomizations.map(|part| parts.root.join(part.path.parent().unwrap_or(Path::new(""))));
    rendered.covers = folders.chain(parts.charts.iter().cloned()).map(|it| Covered::Folder(tree.shown(&it))).collect();
    rendered.places = traced(&build, &parts, &rendered.manifest);
    generated::add(&parts.parts, &mut rendered.manifest, &mut rendered.places);
    Ok(rendered)
}

/// What is said of objects whose variables are not filled in.
fn unfilled(needed: Option<&Missing>, open: usize, unreadable: usize) -> Option<Why> {
    let objects = |count: usize| match count {
        1 => "1 object with variables is".to_owned(),
        _ => format!("{count} objects with variables are"),
    };
    let missing = needed.filter(|_| open > 0).map(|needed| {
        format!("the values of {} are not in the input in plain text: {} not checked", needed.of, objects(open))
    });
    let unknown = (unreadable > 0)
        .then(|| format!("`${{...}}` has an operator that is not filled in here: {} not checked", objects(unreadable)));
    let said: Vec<String> = missing.into_iter().chain(unknown).collect();
    (!said.is_empty()).then(|| Why::Unknown(said.join("; ")))
}

/// How to build.
struct Build<'t> {
    tools: &'t Tools,
    tool: &'t Tool,
    options: &'t RenderOptions,
    chart: Option<(String, u32)>,
    target: PathBuf,
    /// What is written into the kustomization in this file of the stage.
    over: Option<&'t Over>,
    top: PathBuf,
    /// That kustomization, where nobody has written one.
    bare: Option<String>,
}

impl Build<'_> {
    /// Builds, and fills in what stands in `over`. What needs more than that is left out, and counted.
    fn run(&self, stage: &Stage, over: Option<&Over>) -> Result<Filled, Failure> {
        let text = self.built(stage)?;
        let filling = over.and_then(|over| Some((over.variables.as_ref()?, over.needed.as_ref())));
        Ok(match filling {
            Some((variables, needed)) => substituted(&text, variables, needed),
            None => Filled { text, ..Filled::default() },
        })
    }

    fn built(&self, stage: &Stage) -> Result<String, Failure> {
        let target = Path::new(".").join(&self.target).into_os_string();
        let mut call = Call { tool: self.tool, arguments: vec![target], variables: Vec::new(), depends: Vec::new() };
        let Some((file, line)) = &self.chart else { return self.tools.run(&call, stage) };
        let failure = |why| Failure::at(why, file.clone(), *line);
        let helm = self.tools.helm.as_ref().ok_or_else(|| failure(Why::Missing("helm")))?;
        let program = self.options.wrapper.as_ref().ok_or_else(|| failure(Why::NoWrapper(file.clone())))?;
        // It is the same program, and knows by its name what it is asked.
        let wrapper = stage.home()?.join(HELM_WRAPPER);
        if std::fs::symlink_metadata(&wrapper).is_err() {
            std::os::unix::fs::symlink(program, &wrapper)?;
        }
        call.arguments.extend(["--enable-helm".into(), "--helm-command".into(), wrapper.into_os_string()]);
        let network = if self.options.allow_network { "1" } else { "" };
        let kube_version = &self.options.kube_version;
        call.variables = vec![
            ("SEAWORTHY_HELM", helm.program().into()),
            ("SEAWORTHY_KUBE_VERSION", kube_version.into()),
            ("SEAWORTHY_NETWORK", network.into()),
            ("SEAWORTHY_STAGE", stage.root()?.into_os_string()),
        ];
        call.depends = vec![helm.version().to_owned(), kube_version.clone()];
        self.tools.run(&call, stage)
    }
}

/// The places of what was built, by building it again of marked files.
fn traced(build: &Build<'_>, parts: &Parts<'_>, real: &Manifest) -> Places {
    let inner: Vec<_> = parts.parts.iter().map(patches_in).collect();
    let given = build.over.map(|over| over.given.as_slice()).unwrap_or_default();
    let laid: Vec<_> = given.iter().map(|given| patches_of(&given.node, &given.source)).collect();
    let attempt = |falses: bool, fillings: bool| {
        let mut marks = Marks { falses, numbers: false, ..Marks::default() };
        let mut stage = parts.stage.like();
        let over = build.over.map(|over| over.marked(&mut marks, parts.parts.len(), &laid));
        for (text, (part, inner)) in parts.parts.iter().zip(&inner).enumerate() {
            let copy = match part.role {
                Role::Kustomization => {
                    let copy = marked_kustomization(&mut marks, text, part, inner);
                    Some(match &over {
                        Some(over) if part.path == build.top => over.onto(&copy),
                        _ => copy,
                    })
                }
                Role::Patch => marked_patch(&mut marks, &part.manifest, text, None),
                Role::Resource | Role::Values => {
                    let style = if part.role == Role::Values { Style::Values } else { Style::Objects };
                    let context = Context { text, style, object: None, is_patch: false, shift: None };
                    let is_whole = part.manifest.problems.is_empty();
                    is_whole.then(|| marks.manifest(&part.manifest, context)).flatten()
                }
            };
            if let Some(copy) = copy {
                stage.write(&part.path, copy.into_bytes());
            }
        }
        if let Some((over, bare)) = over.as_ref().zip(build.bare.as_ref()) {
            stage.write(&build.top, over.onto(bare).into_bytes());
        }
        let over = if fillings { over.as_ref() } else { build.over };
        let marked = build.run(&stage, over).ok()?.text;
        Some(overlay::places(real, &read("marked", marked.into_bytes(), &limits()), &marks))
    };
    let first = attempt(true, true).unwrap_or_default();
    // Marks that count as true may have changed what a chart makes, and those of variables what is called by one.
    let is_filled = build.over.is_some_and(|over| !over.filled.is_empty());
    if build.chart.is_none() && !is_filled {
        return first;
    }
    let second = attempt(build.chart.is_none(), false).unwrap_or_default();
    if second.proven.len() > first.proven.len() { second } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_takes_the_place_of_the_one_of_its_name_and_other_lists_grow() {
        let fields = json!({ "images": [{ "name": "a", "newTag": "2" }], "patches": ["b"], "namespace": "shop" });
        let over = Over { fields: serde_json::from_value(fields).unwrap(), ..Over::default() };
        let own = "{\"images\":[{\"name\":\"a\",\"newName\":\"c\"},{\"name\":\"d\"}],\"patches\":[\"a\"],\"namespace\":\"x\"}";
        let written: Json = serde_json::from_str(&over.onto(own)).unwrap();
        let images = json!([{ "name": "d" }, { "name": "a", "newTag": "2" }]);
        assert_eq!(written, json!({ "images": images, "patches": ["a", "b"], "namespace": "shop" }));
    }
}
