//! Files that people wrote: the examples, and the repository that rendering is tried on, fixed as far as it goes. Each file
//! that changes still parses, has what edits propose and nothing else, keeps its comments, and is not found any more.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;

use seaworthy_tests::artifacts::workspace;
use serde_json::Value;

use crate::properties::beside;
use crate::support::{Folder, Run, run};
use crate::text;
use crate::tools::Tools;

/// What a value holds: each scalar with its path, in which an item of a list has no number.
type Leaves = BTreeSet<(String, String)>;

/// A copy of a folder of ours.
struct Copied {
    folder: Folder,
    /// The files in it, with their texts as people wrote them.
    files: Vec<(String, String)>,
    /// Where helm and kustomize are.
    path: OsString,
}

impl Copied {
    fn new(name: &str, path: OsString) -> Self {
        let from = workspace().join(name);
        let walk = walkdir::WalkDir::new(&from).into_iter().map(Result::unwrap);
        let files: Vec<(String, String)> = walk
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let name = entry.path().strip_prefix(&from).unwrap().to_str().unwrap().to_owned();
                (name, fs::read_to_string(entry.path()).unwrap())
            })
            .collect();
        let folder = files.iter().fold(Folder::new(), |folder, (name, text)| folder.and(name, text));
        Self { folder, files, path }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.folder.command(&[arguments, &["--profile", "full"]].concat());
        run(command.env("PATH", &self.path), "")
    }

    fn report(&self) -> Value {
        let run = self.run(&["check", ".", "--format", "json"]);
        serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {}{}", run.out, run.err))
    }

    /// Fixes all that can be, says which files that changed, and checks what is true of every edit.
    fn fix(&self) -> BTreeSet<&str> {
        let before = self.report();
        let fixed = self.run(&["fix", ".", "--unsafe", "--write"]).with(0);
        let after = self.report();

        let proposed = proposed(&before);
        let is_changed = |(name, old): &&(String, String)| text(&self.folder, name) != *old;
        let changed: BTreeSet<&str> = self.files.iter().filter(is_changed).map(|(name, _)| name.as_str()).collect();
        assert!(fixed.starts_with("Fixed ") && !changed.is_empty(), "{fixed}");
        for (name, old) in self.files.iter().filter(is_changed) {
            let new = text(&self.folder, name);
            assert_eq!(beside(&new), beside(old), "{name}: comments stay: {new}");
            only_what_was_proposed(name, old, &new, &proposed);
        }

        let left: Vec<&Value> = findings(&after)
            .filter(|(result, finding)| {
                is_edit(finding) && changed.contains(result["object"]["file"].as_str().unwrap())
            })
            .map(|(_, finding)| finding)
            .collect();
        assert!(left.is_empty(), "what has an edit is edited: {left:#?}");
        let (old, new) = (known(&before), known(&after));
        assert!(new.len() < old.len(), "{} findings, and then {}", old.len(), new.len());
        assert!(new.is_subset(&old), "found anew: {:#?}", new.difference(&old));
        let again = self.run(&["fix", ".", "--unsafe"]).with(0);
        assert!(again.starts_with("Nothing to edit\n"), "{again}");
        changed
    }
}

fn findings(report: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let results = report["results"].as_array().unwrap().iter();
    results.flat_map(|result| result["findings"].as_array().into_iter().flatten().map(move |finding| (result, finding)))
}

/// Whether it has an edit that may be written into a file.
fn is_edit(finding: &Value) -> bool {
    finding["edit"].is_object() && finding["edit"]["applicability"] != "example"
}

/// What fails, without its line.
fn known(report: &Value) -> BTreeSet<String> {
    let violations = findings(report).filter(|(_, finding)| finding["level"] == "violation");
    let texts = violations.map(|(result, finding)| {
        let object = &result["object"];
        let named = [&result["rule"], &object["kind"], &object["name"], &object["environment"], &finding["container"]];
        format!("{named:?} {}: {}", finding["path"], finding["message"])
    });
    texts.collect()
}

/// What the edits of a report write.
fn proposed(report: &Value) -> Leaves {
    let mut all = Leaves::new();
    for (_, finding) in findings(report).filter(|(_, finding)| is_edit(finding)) {
        let steps = finding["edit"]["path"].as_str().unwrap().trim_start_matches('$').split_terminator(']');
        let path = steps.map(|step| match step.strip_prefix("['") {
            Some(key) => format!(".{}", key.trim_end_matches('\'')),
            None => "[]".to_owned(),
        });
        leaves(&finding["edit"]["value"], &path.collect::<String>(), &mut all);
    }
    all
}

fn leaves(value: &Value, path: &str, all: &mut Leaves) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(key, value)| leaves(value, &format!("{path}.{key}"), all));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().for_each(|item| leaves(item, &format!("{path}[]"), all));
        }
        scalar => _ = all.insert((path.to_owned(), scalar.to_string())),
    }
}

/// The documents of a file, each of which parses.
fn documents(name: &str, text: &str) -> Vec<Leaves> {
    let is_empty = |document: &str| document.lines().all(|line| line.is_empty() || line.starts_with('#'));
    let documents = text.split("\n---\n").filter(|document| !is_empty(document));
    let leaves_of = |document: &str| {
        let value: Value = serde_saphyr::from_str(document).unwrap_or_else(|cause| panic!("{name}: {cause}\n{text}"));
        let mut all = Leaves::new();
        leaves(&value, "", &mut all);
        all
    };
    documents.map(leaves_of).collect()
}

fn only_what_was_proposed(name: &str, old: &str, new: &str, proposed: &Leaves) {
    let (old, new) = (documents(name, old), documents(name, new));
    assert_eq!(old.len(), new.len(), "{name}: documents");
    for (old, new) in old.iter().zip(&new) {
        let added: Leaves = new.difference(old).cloned().collect();
        assert!(added.is_subset(proposed), "{name}: nobody proposed {:#?}", added.difference(proposed));
        for (path, value) in old.difference(new) {
            assert!(added.iter().any(|(other, _)| other.starts_with(path)), "{name}: {path}: {value} is lost");
        }
    }
}

#[test]
fn the_examples_have_only_what_was_proposed() {
    let changed = Copied::new("examples", OsString::new());
    assert_eq!(changed.fix(), BTreeSet::from(["shop/storefront.yaml"]), "a good service is left as it is");
}

#[test]
fn a_repository_that_is_rendered_has_only_what_was_proposed() {
    let Some(tools) = Tools::find() else { return };
    let repository = Copied::new("tests/rendering/repository", tools.path());
    // Charts are templates, and patches are told.
    let expected = ["deploy/base/deployment.yaml", "plain/cleanup.yaml", "plain/legacy.yaml"];
    assert_eq!(repository.fix(), BTreeSet::from(expected));
}
