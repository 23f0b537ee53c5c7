//! Builds a kustomization: of copies of what it refers to, and of nothing else, and once more with marks in all of it.

use std::path::{Path, PathBuf};

use engine::manifest::{Covered, Manifest, SourcePlace, read};

use super::chart::is_part;
use super::failure::{Failure, Why};
use super::mark::{self, Context, Marks, Style};
use super::marking::{marked_kustomization, marked_patch, patches_in};
use super::options::RenderOptions;
use super::overlay::{self, Places};
use super::parts::{NAMES, Parts, Role, kustomization_of, list};
use super::rendered::{Rendered, limits};
use super::stage::Stage;
use super::substitute::{Variables, substituted};
use super::tool::{Call, Tool, Tools};
use super::tree::Tree;

/// The name under which this program is helm to kustomize.
pub const HELM_WRAPPER: &str = "seaworthy-helm";

/// What is laid over a kustomization, as Flux does.
#[derive(Clone, Debug, Default)]
pub struct Over {
    /// Fields of the topmost kustomization, as JSON, each with a comma before it.
    pub fields: String,
    /// What is filled in after the build, if anything is.
    pub variables: Option<Variables>,
}

/// Builds the kustomization in a folder.
pub fn build(
    tools: &Tools,
    tree: &Tree,
    folder: &Path,
    over: Option<&Over>,
    options: &RenderOptions,
) -> Result<Rendered, Failure> {
    let root = tree.root_of(folder).ok_or_else(|| Why::Unknown("the folder is not in the input".into()))?;
    let mut parts = Parts::new(tree, root, options.allow_network);
    parts.add_folder(folder)?;
    let tool = tools.kustomize.as_ref().ok_or(Why::Missing("kustomize"))?;
    let mut build = Build {
        tools,
        tool,
        options,
        chart: parts.chart.clone(),
        target: parts.staged(folder),
        variables: over.and_then(|over| over.variables.as_ref()),
    };
    if let Some(Over { fields, .. }) = over.filter(|over| !over.fields.is_empty()) {
        let below = quoted_path(&Path::new("..").join(&build.target));
        let text = format!("{{\"resources\":[{below}]{fields}}}");
        build.target = PathBuf::from("seaworthy-topmost");
        parts.stage.write(build.target.join(NAMES[0]), text.into_bytes());
    }
    let text = build.run(&parts.stage)?;
    let manifest = read("rendered", text.into_bytes(), &limits());
    let mut rendered = Rendered { manifest, ..Rendered::default() };
    // What a generator puts into a ConfigMap may be an object all the same.
    let made_of_charts = parts.charts.iter().flat_map(|chart| {
        let files = parts.stage.copied().map(|(_, real)| real).filter(move |real| real.starts_with(chart));
        files.map(|real| tree.shown(real)).filter(move |name| is_part(name, &tree.shown(chart)))
    });
    rendered.made_of = parts.parts.iter().map(|part| part.manifest.name.clone()).chain(made_of_charts).collect();
    rendered.texts =
        parts.parts.iter().map(|part| (part.manifest.name.clone(), part.manifest.source.clone())).collect();
    let kustomizations = parts.parts.iter().filter(|part| part.role == Role::Kustomization);
    let folders = kustomizations.map(|part| parts.root.join(part.path.parent().unwrap_or(Path::new(""))));
    rendered.covers = folders.chain(parts.charts.iter().cloned()).map(|it| Covered::Folder(tree.shown(&it))).collect();
    rendered.places = traced(&build, &parts, &rendered.manifest);
    for (start, place) in fallback(&parts, &rendered.manifest) {
        rendered.places.objects.entry(start).or_insert(place);
    }
    Ok(rendered)
}

/// How to build.
struct Build<'t> {
    tools: &'t Tools,
    tool: &'t Tool,
    options: &'t RenderOptions,
    chart: Option<(String, u32)>,
    target: PathBuf,
    variables: Option<&'t Variables>,
}

impl Build<'_> {
    fn run(&self, stage: &Stage) -> Result<String, Failure> {
        let text = self.built(stage)?;
        Ok(self.variables.map_or_else(|| text.clone(), |variables| substituted(&text, variables)))
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
        ];
        call.depends = vec![helm.version().to_owned(), kube_version.clone()];
        self.tools.run(&call, stage)
    }
}

fn quoted_path(path: &Path) -> String {
    mark::quoted(&path.to_string_lossy())
}

/// The places of what was built, by building it again of marked files.
fn traced(build: &Build<'_>, parts: &Parts<'_>, real: &Manifest) -> Places {
    let inner: Vec<_> = parts.parts.iter().map(patches_in).collect();
    let attempt = |falses: bool| {
        let mut marks = Marks { falses, numbers: false, ..Marks::default() };
        let mut stage = parts.stage.like();
        for (text, (part, inner)) in parts.parts.iter().zip(&inner).enumerate() {
            let copy = match part.role {
                Role::Kustomization => Some(marked_kustomization(&mut marks, text, part, inner)),
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
        let marked = build.run(&stage).ok()?;
        Some(overlay::places(real, &read("marked", marked.into_bytes(), &limits()), &marks))
    };
    let first = attempt(true).unwrap_or_default();
    // Marks that count as true may have changed what a chart makes.
    if build.chart.is_none() {
        return first;
    }
    let second = attempt(false).unwrap_or_default();
    if second.proven.len() > first.proven.len() { second } else { first }
}

/// Where objects are from that stand in no file: the generator of that name, the chart, or the kustomization.
fn fallback(parts: &Parts<'_>, real: &Manifest) -> Vec<(u32, SourcePlace)> {
    let mut found = Vec::new();
    let Some(top) = parts.parts.first().and_then(|part| kustomization_of(&part.manifest)) else { return found };
    for document in &real.documents {
        for object in document.objects() {
            let generator = match object.kind.as_str() {
                "ConfigMap" => "configMapGenerator",
                "Secret" => "secretGenerator",
                _ => "",
            };
            let name = object.name.as_deref().unwrap_or_default();
            let generators = parts.parts.iter().enumerate().flat_map(|(text, part)| {
                let items = kustomization_of(&part.manifest).map(|node| list(node, generator)).unwrap_or_default();
                items.iter().map(move |item| (text, item))
            });
            let named = generators.filter_map(|(text, item)| {
                let given = item.get("name")?;
                name.contains(given.as_str()?).then(|| SourcePlace {
                    text,
                    span: given.span,
                    name: given.as_str().map(str::to_owned),
                })
            });
            let place = named.last().or_else(|| {
                let charts = parts.parts.iter().enumerate().filter_map(|(text, part)| {
                    let chart = list(kustomization_of(&part.manifest)?, "helmCharts").first()?;
                    Some(SourcePlace { text, span: chart.get("name")?.span, name: None })
                });
                charts.last()
            });
            let place = place.unwrap_or_else(|| SourcePlace { text: 0, span: top.locate(&[]), name: None });
            found.push((document.span.start, place));
        }
    }
    found
}
