//! What kind of change it is, who must approve it, and its path.

use crate::history::{CLUSTER_ROLE, History, WEB, parts};

/// The class, the reviews and the path of a change, and its parts.
fn review(change: impl FnOnce(&History)) -> (String, String, String, Vec<String>) {
    let history = History::usual();
    change(&history);
    history.commit("change");
    let (review, code) = history.review(None, &[]);
    assert_eq!(code, 0, "{review:#}");
    let text = |key: &str| review[key].as_str().unwrap().to_owned();
    (text("class"), text("reviews"), text("path"), parts(&review))
}

#[track_caller]
fn expect(change: impl FnOnce(&History), class: &str, expected: &[&str]) {
    let (found, reviews, path, parts) = review(change);
    assert_eq!((found.as_str(), parts), (class, expected.iter().map(ToString::to_string).collect()));
    let (takes, leads) = match class {
        "configuration" => ("1 of the app team (@acme/shop)", "auto-sync to staging, then promote"),
        "image" => ("1 of the app team (@acme/shop)", "a progressive rollout"),
        "new-service" => ("1 of the app team (@acme/shop), 1 of the platform team", "a manual gate"),
        "platform" => ("2 of the platform team (platform or platform-team)", "24 hours of soak"),
        _ => ("2 of the platform team (platform or platform-team), 1 of managers", "disaster recovery drill"),
    };
    assert!(reviews.starts_with(takes) && path.contains(leads), "{reviews}; {path}");
}

#[test]
fn a_variable_or_a_number_of_replicas_is_configuration() {
    let web = "services/web/web.yaml";
    expect(
        |it| it.replace(web, "value: info", "value: debug"),
        "configuration",
        &["configuration Deployment shop/web"],
    );
    expect(|it| it.replace(web, "replicas: 2", "replicas: 3"), "configuration", &["configuration Deployment shop/web"]);
}

#[test]
fn another_tag_is_an_image_bump() {
    expect(|it| it.replace("services/web/web.yaml", "web:1.0.0", "web:1.1.0"), "image", &["image Deployment shop/web"]);
    let elsewhere =
        |it: &History| it.replace("services/web/web.yaml", "example.com/web:1.0.0", "evil.example/web:1.0.0");
    expect(elsewhere, "platform", &["platform Deployment shop/web"]);
}

#[test]
fn a_workload_that_was_not_there_is_a_new_service() {
    let add = |it: &History| {
        let api = WEB.replace("name: web", "name: api").replace("app: web", "app: api");
        it.write("services/api/api.yaml", &api.replace("name: other", "name: more"));
        it.write("services/api/docs/runbook.md", "# api\n");
    };
    let (class, _, _, mut found) = review(add);
    found.retain(|part| !part.contains("ConfigMap"));
    assert_eq!(class, "new-service");
    assert_eq!(found, ["configuration services/api/docs/runbook.md", "new-service Deployment shop/api"]);
}

#[test]
fn a_new_file_belongs_to_a_new_service_in_the_folder_that_came_with_it() {
    let (.., found) = review(|it| {
        it.write("services/api/base/api.yaml", &WEB.split("---").next().unwrap().replace("web", "api"));
        it.write("services/api/main.py", "print()\n");
        it.write("services/web/main.py", "print()\n");
        it.write("services/web/source/main.py", "print()\n");
        it.write("deploy.jsonnet", "{}\n");
    });
    let expected = [
        "new-service Deployment shop/api",
        "new-service services/api/main.py",
        "platform deploy.jsonnet",
        "platform services/web/main.py",
        "platform services/web/source/main.py",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_belongs_to_the_platform_is_its_own() {
    expect(
        |it| it.replace("platform/dns.yaml", "web:1.0.0", "web:1.1.0"),
        "platform",
        &["platform Deployment dns/dns", "platform platform/dns.yaml"],
    );
}

#[test]
fn a_comment_by_which_automation_writes_is_no_mere_comment() {
    let image = "image: example.com/web:1.0.0";
    let marked = format!("{image} # {{\"$imagepolicy\": \"shop:web\"}}");
    let web = "services/web/web.yaml";
    expect(|it| it.replace(web, image, &marked), "platform", &["platform services/web/web.yaml"]);
    // Nor is one that moves to another field, beside a change that would be harmless.
    let (env, marker) = ("env: [{name: LOG, value: info}]", " # { \"$imagepolicy\": \"shop:web\" }");
    let history = History::of(&[(web, &WEB.replace(image, &format!("{image}{marker}")))]);
    history.replace(web, &format!("{image}{marker}"), "image: example.com/web:1.1.0");
    history.replace(web, env, &format!("{env}{marker}"));
    history.commit("change");
    let found = parts(&history.review(None, &[]).0);
    assert_eq!(found, ["image Deployment shop/web", "platform services/web/web.yaml"]);
    // What automation writes is a tag beside its comment.
    let history = History::of(&[(web, &WEB.replace(image, &format!("{image}{marker}")))]);
    history.replace(web, "web:1.0.0", "web:1.1.0");
    history.commit("change");
    assert_eq!(parts(&history.review(None, &[]).0), ["image Deployment shop/web"]);
    // A new file has a comment that was not there.
    let api = WEB.replace("name: web", "name: api").replace(image, &marked);
    let (.., found) = review(|it| it.write("services/api/api.yaml", &api));
    assert!(found.contains(&"new-service services/api/api.yaml".to_owned()), "{found:?}");
}

#[test]
fn another_version_of_a_cluster_is_an_upgrade() {
    expect(
        |it| it.replace("clusters/production/control-plane.yaml", "v1.35.0", "v1.36.0"),
        "cluster-upgrade",
        &["cluster-upgrade KubeadmControlPlane clusters/production"],
    );
}

#[test]
fn the_strictest_part_decides() {
    let bump = |it: &History| it.replace("services/web/web.yaml", "web:1.0.0", "web:1.1.0");
    expect(
        |it| {
            bump(it);
            it.append("services/web/web.yaml", CLUSTER_ROLE);
        },
        "platform",
        &["image Deployment shop/web", "platform ClusterRole reader"],
    );
    expect(
        |it| {
            bump(it);
            it.replace("clusters/production/control-plane.yaml", "v1.35.0", "v1.36.0");
            it.replace("platform/dns.yaml", "replicas: 2", "replicas: 3");
        },
        "cluster-upgrade",
        &[
            "cluster-upgrade KubeadmControlPlane clusters/production",
            "image Deployment shop/web",
            "platform Deployment dns/dns",
            "platform platform/dns.yaml",
        ],
    );
    // In one object, too, and in a list.
    expect(
        |it| {
            bump(it);
            it.replace("services/web/web.yaml", "    spec:\n", "    spec:\n      hostNetwork: true\n");
        },
        "platform",
        &["platform Deployment shop/web"],
    );
    expect(
        |it| {
            bump(it);
            let role = CLUSTER_ROLE.trim_start_matches("---\n").replace('\n', "\n    ");
            it.write(
                "services/web/list.yaml",
                &format!("apiVersion: v1\nkind: List\nitems:\n  - {}\n", role.trim_end()),
            );
        },
        "platform",
        &["image Deployment shop/web", "platform ClusterRole reader"],
    );
}

#[test]
fn a_configuration_counts_where_a_workload_takes_it() {
    let colors = |it: &History, name: &str| {
        let old = format!("metadata: {{name: {name}, namespace: shop}}\ndata: {{color: blue}}");
        it.replace("services/web/web.yaml", &old, &old.replace("blue", "red"));
    };
    expect(|it| colors(it, "web"), "configuration", &["configuration ConfigMap shop/web"]);
    expect(|it| colors(it, "other"), "platform", &["platform ConfigMap shop/other"]);
}

#[test]
fn who_decides_is_not_decided_by_the_change() {
    let web = "services/web/web.yaml";
    let bump = |it: &History| it.replace(web, "web:1.0.0", "web:1.1.0");
    // The new owner would be somebody else, and the new matrix asks for nobody.
    let (class, reviews, _, parts) = review(|it| {
        bump(it);
        it.write(".github/CODEOWNERS", "* @evil\n");
        let settings = "{matrix: [{class: platform, merge: app}], protected_paths: [], platform_paths: []}";
        it.write("seaworthy.yaml", &format!("rules:\n  change-approval: {{settings: {settings}}}\n"));
    });
    assert_eq!((class.as_str(), reviews.as_str()), ("platform", "2 of the platform team (platform or platform-team)"));
    assert_eq!(parts, ["image Deployment shop/web", "platform .github/CODEOWNERS", "platform seaworthy.yaml"]);
    // A configuration where there was none counts for nothing yet.
    let history = History::of(&[(web, WEB)]);
    history.write("seaworthy.yaml", "rules:\n  change-approval: {enabled: false}\n");
    history.commit("change");
    let (review, code) = history.review(None, &[]);
    assert_eq!((review["class"].as_str(), code), (Some("platform"), 0));
}

#[test]
fn a_rename_counts_for_both_places() {
    let web = "services/web/web.yaml";
    expect(|it| it.rename(web, "services/web/deployment.yaml"), "configuration", &[]);
    // Between owners, it is gone from the one and new to the other.
    let (class, _, _, parts) = review(|it| it.rename("platform/dns.yaml", "services/web/dns.yaml"));
    assert_eq!(class, "platform");
    assert!(parts.contains(&"platform platform/dns.yaml".to_owned()), "{parts:?}");
    // Whoever deploys one folder does not deploy the other.
    let (class, ..) = review(|it| it.rename(web, "archive/web.yaml"));
    assert_eq!(class, "platform");
}

#[test]
fn what_is_gone_is_the_platform() {
    let (class, _, _, parts) = review(|it| it.remove("services/web/web.yaml"));
    assert_eq!(class, "platform");
    assert!(parts.contains(&"platform Deployment shop/web".to_owned()), "{parts:?}");
}

#[test]
fn a_submodule_is_the_platform() {
    let other = History::of(&[("a.yaml", WEB)]);
    let (class, _, _, parts) = review(|it| {
        it.git(&["submodule", "--quiet", "add", other.path().to_str().unwrap(), "services/web/vendor"]);
    });
    assert_eq!(class, "platform");
    assert_eq!(parts, ["platform .gitmodules", "platform services/web/vendor"]);
}

#[test]
fn a_link_is_the_platform() {
    let (class, _, _, parts) = review(|it| {
        it.remove("README.md");
        std::os::unix::fs::symlink("services/web/web.yaml", it.path().join("README.md")).unwrap();
    });
    assert_eq!((class.as_str(), parts), ("configuration", vec!["configuration README.md".to_owned()]));
    let (class, ..) = review(|it| {
        std::os::unix::fs::symlink("web.yaml", it.path().join("services/web/more.yaml")).unwrap();
    });
    assert_eq!(class, "platform");
}

#[test]
fn what_cannot_be_read_leaves_it_open() {
    let history = History::usual();
    history.append("services/web/web.yaml", "---\na: [\n");
    history.commit("change");
    let (review, code) = history.review(None, &[]);
    assert_eq!((review["decision"].as_str(), code), (Some("undecided"), 2));
    assert!(review["reason"].as_str().unwrap().contains("services/web/web.yaml"), "{review:#}");
}

#[test]
fn a_namespace_that_is_not_known_leaves_it_open() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set, namespace: argocd}\nspec:\n  \
               generators: [{git: {files: [{path: services/*/config.json}]}}]\n  template:\n    spec:\n      \
               source: {repoURL: https://example.com/shop.git, path: services/web}\n      \
               destination: {namespace: '{{ns}}'}\n";
    let web = WEB.replace(", namespace: shop", "");
    let history = History::of(&[("services/web/web.yaml", &web), ("sets/set.yaml", set)]);
    history.replace("services/web/web.yaml", "web:1.0.0", "web:1.1.0");
    history.commit("change");
    let (review, code) = history.review(None, &[]);
    assert_eq!((review["decision"].as_str(), code), (Some("undecided"), 2), "{review:#}");
    assert!(review["reason"].as_str().unwrap().contains("sets/set.yaml"), "{review:#}");
    assert_eq!(history.review(None, &["--allow-unchecked"]).1, 0);
}

#[test]
fn what_is_fetched_from_elsewhere_leaves_it_open_where_it_is_touched() {
    let web = "services/web/web.yaml";
    let application = |source: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: other, namespace: argocd}}\nspec:\n  source: \
             {{repoURL: 'https://example.com/other', {source}}}\n  destination: {{namespace: other}}\n"
        )
    };
    let (chart, elsewhere) = (application("chart: other, targetRevision: 1.0.0"), application("path: deploy"));
    let same_name = application("path: services");
    let remote = "resources: ['https://example.com/other.git//deploy?ref=1.0.0', ../base]\n";
    for (path, text, is_touched) in [
        ("infra/other.yaml", chart.as_str(), false),
        ("infra/other.yaml", &*elsewhere, false),
        ("infra/other.yaml", &*same_name, true),
        ("infra/other/kustomization.yaml", remote, false),
        ("services/other/kustomization.yaml", &*remote.replace("../base", "../web"), true),
    ] {
        let base = "resources: []\n";
        let history = History::of(&[(web, WEB), (path, text), ("infra/base/kustomization.yaml", base)]);
        history.git(&["remote", "add", "origin", "https://example.com/shop.git"]);
        history.replace(web, "web:1.0.0", "web:1.1.0");
        history.commit("change");
        let (review, code) = history.review(None, &["--render", "never"]);
        assert_eq!(
            (review["class"].as_str(), code),
            (Some("image"), if is_touched { 2 } else { 0 }),
            "{text}: {review:#}"
        );
        history.append(path, "# another one\n");
        history.commit("change");
        assert_eq!(history.review(None, &["--render", "never"]).1, 2, "{text}");
    }
}

#[test]
fn only_what_the_branch_changes_is_compared() {
    let history = History::usual();
    history.replace("services/web/web.yaml", "web:1.0.0", "web:1.1.0");
    history.commit("change");
    history.git(&["switch", "--quiet", "main"]);
    history.replace("platform/dns.yaml", "replicas: 2", "replicas: 3");
    history.commit("somebody else's");
    history.git(&["switch", "--quiet", "feature/change"]);
    let (review, _) = history.review(None, &[]);
    assert_eq!(parts(&review), ["image Deployment shop/web"]);
    // What is not committed is no part of it.
    history.replace("services/web/web.yaml", "replicas: 2", "replicas: 3");
    assert_eq!(parts(&history.review(None, &[]).0), ["image Deployment shop/web"]);
}

#[test]
fn nothing_is_no_change() {
    let history = History::usual();
    let run = history.run(None, &["review", "--base", "main"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert_eq!(run.out, "main..HEAD\n\nNothing changed, so there is nothing to approve\n");
    let (review, code) = history.review(None, &[]);
    assert_eq!((review["decision"].as_str(), code), (Some("unchanged"), 0));
    history.write("approvals.json", "{\"author\": \"ana\", \"reviews\": []}");
    let (review, code) = history.review(None, &["--approvals", "approvals.json"]);
    assert_eq!((review["decision"].as_str(), code), (Some("undecided"), 2));
}

#[test]
fn a_history_that_is_not_here_is_told() {
    let history = History::usual();
    let said = history.run(None, &["review", "--base", "origin/main"]).complaint();
    assert!(said.contains("--base: there is no revision `origin/main` here"), "{said}");
}
