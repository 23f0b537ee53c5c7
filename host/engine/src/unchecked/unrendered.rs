//! What somebody tried to render, and could not: it stands in the place of what was said before anybody tried.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Source, Unchecked};
use crate::file::File;
use crate::manifest::{Covered, Object};
use crate::paths::{file_name, normal};

/// Something that should have been rendered, and was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrendered {
    /// The name of the file that says what to render.
    pub file: String,
    /// The line there.
    pub line: u32,
    /// What in the input deploys it.
    pub covers: Vec<Covered>,
    /// What happened, without a full stop.
    pub reason: String,
    /// The command that helps, if one does.
    pub advice: Option<String>,
    /// Whether it was refused: then nobody is told to run it by hand.
    pub is_refused: bool,
}

/// Takes out what was rendered: it is checked.
pub(crate) fn without_rendered(mut found: Vec<Unchecked>, files: &[Arc<File>]) -> Vec<Unchecked> {
    let renderings = files.iter().filter_map(|file| file.manifest.rendering());
    let covered: Vec<&Covered> = renderings.flat_map(|rendering| &rendering.covers).collect();
    found.retain(|unchecked| !covers(&covered, unchecked, files));
    found
}

/// Says of what was not rendered why, in the place of what was said before anybody tried.
pub(crate) fn replace(found: &mut Vec<Unchecked>, files: &[Arc<File>], unrendered: Vec<Unrendered>) {
    let covered: Vec<&Covered> = unrendered.iter().flat_map(|it| &it.covers).collect();
    let skipped = |unchecked: &&Unchecked| covers(&covered, unchecked, files);
    let counts: HashMap<usize, usize> = found.iter().filter(skipped).map(|it| (it.file, it.files)).collect();
    found.retain(|unchecked| !covers(&covered, unchecked, files));
    let told: HashSet<(usize, u32)> = found.iter().map(|unchecked| (unchecked.file, unchecked.line)).collect();
    for Unrendered { file, line, covers, reason, advice, is_refused } in unrendered {
        // What stands in no file that was read is told all the same.
        let named = files.iter().position(|it| it.manifest.name == file);
        let (index, line, reason) =
            named.map_or_else(|| (0, 1, format!("{file}:{line}: {reason}")), |index| (index, line, reason.clone()));
        if told.contains(&(index, line)) {
            continue;
        }
        let source = covers.iter().find_map(|covered| match covered {
            Covered::Folder(folder) if matches!(file_name(&file), "Chart.yaml" | "Chart.yml") => {
                Some(Source::Chart(folder.clone()))
            }
            Covered::Folder(folder) => Some(Source::Kustomization(folder.clone())),
            Covered::Object { file, line } => object(files, file, *line),
        });
        let files = counts.get(&index).copied().unwrap_or(1);
        let source = source.filter(|_| !is_refused).unwrap_or(Source::Template);
        found.push(Unchecked { file: index, line, files, source, reason, advice });
    }
    found.sort_by_key(|unchecked| (unchecked.file, unchecked.line));
}

/// Has what stands in a rendered text point to what somebody wrote.
pub(crate) fn at_sources(found: &mut Vec<Unchecked>, files: &[Arc<File>]) {
    for unchecked in &mut *found {
        let Some(manifest) = files.get(unchecked.file).map(|file| &file.manifest) else { continue };
        let place = manifest.rendering().and_then(|rendering| {
            let mut objects = manifest.objects().map(|object| object.node.locate(&[]).start);
            let at = objects.find(|at| manifest.source.position(*at).line == unchecked.line)?;
            let place = rendering.object(at)?;
            let (name, text) = rendering.text(place)?;
            let file = files.iter().position(|it| it.manifest.name == name)?;
            Some((file, text.position(place.span.start).line))
        });
        if let Some((file, line)) = place {
            (unchecked.file, unchecked.line) = (file, line);
        }
    }
    // One object of the sources is in several environments.
    found.sort_by(|one, other| (one.file, one.line, &one.reason).cmp(&(other.file, other.line, &other.reason)));
    found.dedup_by(|one, other| (one.file, one.line, &one.reason) == (other.file, other.line, &other.reason));
}

/// The object that begins at a line of a file.
fn object(files: &[Arc<File>], file: &str, line: u32) -> Option<Source> {
    let manifest = &files.iter().find(|it| it.manifest.name == file)?.manifest;
    let begins = |object: &&Object| manifest.source.position(object.node.locate(&[]).start).line == line;
    let found = manifest.objects().find(begins)?;
    Some(Source::Object { kind: found.kind.clone(), name: found.display_name() })
}

/// Whether something that deploys is among those that are known.
fn covers(covered: &[&Covered], unchecked: &Unchecked, files: &[Arc<File>]) -> bool {
    let name = || files.get(unchecked.file).map_or("", |file| &file.manifest.name);
    covered.iter().any(|covered| match (covered, &unchecked.source) {
        (Covered::Folder(folder), Source::Chart(of) | Source::Kustomization(of)) => normal(folder) == *of,
        (Covered::Object { file, line }, Source::Object { .. }) => *line == unchecked.line && file == name(),
        _ => false,
    })
}
