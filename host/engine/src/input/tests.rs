use super::*;
use crate::manifest::{Covered, Limits, Rendering, read};

const CHART: &str = "name: web\n";
const TEMPLATE: &str = "{{ if .x }}\nkind: Pod\n{{ end }}\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n";
const HOOK: &str = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: hook, annotations: {helm.sh/hook: test}}\n";

fn file(name: &str, text: &str) -> File {
    File { manifest: read(name, text.into(), &Limits::default()), project: 0 }
}

fn chart() -> Vec<File> {
    vec![file("web/Chart.yaml", CHART), file("web/templates/a.yaml", TEMPLATE), file("web/templates/b.yaml", POD)]
}

fn rendered(text: &str) -> File {
    rendered_by("helm v3.22.0", text)
}

fn rendered_by(tool: &str, text: &str) -> File {
    let made_of = ["Chart.yaml", "templates/a.yaml", "templates/b.yaml"].map(|name| format!("web/{name}")).to_vec();
    let covers = vec![Covered::Folder("web".into())];
    let rendering =
        Rendering { tool: tool.into(), folder: "web/values".into(), covers, made_of, ..Rendering::default() };
    let mut file = file("web (helm template)", text);
    file.manifest.origin = Origin::Rendered(rendering.into());
    file
}

#[test]
fn what_was_rendered_is_judged_and_what_it_was_made_of_is_not() {
    let plain = Input::new(chart());
    assert_eq!((plain.subjects().count(), plain.unchecked().len()), (1, 1));
    let mut files = chart();
    files.push(rendered(&[POD, HOOK].concat()));
    let input = Input::new(files);
    let subjects: Vec<_> = input.subjects().map(|it| (it.file, it.object.display_name())).collect();
    assert_eq!(subjects, [(3, "web".to_owned()), (3, "hook".to_owned())], "not the template");
    assert!(input.unchecked().is_empty(), "{:?}", input.unchecked());
    let skipped: Vec<_> = input.skipped().map(|it| (it.file, it.reason)).collect();
    assert!(skipped.contains(&(2, Skip::Rendered("web (helm template)".into()))), "{skipped:?}");
}

#[test]
fn an_object_is_a_hook_to_helm_alone() {
    for (tool, count) in [("helm v3.22.0", 1), ("kustomize v5.8.0", 0), ("kubectl kustomize v5.6.0", 0)] {
        let input = Input::new(vec![rendered_by(tool, &[POD, HOOK].concat())]);
        assert_eq!(input.subjects().filter(|subject| input.is_hook(*subject)).count(), count, "{tool}");
    }
}

#[test]
fn what_was_not_rendered_is_told_once_with_its_reason() {
    let unrendered = |file: &str, line| Unrendered {
        file: file.into(),
        line,
        covers: vec![Covered::Folder("web".into())],
        reason: "it failed".into(),
        advice: Some("helm dependency build web".into()),
        is_refused: false,
    };
    let input = Input::new(chart()).with_unrendered(vec![unrendered("web/Chart.yaml", 1), unrendered("gone.yaml", 1)]);
    let [elsewhere, unchecked] = input.unchecked() else { panic!("{:?}", input.unchecked()) };
    assert_eq!((unchecked.file, unchecked.line, &*unchecked.reason), (0, 1, "it failed"));
    assert_eq!(elsewhere.reason, "gone.yaml:1: it failed", "what stands in a file that was not read is told too");
    assert_eq!(unchecked.command().as_deref(), Some("helm dependency build web"));
}

#[test]
fn what_is_wrong_with_a_source_does_not_matter_once_it_is_rendered() {
    let broken = || vec![file("web/Chart.yaml", CHART), file("web/templates/a.yaml", "a: [\n")];
    let has_problems = |input: &Input| input.files().iter().any(|file| !file.manifest.problems.is_empty());
    assert!(has_problems(&Input::new(broken())));
    let files = broken().into_iter().chain([rendered(POD)]).collect();
    assert!(!has_problems(&Input::new(files)));
}
