//! Reads the CustomResourceDefinitions that custom resources are checked by, and that are no part of the input.

use std::path::PathBuf;
use std::sync::Arc;

use engine::manifest::{Content, Manifest, Object};
use engine::report::Unread;
use engine::{File, is_definition};

use crate::find::{Reading, find};
use crate::read::name;

/// The definitions in these files and folders, and what kept some from being read. Whatever else is in them is passed over.
#[must_use]
pub fn read_definitions(paths: &[PathBuf], reading: &Reading<'_>) -> (Vec<Object>, Vec<Unread>) {
    let (mut definitions, mut unread) = (Vec::new(), Vec::new());
    let reading = Reading { bounds: reading.bounds.clone(), total: reading.total, ..Reading::default() };
    for path in paths {
        let before = (definitions.len(), unread.len());
        let files = find(std::slice::from_ref(path), &[], &reading).read(|| ());
        unread.extend(files.unread.into_iter().filter(|unread| unread.is_failure));
        for File { manifest, .. } in files.files.into_iter().map(Arc::unwrap_or_clone) {
            if let Some(reason) = hidden(&manifest) {
                unread.push(Unread { path: manifest.name.clone(), reason, is_failure: true });
            }
            let objects = manifest.documents.into_iter().filter_map(|document| match document.content {
                Content::Objects(objects) => Some(objects),
                _ => None,
            });
            definitions.extend(objects.flatten().filter(|object| is_definition(object.group(), &object.kind)));
        }
        if before == (definitions.len(), unread.len()) {
            let reason = "has no CustomResourceDefinition, which --crds is for".to_owned();
            unread.push(Unread { path: name(path), reason, is_failure: true });
        }
    }
    (definitions, unread)
}

/// Why a file may have definitions that cannot be seen.
fn hidden(manifest: &Manifest) -> Option<String> {
    let is_about = manifest.source.text().contains("CustomResourceDefinition");
    if let Some(problem) = manifest.problems.first().filter(|_| is_about) {
        return Some(format!("cannot be read: line {}: {}", problem.position.line, problem.kind));
    }
    let is_template = manifest.documents.iter().any(|document| matches!(document.content, Content::Template));
    (is_about && is_template).then(|| {
        "is a template of a CustomResourceDefinition; give what `helm template --include-crds` makes of it".to_owned()
    })
}
