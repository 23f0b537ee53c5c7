//! Which files are built together with something that is not here: nobody can say of them that anything is missing.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Source, Unchecked};
use crate::file::File;
use crate::kustomize::{Graph, STEPS};
use crate::paths::{folder, is_within, normal, resolve};

/// The indices of the files in whose build something has not been looked at: what the build brings may be what they need.
/// Where there are more builds than are followed, the files of those that are left are not among them.
pub(crate) fn beside_unseen(files: &[Arc<File>], graph: &Graph<'_>, unchecked: &[Unchecked]) -> HashSet<usize> {
    if unchecked.is_empty() {
        return HashSet::new();
    }
    let (mut folders, mut charts) = (HashSet::new(), Vec::new());
    for unchecked in unchecked {
        match &unchecked.source {
            Source::Kustomization(folder) => {
                folders.insert(folder.as_str());
            }
            // What else stands in a chart's folder is deployed by somebody else.
            Source::Chart(folder) => {
                charts.extend(["templates", "crds", "charts"].map(|part| resolve(folder, part)));
            }
            Source::Template | Source::Helmfile | Source::Object { .. } => {}
        }
    }
    let (mut beside, mut seen, mut steps) = (HashSet::new(), HashSet::new(), STEPS);
    let mut built_in: HashSet<&str> = HashSet::new();
    // Those that only refer to each other come last: no root leads to them.
    for root in graph.roots().chain(0..graph.kustomizations.len()) {
        if seen.contains(&root) {
            continue;
        }
        let build = graph.build(files, &[root], &mut steps);
        if steps == 0 {
            break;
        }
        seen.extend(build.kustomizations.iter().copied());
        let of_build = || build.kustomizations.iter().filter_map(|index| graph.kustomizations.get(*index));
        if !build.is_known || of_build().any(|it| folders.contains(it.folder.as_str())) {
            beside.extend(&build.files);
            built_in.extend(of_build().map(|it| it.folder.as_str()));
        }
    }
    for (index, file) in files.iter().enumerate() {
        // What was rendered is whole.
        if file.manifest.rendering().is_some() {
            continue;
        }
        let own = normal(folder(&file.manifest.name));
        // A file that the kustomization of its folder does not list is a part of that one's build too.
        if built_in.contains(own.as_str()) || charts.iter().any(|chart| is_within(&own, chart)) {
            beside.insert(index);
        }
    }
    beside
}
