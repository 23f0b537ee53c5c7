//! Which values of a chart arrive in which of its fields: it is rendered again with marks in them, and again to tell apart
//! what is false.
//!
//! A subchart has values under its name or its alias in those of the chart around it, and values of its own below these. What
//! arrives there has passed through helm with its mark, so nobody here follows which of them wins. The module must not know
//! what a chart is released with.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use engine::manifest::{Entry, Limits, Manifest, Node, Source, Value, read};

use super::failure::{Failure, Why};
use super::lines;
use super::mark::{self, Context, Marks, Shift, Style};
use super::release::{self, Traced};
use super::rendered::limits;
use super::stage::Stage;
use super::tool::{Call, Tools};
use super::tree::Tree;

/// What is false in values and told apart by at most so many renderings.
const ROUNDS: usize = 6;

/// Renderings with marks that may fail, each for another one of them.
pub const RETRIES: usize = 8;

/// Places of subcharts in the values of a chart that are known.
const NESTED: usize = 200;

/// Values that may be marked.
pub struct Part {
    pub name: String,
    pub source: Source,
    /// None of what could not be read, which is given to helm as it is.
    pub node: Option<Node>,
    pub raw: String,
    pub shift: Option<Shift>,
    pub is_file: bool,
    /// Where a subchart has them: helm takes them from there.
    pub within: Option<PathBuf>,
}

impl Part {
    /// Those of a file.
    pub fn read(name: String, bytes: Vec<u8>) -> Self {
        let raw = String::from_utf8_lossy(&bytes).into_owned();
        let manifest = read(&name, bytes, &limits());
        let node = manifest.documents.iter().find_map(mark::node_of).filter(|_| manifest.problems.is_empty()).cloned();
        Self { name, source: manifest.source, node, raw, shift: None, is_file: true, within: None }
    }

    pub fn path(&self, at: usize) -> PathBuf {
        self.within.clone().unwrap_or_else(|| PathBuf::from(format!("values/{at}.yaml")))
    }
}

/// The values that subcharts have of their own.
pub fn of_subcharts(tree: &Tree, stage: &Stage) -> Vec<Part> {
    let is_subchart = |folder: &Path| {
        let around = folder.parent().and_then(Path::file_name);
        around.is_some_and(|name| name == "charts") && stage.get(&folder.join("Chart.yaml")).is_some()
    };
    let own =
        stage.copied().filter(|(path, _)| path.ends_with("values.yaml") && path.parent().is_some_and(is_subchart));
    let parts = own.filter_map(|(path, real)| {
        let part = Part::read(tree.shown(real), stage.get(path)?.to_vec());
        // That the file is a part of the chart is known.
        Some(Part { is_file: false, within: Some(path.to_owned()), ..part })
    });
    parts.collect()
}

/// What the descriptions of a chart and its subcharts say.
#[derive(Default)]
struct Nested {
    /// What stands before the path of a value, in the chart's values, for it to be a subchart's: nothing first, `db.`.
    prefixes: Vec<String>,
    /// The paths of values that decide whether there is a subchart. Helm ignores what is no boolean there.
    switches: BTreeSet<String>,
}

impl Nested {
    fn of(stage: &Stage) -> Self {
        let mut nested = Self::default();
        nested.add(stage, Path::new("chart"), "");
        nested
    }

    fn add(&mut self, stage: &Stage, folder: &Path, prefix: &str) {
        if self.prefixes.len() == NESTED {
            return;
        }
        self.prefixes.push(prefix.to_owned());
        let described: Vec<Manifest> = ["Chart.yaml", "requirements.yaml"]
            .iter()
            .filter_map(|name| description(stage, &folder.join(name)))
            .collect();
        let nodes = described.iter().filter_map(|it| it.documents.iter().find_map(mark::node_of));
        let dependencies: Vec<&Node> = nodes.flat_map(|node| node.list("dependencies")).collect();
        for dependency in &dependencies {
            let conditions =
                text(dependency, "condition").unwrap_or_default().split(',').map(|it| it.trim().to_owned());
            let tags = dependency.list("tags").iter().filter_map(Node::as_str).map(|tag| format!("tags.{tag}"));
            for switch in conditions.chain(tags).filter(|it| !it.is_empty()) {
                self.switches.insert(format!("{prefix}{switch}"));
                // As the chart's own values have it.
                self.switches.insert(switch);
            }
        }
        let inside = folder.join("charts");
        for (path, _) in stage.files() {
            let Some(subchart) =
                path.parent().filter(|it| path.ends_with("Chart.yaml") && it.parent() == Some(inside.as_path()))
            else {
                continue;
            };
            let manifest = description(stage, path);
            let node = manifest.iter().find_map(|it| it.documents.iter().find_map(mark::node_of));
            let Some(name) = node.and_then(|node| text(node, "name")) else { continue };
            let called = dependencies.iter().filter(|it| text(it, "name") == Some(name));
            let aliases = called.filter_map(|dependency| text(dependency, "alias"));
            for name in aliases.chain([name]) {
                self.add(stage, subchart, &format!("{prefix}{name}."));
            }
        }
    }

    /// The paths that a value may have in the chart's values, of that path in those of the chart or of a subchart.
    fn paths(&self, path: &str) -> impl Iterator<Item = String> {
        self.prefixes.iter().map(move |prefix| format!("{prefix}{path}"))
    }
}

fn description(stage: &Stage, path: &Path) -> Option<Manifest> {
    Some(read("Chart.yaml", stage.get(path)?.to_vec(), &Limits::default()))
}

fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::as_str)
}

/// Renders again and again with marks in the values.
pub struct Trace<'t> {
    pub tools: &'t Tools,
    pub stage: &'t Stage,
    pub values: &'t [Part],
    /// The number of the first part among all texts.
    pub first: usize,
    pub call: &'t dyn Fn() -> Call<'t>,
}

impl<'t> Trace<'t> {
    pub fn run(&self, real: &Manifest, lines: &lines::Lines<'_>) -> Traced {
        let mut traced = Traced::default();
        let nested = Nested::of(self.stage);
        // Subcharts may compare more of their own values than can be left out one by one.
        let is_traced = self.has_subcharts() && self.scalars(real, &nested, true, &mut traced);
        if !is_traced {
            self.scalars(real, &nested, false, &mut traced);
        }
        self.falses(real, lines, &mut traced);
        traced
    }

    fn has_subcharts(&self) -> bool {
        self.values.iter().any(|part| part.within.is_some())
    }

    /// Whether a rendering with marks gave something.
    fn scalars(&self, real: &Manifest, nested: &Nested, of_subcharts: bool, traced: &mut Traced) -> bool {
        let mut without = nested.switches.clone();
        for _ in 0..RETRIES {
            let mut marks = Marks { numbers: true, without: without.clone(), ..Marks::default() };
            match self.render(&mut marks, of_subcharts) {
                Ok(marked) => {
                    traced.scalars(real, &marked, &marks);
                    return true;
                }
                // What is compared with something that is no text is left as it is.
                Err(Failure { why: Why::Failed { text, .. }, .. }) => {
                    let known = without.len();
                    without.extend(values_in(&text).iter().flat_map(|path| nested.paths(path)));
                    if without.len() == known {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
        false
    }

    fn render<'m>(&'m self, marks: &mut Marks<'m>, of_subcharts: bool) -> Result<Manifest, Failure> {
        let mut stage = self.stage.like();
        let schemas: Vec<PathBuf> = stage.files().iter().map(|(path, _)| path.to_path_buf()).collect();
        for path in schemas.iter().filter(|path| path.ends_with("values.schema.json")) {
            stage.write(path, b"{}".to_vec());
        }
        for (at, part) in self.values.iter().enumerate().filter(|(_, part)| of_subcharts || part.within.is_none()) {
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
    /// compares one, those that are no subchart's own, or those that are called like a field that is false.
    fn falses(&self, real: &Manifest, lines: &lines::Lines<'_>, traced: &mut Traced) {
        let wanted = release::unexplained_falses(real, lines, traced);
        if wanted.is_empty() {
            return;
        }
        let named = |of_subcharts: bool, is_wanted: &dyn Fn(&str) -> bool| {
            let mut found: Vec<(usize, &Entry)> = Vec::new();
            for (at, part) in self.values.iter().enumerate().filter(|(_, part)| of_subcharts || part.within.is_none()) {
                part.node.iter().for_each(|node| false_entries(node, is_wanted, self.first + at, &mut found));
            }
            found
        };
        let given = self.has_subcharts().then(|| named(false, &|_| true));
        let choices = [Some(named(true, &|_| true)), given, Some(named(true, &|key| wanted.contains(key)))];
        let spelt = choices.into_iter().flatten().find_map(|choice| Some((self.spelt(real, &choice)?, choice)));
        let Some((spelt, candidates)) = spelt else { return };
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
            for at in release::zeros(real, &self.render(&mut marks, true).ok()?) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subchart_has_its_values_under_its_name_and_its_aliases() {
        let mut stage = Stage::default();
        for (path, text) in [
            (
                "chart/Chart.yaml",
                "dependencies: [{name: db, alias: store, condition: 'store.enabled,db', tags: [data]}]",
            ),
            ("chart/charts/db/Chart.yaml", "name: db\ndependencies: [{name: log, condition: log.enabled}]"),
            ("chart/charts/db/charts/log/Chart.yaml", "name: log"),
            ("chart/charts/db/templates/Chart.yaml", "name: no"),
        ] {
            stage.write(path, text.as_bytes().to_vec());
        }
        let nested = Nested::of(&stage);
        assert_eq!(nested.prefixes, ["", "store.", "store.log.", "db.", "db.log."]);
        let switches: Vec<&str> = nested.switches.iter().map(String::as_str).collect();
        let expected = ["db", "db.log.enabled", "log.enabled", "store.enabled", "store.log.enabled", "tags.data"];
        assert_eq!(switches, expected);
        let paths: Vec<String> = nested.paths("a").collect();
        assert_eq!(paths, ["a", "store.a", "store.log.a", "db.a", "db.log.a"]);
    }
}
