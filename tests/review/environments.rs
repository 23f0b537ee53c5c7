//! What a change adds under the name of something that is there, for an environment that it names itself.

use crate::history::{History, WEB, parts};
use crate::tools::Tools;

const SERVER: &str = "https://kubernetes.default.svc";

/// What deploys a folder, by Argo CD.
fn application(name: &str, path: &str, server: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  source: \
         {{repoURL: 'https://example.com/shop.git', targetRevision: main, path: {path}}}\n  destination: {{server: '{server}', \
         namespace: shop}}\n"
    )
}

/// The class of the Deployment that comes with an overlay beside that of production, deployed by this file.
fn twin(production: (&str, &str), staging: (&str, &str)) -> String {
    let tools = Tools::find().unwrap();
    let web = WEB.split("---").next().unwrap();
    let history = History::of(&[
        ("web/base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("web/base/web.yaml", web),
        ("web/overlays/production/kustomization.yaml", "resources: [../../base]\n"),
        production,
    ]);
    history.write(
        "web/overlays/staging/kustomization.yaml",
        "resources: [../../base]\nimages: [{name: example.com/web, newTag: 6.6.6}]\n",
    );
    history.write(staging.0, staging.1);
    history.commit("change");
    let (review, code) = history.review(Some(&tools), &[]);
    assert_eq!(code, 0, "{review:#}");
    let deployment = |part: &String| part.ends_with("Deployment shop/web");
    let parts = parts(&review);
    let class = parts.iter().find(|part| deployment(part)).unwrap_or_else(|| panic!("{parts:?}"));
    class.split(' ').next().unwrap().to_owned()
}

#[test]
fn a_twin_in_the_same_cluster_replaces_the_other_one_whatever_its_folder_is_called() {
    if Tools::find().is_none() {
        return;
    }
    let (here, far) = ("web/overlays/staging", "https://staging.example.com");
    let production = application("web-production", "web/overlays/production", SERVER);
    let beside = ("argo/production.yaml", production.as_str());
    assert_eq!(twin(beside, ("argo/staging.yaml", &application("web-staging", here, SERVER))), "platform");
    assert_eq!(twin(beside, ("argo/staging.yaml", &application("web-staging", here, far))), "new-service");
    // A controller of its own may look at each of these folders.
    let apart = ("clusters/production/web.yaml", production.as_str());
    assert_eq!(twin(apart, ("clusters/staging/web.yaml", &application("web", here, SERVER))), "new-service");
    assert_eq!(twin(apart, ("clusters/production/staging.yaml", &application("web", here, SERVER))), "platform");
    let flux = |name: &str, path: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: \
             flux-system}}\nspec: {{path: ./{path}, sourceRef: {{kind: GitRepository, name: flux-system}}}}\n"
        )
    };
    let production = flux("web", "web/overlays/production");
    let production = ("clusters/production/web.yaml", production.as_str());
    assert_eq!(twin(production, ("clusters/staging/web.yaml", &flux("web", here))), "new-service");
    assert_eq!(twin(production, ("clusters/production/staging.yaml", &flux("web-staging", here))), "platform");
}

#[test]
fn what_one_object_deploys_as_a_whole_is_of_one_environment() {
    let web = WEB.split("---").next().unwrap();
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web, namespace: \
                flux-system}\nspec: {path: ./PATH, sourceRef: {kind: GitRepository, name: flux-system}}\n";
    let argo = application("web", "PATH", SERVER).replace("path: PATH", "path: PATH, directory: {recurse: true}");
    for (deployer, path, class) in
        [(flux, "web", "platform"), (flux, "web/production", "new-service"), (&*argo, "web", "platform")]
    {
        let deployer = deployer.replace("PATH", path);
        let history = History::of(&[("web/production/web.yaml", web), ("clusters/production/web.yaml", &deployer)]);
        history.write("web/staging/web.yaml", &web.replace("web:1.0.0", "web:6.6.6"));
        history.commit("change");
        let (review, code) = history.review(None, &[]);
        assert_eq!((review["class"].as_str(), code), (Some(class), 0), "{deployer}: {review:#}");
    }
}
