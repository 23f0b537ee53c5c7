//! The language server, driven as an editor drives it: over its standard input and output.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unwrap_used)]

mod client;
mod neovim;

use std::fs;
use std::process::{Command, Stdio};

use seaworthy_tests::artifacts::target;
use serde_json::{Value, json};

use client::Client;

const GOOD: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{port: 80}]\n";
/// A comment with a letter of two UTF-16 code units stands before the finding.
const ROOT: &str = "# the shop\napiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec:\n  containers:\n    - {name: \"😀app\", image: \"example.com/web:latest\"}\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec:\n  # kept\n  containers:\n    - name: app\n      image: example.com/web:1.4.2\n      securityContext:\n        allowPrivilegeEscalation: true\n";

fn rules(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().filter_map(|diagnostic| diagnostic["code"].as_str()).collect()
}

#[test]
fn a_shell_is_told_that_an_editor_starts_the_server() {
    let run = Command::new(target().join("release/seaworthy")).arg("lsp").stdin(Stdio::null()).output().unwrap();
    let complaint = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("an editor starts this command, and talks to it by standard input"), "{complaint}");
}

#[test]
fn a_change_is_checked_as_it_is_typed_and_what_is_mended_goes() {
    let mut client = Client::start(&[("web.yaml", POD), ("service.yaml", GOOD)], json!({}));
    let found = client.diagnostics("web.yaml");
    assert!(rules(&found).contains(&"privilege-escalation-disabled"), "{found:?}");
    let place = found.iter().find(|it| it["code"] == "privilege-escalation-disabled").unwrap();
    assert_eq!(place["range"]["start"], json!({"line": 9, "character": 34}));
    assert_eq!(place["severity"], 1);

    client.open("web.yaml", POD);
    client.change("web.yaml", &POD.replace("Escalation: true", "Escalation: false"));
    let found = client.diagnostics("web.yaml");
    assert!(!rules(&found).contains(&"privilege-escalation-disabled"), "{found:?}");

    client.change("web.yaml", GOOD);
    let found = client.diagnostics("web.yaml");
    assert!(!rules(&found).contains(&"immutable-image-tag"), "{found:?}");
}

#[test]
fn each_version_of_a_text_is_answered_by_its_number() {
    let mut client = Client::start(&[("web.yaml", POD)], json!({}));
    client.open("web.yaml", POD);
    for (version, word) in [(2, "fals"), (3, "false"), (4, "tru"), (5, "true")] {
        let text = POD.replace("Escalation: true", &format!("Escalation: {word}"));
        let found = client.type_on("web.yaml", version, &text);
        assert_eq!(rules(&found).contains(&"privilege-escalation-disabled"), word != "false", "{word}: {found:?}");
    }
}

#[test]
fn another_file_changes_what_is_said_of_this_one() {
    let budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}\n";
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 3\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: app, image: \"example.com/web:1.4.2\"}]}\n";
    let mut client = Client::start(&[("a/web.yaml", deployment), ("b/budget.yaml", budget)], json!({}));
    assert!(!rules(&client.diagnostics("a/web.yaml")).contains(&"pod-disruption-budget"));
    client.open("b/budget.yaml", budget);
    client.change("b/budget.yaml", &budget.replace("{app: web}", "{app: other}"));
    assert!(rules(&client.diagnostics("a/web.yaml")).contains(&"pod-disruption-budget"));
    // What is not saved is gone when it is closed.
    client.close("b/budget.yaml");
    assert!(!rules(&client.diagnostics("a/web.yaml")).contains(&"pod-disruption-budget"));
}

#[test]
fn a_file_that_is_left_out_changes_nothing_while_it_is_typed() {
    for (ignored, is_left_out) in [("vendor/\n", true), ("other/\n", false)] {
        let files = [("web.yaml", POD), (".ignore", ignored), ("vendor/s.yaml", "# later\n")];
        let mut client = Client::start(&files, json!({}));
        client.open("web.yaml", POD);
        let before = client.type_on("web.yaml", 2, &format!("{POD}# 2\n"));
        client.open("vendor/s.yaml", GOOD);
        let after = client.type_on("web.yaml", 3, &format!("{POD}# 3\n"));
        assert_eq!(rules(&after) == rules(&before), is_left_out, "{ignored}: {after:?}");
    }
}

#[test]
fn a_message_that_cannot_be_read_ends_nothing() {
    let mut client = Client::start(&[("web.yaml", POD)], json!({}));
    client.diagnostics("web.yaml");
    client.send_text("{");
    assert!(client.message().starts_with("a message cannot be read: "));
    client.send_text(r#"{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": 1}}"#);
    assert!(client.message().starts_with("a message cannot be read: "));
    let document = json!({"uri": client.address("web.yaml"), "languageId": "yaml", "version": 1, "text": "HALF"});
    let opened = json!({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}});
    client.send_text(
        &opened.to_string().replace("HALF", &format!("# \\ud800\\n{}", POD.replace('\n', "\\n").replace('"', "\\\""))),
    );
    client.change("web.yaml", GOOD);
    assert_eq!(client.diagnostics("web.yaml"), Vec::<Value>::new());
    assert_eq!(client.end(), Some(0));
}

#[test]
fn columns_are_counted_as_agreed() {
    let of = |encodings: Value| {
        let mut client = Client::start(&[("web.yaml", ROOT)], json!({"general": {"positionEncodings": encodings}}));
        let found = client.diagnostics("web.yaml");
        let tag = found.iter().find(|it| it["code"] == "immutable-image-tag").unwrap();
        tag["range"]["start"]["character"].as_u64().unwrap()
    };
    let in_letters = ROOT.lines().nth(6).unwrap().split("\"example").next().unwrap().chars().count() as u64;
    assert_eq!(of(json!(["utf-32", "utf-16"])), in_letters);
    assert_eq!(of(json!(["utf-16"])), in_letters + 1);
    assert_eq!(of(json!(["utf-8"])), in_letters + 3);
}

#[test]
fn a_fix_is_an_edit_and_the_rule_is_explained() {
    let mut client = Client::start(&[("web.yaml", POD)], json!({}));
    let found = client.diagnostics("web.yaml");
    let finding = found.iter().find(|it| it["code"] == "privilege-escalation-disabled").unwrap().clone();
    client.open("web.yaml", POD);
    let asked = json!({"textDocument": {"uri": client.address("web.yaml")}, "range": finding["range"],
        "context": {"diagnostics": [finding]}});
    let actions = client.ask("textDocument/codeAction", asked);
    let fix =
        actions.as_array().unwrap().iter().find(|it| it["title"].as_str().unwrap().contains("privilege")).unwrap();
    assert_eq!(fix["diagnostics"][0]["code"], "privilege-escalation-disabled");
    let edits = fix["edit"]["changes"][client.address("web.yaml")].as_array().unwrap();
    assert_eq!(edits.len(), 1);
    assert_eq!(edits[0]["newText"], "        allowPrivilegeEscalation: false\n");
    assert_eq!(edits[0]["range"]["start"], json!({"line": 9, "character": 0}));

    let at = json!({"textDocument": {"uri": client.address("web.yaml")}, "position": {"line": 9, "character": 36}});
    let hover = client.ask("textDocument/hover", at);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("**privilege-escalation-disabled**") && text.contains("## Why"), "{text}");
    assert!(!text.contains("## Fails"), "{text}");
}

#[test]
fn the_page_about_a_rule_is_opened_by_editors_that_open_addresses() {
    let title = "Open the page about privilege-escalation-disabled";
    let offered = |client: &mut Client| {
        let at = json!({"start": {"line": 9, "character": 34}, "end": {"line": 9, "character": 34}});
        let asked =
            json!({"textDocument": {"uri": client.address("web.yaml")}, "range": at, "context": {"diagnostics": []}});
        let actions = client.ask("textDocument/codeAction", asked);
        actions.as_array().unwrap().iter().find(|it| it["title"] == title).cloned()
    };
    assert_eq!(offered(&mut Client::start(&[("web.yaml", POD)], json!({}))), None);
    let mut client = Client::start(&[("web.yaml", POD)], json!({"window": {"showDocument": {"support": true}}}));
    let open = offered(&mut client).unwrap();
    client.ask("workspace/executeCommand", json!({"command": open["command"], "arguments": open["arguments"]}));
    let page = "https://seaworthy-policies.github.io/seaworthy/rules/privilege-escalation-disabled.html";
    assert_eq!(client.shown, [page]);
    // No other address is opened.
    for other in ["https://example.com/", "file:///etc/passwd"] {
        client.ask("workspace/executeCommand", json!({"command": open["command"], "arguments": [other]}));
    }
    assert_eq!(client.shown, [page]);
}

#[test]
fn a_finding_is_waived_in_the_configuration_once_somebody_says_why() {
    let mut client = Client::start(&[("web.yaml", POD), ("seaworthy.yaml", "# ours\nprofile: full\n")], json!({}));
    client.open("web.yaml", POD);
    let at = json!({"start": {"line": 9, "character": 34}, "end": {"line": 9, "character": 34}});
    let asked =
        json!({"textDocument": {"uri": client.address("web.yaml")}, "range": at, "context": {"diagnostics": []}});
    let actions = client.ask("textDocument/codeAction", asked);
    let waive =
        actions.as_array().unwrap().iter().find(|it| it["title"].as_str().unwrap().starts_with("Waive privilege"));
    let edit = &waive.unwrap()["edit"]["changes"][client.address("seaworthy.yaml")][0];
    assert_eq!(edit["range"]["start"], json!({"line": 2, "character": 0}));
    let waiver = edit["newText"].as_str().unwrap();
    assert!(waiver.contains("rule: privilege-escalation-disabled") && waiver.contains("container: app"), "{waiver}");

    client.write("seaworthy.yaml", &format!("# ours\nprofile: full\n{waiver}"));
    client.save("seaworthy.yaml");
    assert!(client.message().contains("`owner` is a string that is not empty"));
    let answered = waiver.replace("owner: ''", "owner: ana").replace("reason: ''", "reason: the vendor needs it");
    client.write("seaworthy.yaml", &format!("# ours\nprofile: full\n{answered}"));
    client.save("seaworthy.yaml");
    assert!(!rules(&client.diagnostics("web.yaml")).contains(&"privilege-escalation-disabled"));
}

#[test]
fn a_template_is_one_hint_and_a_broken_file_one_error() {
    let template =
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n{{- if .Values.a }}\nspec: {}\n{{- end }}\n";
    let files = [
        ("chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("chart/templates/pod.yaml", template),
        ("seaworthy.yaml", "rendering: {enabled: false}\n"),
        ("broken.yaml", "a: [\n"),
    ];
    let mut client = Client::start(&files, json!({}));
    let found = client.diagnostics("broken.yaml");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["severity"], 1);
    client.ask_in_vain("all/of/it", json!({}));
    let hints = [client.last("chart/templates/pod.yaml"), client.last("chart/Chart.yaml")].concat();
    assert_eq!(hints.len(), 1, "{hints:?}");
    assert_eq!(hints[0]["severity"], 4, "{hints:?}");
    client.open("chart/templates/pod.yaml", template);
    client.change("chart/templates/pod.yaml", &template.replace("Values.a", "Values.b"));
    client.open("broken.yaml", "a: [\n");
    client.change("broken.yaml", "a: []\n");
    assert_eq!(client.diagnostics("broken.yaml"), Vec::<Value>::new());
    client.ask_in_vain("all/of/it", json!({}));
    let hints = [client.last("chart/templates/pod.yaml"), client.last("chart/Chart.yaml")].concat();
    assert!(hints.iter().all(|hint| hint["severity"] == 4), "{hints:?}");
}

#[test]
fn what_could_not_be_rendered_is_rendered_again_when_it_is_saved() {
    let kustomization = "resources: [web.yaml, gone.yaml]\n";
    let mut client = Client::start(&[("web.yaml", POD), ("kustomization.yaml", kustomization)], json!({}));
    let hints = client.diagnostics("kustomization.yaml");
    assert!(hints[0]["message"].as_str().unwrap().contains("gone.yaml"), "{hints:?}");
    let mended = "resources: [web.yaml]\n";
    client.open("kustomization.yaml", kustomization);
    client.change("kustomization.yaml", mended);
    client.write("kustomization.yaml", mended);
    client.save("kustomization.yaml");
    let hints = client.diagnostics("kustomization.yaml");
    assert!(hints.iter().all(|hint| !hint["message"].as_str().unwrap().contains("gone.yaml")), "{hints:?}");
}

#[test]
fn a_configuration_that_is_refused_is_told_and_the_last_one_stays() {
    let mut client = Client::start(&[("web.yaml", POD), ("seaworthy.yaml", "rules: {}\n")], json!({}));
    client.diagnostics("web.yaml");
    client.write("seaworthy.yaml", "ruels: {}\n");
    client.save("seaworthy.yaml");
    let message = client.message();
    assert!(message.contains("ruels") && message.contains("rules"), "{message}");
    client.write("seaworthy.yaml", "rules: {privilege-escalation-disabled: {enabled: false}}\n");
    client.save("seaworthy.yaml");
    assert!(!rules(&client.diagnostics("web.yaml")).contains(&"privilege-escalation-disabled"));
}

#[test]
fn a_configuration_that_is_refused_at_the_start_is_told_too() {
    let mut client = Client::start(&[("web.yaml", POD), ("seaworthy.yaml", "ruels: {}\n")], json!({}));
    assert!(client.message().contains("ruels"));
    client.open("web.yaml", POD);
    client.write("seaworthy.yaml", "rules: {}\n");
    client.save("seaworthy.yaml");
    assert!(rules(&client.diagnostics("web.yaml")).contains(&"privilege-escalation-disabled"));
}

#[test]
fn what_the_baseline_knows_is_not_told_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("web.yaml"), POD).unwrap();
    let written = Command::new(target().join("release/seaworthy"))
        .args(["baseline", "write", ".", "--output", "known.yaml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(folder.path().join("known.yaml").exists(), "{written:?}");
    let mut client = Client::start_in(folder, &[("seaworthy.yaml", "baseline: known.yaml\n")], json!({}));
    client.open("web.yaml", POD);
    client.change("web.yaml", &format!("# Lines move.\n{POD}        privileged: true\n"));
    assert_eq!(rules(&client.diagnostics("web.yaml")), ["privilege-escalation-disabled"]);
}

#[test]
fn what_is_not_known_is_refused_and_it_ends_when_it_is_told_to() {
    let mut client = Client::start(&[("web.yaml", POD)], json!({}));
    let error = client.ask_in_vain("textDocument/rename", json!({}));
    assert_eq!(error["code"], -32601);
    let error = client.ask_in_vain("textDocument/hover", json!({"position": 1}));
    assert_eq!(error["code"], -32602);
    assert_eq!(client.end(), Some(0));
}
