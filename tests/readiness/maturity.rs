//! `seaworthy maturity`: the level, the evidence by file and line, and what is missing.

use serde_json::Value;
use snapbox::assert_data_eq;

use crate::support::Folder;

fn repository() -> Folder {
    Folder::of(
        ".github/workflows/deploy.yml",
        "on: push\njobs:\n  deploy:\n    steps:\n      - run: |\n          make image\n          helm upgrade --install web chart\n",
    )
    .and(
        "clusters/production/apps/web.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: \"web\\u202e\\n[x]\"}\n\
         spec:\n  source: {repoURL: \"https://git.example.com/config.git\", path: services/web/production}\n",
    )
}

#[test]
fn a_level_is_shown_with_its_evidence_and_what_the_next_one_lacks() {
    let out = repository().run(&["maturity", "."]).with(0);
    assert_data_eq!(out, snapbox::file!["goldens/maturity.txt"].raw());
}

#[test]
fn what_the_next_level_asks_for_fits_a_terminal() {
    let folder = Folder::of("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n");
    let out = folder.run(&["maturity", "."]).with(0);
    let asked = out.lines().skip_while(|line| !line.starts_with("For L2 "));
    assert!(asked.clone().count() > 2 && asked.clone().all(|line| line.chars().count() <= 80), "{out}");
}

#[test]
fn machines_read_the_same() {
    let out = repository().run(&["maturity", ".", "--format", "json"]).with(0);
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["format"], "seaworthy.dev/maturity/v1");
    assert_eq!((&answer["level"]["number"], &answer["next"]["number"]), (&Value::from(2), &Value::from(3)));
    assert_eq!(answer["next"]["missing"], serde_json::json!(["environments"]));
    let helm = &answer["practices"][0]["evidence"][0];
    assert_eq!((&helm["file"], &helm["line"]), (&".github/workflows/deploy.yml".into(), &Value::from(7)));
}

#[test]
fn no_files_are_no_evidence_of_anything_and_undecided() {
    let run = Folder::new().run(&["maturity", "."]);
    assert_eq!(run.code, Some(2));
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", "error: there is no .yaml, .yml or .json file here\n"));
    let run = Folder::new().run(&["maturity", "missing"]);
    assert_eq!((run.code, run.err.as_str()), (Some(2), "error: missing does not exist\n"));
}
