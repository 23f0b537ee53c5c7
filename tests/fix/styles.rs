//! Every way to write a manifest: only what the edit is about changes, byte for byte.

use crate::support::Folder;
use crate::{DEPLOYMENT, RULE, findings, fix, text};

/// The text after `fix --write`, of which a check finds nothing any more.
fn written(name: &str, old: &str) -> String {
    let folder = Folder::of(name, old);
    assert!(findings(&folder, RULE) > 0, "there is nothing to fix in {old}");
    fix(&folder, &["--write"]).with(0);
    assert_eq!(findings(&folder, RULE), 0, "{}", text(&folder, name));
    let new = text(&folder, name);
    // Once is enough.
    fix(&folder, &[]).with(0);
    assert_eq!(text(&folder, name), new);
    new
}

#[test]
fn a_value_changes_where_it_stands() {
    let new = written("web.yaml", DEPLOYMENT);
    assert_eq!(new, DEPLOYMENT.replace("minReadySeconds: 1 ", "minReadySeconds: 30 "));
}

#[test]
fn a_missing_field_is_added_as_its_neighbours_are() {
    let missing = DEPLOYMENT.replace("  minReadySeconds: 1   # too few\n", "");
    let new = written("web.yaml", &missing);
    assert_eq!(new, format!("{missing}  minReadySeconds: 30\n"));
    // Indented by four, and without a line break at its end.
    let four = missing.lines().map(|line| format!("{}{line}", &line[..line.len() - line.trim_start().len()]));
    let four = four.collect::<Vec<_>>().join("\n").replace("    image", "  image");
    assert_eq!(written("web.yaml", &four), format!("{four}\n    minReadySeconds: 30"));
}

#[test]
fn line_breaks_and_a_byte_order_mark_stay() {
    let crlf = DEPLOYMENT.replace('\n', "\r\n");
    assert_eq!(written("web.yaml", &crlf), crlf.replace("Seconds: 1 ", "Seconds: 30 "));
    let missing = DEPLOYMENT.replace("  minReadySeconds: 1   # too few\n", "").replace('\n', "\r\n");
    assert_eq!(written("web.yaml", &missing), format!("{missing}  minReadySeconds: 30\r\n"));
    let marked = format!("\u{feff}---\n{DEPLOYMENT}");
    assert_eq!(written("web.yaml", &marked), marked.replace("Seconds: 1 ", "Seconds: 30 "));
}

#[test]
fn documents_beside_it_stay() {
    let other = "---   # nothing\n# a comment alone\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  \
                 script: |-\n    minReadySeconds: 1\n...\n";
    let both = format!("{other}---\n{DEPLOYMENT}---\n{}", DEPLOYMENT.replace("name: web ", "name: api "));
    let new = written("all.yaml", &both);
    assert_eq!(new, both.replace("minReadySeconds: 1   #", "minReadySeconds: 30   #"));
}

#[test]
fn lists_json_and_flow_style_stay_what_they_are() {
    let indented: String = DEPLOYMENT.lines().skip(1).map(|line| format!("  {line}\n")).collect();
    let list = format!("apiVersion: v1\nkind: List\nitems:\n-{}", &indented[1..]);
    assert_eq!(written("list.yaml", &list), list.replace("Seconds: 1 ", "Seconds: 30 "));
    let json = "{\n  \"apiVersion\": \"apps/v1\",\n  \"kind\": \"Deployment\",\n  \"metadata\": {\"name\": \"web\"},\n  \"spec\": \
                {\n    \"template\": {\"spec\": {\"containers\": [{\"name\": \"web\"}]}}\n  }\n}\n";
    let new = written("web.json", json);
    assert_eq!(new, json.replace("}]}}\n", "}]}},\n    \"minReadySeconds\": 30\n"));
    let tabs = json.replace("  ", "\t");
    assert_eq!(written("web.json", &tabs), tabs.replace("}]}}\n", "}]}},\n\t\t\"minReadySeconds\": 30\n"));
    let line = json.replace('\n', "");
    assert_eq!(written("web.json", &line), line.replace("}]}}  }", "}]}}, \"minReadySeconds\": 30  }"));
    let flow = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {minReadySeconds: 0, template: {spec: \
                {containers: [{name: web}]}}}} # in one line\n";
    assert_eq!(written("web.yaml", flow), flow.replace("Seconds: 0", "Seconds: 30"));
}

#[test]
fn what_others_share_is_left_and_the_rest_is_made() {
    let first = DEPLOYMENT.replace("Seconds: 1 ", "Seconds: &few 1 ") + "  revisionHistoryLimit: *few\n";
    let second = DEPLOYMENT.replace("name: web ", "name: api ");
    let shared = format!("{first}---\n{second}");
    let folder = Folder::of("web.yaml", &shared);
    let run = fix(&folder, &["--write"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(run.out.contains("shared by an anchor"), "{}", run.out);
    let expected = format!("{first}---\n{}", second.replace("Seconds: 1 ", "Seconds: 30 "));
    assert_eq!(text(&folder, "web.yaml"), expected);
    // What only stands beside something shared is no trouble.
    let beside = DEPLOYMENT.replace("labels: {app: web}", "labels: &l {app: web}").replace("{app: \"web\"}", "*l");
    assert_eq!(written("web.yaml", &beside), beside.replace("Seconds: 1 ", "Seconds: 30 "));
    // A merge key brings the field: it is written nowhere here.
    let merged = DEPLOYMENT
        .replace("  minReadySeconds: 1   # too few\n", "  <<: *few\n")
        .replace("spec:\n  replicas", "x: &few {minReadySeconds: 1}\nspec:\n  replicas");
    let folder = Folder::of("web.yaml", &merged);
    let out = fix(&folder, &[]).with(0);
    assert!(out.contains("merge key") && text(&folder, "web.yaml") == merged, "{out}");
}

#[test]
fn markers_of_other_tools_stay_on_their_line() {
    let marked = DEPLOYMENT.replace("# too few", "# {\"$setter\": \"seconds\"}");
    assert_eq!(written("web.yaml", &marked), marked.replace("Seconds: 1 ", "Seconds: 30 "));
}
