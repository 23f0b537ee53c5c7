//! Renders what will be deployed: charts with `helm template`, kustomizations with `kustomize build`.
//!
//! Each rendering is a file of its own, in an environment of its own, that says of each place where it comes from. The
//! files it was made of are objects no more. The repository may be a stranger's: names are held against their grammar
//! before any tool starts, tools see copies of what belongs to a rendering and nothing else, and no network. A rendering
//! that fails is told with its place, and the others go on.

mod application_set;
mod argo;
mod catalog;
mod chart;
mod deploy;
mod deployer;
mod elsewhere;
mod failure;
mod flux;
mod generated;
mod images;
mod kustomization;
mod lines;
mod mark;
mod marking;
mod names;
mod options;
mod overlay;
mod parameters;
mod parts;
mod plan;
mod release;
mod rendered;
mod repository;
mod stage;
mod substitute;
mod template;
mod tool;
mod trace;
mod tree;
mod wrapper;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use engine::manifest::{Covered, Rendering};
use engine::{File, Unrendered};
use rayon::prelude::*;

pub use kustomization::HELM_WRAPPER;
pub use names::{is_api_version, is_kube_version};
pub use options::{KUBE_VERSION, Mode, RenderOptions};
pub use wrapper::{Refused, helm_arguments};

use crate::cache::Cache;
use crate::files::{Files, Origin};
use catalog::Catalog;
use chart::Values;
use deploy::Deployers;
use deployer::Made;
use failure::{Failure, Why};
use plan::{Job, Need, What};
use rendered::Rendered;
use tool::Tools;
use tree::Tree;

/// How often what renderings deploy is rendered in its turn.
const ROUNDS: usize = 10;

/// Renders what there is to render of the files that were read of the paths, and adds it to them.
pub fn render(paths: &[PathBuf], files: &mut Files, options: &RenderOptions, step: &(dyn Fn() + Sync)) {
    if options.mode == Mode::Never {
        return not_from_here(paths, files, options);
    }
    let tree = Tree::new(paths).with(&files.edited);
    let (done, unread) = {
        let catalog = Catalog::new(&tree, files);
        let mut rounds =
            Rounds { tree: &tree, options, step, tools: None, done: Vec::new(), deployed: BTreeSet::new() };
        rounds.all(&catalog);
        rounds.tools.iter().flat_map(|tools| &tools.cache).for_each(Cache::shrink);
        let unread = rounds.unread(&catalog);
        (rounds.finished(), unread)
    };
    files.unrendered.extend(unread);
    for (job, made) in done {
        match made {
            Ok(file) => files.add(file, Origin::Rendered),
            Err(failure) => files.unrendered.push(unrendered(job, &failure)),
        }
    }
}

/// Says what deploys from elsewhere. Its folders may have the names of those here, which would be taken for them.
fn not_from_here(paths: &[PathBuf], files: &mut Files, options: &RenderOptions) {
    if !files.files.iter().any(|file| file.manifest.objects().any(deploy::is_deployer)) {
        return;
    }
    let tree = Tree::new(paths).with(&files.edited);
    let made = Deployers::new(&Catalog::new(&tree, files), options).elsewhere();
    let told = made.into_iter().filter_map(|(_, job)| {
        let What::Nothing(failure) = &job.what else { return None };
        let failure = failure.clone();
        Some(unrendered(job, &failure))
    });
    files.unrendered.extend(told);
}

/// A job, and the file that it gave.
type Done = (Job, Result<File, Failure>);

/// All that is rendered of one input, round for round: what a rendering deploys comes after it.
struct Rounds<'a> {
    tree: &'a Tree,
    options: &'a RenderOptions,
    /// Called after each rendering.
    step: &'a (dyn Fn() + Sync),
    /// Looked for where there is something to render.
    tools: Option<Tools>,
    done: Vec<Done>,
    /// The folders that an Application or the like deploys.
    deployed: BTreeSet<PathBuf>,
}

impl Rounds<'_> {
    /// What people have written first, then what of kustomizations and charts nobody deploys.
    fn all(&mut self, catalog: &Catalog<'_>) {
        let mut deployers = Deployers::new(catalog, self.options);
        let written = deployers.written();
        let jobs = self.deploying(written);
        self.run_all(jobs, &mut deployers);
        let jobs = catalog.builds(&self.deployed, &self.options.roots);
        let jobs = jobs.into_iter().filter(|job| !self.is_deployed(job)).collect();
        self.run_all(jobs, &mut deployers);
        let built = self.done.iter().filter_map(|(_, made)| made.as_ref().ok()?.manifest.rendering());
        let made_of: BTreeSet<String> = built.flat_map(|rendering| rendering.made_of.iter().cloned()).collect();
        let left = deployers.left(&made_of);
        let jobs = self.deploying(left);
        self.run_all(jobs, &mut deployers);
        let charts = catalog.own_charts(&self.deployed);
        let jobs = charts.iter().flat_map(|chart| catalog.releases(chart)).collect();
        self.run_all(jobs, &mut deployers);
        let is_open = |chart: &&&catalog::Chart<'_>| !self.has(&chart.file.manifest.name);
        let jobs = charts.iter().filter(is_open).flat_map(|chart| catalog.trials(chart)).collect();
        self.run_all(jobs, &mut deployers);
    }

    /// Whether a job of nobody's is a part of what somebody deploys.
    fn is_deployed(&self, job: &Job) -> bool {
        let [Covered::Folder(own)] = job.covers.as_slice() else { return false };
        let renderings = self.done.iter().filter(|(other, _)| is_deployed(other));
        let mut covers = renderings
            .filter_map(|(_, made)| made.as_ref().ok()?.manifest.rendering())
            .flat_map(|rendering| &rendering.covers);
        let Some(folder) = job.what.folder() else { return false };
        let is_root = |root: &PathBuf| fs::canonicalize(root).is_ok_and(|root| root == *folder);
        self.deployed.contains(folder)
            || covers.any(|covered| matches!(covered, Covered::Folder(folder) if folder == own))
                && !self.options.roots.iter().any(is_root)
    }

    /// Notes which folders are deployed. A kustomization that several deploy has a place for each, as a chart has: what one
    /// deploys does not see what another does.
    fn deploying(&mut self, made: Vec<Made>) -> Vec<Job> {
        let (folders, mut jobs): (Vec<_>, Vec<Job>) = made.into_iter().unzip();
        self.deployed.extend(folders.into_iter().flatten());
        let mut counts: BTreeMap<PathBuf, usize> = BTreeMap::new();
        jobs.iter().filter_map(built).for_each(|folder| *counts.entry(folder.clone()).or_default() += 1);
        for job in &mut jobs {
            if built(job).and_then(|folder| counts.get(folder)).is_some_and(|count| *count > 1) {
                job.folder = format!("{}/{}", plan::or_here(&job.folder), job.environment);
            }
        }
        jobs
    }

    /// Runs jobs, and those of what they deploy.
    fn run_all(&mut self, mut jobs: Vec<Job>, deployers: &mut Deployers<'_>) {
        for round in 0.. {
            if jobs.is_empty() {
                return;
            }
            let first = self.done.len();
            self.run(jobs);
            let new = self.done.iter().skip(first).filter_map(|(_, made)| made.as_ref().ok());
            let made: Vec<Made> = new.flat_map(|file| deployers.in_file(file)).collect();
            jobs = self.deploying(made);
            if round == ROUNDS {
                let why = Why::Unknown(format!("more than {ROUNDS} renderings deploy each other"));
                jobs.iter_mut().for_each(|job| job.what = What::Nothing(why.clone().into()));
            }
        }
    }

    fn run(&mut self, jobs: Vec<Job>) {
        let (tree, options, step) = (self.tree, self.options, self.step);
        let find = || Tools::find(options.cache.as_deref().and_then(Cache::open), options.allow_network);
        let tools = &*self.tools.get_or_insert_with(find);
        let one = |job| {
            let made = rendered(job, tools, tree, options);
            step();
            made
        };
        let made: Vec<_> = jobs.par_iter().map(one).collect();
        let before = self.done.len();
        for (job, made) in jobs.into_iter().zip(made) {
            let unknown = made.as_ref().ok().and_then(|rendered| rendered.unknown.clone());
            let left: Option<Done> = unknown.map(|why| (job.left(&why), Err(why.into())));
            let made = made.map(|mut rendered| {
                let known = self.done.iter().take(before).filter_map(|(_, made)| made.as_ref().ok());
                known.for_each(|file| rendered.through(&file.manifest));
                file(&job, rendered, tools)
            });
            self.done.push((job, made));
            self.done.extend(left);
        }
    }

    /// Whether anything was rendered of a chart.
    fn has(&self, chart: &str) -> bool {
        self.done.iter().any(|(job, made)| made.is_ok() && job.file == chart)
    }

    /// The values of charts that nothing was rendered with.
    fn unread(&self, catalog: &Catalog<'_>) -> Vec<Unrendered> {
        let values = self.done.iter().flat_map(|(job, _)| match &job.what {
            What::Release(release) => release.values.as_slice(),
            What::Kustomization { .. } | What::Nothing(_) => &[],
        });
        let files = values.filter_map(|values| match values {
            Values::File(path) => Some(path),
            Values::Inline { .. } => None,
        });
        let read = files.chain(&self.options.values).filter_map(|path| fs::canonicalize(path).ok());
        let read: BTreeSet<PathBuf> = read.collect();
        let parts = catalog.parts();
        let is_whole = |chart: &&catalog::Chart<'_>| !parts.contains(&chart.folder) && !chart.is_library();
        catalog.charts.values().filter(is_whole).flat_map(|chart| catalog.unread(chart, &read)).collect()
    }

    /// What counts of it: not what turned out to be deployed by others, nor that a chart needs other values than its own.
    fn finished(mut self) -> Vec<Done> {
        let rendered: BTreeSet<&str> =
            self.done.iter().filter(|(_, made)| made.is_ok()).map(|(job, _)| job.file.as_str()).collect();
        let counts = |(job, made): &Done| {
            let is_excused = match job.need {
                Need::Always => false,
                Need::Default => rendered.contains(job.file.as_str()),
                Need::Trial => true,
            };
            (made.is_ok() || !is_excused) && !self.is_deployed(job)
        };
        let counts: Vec<bool> = self.done.iter().map(counts).collect();
        let done = std::mem::take(&mut self.done);
        done.into_iter().zip(counts).filter_map(|(done, counts)| counts.then_some(done)).collect()
    }
}

/// Whether a job is of an Application or the like.
fn is_deployed(job: &Job) -> bool {
    job.covers.iter().any(|covered| matches!(covered, Covered::Object { .. }))
}

/// The folder of the kustomization that a job builds.
fn built(job: &Job) -> Option<&PathBuf> {
    match &job.what {
        What::Kustomization { folder, .. } => Some(folder),
        What::Release(_) | What::Nothing(_) => None,
    }
}

fn rendered(job: &Job, tools: &Tools, tree: &Tree, options: &RenderOptions) -> Result<Rendered, Failure> {
    match &job.what {
        What::Release(release) => chart::render(tools, tree, release, options),
        What::Kustomization { folder, over } => kustomization::build(tools, tree, folder, over.as_deref(), options),
        What::Nothing(failure) => Err(failure.clone()),
    }
}

fn file(job: &Job, rendered: Rendered, tools: &Tools) -> File {
    let Job { environment, name, folder, covers, namespace, project, what, .. } = job;
    let tool = if matches!(what, What::Release(_)) { &tools.helm } else { &tools.kustomize };
    let rendering = Rendering {
        environment: environment.clone(),
        tool: tool.as_ref().map(tool::Tool::shown).unwrap_or_default(),
        folder: folder.clone(),
        namespace: namespace.clone(),
        covers: covers.clone(),
        ..Rendering::default()
    };
    File { manifest: rendered.into_manifest(name.clone(), rendering), project: *project }
}

fn unrendered(job: Job, failure: &Failure) -> Unrendered {
    let folder = job.covers.iter().find_map(|covered| match covered {
        Covered::Folder(folder) => Some(plan::or_here(folder)),
        Covered::Object { .. } => None,
    });
    let is_refused = matches!(failure.why, Why::Name(..) | Why::Link(_));
    let is_missing = matches!(failure.why, Why::Missing(_));
    let advice = match (failure.advice(folder.unwrap_or(".")), job.advice(is_missing)) {
        // A tool that is not installed here may be elsewhere.
        (Some(install), Some(by_hand)) if is_missing => Some(format!("{install}; where it is installed: {by_hand}")),
        (advice, by_hand) => advice.or(by_hand),
    };
    // Nobody is told to run by hand what is refused.
    let advice = advice.filter(|_| !is_refused);
    let (file, line) = failure.at.clone().unwrap_or_else(|| (job.file.clone(), job.line));
    let of = if job.environment == "default" { String::new() } else { format!("{}: ", job.environment) };
    Unrendered { file, line, covers: job.covers, reason: format!("{of}{}", failure.why), advice, is_refused }
}
