//! Which objects see each other, on layouts as people have them.

use crate::file::File;
use crate::input::Input;
use crate::kustomize::tests::input;
use crate::manifest::{Limits, Object, Origin, Rendering, kustomization, read};
use crate::world::World;

/// A file of objects that are written as `Kind name` or `Kind namespace/name`, one an item.
fn file(objects: &str) -> String {
    let object = |object: &str| {
        let (kind, name) = object.trim().split_once(' ').unwrap_or((object, ""));
        let (namespace, name) = name.split_once('/').map_or(("", name), |(namespace, name)| (namespace, name));
        let api_version = match kind {
            "Deployment" => "apps/v1",
            "NetworkPolicy" => "networking.k8s.io/v1",
            "ClusterPolicy" => "kyverno.io/v1",
            "ServiceMonitor" => "monitoring.coreos.com/v1",
            _ => "v1",
        };
        format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: '{namespace}'}}\n")
    };
    objects.split(',').map(object).collect::<Vec<_>>().join("---\n")
}

/// An input of such files; what begins with a capital letter is objects, everything else is the text itself.
fn world(files: &[(&str, &str)]) -> Input {
    let texts: Vec<String> = files
        .iter()
        .map(|(_, text)| if text.starts_with(char::is_uppercase) { file(text) } else { (*text).to_owned() })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().zip(&texts).map(|((name, _), text)| (*name, text.as_str())).collect();
    input(&files)
}

/// The names of the NetworkPolicies that each Deployment sees in its namespace, by the Deployment's file.
fn policies(files: &[(&str, &str)]) -> Vec<String> {
    seen(files, "networking.k8s.io", "NetworkPolicy")
}

fn seen(files: &[(&str, &str)], group: &str, kind: &str) -> Vec<String> {
    let input = world(files);
    let world = World::new(&input);
    let workloads = input.subjects().filter(|subject| subject.object.kind == "Deployment");
    let lines = workloads.map(|subject| {
        let from = World::viewpoint(&input, subject);
        let own = subject.object.namespace.as_deref().unwrap_or_default();
        let found = world.related(from, group, kind, Some(own), &[]);
        let names: Vec<&str> = found.iter().filter_map(|object| object.name.as_deref()).collect();
        for name in &names {
            assert!(world.get(from, group, kind, own, name).is_some(), "what is listed is found by its name");
        }
        let all = world.related(from, group, kind, None, &[]);
        assert!(found.iter().all(|one| all.iter().any(|it| std::ptr::eq(*it, *one))), "and in every namespace");
        let file = input.file(subject.file).map_or("", |file| &file.manifest.name);
        format!("{file}: {}", names.join(" "))
    });
    lines.collect()
}

#[test]
fn simple_layouts_are_one_tree() {
    for (web, policy) in [
        ("web.yaml", "policy.yaml"),
        ("k8s/web.yaml", "k8s/policy.yaml"),
        ("manifests/web.yaml", "manifests/setup/policy.yaml"),
        ("k8s/app/web.yaml", "k8s/policy.yaml"),
        ("k8s/deployments/web.yaml", "k8s/policies/policy.yaml"),
        ("deployments/web.yaml", "policies/policy.yaml"),
        ("a/b/k8s/deployments/web.yaml", "a/b/k8s/policies/deep/policy.yaml"),
    ] {
        let files = [(web, "Deployment web"), (policy, "NetworkPolicy deny")];
        assert_eq!(policies(&files), [format!("{web}: deny")]);
    }
    let layers = [
        ("k8s/deployments/web.yaml", "Deployment web"),
        ("k8s/services/web.yaml", "Service web"),
        ("k8s/policies/deny.yaml", "NetworkPolicy deny"),
    ];
    assert_eq!(seen(&layers, "", "Service"), ["k8s/deployments/web.yaml: web"]);
    // And back: what a folder without workloads holds sees those that it serves, and others like it.
    let input = world(&layers);
    let world = World::new(&input);
    for subject in input.subjects().filter(|subject| subject.file > 0) {
        let from = World::viewpoint(&input, subject);
        assert_eq!(world.related(from, "apps", "Deployment", Some(""), &[]).len(), 1);
        assert_eq!(world.related(from, "", "Service", Some(""), &[]).len(), 1);
    }
}

/// Five teams in one repository, each with its own folder, and one that denies all traffic.
const TEAMS: [&str; 5] = ["cart", "catalog", "payment", "search", "shipping"];

fn monorepo(kustomization: impl Fn(&str) -> Option<String>, namespace: impl Fn(&str) -> String) -> Vec<String> {
    let mut files: Vec<(String, String)> = vec![("README/mkdocs.yml".into(), "site: a\n".into())];
    for team in TEAMS {
        let namespace = namespace(team);
        files.push((
            format!("teams/{team}/k8s/web.yaml"),
            format!("Deployment {namespace}{team}, Service {namespace}web"),
        ));
        if let Some(text) = kustomization(team) {
            files.push((format!("teams/{team}/k8s/kustomization.yaml"), text));
        }
        if team == "payment" {
            files.push((format!("teams/{team}/k8s/deny.yaml"), format!("NetworkPolicy {namespace}deny")));
        }
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let lines = policies(&files);
    assert_eq!(lines.len(), TEAMS.len());
    let covered = lines.into_iter().filter(|line| line.ends_with(": deny"));
    covered.filter_map(|line| line.split('/').nth(1).map(str::to_owned)).collect()
}

#[test]
fn no_team_of_a_monorepo_vouches_for_another() {
    let nobody = |_: &str| None;
    let none = |_: &str| String::new();
    let lists = |team: &str, more: &str| {
        let deny = if team == "payment" { ", deny.yaml" } else { "" };
        Some(format!("resources: [web.yaml{deny}]\n{more}\n"))
    };
    assert_eq!(monorepo(nobody, none), ["payment"], "plain folders");
    assert_eq!(monorepo(|team| lists(team, ""), none), ["payment"], "kustomizations");
    assert_eq!(monorepo(|team| lists(team, &format!("namespace: {team}")), none), ["payment"], "namespaces set");
    assert_eq!(monorepo(nobody, |team| format!("{team}/")), ["payment"], "namespaces written");
    assert_eq!(monorepo(|team| lists(team, "namespace: shop"), none), TEAMS, "one namespace joins them");
    assert_eq!(monorepo(nobody, |_| "shop/".into()), TEAMS);
    let wrong = |team: &str| lists(team, if team == "payment" { "namespace: other" } else { "" });
    assert_eq!(monorepo(wrong, none), ["payment"]);
}

#[test]
fn a_kustomization_over_all_teams_joins_them_unless_they_set_namespaces() {
    let team = |more: &str| format!("resources: [web.yaml]\n{more}");
    for (more, expected) in
        [("", ["a/web.yaml: deny", "b/web.yaml: deny"]), ("x", ["a/web.yaml: deny", "b/web.yaml: "])]
    {
        let of = |name: &str| team(&if more.is_empty() { String::new() } else { format!("namespace: {name}\n") });
        let (a, b) = (of("a") + "components: [deny.yaml]\n", of("b"));
        let files = [
            ("kustomization.yaml", "resources: [a, b]\n"),
            ("a/kustomization.yaml", a.as_str()),
            ("a/web.yaml", "Deployment web"),
            ("a/deny.yaml", "NetworkPolicy deny"),
            ("b/kustomization.yaml", b.as_str()),
            ("b/web.yaml", "Deployment db"),
        ];
        assert_eq!(policies(&files), expected, "{more}");
    }
}

#[test]
fn a_base_is_part_of_each_build_and_overlays_do_not_see_each_other() {
    let files = [
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", "Deployment web"),
        ("over/prod/kustomization.yaml", "resources: [../../base, deny.yaml, job.yaml]\nnamespace: prod\n"),
        ("over/prod/deny.yaml", "NetworkPolicy deny"),
        ("over/prod/job.yaml", "Deployment job"),
        ("over/dev/kustomization.yaml", "resources: [../../base, job.yaml]\nnamespace: dev\n"),
        ("over/dev/job.yaml", "Deployment job"),
    ];
    assert_eq!(policies(&files), ["base/web.yaml: deny", "over/prod/job.yaml: deny", "over/dev/job.yaml: "]);
    let shared = [
        ("c/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"),
        ("a/kustomization.yaml", "resources: [web.yaml]\ncomponents: [../c]\n"),
        ("a/web.yaml", "Deployment web"),
        ("b/kustomization.yaml", "resources: [web.yaml, deny.yaml]\ncomponents: [../c]\n"),
        ("b/web.yaml", "Deployment web"),
        ("b/deny.yaml", "NetworkPolicy deny"),
    ];
    assert_eq!(policies(&shared), ["a/web.yaml: ", "b/web.yaml: deny"], "what both include does not join them");
}

#[test]
fn the_outermost_namespace_wins_over_all_that_is_written() {
    let files = [
        ("base/kustomization.yaml", "resources: [web.yaml]\nnamespace: base\n"),
        ("base/web.yaml", "Deployment written/web, ClusterPolicy all, Service web"),
        ("prod/kustomization.yaml", "resources: [../base]\nnamespace: prod\n"),
    ];
    let input = world(&files);
    let built = |input: &Input| -> Vec<Object> {
        let objects = input.subjects().map(|subject| subject.object.clone());
        objects.filter(|object| object.group() != kustomization::GROUP).collect()
    };
    let objects = built(&input);
    let namespaces: Vec<_> = objects.iter().map(|object| object.namespace.clone()).collect();
    assert_eq!(namespaces, [Some("prod".to_owned()), None, Some("prod".to_owned())]);
    let written = objects.iter().map(|it| it.node.get("metadata")?.get("namespace")?.as_str());
    assert_eq!(written.collect::<Vec<_>>(), [Some("prod"), Some(""), Some("prod")]);
    let two = [&files[..], &[("dev/kustomization.yaml", "resources: [../base]\nnamespace: dev\n")]].concat();
    let input = world(&two);
    let namespaces: Vec<_> = built(&input).into_iter().filter_map(|object| object.namespace).collect();
    assert_eq!(namespaces, ["written"], "in two namespaces it is told as it is written");
    assert_eq!(seen(&two, "", "Service"), ["base/web.yaml: web"], "and sees what is deployed with it in either");
}

#[test]
fn a_kustomization_places_alike_whether_it_says_what_it_is_or_not() {
    let header = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
    let layout = |header: &str| {
        let (top, a) =
            (format!("{header}resources: [k/a]\n"), format!("{header}resources: [web.yaml]\nnamespace: a\n"));
        let files = [
            ("kustomization.yaml", top.as_str()),
            ("k/a/kustomization.yaml", a.as_str()),
            ("k/a/web.yaml", "Deployment web"),
            ("k/b/web.yaml", "Deployment web"),
            ("k/b/deny.yaml", "NetworkPolicy deny, NetworkPolicy a/deny"),
        ];
        let input = world(&files);
        let kustomizations = input.subjects().filter(|it| it.object.group() == kustomization::GROUP);
        assert_eq!(kustomizations.filter(|it| it.object.namespace.is_none()).count(), 2);
        policies(&files)
    };
    assert_eq!(layout(""), ["k/a/web.yaml: deny", "k/b/web.yaml: deny"]);
    assert_eq!(layout(""), layout(header));
}

#[test]
fn what_an_application_deploys_is_one_unit() {
    let app = |name: &str, destination: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\n\
             spec: {{source: {{repoURL: r, path: apps/{name}}}, destination: {{namespace: {destination}}}}}\n"
        )
    };
    let layout = |a: &str, b: &str| {
        let (a, b) = (app("a", a), app("b", b));
        policies(&[
            ("argocd/a.yaml", a.as_str()),
            ("argocd/b.yaml", b.as_str()),
            ("apps/a/web/web.yaml", "Deployment web"),
            ("apps/a/jobs/job.yaml", "Deployment job, NetworkPolicy deny"),
            ("apps/b/web.yaml", "Deployment web"),
        ])
    };
    assert_eq!(layout("''", "''"), ["apps/a/web/web.yaml: deny", "apps/a/jobs/job.yaml: deny", "apps/b/web.yaml: "]);
    assert_eq!(layout("a", "b"), ["apps/a/web/web.yaml: deny", "apps/a/jobs/job.yaml: deny", "apps/b/web.yaml: "]);
    let joined = ["apps/a/web/web.yaml: deny", "apps/a/jobs/job.yaml: deny", "apps/b/web.yaml: deny"];
    assert_eq!(layout("shop", "shop"), joined);
    let app = app("k8s", "shop");
    let files = [
        ("argocd/a.yaml", &*app.replace("apps/k8s", "k8s")),
        ("a/k8s/web.yaml", "Deployment web"),
        ("b/k8s/deny.yaml", "Deployment x, NetworkPolicy deny"),
    ];
    assert_eq!(policies(&files), ["a/k8s/web.yaml: ", "b/k8s/deny.yaml: deny"], "it is not known which of them it is");
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a, namespace: f}\n\
                spec: {path: ./apps/a, targetNamespace: shop, sourceRef: {kind: GitRepository, name: f}}\n";
    let files = [
        ("flux/a.yaml", flux),
        ("apps/a/kustomization.yaml", "resources: [web.yaml]\nnamespace: inner\n"),
        ("apps/a/web.yaml", "Deployment web"),
        ("other/deny.yaml", "NetworkPolicy shop/deny"),
    ];
    assert_eq!(policies(&files), ["apps/a/web.yaml: deny"]);
}

#[test]
fn what_a_set_deploys_lives_in_the_namespace_that_it_fills_in() {
    let set = |generator: &str, path: &str, namespace: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: set, namespace: argocd}}\nspec:\n  \
             generators: [{generator}]\n  template: {{spec: {{source: {{repoURL: r, path: '{path}'}}, destination: \
             {{namespace: '{namespace}'}}}}}}\n"
        )
    };
    let git = "{git: {directories: [{path: apps/*}, {path: apps/old, exclude: true}]}}";
    let list = "{list: {elements: [{name: a, to: kube-system}, {name: b, to: shop}]}}";
    for (set, expected) in [
        (set(git, "{{path}}", "kube-system"), ["kube-system", "kube-system", ""]),
        (set(git, "{{ .path.path }}", "{{path.basename}}"), ["a", "b", ""]),
        (set(list, "apps/{{name}}", "{{to}}"), ["kube-system", "shop", ""]),
        (set(&format!("{{matrix: {{generators: [{{clusters: {{}}}}, {git}]}}}}"), "{{path}}", "x"), ["x", "x", ""]),
        (set("{clusters: {}}", "apps/a", "monitoring"), ["monitoring", "", ""]),
        (set("{clusters: {}}", "apps/{{name}}", "x"), ["", "", ""]),
        (set(git, "{{path}}", "{{metadata.labels.x}}"), ["", "", ""]),
    ] {
        let input = world(&[
            ("set.yaml", set.as_str()),
            ("apps/a/web.yaml", "Deployment web"),
            ("apps/b/web.yaml", "Deployment web"),
            ("apps/old/web.yaml", "Deployment web"),
        ]);
        let workloads = input.subjects().filter(|subject| subject.object.kind == "Deployment");
        let namespaces: Vec<&str> =
            workloads.map(|subject| subject.object.namespace.as_deref().unwrap_or_default()).collect();
        assert_eq!(namespaces, expected, "{set}");
    }
}

#[test]
fn a_folder_without_workloads_serves_the_folder_around_it_and_no_more() {
    let files = [
        ("teams/a/app/web.yaml", "Deployment web"),
        ("teams/a/policies/deny.yaml", "NetworkPolicy deny"),
        ("teams/b/app/web.yaml", "Deployment web"),
    ];
    assert_eq!(policies(&files), ["teams/a/app/web.yaml: deny", "teams/b/app/web.yaml: "]);
    let shared = [files[0], ("teams/policies/deny.yaml", "NetworkPolicy deny"), files[2]];
    assert_eq!(policies(&shared), ["teams/a/app/web.yaml: deny", "teams/b/app/web.yaml: deny"]);
    let monitor = [files[0], ("teams/a/monitoring/web.yaml", "ServiceMonitor web"), files[2]];
    let monitors = seen(&monitor, "monitoring.coreos.com", "ServiceMonitor");
    assert_eq!(monitors, ["teams/a/app/web.yaml: web", "teams/b/app/web.yaml: "]);
}

#[test]
fn files_at_the_top_that_are_of_no_namespace_or_name_one_join_nothing() {
    for top in ["Namespace shop", "ClusterPolicy all", "Service ingress/web"] {
        let files =
            [("top.yaml", top), ("a/web.yaml", "Deployment web"), ("b/web.yaml", "Deployment web, NetworkPolicy deny")];
        assert_eq!(policies(&files), ["a/web.yaml: ", "b/web.yaml: deny"], "{top}");
        assert_eq!(seen(&files, "kyverno.io", "ClusterPolicy").len(), 2);
    }
    let backstage = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\n";
    let files = [
        ("top.yaml", backstage),
        ("a/web.yaml", "Deployment web"),
        ("b/deny.yaml", "Deployment x, NetworkPolicy deny"),
    ];
    assert_eq!(policies(&files), ["a/web.yaml: ", "b/deny.yaml: deny"]);
}

#[test]
fn what_a_kustomization_leaves_out_does_not_get_its_namespace() {
    let files = [
        ("k/kustomization.yaml", "resources: [web.yaml]\nnamespace: shop\n"),
        ("k/web.yaml", "Deployment web"),
        ("k/deny.yaml", "NetworkPolicy deny"),
    ];
    assert_eq!(policies(&files), ["k/web.yaml: "]);
    let plain = [("k/kustomization.yaml", "resources: [web.yaml]\n"), files[1], files[2]];
    assert_eq!(policies(&plain), ["k/web.yaml: deny"]);
}

#[test]
fn a_manifest_of_a_kind_of_ours_makes_no_path_exist() {
    let tree = "apiVersion: seaworthy.dev/v1\nkind: RepositoryTree\nmetadata: {name: a}\nspec: {paths: [runbook.md]}\n";
    let files = [("web.yaml", "Deployment web"), ("tree.yaml", tree)];
    let input = world(&files);
    assert!(input.subjects().any(|subject| subject.object.kind == "RepositoryTree"), "it is input");
    let trees = |input: &Input| {
        let world = World::new(input);
        let from = input.subjects().next().map(|subject| World::viewpoint(input, subject));
        from.map_or(0, |from| world.related(from, "seaworthy.dev", "RepositoryTree", None, &[]).len())
    };
    assert_eq!(trees(&input), 0);
    let manifest = crate::documents::repository_tree("shop", &["runbook.md".into()]).unwrap();
    let input = world(&files).with_trees(vec![crate::file::File { manifest, project: 0 }]);
    assert_eq!(trees(&input), 1, "what the host has seen itself is there");
}

#[test]
fn charts_of_a_kustomization_are_in_the_namespace_that_their_entries_name() {
    let namespace = |kustomization: &str, more: &[(&str, &str)]| {
        let all = [&[("k8s/kustomization.yaml", kustomization)], more].concat();
        let mut files: Vec<File> = input(&all).files().iter().map(|file| File::clone(file)).collect();
        let mut rendered = File {
            manifest: read("k8s (kustomize build)", file("Deployment web").into(), &Limits::default()),
            project: 0,
        };
        let rendering =
            Rendering { folder: "k8s".into(), made_of: vec!["k8s/web.yaml".into()], ..Rendering::default() };
        rendered.manifest.origin = Origin::Rendered(rendering.into());
        files.push(rendered);
        let input = Input::new(files);
        let found = input.subjects().find(|subject| subject.object.kind == "Deployment").unwrap();
        found.object.namespace.clone()
    };
    let charts = |namespaces: &[&str]| -> String {
        let entries = namespaces.iter().map(|namespace| format!("- {{name: web, namespace: '{namespace}'}}\n"));
        format!("helmCharts:\n{}", entries.collect::<String>())
    };
    let of = |name: &str| Some(name.to_owned());
    assert_eq!(namespace(&charts(&["shop", "shop"]), &[]), of("shop"));
    assert_eq!(
        namespace(&format!("namespace: other\n{}", charts(&["shop"])), &[]),
        of("shop"),
        "as kustomize tells helm"
    );
    assert_eq!(namespace(&format!("namespace: other\n{}", charts(&[""])), &[]), of("other"));
    assert_eq!(namespace(&charts(&["shop", "cache"]), &[]), None, "either may have made it");
    let with_file = format!("resources: [web.yaml]\n{}", charts(&["shop"]));
    assert_eq!(namespace(&with_file, &[("k8s/web.yaml", "Service web")]), None, "the file may have it");
}
