//! Renders a chart: of a copy of it, and again with marks in its templates and in its values.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use engine::manifest::{Entry, Limits, Manifest, Node, Source, Value, read};

use super::failure::{Failure, Why};
use super::lines::{self, Template};
use super::mark::{self, Context, Marks, Shift, Style};
use super::names;
use super::options::RenderOptions;
use super::release::{self, Traced};
use super::rendered::{Rendered, limits};
use super::stage::Stage;
use super::tool::{Call, Tools};
use super::tree::Tree;
use super::wrapper::ALWAYS_THERE;

/// What is false in values and told apart by at most so many renderings.
const ROUNDS: usize = 6;

/// Renderings with marks that may fail, each for another one of them.
const RETRIES: usize = 8;

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
    let manifest = read("rendered", text.into_bytes(), &limits());
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

    // And with marks in the values, of which flags are the last.
    values.extend(release.parameters.as_ref().and_then(stated));
    let first = texts.len();
    texts.extend(values.iter().map(|part| (part.name.clone(), part.source.clone())));
    let all: Vec<PathBuf> = values.iter().enumerate().map(|(at, part)| part.path(at)).collect();
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

/// Values that may be marked.
struct Part {
    name: String,
    source: Source,
    /// None of what could not be read, which is given to helm as it is.
    node: Option<Node>,
    raw: String,
    shift: Option<Shift>,
    is_file: bool,
}

impl Part {
    fn path(&self, at: usize) -> PathBuf {
        PathBuf::from(format!("values/{at}.yaml"))
    }
}

/// The chart's own values, and those of the release.
fn values_of(tree: &Tree, release: &Release, options: &RenderOptions, stage: &Stage) -> Result<Vec<Part>, Failure> {
    let own = stage.get(Path::new("chart/values.yaml")).unwrap_or_default().to_vec();
    let mut parts = vec![part(tree.shown(&release.chart.join("values.yaml")), own, true)];
    for values in &release.values {
        match values {
            Values::File(path) => {
                let real = tree.resolve(path)?;
                let real = real.ok_or_else(|| Why::Unknown(format!("there is no file {}", tree.shown(path))))?;
                parts.push(part(tree.shown(&real), read_values(&real)?, true));
            }
            Values::Inline { .. } => parts.extend(stated(values)),
        }
    }
    // Whoever types a path may name any file.
    for path in &options.values {
        parts.push(part(crate::read::name(path), read_values(path)?, true));
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
    })
}

fn read_values(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = crate::read::read_regular(path, Limits::default().bytes);
    read.map_err(|cause| Why::System(format!("{} {cause}", crate::read::name(path))).into())
}

fn part(name: String, bytes: Vec<u8>, is_file: bool) -> Part {
    let raw = String::from_utf8_lossy(&bytes).into_owned();
    let manifest = read(&name, bytes, &limits());
    let node = manifest.documents.iter().find_map(mark::node_of).filter(|_| manifest.problems.is_empty()).cloned();
    Part { name, source: manifest.source, node, raw, shift: None, is_file }
}

/// Renders again and again with marks in the values.
struct Trace<'t> {
    tools: &'t Tools,
    stage: &'t Stage,
    values: &'t [Part],
    /// The number of the first part among all texts.
    first: usize,
    call: &'t dyn Fn() -> Call<'t>,
}

impl<'t> Trace<'t> {
    fn run(&self, real: &Manifest, lines: &lines::Lines) -> Traced {
        let mut traced = Traced::default();
        let mut without = BTreeSet::new();
        for _ in 0..RETRIES {
            let mut marks = Marks { numbers: true, without: without.clone(), ..Marks::default() };
            match self.render(&mut marks) {
                Ok(marked) => {
                    traced.scalars(real, &marked, &marks);
                    break;
                }
                // What is compared with something that is no text is left as it is.
                Err(Failure { why: Why::Failed { text, .. }, .. }) => {
                    let known = without.len();
                    without.extend(values_in(&text));
                    if without.len() == known {
                        break;
                    }
                }
                Err(_) => break,
            }
        }
        self.falses(real, lines, &mut traced);
        traced
    }

    fn render<'m>(&'m self, marks: &mut Marks<'m>) -> Result<Manifest, Failure> {
        let mut stage = self.stage.like();
        let schemas: Vec<PathBuf> = stage.files().iter().map(|(path, _)| path.to_path_buf()).collect();
        for path in schemas.iter().filter(|path| path.ends_with("values.schema.json")) {
            stage.write(path, b"{}".to_vec());
        }
        for (at, part) in self.values.iter().enumerate() {
            let copy = part.node.as_ref().map(|node| {
                let (text, shift) = (self.first + at, part.shift.as_ref());
                marks.document(node, Context { text, style: Style::Values, object: None, is_patch: false, shift })
            });
            stage.write(part.path(at), copy.unwrap_or_else(|| part.raw.clone()).into_bytes());
        }
        let text = self.tools.run(&(self.call)(), &stage)?;
        Ok(read("marked", text.into_bytes(), &limits()))
    }

    /// Which of the values that are false wrote a `false`: all of them are asked, or, where these are too many or a chart
    /// compares one, those that are called like a field that is false.
    fn falses(&self, real: &Manifest, lines: &lines::Lines, traced: &mut Traced) {
        let wanted = release::unexplained_falses(real, lines, traced);
        if wanted.is_empty() {
            return;
        }
        let named = |is_wanted: &dyn Fn(&str) -> bool| {
            let mut found: Vec<(usize, &Entry)> = Vec::new();
            for (at, part) in self.values.iter().enumerate() {
                part.node.iter().for_each(|node| false_entries(node, is_wanted, self.first + at, &mut found));
            }
            found
        };
        let all = named(&|_| true);
        let spelt = self.spelt(real, &all).map(|spelt| (all, spelt)).or_else(|| {
            let some = named(&|key| wanted.contains(key));
            self.spelt(real, &some).map(|spelt| (some, spelt))
        });
        let Some((candidates, spelt)) = spelt else { return };
        for (at, number) in spelt {
            if let Some((text, entry)) = number.checked_sub(1).and_then(|index| candidates.get(index)) {
                let shift = text.checked_sub(self.first).and_then(|at| self.values.get(at)?.shift.as_ref());
                traced.insert(at, *text, entry, shift);
            }
        }
    }

    /// By the offset of a `false` that was rendered, the number from 1 of the value that wrote it: each is written as 0 in
    /// some renderings and not in others, by the digits of its number, so that the renderings spell that.
    fn spelt(&self, real: &Manifest, candidates: &[(usize, &Entry)]) -> Option<HashMap<u32, usize>> {
        let rounds = (usize::BITS - candidates.len().leading_zeros()) as usize;
        if candidates.is_empty() || rounds > ROUNDS {
            return None;
        }
        let mut spelt: HashMap<u32, usize> = HashMap::new();
        for round in 0..rounds {
            let is_zero = |at: &usize| ((at + 1) >> round) & 1 == 1;
            let chosen = candidates.iter().enumerate().filter(|(at, _)| is_zero(at));
            let zeros: BTreeSet<(usize, u32)> = chosen.map(|(_, (text, it))| (*text, it.value.span.start)).collect();
            let mut marks = Marks { numbers: false, zeros, ..Marks::default() };
            for at in release::zeros(real, &self.render(&mut marks).ok()?) {
                *spelt.entry(at).or_default() |= 1 << round;
            }
        }
        Some(spelt)
    }
}

/// The paths of values that an error of helm names: `.Values.rbac.create`.
fn values_in(error: &str) -> Vec<String> {
    let paths = error.split(".Values.").skip(1).map(|rest| {
        let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && !"._-".contains(it)).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default().trim_end_matches('.').to_owned()
    });
    paths.filter(|path| !path.is_empty()).collect()
}

/// The members that are false, of those whose names are wanted.
fn false_entries<'a>(
    node: &'a Node,
    is_wanted: &dyn Fn(&str) -> bool,
    text: usize,
    found: &mut Vec<(usize, &'a Entry)>,
) {
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                if entry.value.value == Value::Bool(false) && is_wanted(&entry.key) {
                    found.push((text, entry));
                }
                false_entries(&entry.value, is_wanted, text, found);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| false_entries(item, is_wanted, text, found)),
        _ => {}
    }
}
