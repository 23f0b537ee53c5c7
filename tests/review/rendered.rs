//! Changes that show only in what is rendered: a value of a chart, a base that many overlays use, a generated name.

use crate::history::{History, WEB, parts};
use crate::tools::Tools;

const CHART: [(&str, &str); 5] = [
    ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    ("charts/web/values.yaml", "tag: 1.0.0\nreplicas: 2\nhostNetwork: false\n"),
    ("charts/web/values-staging.yaml", "replicas: 1\n"),
    ("charts/web/values-production.yaml", "replicas: 3\n"),
    (
        "charts/web/templates/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  replicas: {{ .Values.replicas }}\n  \
         template:\n    spec:\n      hostNetwork: {{ .Values.hostNetwork }}\n      containers:\n      - {name: web, image: 'example.com/web:{{ .Values.tag }}'}\n",
    ),
];

fn review(history: &History, tools: &Tools) -> (String, Vec<String>) {
    history.commit("change");
    let (review, code) = history.review(Some(tools), &[]);
    assert_eq!(code, 0, "{review:#}");
    (review["class"].as_str().unwrap().to_owned(), parts(&review))
}

#[test]
fn a_value_is_what_it_changes() {
    let Some(tools) = Tools::find() else { return };
    for (file, from, to, class, count) in [
        ("charts/web/values.yaml", "tag: 1.0.0", "tag: 1.1.0", "image", 3),
        ("charts/web/values-production.yaml", "replicas: 3", "replicas: 4", "configuration", 1),
        ("charts/web/values.yaml", "hostNetwork: false", "hostNetwork: true", "platform", 3),
    ] {
        let history = History::of(&CHART);
        history.replace(file, from, to);
        let (found, parts) = review(&history, &tools);
        assert_eq!((found.as_str(), parts.len()), (class, count), "{to}: {parts:?}");
        assert!(parts.iter().all(|part| part == &format!("{class} Deployment shop/web")), "{parts:?}");
    }
}

#[test]
fn what_is_not_rendered_leaves_it_open() {
    let history = History::of(&CHART);
    history.replace("charts/web/values.yaml", "tag: 1.0.0", "tag: 1.1.0");
    history.commit("change");
    let (review, code) = history.review(None, &["--render", "never"]);
    assert_eq!((review["decision"].as_str(), code), (Some("undecided"), 2), "{review:#}");
    assert!(review["reason"].as_str().unwrap().ends_with("; `--allow-unchecked` accepts this"), "{review:#}");
    let (review, code) = history.review(None, &["--render", "never", "--allow-unchecked"]);
    assert_eq!((review["class"].as_str(), code), (Some("platform"), 0), "a value's effect is unknown: {review:#}");
}

#[test]
fn a_base_changes_all_that_use_it() {
    let Some(tools) = Tools::find() else { return };
    let mut files = vec![
        ("base/kustomization.yaml".to_owned(), "resources: [web.yaml]\n".to_owned()),
        ("base/web.yaml".to_owned(), WEB.to_owned()),
    ];
    for overlay in 0..10 {
        let text = format!("resources: [../../base]\nnamespace: shop-{overlay}\n");
        files.push((format!("overlays/team-{overlay}/kustomization.yaml"), text));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let history = History::of(&files);
    history.replace("base/web.yaml", "web:1.0.0", "web:1.1.0");
    let (class, parts) = review(&history, &tools);
    let expected: Vec<String> = (0..10).map(|overlay| format!("image Deployment shop-{overlay}/web")).collect();
    assert_eq!((class.as_str(), parts), ("image", expected));
}

#[test]
fn values_of_an_application_are_what_they_change() {
    let Some(tools) = Tools::find() else { return };
    let application = |source: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web, namespace: argocd}}\nspec:\n  project: \
             default\n  source: {{repoURL: 'https://example.com/shop.git', targetRevision: main, {source}}}\n  destination: \
             {{namespace: shop}}\n"
        )
    };
    let chart = application(
        "path: charts/web, helm: {valuesObject: {replicas: 2}, parameters: [{name: tag, value: 1.0.0}, {name: hostNetwork, \
         value: 'false'}]}",
    );
    let kustomize = application("path: kustomize, kustomize: {images: ['example.com/web:1.0.0']}");
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: web, namespace: argocd}\nspec:\n  \
               generators: [{list: {elements: [{env: staging, tag: 1.0.0}]}}]\n  template:\n    metadata: {name: 'web-{{env}}'}\n    \
               spec:\n      project: default\n      source: {repoURL: 'https://example.com/shop.git', targetRevision: main, path: \
               kustomize, kustomize: {images: ['example.com/web:{{tag}}']}}\n      destination: {namespace: shop}\n"
        .to_owned();
    for (text, from, to, class, expected) in [
        (&chart, "replicas: 2", "replicas: 3", "configuration", &["configuration Deployment shop/web"][..]),
        (&chart, "value: 1.0.0", "value: 1.1.0", "image", &["image Deployment shop/web"]),
        (&chart, "'false'", "'true'", "platform", &["platform Deployment shop/web"]),
        (&chart, "project: default", "project: admin", "platform", &["platform Application argocd/web"]),
        (&kustomize, "web:1.0.0", "web:1.1.0", "image", &["image Deployment shop/web"]),
        (&set, "tag: 1.0.0", "tag: 1.1.0", "image", &["image Deployment shop/web"]),
        (&set, "project: default", "project: admin", "platform", &["platform ApplicationSet argocd/web"]),
    ] {
        let files = [
            ("apps/web.yaml", text.as_str()),
            ("kustomize/kustomization.yaml", "resources: [web.yaml]\n"),
            ("kustomize/web.yaml", WEB),
        ];
        let history = History::of(&[&CHART[..], &files].concat());
        history.replace("apps/web.yaml", from, to);
        let (found, parts) = review(&history, &tools);
        assert_eq!(
            (found.as_str(), parts.iter().map(String::as_str).collect::<Vec<_>>()),
            (class, expected.to_vec()),
            "{to}"
        );
    }
}

#[test]
fn a_file_that_an_application_set_reads_is_what_it_gives() {
    let Some(tools) = Tools::find() else { return };
    let set = |more: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: web, namespace: argocd}}\nspec:\n  \
             generators: [{{git: {{repoURL: 'https://example.com/shop.git', revision: main, files: [{{path: \
             'envs/*/config.json'}}]}}}}]\n  template:\n    metadata: {{name: 'web-{{{{env}}}}'}}\n    spec:\n      project: \
             '{{{{team}}}}'\n      source: {{repoURL: 'https://example.com/shop.git', targetRevision: main, path: kustomize, \
             kustomize: {{images: ['example.com/web:{{{{image.tag}}}}']}}}}\n      destination: {{namespace: shop}}\n{more}"
        )
    };
    let config = "{\"env\": \"staging\", \"team\": \"shop\", \"image\": {\"tag\": \"1.0.0\"}, \"replicas\": 1}\n";
    let file = "envs/staging/config.json";
    let open = "  templatePatch: '{{ .image.tag }}'\n";
    for (more, from, to, class, expected) in [
        ("", "1.0.0", "1.1.0", "image", "image Deployment shop/web"),
        ("", "\"shop\"", "\"admin\"", "platform", "platform envs/staging/config.json"),
        ("", "\"env\": \"staging\"", "\"env\": \"dev\"", "platform", "platform envs/staging/config.json"),
        // What the set does with a key that it names elsewhere, too, is not known.
        (open, "1.0.0", "1.1.0", "platform", "platform envs/staging/config.json"),
    ] {
        let history = History::of(&[
            ("sets/web.yaml", &set(more)),
            (file, config),
            ("kustomize/kustomization.yaml", "resources: [web.yaml]\n"),
            ("kustomize/web.yaml", WEB.split("---").next().unwrap()),
        ]);
        history.git(&["remote", "add", "origin", "https://example.com/shop.git"]);
        history.replace(file, from, to);
        history.commit("change");
        let (review, _) = history.review(Some(&tools), &["--allow-unchecked"]);
        let parts = parts(&review);
        assert_eq!(review["class"], class, "{to}: {parts:?}");
        assert!(parts.contains(&expected.to_owned()), "{to}: {parts:?}");
    }
}

#[test]
fn a_second_application_of_a_folder_replaces_what_the_first_deploys() {
    let Some(tools) = Tools::find() else { return };
    let application = |name: &str, image: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  source: \
             {{repoURL: 'https://example.com/shop.git', targetRevision: main, path: web, kustomize: {{images: \
             ['example.com/web:{image}']}}}}\n  destination: {{namespace: shop}}\n"
        )
    };
    let web = WEB.split("---").next().unwrap();
    for (first, second, class) in [
        ("web", "again", "platform"),
        ("web-staging", "web-production", "new-service"),
        ("web-eu", "web-us", "platform"),
    ] {
        let history = History::of(&[
            ("web/kustomization.yaml", "resources: [web.yaml]\n"),
            ("web/web.yaml", web),
            ("apps/first.yaml", &application(first, "1.0.0")),
        ]);
        history.write("apps/second.yaml", &application(second, "6.6.6"));
        let (found, parts) = review(&history, &tools);
        assert_eq!(found, class, "{second}: {parts:?}");
        assert!(parts.contains(&format!("{class} Deployment shop/web")), "{second}: {parts:?}");
    }
}

#[test]
fn a_file_that_a_generator_reads_is_what_is_generated_of_it() {
    let Some(tools) = Tools::find() else { return };
    let web = WEB.split("---").next().unwrap();
    let generators = "resources: [web.yaml]\nnamespace: shop\nconfigMapGenerator:\n- {name: web, files: [settings.ini, other=b.txt], envs: \
                      [web.env]}\n";
    for path in ["settings.ini", "b.txt", "web.env"].map(|name| format!("web/base/{name}")) {
        let history = History::of(&[
            ("web/kustomization.yaml", "resources: [base]\n"),
            ("web/base/kustomization.yaml", generators),
            ("web/base/web.yaml", web),
            ("web/base/settings.ini", "a=b\n"),
            ("web/base/b.txt", "a=b\n"),
            ("web/base/web.env", "A=b\n"),
        ]);
        history.append(&path, "C=d\n");
        let (class, parts) = review(&history, &tools);
        assert_eq!((class.as_str(), parts.len()), ("configuration", 1), "{path}: {parts:?}");
    }
}

#[test]
fn what_a_template_makes_of_an_installation_is_not_seen() {
    let Some(tools) = Tools::find() else { return };
    let template = "charts/web/templates/more.yaml";
    let role = crate::history::CLUSTER_ROLE;
    let history = History::of(&CHART);
    history.write(template, &format!("{{{{ if .Release.IsUpgrade }}}}\n{role}{{{{ end }}}}\n"));
    assert_eq!(review(&history, &tools), ("platform".into(), vec![format!("platform {template}")]));
    history.write(template, &format!("{{{{ if .Values.more }}}}\n{role}{{{{ end }}}}\n"));
    assert_eq!(review(&history, &tools), ("configuration".into(), Vec::new()));
    history.append("charts/web/values.yaml", "more: true\n");
    let parts = vec!["platform ClusterRole reader".to_owned(); 3];
    assert_eq!(review(&history, &tools), ("platform".into(), parts));
    // Nor is it in a chart that is new, unless it asks no more than what the release is called.
    for (condition, class) in [("eq .Release.Name \"x\"", "new-service"), (".Release.IsUpgrade", "platform")] {
        let history = History::of(&[("README.md", "# Shop\n")]);
        CHART.iter().for_each(|(path, text)| history.write(path, text));
        history.write(template, &format!("{{{{ if {condition} }}}}\n{role}{{{{ end }}}}\n"));
        let (found, parts) = review(&history, &tools);
        assert_eq!(found, class, "{parts:?}");
        assert!(parts.contains(&format!("{class} {template}")), "{parts:?}");
    }
}

#[test]
fn a_hook_is_what_it_runs() {
    let Some(tools) = Tools::find() else { return };
    let hook = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, namespace: shop, annotations: {helm.sh/hook: \
                pre-upgrade}}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'example.com/a:1'}]}}}\n";
    let template = ("charts/web/templates/hook.yaml", hook);
    let history = History::of(&[&CHART[..], &[template]].concat());
    history.replace(template.0, "a:1", "a:2");
    let parts = |class: &str| (class.to_owned(), vec![format!("{class} Job shop/migrate"); 3]);
    assert_eq!(review(&history, &tools), parts("image"));
    history.replace(template.0, "restartPolicy", "hostPID: true, restartPolicy");
    assert_eq!(review(&history, &tools), parts("platform"));
    // kustomize knows no hooks: it is an object as any other.
    let history = History::of(&[("web/kustomization.yaml", "resources: [web.yaml]\n"), ("web/web.yaml", WEB)]);
    let role = crate::history::CLUSTER_ROLE.replace("name: reader", "name: reader, annotations: {helm.sh/hook: test}");
    history.append("web/web.yaml", &role);
    assert_eq!(review(&history, &tools), ("platform".into(), vec!["platform ClusterRole reader".into()]));
}

#[test]
fn the_hash_of_a_generated_name_is_no_difference() {
    let Some(tools) = Tools::find() else { return };
    let web = WEB.split("---").next().unwrap();
    let history = History::of(&[
        (
            "web/kustomization.yaml",
            "resources: [web.yaml]\nnamespace: shop\nconfigMapGenerator:\n- {name: web, literals: [color=blue]}\n",
        ),
        ("web/web.yaml", web),
    ]);
    history.replace("web/kustomization.yaml", "color=blue", "color=red");
    let (class, parts) = review(&history, &tools);
    assert_eq!((class.as_str(), parts.len()), ("configuration", 1), "{parts:?}");
    assert!(parts[0].starts_with("configuration ConfigMap shop/web"), "{parts:?}");
}

#[test]
fn a_name_that_a_template_makes_up_is_no_difference() {
    let Some(tools) = Tools::find() else { return };
    let test = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-test-{{ randAlphaNum 5 | lower }}\n  namespace: shop\n  annotations:\n    \
                helm.sh/hook: test\nspec:\n  restartPolicy: Never\n  containers:\n    - name: curl\n      image: example.com/curl:8.16.0\n";
    let files = [&CHART[..], &[("charts/web/templates/test.yaml", test)]].concat();
    let history = History::of(&files);
    history.replace("charts/web/values-production.yaml", "replicas: 3", "replicas: 4");
    assert_eq!(review(&history, &tools), ("configuration".into(), vec!["configuration Deployment shop/web".into()]));
    history.replace("charts/web/templates/test.yaml", "curl:8.16.0", "curl:8.17.0");
    let (_, parts) = review(&history, &tools);
    assert!(parts.iter().any(|part| part.ends_with("Pod shop/web-test")), "{parts:?}");
}

#[test]
fn a_patch_is_what_it_changes() {
    let Some(tools) = Tools::find() else { return };
    let history = History::of(&[
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", WEB),
        ("production/kustomization.yaml", "resources: [../base]\npatches: [{path: patch.yaml}]\n"),
        (
            "production/patch.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {replicas: 5}\n",
        ),
    ]);
    history.replace("production/patch.yaml", "replicas: 5", "replicas: 6");
    assert_eq!(review(&history, &tools), ("configuration".into(), vec!["configuration Deployment shop/web".into()]));
    history.replace("production/patch.yaml", "spec: {replicas: 6}", "spec: {template: {spec: {hostPID: true}}}");
    assert_eq!(review(&history, &tools), ("platform".into(), vec!["platform Deployment shop/web".into()]));
}
