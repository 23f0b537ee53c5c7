//! The charts and kustomizations of the input, by where they really lie, and what they are made of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use engine::File;
use engine::manifest::Node;

use super::mark;
use super::parts::{NAMES, Role, is_remote, kustomization_of, references};
use super::tree::Tree;
use crate::files::{Files, Origin};

/// A file of the input, and where it really lies.
pub struct Known<'a> {
    pub file: &'a File,
    pub real: PathBuf,
}

/// A chart of the input.
pub struct Chart<'a> {
    /// Its Chart.yaml.
    pub file: &'a File,
    pub folder: PathBuf,
    pub node: &'a Node,
}

impl Chart<'_> {
    pub fn name(&self) -> &str {
        self.node.get("name").and_then(Node::as_str).unwrap_or_default()
    }

    pub fn is_library(&self) -> bool {
        self.node.get("type").and_then(Node::as_str) == Some("library")
    }
}

/// Charts and kustomizations of the input, by their folders.
pub struct Catalog<'a> {
    pub tree: &'a Tree,
    pub files: Vec<Known<'a>>,
    pub charts: BTreeMap<PathBuf, Chart<'a>>,
    pub kustomizations: BTreeMap<PathBuf, (&'a File, &'a Node)>,
    /// All folders of the input with files in them or below them.
    pub folders: BTreeSet<PathBuf>,
}

/// Where files really lie. Of each folder that is found out once: most have many files.
#[derive(Default)]
struct Places<'a>(HashMap<&'a Path, Option<PathBuf>>);

impl<'a> Places<'a> {
    fn of(&mut self, path: &'a Path) -> Option<PathBuf> {
        let named = path.file_name().zip(path.parent()).filter(|_| !path.is_symlink());
        let Some((name, parent)) = named else { return fs::canonicalize(path).ok() };
        let here = || if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let folder = self.0.entry(parent).or_insert_with(|| fs::canonicalize(here()).ok());
        folder.as_ref().map(|folder| folder.join(name))
    }
}

impl<'a> Catalog<'a> {
    pub fn new(tree: &'a Tree, files: &'a Files) -> Self {
        let mut places = Places::default();
        let disk = files.files.iter().zip(&files.origins).filter_map(|(file, origin)| match origin {
            Origin::Disk(path) => Some(Known { file, real: places.of(path)? }),
            Origin::Stdin | Origin::Rendered => None,
        });
        let files: Vec<Known<'a>> = disk.filter(|known| tree.root_of(&known.real).is_some()).collect();
        let (mut charts, mut kustomizations) = (BTreeMap::new(), BTreeMap::new());
        for Known { file, real } in &files {
            let (Some(folder), Some(name)) = (real.parent(), real.file_name().and_then(|name| name.to_str())) else {
                continue;
            };
            let node = || file.manifest.documents.iter().find_map(mark::node_of);
            if matches!(name, "Chart.yaml" | "Chart.yml")
                && let Some(node) = node().filter(|node| node.get("name").is_some())
            {
                charts.insert(folder.to_owned(), Chart { file, folder: folder.to_owned(), node });
            }
            if NAMES.contains(&name)
                && let Some(node) = kustomization_of(&file.manifest).filter(|node| is_kustomization(node))
            {
                kustomizations.entry(folder.to_owned()).or_insert((*file, node));
            }
        }
        let folders = folders(tree, &files);
        Self { tree, files, charts, kustomizations, folders }
    }

    /// The charts that others are made of: subcharts, and charts beside them that they name.
    pub fn parts(&self) -> BTreeSet<PathBuf> {
        let mut parts = BTreeSet::new();
        for chart in self.charts.values() {
            let around = chart.folder.parent().filter(|folder| folder.ends_with("charts")).and_then(Path::parent);
            if around.is_some_and(|around| self.charts.contains_key(around)) {
                parts.insert(chart.folder.clone());
            }
            for dependency in chart.node.list("dependencies") {
                let path = dependency.get("repository").and_then(|it| it.as_str()?.strip_prefix("file://"));
                parts.extend(path.and_then(|path| fs::canonicalize(chart.folder.join(path)).ok()));
            }
        }
        for (folder, (_, node)) in &self.kustomizations {
            let home = node.get("helmGlobals").and_then(|it| it.get("chartHome")?.as_str()).unwrap_or("charts");
            for name in node.list("helmCharts").iter().filter_map(|chart| chart.get("name")?.as_str()) {
                parts.extend(fs::canonicalize(folder.join(home).join(name)).ok());
            }
        }
        parts
    }

    /// The kustomizations that are reached from those to which nobody refers. Where several refer to each other in a circle,
    /// none of them has to count as the base of another: kustomize has to say of each what is wrong.
    pub fn bases(&self) -> BTreeSet<PathBuf> {
        let mut referred: BTreeMap<&PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        for (folder, (_, node)) in &self.kustomizations {
            for key in ["resources", "bases", "components"] {
                let paths = node.list(key).iter().filter_map(Node::as_str).filter(|path| !is_remote(path));
                let real = paths.filter_map(|path| fs::canonicalize(folder.join(path)).ok());
                referred.entry(folder).or_default().extend(real.filter(|it| it != folder));
            }
        }
        let named: BTreeSet<&PathBuf> = referred.values().flatten().collect();
        let mut open: Vec<&PathBuf> = referred.keys().copied().filter(|folder| !named.contains(folder)).collect();
        let mut bases = BTreeSet::new();
        while let Some(folder) = open.pop() {
            for base in referred.get(folder).into_iter().flatten() {
                if bases.insert(base.clone()) {
                    open.push(base);
                }
            }
        }
        bases
    }

    /// The files that kustomizations name in this role.
    pub fn named(&self, role: Role) -> BTreeSet<PathBuf> {
        let all = self.kustomizations.iter().flat_map(|(folder, (_, node))| {
            references(node).into_iter().filter(|(_, of)| *of == role).map(move |(path, _)| (folder, path))
        });
        all.filter_map(|(folder, path)| fs::canonicalize(folder.join(path.as_str()?)).ok()).collect()
    }

    /// The folder that a path in a repository means: from where that begins, which may be above what was given.
    pub fn folder(&self, path: &str) -> Option<PathBuf> {
        let path = crate::read::clean(Path::new(path.trim_start_matches('/')));
        let exact = self.folders.iter().find(|folder| {
            let root = self.tree.root_of(folder);
            root.is_some_and(|root| root.join(&path) == **folder)
        });
        let mut ending = self.folders.iter().filter(|folder| !path.as_os_str().is_empty() && folder.ends_with(&path));
        let only = ending.next().filter(|_| ending.next().is_none());
        exact.or(only).cloned()
    }

    /// The file that a path in a repository means.
    pub fn file(&self, path: &str) -> Option<PathBuf> {
        let path = Path::new(path);
        let (folder, name) = (path.parent()?, path.file_name()?);
        let folder = self.folder(&folder.to_string_lossy())?;
        fs::canonicalize(folder.join(name)).ok().filter(|real| real.is_file() && self.tree.root_of(real).is_some())
    }
}

fn folders(tree: &Tree, files: &[Known<'_>]) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    for known in files {
        let root = tree.root_of(&known.real);
        for folder in known.real.ancestors().skip(1).take_while(|it| root.is_some_and(|root| it.starts_with(root))) {
            if !folders.insert(folder.to_owned()) {
                break;
            }
        }
    }
    folders
}

/// Whether a file of that name is one to kustomize, whatever it says of its kind: an object of Flux may stand in it instead.
fn is_kustomization(node: &Node) -> bool {
    let version = node.get("apiVersion").and_then(Node::as_str).unwrap_or_default();
    matches!(version.split('/').next().unwrap_or_default(), "" | "kustomize.config.k8s.io")
}
