mod companions;

use super::{Codeowners, Owners, Version, compare, unplaced};
use crate::documents::ChangedObject;
use crate::file::File;
use crate::input::Input;
use crate::manifest::{Limits, read};

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - {name: web, image: 'web:1', env: [{name: A, value: a}]}
        - {name: log, image: 'log:1'}
";

fn input(files: &[(&str, &str)]) -> Input {
    let file = |(name, text): &(&str, &str)| File {
        manifest: read(&format!("/tmp/x/{name}"), (*text).into(), &Limits::default()),
        project: 0,
    };
    Input::new(files.iter().map(file).collect::<Vec<_>>())
}

fn changed(old: &[(&str, &str)], new: &[(&str, &str)], then: impl FnOnce(&[ChangedObject<'_>])) {
    let (old, new) = (input(old), input(new));
    let version = |input| Version { input, root: "/tmp/x" };
    then(&compare(version(&old), version(&new)));
}

/// `path: old -> new` of each field.
fn fields(old: &str, new: &str) -> Vec<String> {
    let mut fields = Vec::new();
    changed(&[("web.yaml", old)], &[("web.yaml", new)], |changed| {
        for field in changed.iter().flat_map(|changed| &changed.fields) {
            let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".into());
            fields.push(format!("{}: {} -> {}", field.at, text(&field.old), text(&field.new)));
        }
    });
    fields
}

#[test]
fn what_differs_is_named_down_to_its_value() {
    let image = "spec.template.spec.containers[web].image: web:1 -> web:2";
    assert_eq!(fields(WEB, &WEB.replace("web:1", "web:2")), [image]);
    assert_eq!(fields(WEB, &WEB.replace("replicas: 2", "replicas: 3")), ["spec.replicas: 2 -> 3"]);
    assert_eq!(
        fields(WEB, &WEB.replace("app: web}", "app: web, a.b/c: d}")),
        ["metadata.labels['a.b/c']: nothing -> d"]
    );
    let privileged = WEB.replace("image: 'log:1'", "image: 'log:1', securityContext: {privileged: true}");
    let path = "spec.template.spec.containers[log].securityContext.privileged: nothing -> true";
    assert_eq!(fields(WEB, &privileged), [path]);
    assert_eq!(fields(&privileged, WEB), [path.replace("nothing -> true", "true -> nothing")]);
    assert!(fields(WEB, &WEB.replace("replicas: 2", "replicas: 2\n  paused: null")).is_empty());
}

#[test]
fn items_go_by_their_names_and_their_order_counts() {
    let web = "        - {name: web, image: 'web:1', env: [{name: A, value: a}]}\n";
    let log = "        - {name: log, image: 'log:1'}\n";
    let swapped = WEB.replace(&format!("{web}{log}"), &format!("{log}{web}"));
    assert_eq!(fields(WEB, &swapped), ["spec.template.spec.containers: nothing -> nothing"]);
    let more = format!("{WEB}        - {{name: new, image: 'new:1'}}\n");
    let expected = ["name: nothing -> new", "image: nothing -> new:1"];
    assert_eq!(fields(WEB, &more), expected.map(|field| format!("spec.template.spec.containers[new].{field}")));
}

#[test]
fn a_tag_that_ends_like_a_hash_is_no_generated_name() {
    let tagged = WEB.replace("web:1", "web:main-24567bcdf2");
    let image = "spec.template.spec.containers[web].image: web:main-24567bcdf2 -> web:main-9bcdf24567";
    assert_eq!(fields(&tagged, &tagged.replace("24567bcdf2", "9bcdf24567")), [image]);
    let account = WEB.replace("    spec:\n", "    spec:\n      serviceAccountName: web-24567bcdf2\n");
    let name = "spec.template.spec.serviceAccountName: web-24567bcdf2 -> web-9bcdf24567";
    assert_eq!(fields(&account, &account.replace("24567bcdf2", "9bcdf24567")), [name]);
}

/// A ConfigMap or a Secret that kustomize has named.
fn generated(kind: &str) -> String {
    format!("---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: web-7h2k54md6f, namespace: shop}}\n")
}

#[test]
fn a_name_that_is_generated_anew_is_no_difference() {
    let renamed = |text: &str| fields(text, &text.replace("7h2k54md6f", "bcdfghkmt2"));
    for taken in ["envFrom: [{configMapRef: {name: web-7h2k54md6f}}]", "x: {secretName: web-7h2k54md6f}"] {
        let web = WEB.replace("image: 'log:1'", &format!("image: 'log:1', {taken}"));
        assert_eq!(renamed(&(web.clone() + &generated("ConfigMap"))), [""; 0], "{taken}");
        assert_eq!(renamed(&web).len(), 1, "nothing is generated: {taken}");
        assert_eq!(renamed(&(web + &generated("Service"))).len(), 1, "{taken}");
    }
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\n\
                   metadata: {name: web, annotations: {nginx.ingress.kubernetes.io/auth-secret: web-7h2k54md6f}}\n";
    assert_eq!(renamed(&format!("{ingress}{}", generated("Secret"))), [""; 0]);
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: web}\n\
                rules: [{apiGroups: [''], resources: [secrets], resourceNames: [web-7h2k54md6f], verbs: [get]}]\n";
    assert_eq!(renamed(role), ["rules[0].resourceNames[0]: web-7h2k54md6f -> web-bcdfghkmt2"]);
    assert_eq!(renamed(&format!("{role}{}", generated("Secret"))), [""; 0]);
    for list in ["data", "stringData"] {
        let secret = format!("{}{list}: {{secret: web-7h2k54md6f}}\n", generated("Secret"));
        assert_eq!(renamed(&secret), [format!("{list}.secret: web-7h2k54md6f -> web-bcdfghkmt2")]);
    }
}

#[test]
fn one_of_two_names_that_stay_is_not_the_other() {
    let both = generated("Secret") + &generated("Secret").replace("7h2k54md6f", "bcdfghkmt2");
    let web = WEB.replace("image: 'log:1'", "image: 'log:1', x: {secretName: web-7h2k54md6f}") + &both;
    let other = web.replace("secretName: web-7h2k54md6f", "secretName: web-bcdfghkmt2");
    let name = "spec.template.spec.containers[log].x.secretName: web-7h2k54md6f -> web-bcdfghkmt2";
    assert_eq!(fields(&web, &other), [name]);
}

#[test]
fn an_object_is_the_same_in_another_file_of_its_folder() {
    let moved = [("k8s/deployment.yaml", WEB)];
    changed(&[("k8s/web.yaml", WEB)], &moved, |changed| assert!(changed.is_empty(), "{changed:?}"));
    // Whoever deploys a folder deploys it no more.
    changed(&[("old/web.yaml", WEB)], &moved, |changed| {
        let ways: Vec<_> = changed.iter().map(|it| (&*it.place, it.old.is_some(), it.new.is_some())).collect();
        assert_eq!(ways, [("k8s/deployment.yaml", false, true), ("old/web.yaml", true, false)]);
    });
    let two = [("k8s/a.yaml", WEB), ("k8s/b.yaml", &*WEB.replace("web:1", "web:2"))];
    let swapped = [("k8s/a.yaml", &*WEB.replace("web:1", "web:2")), ("k8s/b.yaml", WEB)];
    changed(&two, &two, |changed| assert!(changed.is_empty()));
    changed(&two, &swapped, |changed| assert_eq!(changed.len(), 2));
    let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}", WEB.replace('\n', "\n  ").trim_end());
    changed(&[("k8s/web.yaml", WEB)], &[("k8s/web.yaml", &list)], |changed| assert!(changed.is_empty(), "{changed:?}"));
}

#[test]
fn what_is_deployed_to_several_namespaces_differs_in_each() {
    let application = |name: &str, to: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\n\
             spec: {{source: {{repoURL: r, path: apps/web}}, destination: {{namespace: {to}}}}}\n"
        )
    };
    let (one, other) = (application("one", "shop"), application("other", "kube-system"));
    let old = WEB.replace(", namespace: shop", "");
    let new = old.replace("web:1", "web:2");
    let old = [("apps/web/web.yaml", old.as_str()), ("one.yaml", one.as_str()), ("other.yaml", other.as_str())];
    let new = [("apps/web/web.yaml", new.as_str()), old[1], old[2]];
    changed(&old, &new, |changed| {
        let namespaces: Vec<Option<&str>> = changed.iter().map(|changed| changed.namespace).collect();
        assert_eq!(namespaces, [Some("kube-system"), Some("shop")]);
    });
}

/// What is said of a Deployment in `apps/web` that something deploys.
fn unplaced_by(web: &str, deployer: &str) -> Vec<String> {
    let bumped = web.replace("web:1", "web:2");
    let old = input(&[("apps/web/web.yaml", web), ("deployer.yaml", deployer)]);
    let new = input(&[("apps/web/web.yaml", &bumped), ("deployer.yaml", deployer)]);
    let version = |input| Version { input, root: "/tmp/x" };
    let changed = compare(version(&old), version(&new));
    assert_eq!(changed.len(), 1, "{deployer}");
    unplaced(version(&new), &changed)
}

#[test]
fn a_namespace_that_somebody_else_fills_in_is_not_known() {
    let web = WEB.replace(", namespace: shop", "");
    let set = |generators: &str, path: &str, namespace: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: set, namespace: argocd}}\nspec:\n  \
             generators: [{generators}]\n  template: {{spec: {{source: {{repoURL: r, path: '{path}'}}, destination: \
             {{namespace: '{namespace}'}}}}}}\n"
        )
    };
    let files = "{git: {files: [{path: apps/*/config.json}]}}";
    let merge = "{merge: {mergeKeys: [path], generators: [{git: {directories: [{path: apps/*}]}}, {clusters: {}}]}}";
    let said = "apps/web/web.yaml: Deployment web is deployed by ApplicationSet argocd/set, and to which namespace is not known";
    for (path, generators) in [("apps/web", files), ("apps/{{name}}", files), ("{{path}}", files), ("{{path}}", merge)]
    {
        assert_eq!(unplaced_by(&web, &set(generators, path, "{{ns}}")), [said], "{path} {generators}");
        // Nothing is filled in where the object or the set says it.
        assert_eq!(unplaced_by(WEB, &set(generators, path, "{{ns}}")), [""; 0], "{path} {generators}");
        assert_eq!(unplaced_by(&web, &set(generators, path, "shop")), [""; 0], "{path} {generators}");
    }
    let list = "{list: {elements: [{ns: shop}]}}";
    assert_eq!(unplaced_by(&web, &set(list, "apps/web", "{{ns}}")), [""; 0]);
    let patched = set(list, "apps/web", "{{ns}}") + "  templatePatch: '{spec: {destination: {namespace: x}}}'\n";
    assert_eq!(unplaced_by(&web, &patched), [said]);
    assert_eq!(unplaced_by(&web, &set(files, "apps/other", "{{ns}}")), [""; 0]);
    let flux = |namespace: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: web, namespace: \
             flux-system}}\nspec: {{path: ./apps/web, targetNamespace: '{namespace}', sourceRef: {{kind: \
             GitRepository, name: flux-system}}}}\n"
        )
    };
    for web in [&*web, WEB] {
        assert_eq!(unplaced_by(web, &flux("${ns}")).len(), 1, "{web}");
        assert_eq!(unplaced_by(web, &flux("shop")), [""; 0], "{web}");
    }
}

/// The comments for image automation in a file with this text.
fn markers(text: &str) -> Vec<String> {
    let input = input(&[("k8s/web.yaml", text), ("k8s/other.yaml", WEB)]);
    let version = Version { input: &input, root: "/tmp/x" };
    assert_eq!(version.markers("k8s/other.yaml"), [""; 0]);
    version.markers("k8s/web.yaml")
}

#[test]
fn a_comment_of_image_automation_is_found_with_its_field() {
    let marker = "# {\"$imagepolicy\": \"shop:web:tag\"}";
    let marked = |field: &str| WEB.replace(field, &format!("{field} {marker}"));
    assert_eq!(markers(&marked("replicas: 2")), [format!("Deployment shop/web.spec.replicas {marker}")]);
    // What it is there to replace is no part of it.
    assert_eq!(markers(&marked("replicas: 2").replace("replicas: 2", "replicas: 3")), markers(&marked("replicas: 2")));
    assert_ne!(markers(&marked("value: a}]}")), markers(&marked("image: 'log:1'}")));
    for same in ["# { \"$imagepolicy\" : \"shop:web:tag\" }", "# {\"\\u0024imagepolicy\": \"shop:web:tag\"}"] {
        assert_eq!(markers(&marked("replicas: 2").replace(marker, same)).len(), 1, "{same}");
    }
    let values = |one: &str, other: &str| format!("web:\n  tag: '1' {one}\nlog:\n  tag: '1' {other}\n");
    assert_eq!(markers(&values(marker, "")), [format!(".web.tag {marker}")]);
    assert_eq!(markers(&values("", marker)), [format!(".log.tag {marker}")]);
    assert_eq!(markers(&values("# the tag", "")), [""; 0]);
}

#[test]
fn the_workloads_that_take_a_configuration_are_known() {
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\ndata: {a: b}\n";
    for taken in ["volumes: [{name: a, configMap: {name: web}}]", "x: [{envFrom: [{configMapRef: {name: web}}]}]"] {
        let web = WEB.replace("      containers:", &format!("      {taken}\n      containers:"));
        let files = |config| [("web.yaml", web.clone()), ("config.yaml", config)];
        let (old, new) = (files(config.to_owned()), files(config.replace("a: b", "a: c")));
        let texts = |files: &'_ [(&'static str, String)]| {
            files.iter().map(|(name, text)| (*name, text.clone())).collect::<Vec<_>>()
        };
        let (old, new) = (texts(&old), texts(&new));
        let borrowed = |files: &[(&'static str, String)]| -> Vec<(&'static str, &'static str)> {
            files.iter().map(|(name, text)| (*name, &*Box::leak(text.clone().into_boxed_str()))).collect()
        };
        changed(&borrowed(&old), &borrowed(&new), |changed| {
            assert_eq!(changed.len(), 1);
            assert_eq!(changed[0].users, ["Deployment shop/web"], "{taken}");
        });
    }
    let other = config.replace("a: b", "a: c");
    changed(&[("c.yaml", config)], &[("c.yaml", &other)], |changed| {
        assert_eq!(changed[0].users, [""; 0]);
    });
    // A change that takes what was there before does not make it its own. What it adds, it may take.
    let taking = WEB.replace("      containers:", "      x: {configMapRef: {name: web}}\n      containers:");
    let users = |changed: &[ChangedObject<'_>]| {
        let config = changed.iter().find(|changed| changed.new.is_some_and(|new| new.kind == "ConfigMap"));
        config.map(|config| config.users.clone())
    };
    changed(&[("web.yaml", WEB), ("c.yaml", config)], &[("web.yaml", &taking), ("c.yaml", &other)], |changed| {
        assert_eq!(users(changed), Some(Vec::new()));
    });
    changed(&[("web.yaml", WEB)], &[("web.yaml", &taking), ("c.yaml", &other)], |changed| {
        assert_eq!(users(changed), Some(vec!["Deployment shop/web".to_owned()]));
    });
}

#[test]
fn a_component_says_who_owns_its_folder() {
    let component = |name: &str, owner: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\nspec: {{owner: '{owner}'}}\n"
        )
    };
    let (web, all) = (component("web", "group:default/shop"), component("all", "user:ana"));
    let input = input(&[("web/catalog-info.yaml", &web), ("catalog-info.yaml", &all)]);
    let version = Version { input: &input, root: "/tmp/x" };
    let owners = Owners::new(None, version);
    let of = |owners: &Owners, path| owners.of(path).map(|owned| owned.owners.join(" "));
    assert_eq!(of(&owners, "web/base/a.yaml"), Some("shop".into()));
    assert_eq!(of(&owners, "other/a.yaml"), Some("@ana".into()));
    let codeowners = Codeowners::new("CODEOWNERS", "/web/base/ @acme/base\n");
    let owners = Owners::new(Some(&codeowners), version);
    assert_eq!(of(&owners, "web/base/a.yaml"), Some("@acme/base".into()));
    assert_eq!(of(&owners, "web/a.yaml"), Some("shop".into()));
}
