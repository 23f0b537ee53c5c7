//! The edit of a finding, made in the text of its file: what the button beside a finding does.
//!
//! It asks the engine's one editor of manifests, and knows neither rules nor reports.

use engine::edit::{EditError, with_edits};
use engine::manifest::{Limits, Object, read};
use protocol::Edit;

use crate::SessionError;

/// Which object it is, and where it stands in its file, in a report's terms.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct At {
    /// The number of its document, from 1.
    document: usize,
    /// A normalised JSONPath: not `$` for an item of a list.
    path: String,
    kind: String,
    name: String,
    namespace: Option<String>,
}

impl At {
    /// Whether it is this object, wherever it stands.
    fn is(&self, object: &Object) -> bool {
        object.kind == self.kind && object.display_name() == self.name && object.namespace == self.namespace
    }
}

/// The whole new text of the file.
///
/// # Errors
/// The object is not there any more, or the text cannot be changed so that it means just that.
pub fn text(name: &str, text: String, at: &str, edit: &str) -> Result<String, SessionError> {
    let malformed = |cause: serde_json::Error| SessionError::Edit(format!("this is not an edit: {cause}"));
    let at: At = serde_json::from_str(at).map_err(malformed)?;
    let edit: Edit = serde_json::from_str(edit).map_err(malformed)?;
    let manifest = read(name, text.into_bytes(), &Limits::default());
    let index = at.document.wrapping_sub(1);
    let objects = manifest.documents.get(index).map(|document| document.objects()).unwrap_or_default();
    let Some(object) = objects.iter().find(|object| object.path == at.path && at.is(object)) else {
        let At { kind, name: of, .. } = at;
        return Err(SessionError::Edit(format!("{name} has changed: {kind} {of} is not where it was")));
    };
    let refused = |cause| match cause {
        EditError::Merge(cause) => SessionError::Edit(cause.to_string()),
        EditError::Text(cause) => SessionError::Edit(format!("{cause}: edit {name} by hand")),
    };
    with_edits(&manifest, index, object, [&edit]).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "# ours\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostPID: true # why\n";

    fn made(at: &str, applicability: &str) -> Result<String, String> {
        let edit = format!(r#"{{"path":"$['spec']","value":{{"hostPID":false}},"applicability":"{applicability}"}}"#);
        text("pod.yaml", MANIFEST.into(), at, &edit).map_err(|cause| cause.to_string())
    }

    #[test]
    fn only_the_value_changes() {
        let at = r#"{"document":1,"path":"$","kind":"Pod","name":"a"}"#;
        assert_eq!(made(at, "safe"), Ok(MANIFEST.replace("true", "false")));
        assert_eq!(made(at, "needs-review"), Ok(MANIFEST.replace("true", "false")));
    }

    #[test]
    fn what_is_not_there_is_said() {
        let at = |document: usize, path: &str| {
            format!(r#"{{"document":{document},"path":"{path}","kind":"Pod","name":"a"}}"#)
        };
        let gone = Err("pod.yaml has changed: Pod a is not where it was".to_owned());
        for at in [at(0, "$"), at(2, "$"), at(1, "$['items'][0]")] {
            assert_eq!(made(&at, "safe"), gone);
        }
        assert!(made(&at(1, "$"), "example").is_err_and(|why| why.contains("is an example")));
        assert!(made("{}", "safe").is_err_and(|why| why.starts_with("this is not an edit")));
    }

    #[test]
    fn another_object_in_the_same_place_is_left_alone() {
        for other in [
            r#"{"document":1,"path":"$","kind":"Pod","name":"b"}"#,
            r#"{"document":1,"path":"$","kind":"Job","name":"a"}"#,
            r#"{"document":1,"path":"$","kind":"Pod","name":"a","namespace":"shop"}"#,
        ] {
            assert!(made(other, "safe").is_err_and(|why| why.ends_with("is not where it was")), "{other}");
        }
    }
}
