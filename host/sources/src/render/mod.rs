//! Renders what will be deployed: charts with `helm template`, kustomizations with `kustomize build`.
//!
//! Each rendering is a file of its own, in an environment of its own, that says of each place where it comes from. The
//! files it was made of are objects no more. The repository may be a stranger's: names are held against their grammar
//! before any tool starts, tools see copies of what belongs to a rendering and nothing else, and no network. A rendering
//! that fails is told with its place, and the others go on.

mod application_set;
mod cache;
mod catalog;
mod chart;
mod deploy;
mod failure;
mod images;
mod kustomization;
mod lines;
mod mark;
mod marking;
mod names;
mod options;
mod overlay;
mod parts;
mod plan;
mod release;
mod rendered;
mod repository;
mod stage;
mod substitute;
mod template;
mod tool;
mod tree;
mod wrapper;

use std::path::PathBuf;

use engine::manifest::{Covered, Rendering};
use engine::{File, Unrendered};
use rayon::prelude::*;

pub use kustomization::HELM_WRAPPER;
pub use names::{is_api_version, is_kube_version};
pub use options::{KUBE_VERSION, Mode, RenderOptions};
pub use wrapper::{Refused, helm_arguments};

use crate::files::{Files, Origin};
use cache::Cache;
use catalog::Catalog;
use failure::{Failure, Why};
use plan::{Job, What};
use rendered::Rendered;
use tool::Tools;
use tree::Tree;

/// Renders what there is to render of the files that were read of the paths, and adds it to them.
pub fn render(paths: &[PathBuf], files: &mut Files, options: &RenderOptions) {
    if options.mode == Mode::Never {
        return;
    }
    let tree = Tree::new(paths);
    let jobs = {
        let catalog = Catalog::new(&tree, files);
        let deploy::Deployed { mut jobs, folders } = deploy::deployed(&catalog);
        jobs.extend(catalog.jobs(&folders, &options.roots));
        jobs
    };
    if jobs.is_empty() {
        return;
    }
    let tools = Tools::find(options.cache.as_deref().and_then(Cache::open), options.allow_network);
    let made: Vec<Result<Rendered, Failure>> = jobs.par_iter().map(|job| run(job, &tools, &tree, options)).collect();
    let is_rendered = |job: &Job| {
        let others = jobs.iter().zip(&made).filter(|(other, made)| made.is_ok() && other.file == job.file);
        job.is_default && others.count() > 0
    };
    let excused: Vec<bool> = jobs.iter().map(is_rendered).collect();
    for ((job, made), is_excused) in jobs.into_iter().zip(made).zip(excused) {
        match made {
            Ok(rendered) => add(files, job, rendered, &tools),
            Err(Failure { why: Why::Elsewhere(_), .. }) => {}
            Err(_) if is_excused => {}
            Err(failure) => files.unrendered.push(unrendered(job, &failure)),
        }
    }
    tools.cache.iter().for_each(Cache::shrink);
}

fn run(job: &Job, tools: &Tools, tree: &Tree, options: &RenderOptions) -> Result<Rendered, Failure> {
    match &job.what {
        What::Release(release) => chart::render(tools, tree, release, options),
        What::Kustomization { folder, over } => kustomization::build(tools, tree, folder, over.as_ref(), options),
        What::Nothing(failure) => Err(failure.clone()),
    }
}

fn add(files: &mut Files, job: Job, rendered: Rendered, tools: &Tools) {
    let Job { environment, name, folder, covers, namespace, project, what, .. } = job;
    let tool = if matches!(what, What::Release(_)) { &tools.helm } else { &tools.kustomize };
    let tool = tool.as_ref().map(tool::Tool::shown).unwrap_or_default();
    let rendering = Rendering { environment, tool, folder, namespace, covers, ..Rendering::default() };
    files.add(File { manifest: rendered.into_manifest(name, rendering), project }, Origin::Rendered);
}

fn unrendered(job: Job, failure: &Failure) -> Unrendered {
    let folder = job.covers.iter().find_map(|covered| match covered {
        Covered::Folder(folder) => Some(plan::or_here(folder)),
        Covered::Object { .. } => None,
    });
    let is_refused = matches!(failure.why, Why::Name(..) | Why::Link(_));
    let advice = failure.advice(folder.unwrap_or("."));
    let (file, line) = failure.at.clone().unwrap_or_else(|| (job.file.clone(), job.line));
    let of = if job.environment == "default" { String::new() } else { format!("{}: ", job.environment) };
    Unrendered { file, line, covers: job.covers, reason: format!("{of}{}", failure.why), advice, is_refused }
}
