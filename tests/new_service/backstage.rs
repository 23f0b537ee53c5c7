//! The software template for Backstage makes the same files: its skeleton is filled in here as Backstage does it.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use crate::support::Folder;
use crate::{KINDS, LAYOUTS, PACKAGES, files, service};

/// Nunjucks with Backstage's own mark for variables.
fn fill(text: &str) -> String {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().variable_delimiters("${{", "}}").keep_trailing_newline(true).build();
    environment.set_syntax(syntax.unwrap());
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let values = BTreeMap::from([("name", "payments-api"), ("owner", "team-payments")]);
    environment
        .render_str(text, BTreeMap::from([("values", values)]))
        .unwrap_or_else(|cause| panic!("{cause:#}\n{text}"))
}

#[test]
fn its_skeleton_is_what_new_service_writes() {
    for kind in KINDS {
        for (layout, package) in LAYOUTS.iter().flat_map(|layout| PACKAGES.map(|package| (*layout, package))) {
            let folder = Folder::new();
            let words = ["new", "service", "--backstage", "--organisation", "acme", "--output", "template"];
            let choices = ["--kind", kind, "--layout", layout, "--package", package];
            folder.run(&[&words[..], &choices].concat()).with(0);
            let skeleton = files(&folder.path().join("template/skeleton"));
            let filled: BTreeMap<String, String> =
                skeleton.iter().map(|(path, text)| (fill(path), fill(text))).collect();

            let service_folder = Folder::new();
            service_folder.run(&service(kind, layout, package)).with(0);
            let mut written = files(service_folder.path());
            written.remove("payments-api/.seaworthy-template.yaml").expect("a service has a record");
            let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&filled), names(&written), "{kind}, {layout}, {package}");
            for (path, text) in &written {
                assert_eq!(&filled[path], text, "{kind}, {layout}, {package}: {path}");
            }
        }
    }
}

#[test]
fn its_template_asks_for_the_name_and_the_owner() {
    let folder = Folder::new();
    folder.run(&["new", "service", "--backstage", "--kind", "worker", "--layout", "polyrepo"]).with(0);
    let text = std::fs::read_to_string(folder.path().join("template.yaml")).unwrap();
    let template: serde_json::Value = serde_saphyr::from_str(&text).expect("it is YAML");
    assert_eq!(template["apiVersion"], "scaffolder.backstage.io/v1beta3");
    assert_eq!(template["spec"]["parameters"][0]["required"], serde_json::json!(["name", "owner"]));
    let asked = &template["spec"]["parameters"][0]["properties"];
    assert!(asked["name"]["pattern"].as_str().is_some_and(|pattern| pattern.starts_with("^[a-z]")), "{text}");
    let repository = template["spec"]["steps"][2]["input"]["repoUrl"].as_str().unwrap();
    assert_eq!(repository, "github.com?owner=example-org&repo=${{ parameters.name }}-config");
}
