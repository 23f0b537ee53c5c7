//! Where an edit belongs: into the object that was checked, or, where a tool rendered that, into the one that somebody
//! wrote, if that is certain.

use protocol::{Edit, Json, path};

use crate::edit::is_same;
use crate::input::Subject;
use crate::manifest::{Manifest, Node, Object, Origin};
use crate::report::Report;

/// An object that somebody wrote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'r> {
    /// The index of its file.
    pub file: usize,
    pub manifest: &'r Manifest,
    pub document: usize,
    pub object: &'r Object,
}

/// The object to edit, for an edit of the subject and what was found at a path of it.
///
/// # Errors
/// Why there is no target, for people.
pub(super) fn of<'r>(
    report: &Report<'r>,
    subject: Subject<'r>,
    edit: &Edit,
    found: &str,
) -> Result<Target<'r>, String> {
    let manifest = &report.input.file(subject.file).ok_or("it is in no file")?.manifest;
    match manifest.origin {
        Origin::File => Ok(Target { file: subject.file, manifest, document: subject.document, object: subject.object }),
        Origin::Rendered(_) => of_source(report, subject, edit, found),
        Origin::Host => Err("it is in no manifest".into()),
    }
}

/// The object of a file that a tool took unchanged, as far as the edit changes it.
fn of_source<'r>(report: &Report<'r>, subject: Subject<'r>, edit: &Edit, found: &str) -> Result<Target<'r>, String> {
    let origin = report.origin(subject, &edit.path).ok_or("its source file is not known")?;
    let place = format!("{}:{}", origin.file, origin.place.start.line);
    if !origin.is_certain {
        return Err(format!("it is rendered, and which line made it is not certain; the nearest is {place}"));
    }
    let not_here = || format!("it is rendered of {place}, which is no object by itself; change it there");
    let mut files = report.input.files().iter().enumerate();
    let (file, of) = files.find(|(_, file)| file.manifest.name == origin.file).ok_or_else(not_here)?;
    let manifest = &of.manifest;
    let at = origin.place.span.start;
    let document = manifest.documents.iter().position(|it| (it.span.start..=it.span.end).contains(&at));
    let document = document.ok_or_else(not_here)?;
    let objects = manifest.documents.get(document).map(crate::manifest::Document::objects).unwrap_or_default();
    let object = objects
        .iter()
        .find(|it| (it.node.span.start..=it.node.span.end).contains(&at) && it.kind == subject.object.kind);
    let object = object.filter(|_| matches!(manifest.origin, Origin::File)).ok_or_else(not_here)?;
    let steps = path::parse(&edit.path).ok_or_else(not_here)?;
    // The same place in both: items of lists may have changed places.
    let written = object.node.find(&steps).filter(|_| object.node.locate(&steps).start == at);
    match (written, subject.object.node.find(&steps)) {
        (Some(written), Some(rendered)) if agree(&edit.value, written, rendered) => {
            Ok(Target { file, manifest, document, object })
        }
        _ => {
            let set = report.origin(subject, found).map(|it| format!("{}:{}", it.file, it.place.start.line));
            let set = set.filter(|set| *set != place).map(|set| format!(" ({set})")).unwrap_or_default();
            Err(format!("it is rendered of {place} and of other files; change it where it is set{set}"))
        }
    }
}

/// Whether what the edit would change is in both the same, or in neither.
fn agree(edit: &Json, written: &Node, rendered: &Node) -> bool {
    match edit {
        Json::Map(members) => members.iter().all(|(key, value)| match (written.get(key), rendered.get(key)) {
            (None, None) => true,
            (Some(written), Some(rendered)) => agree(value, written, rendered),
            _ => false,
        }),
        _ => serde_json::to_value(rendered).is_ok_and(|rendered| is_same(written, &rendered)),
    }
}
