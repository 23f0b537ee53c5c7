//! Bases, patches, templates and values: edited only where the rendering took the text as it stands.

use crate::support::{self, Folder, Run};
use crate::tools::Tools;
use crate::{DEPLOYMENT, RULE, text};

fn fix(folder: &Folder, tools: &Tools, more: &[&str]) -> Run {
    let mut command = folder.command(&[&["fix", ".", "--rule", RULE], more].concat());
    command.env("PATH", tools.path()).env("XDG_CACHE_HOME", folder.path().join(".cache"));
    support::run(&mut command, "")
}

fn overlays() -> Folder {
    // What an overlay changes beside it is no trouble.
    let overlay =
        |name: &str| format!("namePrefix: {name}-\nresources: [../../base]\nreplicas: [{{name: web, count: 3}}]\n");
    Folder::of("base/web.yaml", DEPLOYMENT)
        .and("base/kustomization.yaml", "resources: [web.yaml]\n")
        .and("overlays/dev/kustomization.yaml", overlay("dev"))
        .and("overlays/prod/kustomization.yaml", overlay("prod"))
}

#[test]
fn a_base_is_edited_once_for_all_its_overlays() {
    let Some(tools) = Tools::find() else { return };
    let folder = overlays();
    let out = fix(&folder, &tools, &["--write"]).with(0);
    assert!(out.starts_with("Fixed 2 findings in 1 file\n"), "{out}");
    assert_eq!(text(&folder, "base/web.yaml"), DEPLOYMENT.replace("Seconds: 1 ", "Seconds: 30 "));
    assert_eq!(fix(&folder, &tools, &[]).with(0), "Nothing to edit\n");
}

#[test]
fn what_a_patch_sets_is_edited_in_the_patch_or_told() {
    let Some(tools) = Tools::find() else { return };
    let patch =
        "# why so few\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  minReadySeconds: 2\n";
    let overlay = "resources: [../../base]\npatches:\n- path: few.yaml\n";
    let folder = overlays().and("overlays/prod/kustomization.yaml", overlay).and("overlays/prod/few.yaml", patch);
    let run = fix(&folder, &tools, &["--write"]);
    assert_eq!(text(&folder, "base/web.yaml"), DEPLOYMENT.replace("Seconds: 1 ", "Seconds: 30 "), "{}", run.out);
    // The patch still sets 2: it is told where that stands, and the file is as it was.
    assert_eq!(text(&folder, "overlays/prod/few.yaml"), patch);
    assert!(run.out.contains("1 edit not made:\n") && run.out.contains("(overlays/prod/few.yaml:6)"), "{}", run.out);
}

#[test]
fn a_template_is_not_edited_unless_it_is_plain() {
    let Some(tools) = Tools::find() else { return };
    let templated = DEPLOYMENT
        .replace("minReadySeconds: 1 ", "minReadySeconds: {{ .Values.few }} ")
        .replace("name: web ", "name: api ");
    let folder = Folder::of("chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.4.0\n")
        .and("chart/values.yaml", "few: 1\n")
        .and("chart/templates/plain.yaml", DEPLOYMENT)
        .and("chart/templates/api.yaml", &templated);
    let out = fix(&folder, &tools, &["--write"]).with(0);
    assert_eq!(text(&folder, "chart/templates/plain.yaml"), DEPLOYMENT.replace("Seconds: 1 ", "Seconds: 30 "));
    assert_eq!(text(&folder, "chart/templates/api.yaml"), templated);
    assert_eq!(text(&folder, "chart/values.yaml"), "few: 1\n");
    assert!(out.contains("1 edit not made:\n") && out.contains("it is rendered of chart/"), "{out}");
}
