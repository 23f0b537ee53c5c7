//! The edit of a finding, made in the text of its file: what the button beside a finding does.
//!
//! It asks the engine's one editor of manifests, and knows neither rules nor reports.

use engine::edit::{Wanted, edited, merged};
use engine::manifest::{Limits, read};
use protocol::Edit;

use crate::SessionError;

/// Where an object stands in its file, in a report's terms.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct At {
    /// The number of its document, from 1.
    document: usize,
    /// A normalised JSONPath: not `$` for an item of a list.
    path: String,
}

/// The whole new text of the file.
///
/// # Errors
/// The object is not there any more, or the text cannot be changed so that it means just that.
pub fn text(name: &str, text: String, at: &str, edit: &str) -> Result<String, SessionError> {
    let malformed = |cause: serde_json::Error| SessionError::Edit(format!("this is no edit: {cause}"));
    let at: At = serde_json::from_str(at).map_err(malformed)?;
    let edit: Edit = serde_json::from_str(edit).map_err(malformed)?;
    let manifest = read(name, text.into_bytes(), &Limits::default());
    let index = at.document.wrapping_sub(1);
    let objects = manifest.documents.get(index).map(|document| document.objects()).unwrap_or_default();
    let Some(object) = objects.iter().find(|object| *object.path == *at.path) else {
        return Err(SessionError::Edit(format!("{name} has changed: the object is not where it was")));
    };
    let mutated = merged(object, [&edit]).map_err(|cause| SessionError::Edit(cause.to_string()))?;
    edited(&manifest, &[Wanted { document: index, object, mutated: &mutated }])
        .map_err(|cause| SessionError::Edit(format!("{cause}: edit {name} by hand")))
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
        let at = r#"{"document":1,"path":"$"}"#;
        assert_eq!(made(at, "safe"), Ok(MANIFEST.replace("true", "false")));
        assert_eq!(made(at, "needs-review"), Ok(MANIFEST.replace("true", "false")));
    }

    #[test]
    fn what_is_not_there_is_said() {
        let gone = Err("pod.yaml has changed: the object is not where it was".to_owned());
        for at in
            [r#"{"document":0,"path":"$"}"#, r#"{"document":2,"path":"$"}"#, r#"{"document":1,"path":"$['items'][0]"}"#]
        {
            assert_eq!(made(at, "safe"), gone);
        }
        assert!(made(r#"{"document":1,"path":"$"}"#, "example").is_err_and(|why| why.contains("is an example")));
        assert!(made("{}", "safe").is_err_and(|why| why.starts_with("this is no edit")));
    }
}
