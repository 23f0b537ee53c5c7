//! Renders a chart: of a copy of it, and again with marks in its templates and in its values.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use engine::manifest::{Limits, Node, Source, read};

use super::failure::{Failure, Why};
use super::lines::{self, Template};
use super::mark::{self, Shift};
use super::names;
use super::options::RenderOptions;
use super::release;
use super::rendered::{Rendered, limits};
use super::stage::Stage;
use super::tool::{Call, Tools};
use super::trace::{self, Part, RETRIES, Trace};
use super::tree::Tree;
use super::wrapper::ALWAYS_THERE;

/// One way in which a chart is deployed.
#[derive(Debug, Default)]
pub struct Release {
    /// Where the chart really lies.
    pub chart: PathBuf,
    pub name: String,
    pub namespace: Option<String>,
    /// Behind the chart's own values; the last wins.
    pub values: Vec<Values>,
    /// Whether they stand in the place of the chart's own.
    pub without_own: bool,
    /// As `helm --set` and `helm --set-string` read them.
    pub set: Vec<(&'static str, String)>,
    /// The same as values, if they can be: these may be marked.
    pub parameters: Option<Values>,
    /// The version of the cluster that it is for, where that is another one.
    pub kube_version: Option<String>,
    /// All API versions that it may take for installed; those of the options where it says none.
    pub api_versions: Vec<String>,
}

impl Release {
    fn api_versions<'a>(&'a self, options: &'a RenderOptions) -> &'a [String] {
        if self.api_versions.is_empty() { &options.api_versions } else { &self.api_versions }
    }
}

/// Values for a chart.
#[derive(Debug)]
pub enum Values {
    /// A file of the input, where it really lies.
    File(PathBuf),
    /// A part of a manifest of the input: of this name and text.
    Inline { name: String, source: Box<Source>, node: Node, shift: Option<Shift> },
}

/// Renders a release.
pub fn render(tools: &Tools, tree: &Tree, release: &Release, options: &RenderOptions) -> Result<Rendered, Failure> {
    let mut stage = Stage::default();
    let root = Path::new("chart");
    stage.copy_all(tree, &release.chart, root)?;
    if release.without_own {
        stage.write("chart/values.yaml", Vec::new());
    }
    add_local_dependencies(tree, &mut stage, &release.chart)?;
    let helm = tools.helm.as_ref().ok_or(Why::Missing("helm"))?;
    let mut values = values_of(tree, release, options, &stage)?;
    for (at, part) in values.iter().enumerate().skip(1) {
        stage.write(part.path(at), part.raw.clone().into_bytes());
    }
    let given: Vec<PathBuf> = values.iter().enumerate().skip(1).map(|(at, part)| part.path(at)).collect();
    let call = |files: &[PathBuf], is_traced: bool| Call {
        tool: helm,
        arguments: arguments(release, options, files, is_traced),
        variables: Vec::new(),
        depends: Vec::new(),
    };
    let text = tools.run(&call(&given, false), &stage).map_err(dependencies)?;
    let mut manifest = read("rendered", text.into_bytes(), &limits());
    let mut written = stage.files().into_iter().filter(|(path, _)| is_template(path) && !is_helper(path));
    let is_empty = manifest.problems.is_empty() && manifest.objects().next().is_none();
    if is_empty && written.any(|_| true) {
        return Err(Why::Empty.into());
    }

    // The same with marks in the templates.
    let (mut texts, mut templates, mut marked) = (Vec::new(), Vec::new(), stage.like());
    for (path, real) in stage.copied().filter(|(path, _)| is_template(path)) {
        let Some(text) = stage.get(path).and_then(|bytes| std::str::from_utf8(bytes).ok()) else { continue };
        marked.write(path, super::template::marked(text, templates.len()).into_bytes());
        templates.push(Template::new(path, text, texts.len()));
        texts.push((tree.shown(real), Source::new(text.to_owned())));
    }
    let marked = with_marks(&templates, &mut marked, &stage, |stage| tools.run(&call(&given, false), stage));
    let lines = lines::Lines::new(&manifest.source.text(), marked.as_deref(), &templates);
    release::note_names(&mut manifest, &lines);

    // And with marks in the values, of which flags are the last.
    values.extend(release.parameters.as_ref().and_then(stated));
    values.extend(trace::of_subcharts(tree, &stage));
    let first = texts.len();
    texts.extend(values.iter().map(|part| (part.name.clone(), part.source.clone())));
    let all = values.iter().enumerate().filter(|(_, part)| part.within.is_none());
    let all: Vec<PathBuf> = all.map(|(at, part)| part.path(at)).collect();
    let traced =
        Trace { tools, stage: &stage, values: &values, first, call: &|| call(&all, true) }.run(&manifest, &lines);
    let made_of =
        stage.copied().map(|(_, real)| tree.shown(real)).filter(|name| is_part(name, &tree.shown(&release.chart)));
    let made_of =
        made_of.chain(values.iter().skip(1).filter(|part| part.is_file).map(|part| part.name.clone())).collect();
    let fallback = tree.shown(&release.chart.join("Chart.yaml"));
    let description = stage.get(Path::new("chart/Chart.yaml")).map(String::from_utf8_lossy).unwrap_or_default();
    texts.push((fallback, Source::new(description.into_owned())));
    let places = release::places(&manifest, &lines, &traced, texts.len() - 1);
    // A release that says what is there has said what is not.
    let is_open = release.api_versions.is_empty();
    let absent = if is_open { absent(&stage, &options.api_versions) } else { Vec::new() };
    Ok(Rendered { manifest, made_of, texts, places, absent, ..Rendered::default() })
}

/// The output of marked templates. Those that are no YAML with marks are left without.
fn with_marks(
    templates: &[Template],
    marked: &mut Stage,
    plain: &Stage,
    run: impl Fn(&Stage) -> Result<String, Failure>,
) -> Option<String> {
    for _ in 0..RETRIES {
        let text = match run(marked) {
            Ok(text) => return Some(text),
            Err(Failure { why: Why::Failed { text, .. }, .. }) => text,
            Err(_) => return None,
        };
        let blamed = templates.iter().map(Template::path).find(|path| {
            // Helm has the chart's name for its folder.
            path.strip_prefix("chart").is_ok_and(|below| text.contains(&format!("/{}", below.display())))
        })?;
        *marked = marked.like();
        marked.write(blamed, plain.get(blamed)?.to_vec());
    }
    None
}

/// Whether a file of a chart is deployed by it, or says how, whatever it is released with: a manifest or other values beside
/// it do neither.
pub fn is_part(name: &str, chart: &str) -> bool {
    let below =
        if matches!(chart, "." | "") { name } else { name.strip_prefix(chart).unwrap_or(name).trim_start_matches('/') };
    let (first, rest) = below.split_once('/').unwrap_or((below, ""));
    let is_folder = matches!(first, "templates" | "crds" | "charts") && !rest.is_empty();
    let is_own = matches!(below, "Chart.yaml" | "Chart.yml" | "Chart.lock" | "requirements.yaml" | "requirements.lock");
    is_folder || is_own || matches!(below, "values.yaml" | "values.schema.json")
}

fn is_template(path: &Path) -> bool {
    let is_known = path.extension().is_some_and(|it| it == "yaml" || it == "yml" || it == "tpl");
    is_known && path.components().any(|step| step.as_os_str() == "templates")
}

/// Whether a template only defines what others write.
fn is_helper(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('_'))
}

fn arguments(
    release: &Release,
    options: &RenderOptions,
    files: &[PathBuf],
    is_traced: bool,
) -> Vec<std::ffi::OsString> {
    let mut arguments: Vec<std::ffi::OsString> = vec!["template".into(), (&release.name).into(), "./chart".into()];
    let mut flag = |name: &str, value: &std::ffi::OsStr| arguments.extend([name.into(), value.to_owned()]);
    flag("--namespace", release.namespace.as_deref().unwrap_or("default").as_ref());
    flag("--kube-version", release.kube_version.as_ref().unwrap_or(&options.kube_version).as_ref());
    let versions = [ALWAYS_THERE].into_iter().chain(release.api_versions(options).iter().map(String::as_str));
    versions.for_each(|version| flag("--api-versions", version.as_ref()));
    files.iter().for_each(|file| flag("--values", file.as_os_str()));
    let is_marked = is_traced && release.parameters.is_some();
    release.set.iter().filter(|_| !is_marked).for_each(|(name, set)| flag(name, set.as_ref()));
    options.set.iter().for_each(|set| flag("--set", set.as_ref()));
    arguments.push("--include-crds".into());
    if is_traced {
        arguments.push("--skip-schema-validation".into());
    }
    arguments
}

/// The API versions that templates ask for and that nobody has said are there.
fn absent(stage: &Stage, given: &[String]) -> Vec<String> {
    let files = stage.files().into_iter().filter(|(path, _)| is_template(path));
    let texts = files.filter_map(|(_, bytes)| std::str::from_utf8(bytes).ok());
    let asked: BTreeSet<&str> = texts.flat_map(super::template::asked_versions).collect();
    let is_absent = |version: &&str| names::is_api_version(version) && !names::is_built_in(version);
    let asked = asked.into_iter().filter(is_absent).filter(|version| !given.iter().any(|it| it == version));
    asked.map(str::to_owned).collect()
}

/// A chart that lacks a dependency is not broken: somebody has to fetch it.
fn dependencies(failure: Failure) -> Failure {
    let Why::Failed { text, .. } = &failure.why else { return failure };
    match text.split_once("missing in charts/ directory:") {
        Some((_, names)) => Failure { why: Why::Dependencies(names.trim().to_owned()), at: failure.at },
        None => failure,
    }
}

/// Charts beside this one that it depends on, where nobody has copied them.
fn add_local_dependencies(tree: &Tree, stage: &mut Stage, chart: &Path) -> Result<(), Failure> {
    let Some(bytes) = stage.get(Path::new("chart/Chart.yaml")) else { return Ok(()) };
    let manifest = read("Chart.yaml", bytes.to_vec(), &Limits::default());
    let Some(node) = manifest.documents.iter().find_map(mark::node_of) else { return Ok(()) };
    for dependency in node.list("dependencies") {
        let text = |key: &str| dependency.get(key).and_then(Node::as_str);
        let (Some(path), Some(name)) = (text("repository").and_then(|it| it.strip_prefix("file://")), text("name"))
        else {
            continue;
        };
        let to = Path::new("chart/charts").join(name);
        let is_there = stage.files().iter().any(|(path, _)| {
            path.starts_with(&to) || path.to_string_lossy().starts_with(&format!("chart/charts/{name}-"))
        });
        if is_there || !names::is_chart(name) {
            continue;
        }
        if let Some(real) = tree.resolve(&chart.join(path))?.filter(|real| real.join("Chart.yaml").is_file()) {
            stage.copy_all(tree, &real, &to)?;
        }
    }
    Ok(())
}

/// The chart's own values, and those of the release.
fn values_of(tree: &Tree, release: &Release, options: &RenderOptions, stage: &Stage) -> Result<Vec<Part>, Failure> {
    let own = stage.get(Path::new("chart/values.yaml")).unwrap_or_default().to_vec();
    let mut parts = vec![Part::read(tree.shown(&release.chart.join("values.yaml")), own)];
    for values in &release.values {
        match values {
            Values::File(path) => {
                let real = tree.resolve(path)?;
                let real = real.ok_or_else(|| Why::Unknown(format!("there is no file {}", tree.shown(path))))?;
                parts.push(Part::read(tree.shown(&real), read_values(&real)?));
            }
            Values::Inline { .. } => parts.extend(stated(values)),
        }
    }
    // Whoever types a path may name any file.
    for path in &options.values {
        parts.push(Part::read(crate::read::name(path), read_values(path)?));
    }
    Ok(parts)
}

/// Values that stand in a manifest.
fn stated(values: &Values) -> Option<Part> {
    let Values::Inline { name, source, node, shift } = values else { return None };
    Some(Part {
        name: name.clone(),
        source: (**source).clone(),
        node: Some(node.clone()),
        raw: mark::plain(node),
        shift: shift.clone(),
        is_file: false,
        within: None,
    })
}

fn read_values(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = crate::read::read_regular(path, Limits::default().bytes);
    read.map_err(|cause| Why::System(format!("{} {cause}", crate::read::name(path))).into())
}
