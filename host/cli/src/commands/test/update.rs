//! Writes what a policy says into the file of cases. Comments and layout stay.

use engine::edit::{Wanted, edited};
use engine::manifest::{Limits, read};
use serde_json::Value as Json;

use super::ask::Answer;
use super::cases::Suite;

/// What makes an object of a file of cases: the one editor edits objects.
const HEAD: &str = "apiVersion: v1\nkind: Cases\n";

/// The text of the file with these answers in these cases; nothing where it cannot be edited without losing comments.
pub fn updated(suite: &Suite, answers: &[(usize, &Answer)]) -> Option<String> {
    let text = format!("{HEAD}{}", suite.text);
    let manifest = read(&suite.shown, text.into_bytes(), &Limits::default());
    let [document] = manifest.documents.as_slice() else { return None };
    let [object] = document.objects() else { return None };
    let mut wanted = serde_json::to_value(&*object.node).ok()?;
    let cases = wanted.get_mut("cases")?.as_array_mut()?;
    for (index, Answer { verdict, message, mutated }) in answers {
        let case = cases.get_mut(*index)?.as_object_mut()?;
        case.insert("expect".into(), verdict.name().into());
        // Words that still fit stay: they say what the case is about.
        let fits = case.get("message").and_then(Json::as_str).is_some_and(|words| message.contains(words));
        if message.is_empty() {
            case.remove("message");
        } else if !fits {
            case.insert("message".into(), message.clone().into());
        }
        match mutated {
            Some(mutated) => drop(case.insert("mutated".into(), mutated.clone())),
            None => drop(case.remove("mutated")),
        }
    }
    let wanted = [Wanted { document: 0, object, mutated: &wanted }];
    edited(&manifest, &wanted).ok()?.strip_prefix(HEAD).map(str::to_owned)
}
