//! A cluster and files of the same objects: every rule says the same.

use std::collections::BTreeMap;
use std::fs;

use engine::manifest::Object;
use seaworthy_tests::artifacts::workspace;
use serde_json::{Value, json};

use crate::audited;
use crate::server::{Kind, Objects, Server};
use crate::support::Folder;

/// The objects of the example shop, as a cluster has them.
fn shop() -> Vec<Value> {
    let mut texts = Vec::new();
    for entry in walkdir::WalkDir::new(workspace().join("examples/shop")).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.path().extension().is_some_and(|extension| extension == "yaml") {
            texts.push((entry.path().display().to_string(), fs::read_to_string(entry.path()).unwrap()));
        }
    }
    let input = seaworthy_tests::inputs(texts.into_iter());
    let object = |object: &Object| {
        let mut value = serde_json::to_value(&*object.node).unwrap();
        value["metadata"]["uid"] = json!(format!("{}-{}", object.kind, object.display_name()).to_lowercase());
        value
    };
    input.subjects().map(|subject| object(subject.object)).collect()
}

/// A server of these objects.
fn serving(objects: &[Value]) -> Vec<Kind> {
    let mut kinds: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
    for object in objects {
        let text = |key: &str| object[key].as_str().unwrap().to_owned();
        kinds.entry((text("apiVersion"), text("kind"))).or_default().push(object.clone());
    }
    let kind = |((api_version, kind), objects): ((String, String), Vec<Value>)| Kind {
        plural: protocol::resource_name(&kind),
        is_namespaced: objects.iter().all(|object| object["metadata"].get("namespace").is_some()),
        api_version,
        kind,
        objects: Objects::Given(objects),
    };
    kinds.into_iter().map(kind).collect()
}

/// What every rule says of every object, but for where it stands.
pub fn said(report: &Value) -> BTreeMap<String, Value> {
    let results = report["results"].as_array().unwrap().iter().map(|result| {
        let object = &result["object"];
        let key = format!("{} {} {} {}", result["rule"], object["kind"], object["namespace"], object["name"]);
        let mut findings = result["findings"].clone();
        for finding in findings.as_array_mut().unwrap() {
            let is_of_text = |key: &str| {
                let key = key.to_lowercase();
                key.ends_with("line") || key.ends_with("column") || key == "fingerprint"
            };
            finding.as_object_mut().unwrap().retain(|key, _| !is_of_text(key));
        }
        (key, json!([result["verdict"], result["reason"], findings]))
    });
    results.collect()
}

#[test]
fn a_cluster_is_judged_as_files_of_its_objects_are() {
    let objects = shop();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let folder = Folder::of("all.json", list);
    let checked = folder.run(&["check", "all.json", "--profile", "full", "--world", "complete", "--format", "json"]);
    let checked = said(&serde_json::from_str(&checked.out).unwrap());
    for server in [Server::of(serving(&objects)), Server::classic(serving(&objects))] {
        let (code, audit) = audited(&server, &[]);
        assert_eq!(code, Some(1), "{}", audit["problems"]);
        let audited = said(&audit);
        assert!(audited.len() > 50, "{} results", audited.len());
        // A rule that names kinds beside everything is asked about those; an audit reads no other kind for it.
        let is_read = |key: &String| audited.contains_key(key) || !key.starts_with("\"api-version\" ");
        let mut compared = 0;
        for (key, answer) in checked.iter().filter(|(key, _)| is_read(key)) {
            assert_eq!(audited.get(key), Some(answer), "{key}");
            compared += 1;
        }
        assert_eq!(audited.len(), compared);
    }
}
