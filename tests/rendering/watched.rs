//! `check --watch` of what is rendered: after a change of whatever it is made of, it is rendered again.

use std::fs;

use serde_json::Value;

use crate::deployment;
use crate::support::Folder;
use crate::tools::Tools;
use crate::watching::Watching;

#[test]
fn what_a_change_is_rendered_into_is_checked_again() {
    let Some(tools) = Tools::find() else { return };
    let ready = |seconds: &str| deployment().replace("  replicas: 3\n", &format!("  minReadySeconds: {seconds}\n"));
    let api = |seconds: &str| ready(seconds).replacen("name: web", "name: api", 1);
    let folder = Folder::of("deploy/chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.4.0\n")
        .and("deploy/chart/values.yaml", "seconds: 30\n")
        .and("deploy/chart/templates/_helpers.tpl", "{{- define \"seconds\" }}{{ .Values.seconds }}{{ end }}\n")
        .and("deploy/chart/templates/web.yaml", ready("{{ include \"seconds\" . }}"))
        .and("deploy/base/kustomization.yaml", "resources: [api.yaml]\n")
        .and("deploy/base/api.yaml", api("30"))
        .and("deploy/overlay/kustomization.yaml", "resources: [../base]\n")
        .and("values.yaml", "seconds: 60\n");
    let arguments = ["--values", "values.yaml", "--rule", "min-ready-seconds", "--output", "json=report.json"];
    let mut command = folder.command(&[&["check", "deploy", "--watch"][..], &arguments].concat());
    command.env("PATH", tools.path()).env("XDG_CACHE_HOME", folder.path().join(".cache"));
    let watching = Watching::start(&mut command);
    watching.evaluates(2);
    let failing = || -> Vec<String> {
        // While the next check writes it, it may be no report.
        let report: Value =
            serde_json::from_slice(&fs::read(folder.path().join("report.json")).unwrap()).unwrap_or_default();
        let results = report["results"].as_array().into_iter().flatten();
        let failed = results.filter(|result| result["verdict"] == "fail");
        failed.map(|result| result["object"]["name"].as_str().unwrap().to_owned()).collect()
    };
    let helpers = "{{- define \"seconds\" }}45{{ end }}\n";
    for (name, text, expected) in [
        ("deploy/base/api.yaml", api("1"), vec!["api"]),
        ("values.yaml", "seconds: 1\n".to_owned(), vec!["api", "web"]),
        ("deploy/chart/templates/_helpers.tpl", helpers.to_owned(), vec!["api"]),
        ("deploy/base/api.yaml", api("45"), Vec::new()),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
        watching.evaluated();
        while failing() != expected {
            watching.evaluated();
        }
    }
    assert_eq!(watching.end().0, Some(0));
}
