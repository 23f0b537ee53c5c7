//! What Argo CD and Flux deploy where: the cluster of what an object has rendered, and the folders that one object deploys as a
//! whole.
//!
//! Names of folders and of Applications are chosen by whoever adds them, and a cluster is not. The module must not know what is
//! compared.

use std::collections::HashMap;
use std::rc::Rc;

use super::apart::differ;
use crate::input::Input;
use crate::manifest::{Node, Object, Value};
use crate::paths::{folder, normal};
use crate::places::is_filled_in;

/// Objects by the names of their files and the lines at which they begin.
pub type Targets = HashMap<(String, u32), Rc<Target>>;

/// Where something is deployed to.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The folder of the object that deploys it.
    place: String,
    /// The cluster; none where it is that of the controller.
    cluster: Option<String>,
}

impl Target {
    /// Whether two things are deployed to one cluster. Two controllers may each have a cluster of their own, where their folders
    /// say two environments.
    pub fn is_same(&self, other: &Self) -> bool {
        self.cluster == other.cluster && (self.cluster.is_some() || !differ(&self.place, &other.place))
    }
}

/// Those of an input, as far as it is known where they deploy to. `path` is that of a file or a folder in the repository.
pub fn targets<'i>(input: &'i Input, path: impl Fn(&'i str) -> &'i str) -> Targets {
    let mut targets = Targets::new();
    for file in input.files() {
        let manifest = &file.manifest;
        let place = match manifest.rendering() {
            Some(rendering) => normal(path(&rendering.folder)),
            None => folder(&normal(path(&manifest.name))).to_owned(),
        };
        for object in manifest.objects() {
            let Some(cluster) = cluster(object) else { continue };
            let line = manifest.source.position(object.node.locate(&[]).start).line;
            let target = Rc::new(Target { place: place.clone(), cluster });
            targets.insert((manifest.name.clone(), line), target);
        }
    }
    targets
}

/// The cluster that an object deploys to: some, or that of its controller. None where it does not say which.
fn cluster(object: &Object) -> Option<Option<String>> {
    let destination: &[&str] = match (object.group(), object.kind.as_str()) {
        ("argoproj.io", "Application") => &["spec", "destination"],
        ("argoproj.io", "ApplicationSet") => &["spec", "template", "spec", "destination"],
        ("kustomize.toolkit.fluxcd.io", "Kustomization") | ("helm.toolkit.fluxcd.io", "HelmRelease") => {
            let node = object.node.look();
            return Some(node.text(&["spec", "kubeConfig", "secretRef", "name"]).map(str::to_owned));
        }
        _ => return None,
    };
    let node = object.node.look();
    let text = |key| node.text(&[destination, &[key]].concat()).filter(|text| !text.is_empty());
    let said = text("server").or_else(|| text("name")).filter(|said| !is_filled_in(said))?;
    let is_own = matches!(said.trim_end_matches('/'), "https://kubernetes.default.svc" | "in-cluster");
    Some((!is_own).then(|| said.to_owned()))
}

/// The folders of which one object deploys each file, also those of folders below. `is_built` where a kustomization says itself
/// what it is made of.
pub fn whole_folders(input: &Input, is_built: impl Fn(&str) -> bool) -> Vec<String> {
    let objects = input.files().iter().flat_map(|file| file.manifest.objects());
    let paths = objects.flat_map(|object| {
        let node = object.node.look();
        let Some(spec) = node.get("spec") else { return Vec::new() };
        let path = |of: &Node| of.text(&["path"]).map(|path| normal(path.trim_start_matches('/')));
        match (object.group(), object.kind.as_str()) {
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
                path(spec).into_iter().filter(|path| !is_built(path)).collect()
            }
            ("argoproj.io", "Application") => {
                let sources = spec.get("source").into_iter().chain(spec.list("sources"));
                let recurse = |source: &Node| Some(source.get("directory")?.get("recurse")?.value == Value::Bool(true));
                sources.filter(|source| recurse(source) == Some(true)).filter_map(path).collect()
            }
            _ => Vec::new(),
        }
    });
    paths.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::File;
    use crate::manifest::{Limits, read};

    fn input(files: &[(&str, &str)]) -> Input {
        let file = |(name, text): &(&str, &str)| {
            let text = text
                .replace("APPLICATION", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\n");
            let text = text.replace(
                "FLUX",
                "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n",
            );
            File { manifest: read(name, text.into(), &Limits::default()), project: 0 }
        };
        Input::new(files.iter().map(file).collect())
    }

    fn is_same(one: (&str, &str), other: (&str, &str)) -> Option<bool> {
        let (one, other) = (input(&[one]), input(&[other]));
        let target = |input| targets(input, |name| name).into_values().next();
        Some(target(&one)?.is_same(&*target(&other)?))
    }

    #[test]
    fn a_cluster_is_known_by_its_address_or_by_where_its_controller_looks() {
        let own = "APPLICATIONspec: {destination: {server: https://kubernetes.default.svc, namespace: shop}}\n";
        let named = "APPLICATIONspec: {destination: {name: eu, namespace: shop}}\n";
        let open = "APPLICATIONspec: {destination: {server: '{{server}}'}}\n";
        let (flux, far) =
            ("FLUXspec: {path: ./web}\n", "FLUXspec: {path: ./web, kubeConfig: {secretRef: {name: eu}}}\n");
        for (one, other, wanted) in [
            (("argo/web-staging.yaml", own), ("argo/web-production.yaml", own), Some(true)),
            (("clusters/staging/web.yaml", own), ("clusters/production/web.yaml", own), Some(false)),
            (("clusters/staging/web.yaml", named), ("clusters/production/web.yaml", named), Some(true)),
            (("argo/web.yaml", own), ("argo/web.yaml", named), Some(false)),
            (("argo/web.yaml", open), ("argo/web.yaml", open), None),
            (("clusters/production/web-staging.yaml", flux), ("clusters/production/web.yaml", flux), Some(true)),
            (("clusters/staging/web.yaml", flux), ("clusters/production/web.yaml", flux), Some(false)),
            (("clusters/staging/web.yaml", far), ("clusters/production/web.yaml", far), Some(true)),
        ] {
            assert_eq!(is_same(one, other), wanted, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_folder_is_deployed_as_a_whole_where_nothing_says_what_is_in_it() {
        let folders = |text| whole_folders(&input(&[("a.yaml", text)]), |path| path == "built");
        assert_eq!(folders("FLUXspec: {path: ./web}\n"), ["web"]);
        assert_eq!(folders("FLUXspec: {path: ./built}\n"), [""; 0]);
        assert_eq!(folders("APPLICATIONspec: {source: {path: web, directory: {recurse: true}}}\n"), ["web"]);
        assert_eq!(folders("APPLICATIONspec: {sources: [{path: web}]}\n"), [""; 0]);
    }
}
