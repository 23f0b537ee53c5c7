//! What reading costs, a byte: an admission request, generated manifests, and a folder of files where one is given.

use std::path::Path;

use engine::manifest::{Limits, read};
use seaworthy_tests::{generate, input};

use super::clock;

/// An admission review of some 10 KB, as an API server sends it.
fn admission_request() -> String {
    let deployment = input("deployment.yaml", &generate::deployment(1));
    let object = deployment.subjects().next().map(|subject| &subject.object.node).expect("it is an object");
    let object = serde_json::to_string(&**object).expect("a tree is JSON");
    let kind = r#"{"group":"apps","version":"v1","kind":"Deployment"}"#;
    format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"705ab4f5","kind":{kind},"operation":"UPDATE","object":{object},"oldObject":{object}}}}}"#
    )
}

/// The YAML files of a folder.
fn manifests(folder: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(folder).into_iter().flatten().map(walkdir::DirEntry::into_path);
    let is_yaml = |path: &std::path::PathBuf| path.extension().is_some_and(|it| it == "yaml" || it == "yml");
    entries.filter(is_yaml).filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}

pub fn measure(corpus: Option<&Path>) {
    let mut texts = vec![
        ("JSON: an admission request", vec![admission_request()], "6"),
        ("dense manifests: 200 services", vec![generate::services(200)], "25"),
    ];
    if let Some(corpus) = corpus {
        texts.push(("YAML: the folder", manifests(corpus), "15"));
    }
    println!("reading, CPU time a byte (what read takes, and what it gives back)");
    for (name, texts, target) in texts {
        let bytes: usize = texts.iter().map(String::len).sum();
        let rounds = (20_000_000 / bytes.max(1)).clamp(5, 2000);
        let limits = Limits { nodes: usize::MAX, bytes: usize::MAX, documents: usize::MAX, ..Limits::default() };
        let mut read_all = || {
            let read = |text: &String| read("bench.yaml", text.clone().into_bytes(), &limits).documents.len();
            texts.iter().map(read).sum()
        };
        let figures = clock::medians(rounds, &mut [("read", &mut read_all)]);
        let time = figures.first().map_or(0.0, |(_, time)| time.as_secs_f64());
        println!("  {name:34} {bytes:9} bytes {:6.1} ns a byte   (target: {target})", time * 1e9 / bytes as f64);
    }
    println!();
}
