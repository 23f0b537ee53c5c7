//! What a new service shares with what was there before it: rights, pods, traffic. Then it is more than a new service.

use crate::history::{History, WEB, parts};

const BEFORE: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: plain, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: shop}
subjects: [{kind: ServiceAccount, name: reader, namespace: shop}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {rules: [{host: shop.example.com, http: {paths: [{path: /, backend: {service: {name: web}}}]}}]}
";

/// The class of a change that adds the service `api` with these objects, its parts, and the review as a text.
fn review(with: &str, account: Option<&str>) -> (String, Vec<String>, String) {
    let api = WEB.split("---").next().unwrap().replace("web", "api");
    let account = account.map_or(String::new(), |name| format!("      serviceAccountName: {name}\n"));
    let api = api.replace("      containers:\n", &format!("{account}      containers:\n"));
    let history = History::of(&[("services/web/web.yaml", WEB), ("services/web/more.yaml", BEFORE)]);
    history.write("services/api/api.yaml", &format!("{api}{with}"));
    history.commit("change");
    let (review, code) = history.review(None, &[]);
    assert_eq!(code, 0, "{review:#}");
    (review["class"].as_str().unwrap().to_owned(), parts(&review), review.to_string())
}

#[track_caller]
fn expect((class, parts, text): (String, Vec<String>, String), wanted: &str, has: &[&str], says: &str) {
    assert_eq!((class.as_str(), parts), (wanted, has.iter().map(ToString::to_string).collect()), "{text}");
    assert!(text.contains(says), "{says}: {text}");
}

#[test]
fn a_new_workload_that_takes_on_rights_is_no_new_service() {
    let of = |account| review("", account);
    let (new, platform) = (&["new-service Deployment shop/api"][..], &["platform Deployment shop/api"][..]);
    expect(of(None), "new-service", new, "it was not there before");
    expect(of(Some("plain")), "new-service", new, "it was not there before");
    let says = "its ServiceAccount reader has the rights of RoleBinding shop/reader, which was there before";
    expect(of(Some("reader")), "platform", platform, says);
    expect(of(Some("nobody")), "platform", platform, "the rights of its ServiceAccount nobody are not known");
    let own = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: api, namespace: shop}\n";
    let both = ["new-service Deployment shop/api", "new-service ServiceAccount shop/api"];
    expect(review(own, Some("api")), "new-service", &both, "it comes with a new service");
}

#[test]
fn an_ingress_of_a_new_service_takes_no_traffic_of_others() {
    let with = |host: &str, service: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: api, namespace: shop}}\nspec: {{selector: {{app: api}}}}\n\
             ---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: api, namespace: shop}}\nspec: {{rules: \
             [{{host: {host}, http: {{paths: [{{path: /, backend: {{service: {{name: {service}}}}}}}]}}}}]}}\n"
        )
    };
    for (host, service, class, says) in [
        ("api.example.com", "api", "new-service", "it comes with a new service"),
        ("api.example.com", "web", "platform", "it sends traffic to others than the new service"),
        ("shop.example.com", "api", "platform", "it is about Ingress shop/web, too, which was there before"),
    ] {
        let ingress = format!("{class} Ingress shop/api");
        let mut parts = ["new-service Deployment shop/api", "new-service Service shop/api", ingress.as_str()];
        parts.sort_unstable();
        expect(review(&with(host, service), None), class, &parts, says);
    }
}

#[test]
fn what_takes_the_place_or_the_traffic_of_others_is_no_new_service() {
    let service =
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}}\n";
    let (web, all) = (WEB.split("---").next().unwrap(), format!("{WEB}{service}"));
    let hijack = web.replace("name: web, namespace", "name: api, namespace");
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let claiming = format!("{}{namespace}", web.replace("web", "api"));
    for (old, path, text, class, says) in [
        ("services/web/web.yaml", "services/api/api.yaml", hijack.as_str(), "platform", "Deployment shop/web, too"),
        ("services/web/web.yaml", "services/api/api.yaml", web, "platform", "Deployment shop/web, too"),
        ("services/web/web.yaml", "services/web/more.yaml", web, "platform", "Deployment shop/web, too"),
        ("services/web/web.yaml", "services/api/api.yaml", &*claiming, "platform", "ConfigMap shop/other, too"),
        ("web/staging/web.yaml", "web/production/web.yaml", &*all, "new-service", "it was not there before"),
        ("web/staging/web.yaml", "web/staging/more.yaml", web, "platform", "Deployment shop/web, too"),
    ] {
        let history = History::of(&[(old, &all)]);
        history.write(path, text);
        history.commit("change");
        let (review, code) = history.review(None, &[]);
        assert_eq!((review["class"].as_str(), code), (Some(class), 0), "{path}: {review:#}");
        assert!(review.to_string().contains(says), "{says}: {review:#}");
    }
}

#[test]
fn a_secret_of_others_is_no_part_of_a_new_service() {
    let secret = |name: &str| {
        format!(
            "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: api, namespace: shop}}\nspec: \
             {{target: {{name: {name}}}}}\n"
        )
    };
    let web = WEB.replace("envFrom: [", "envFrom: [{secretRef: {name: web-db}}, ");
    for (target, class, says) in [
        ("api", "new-service", "it comes with a new service"),
        ("web-db", "platform", "it is about Deployment shop/web, too, which was there before"),
    ] {
        let history = History::of(&[("services/web/web.yaml", &web)]);
        let api = WEB.split("---").next().unwrap().replace("web", "api");
        history.write("services/api/api.yaml", &format!("{api}{}", secret(target)));
        history.commit("change");
        let (review, code) = history.review(None, &[]);
        assert_eq!((review["class"].as_str(), code), (Some(class), 0), "{review:#}");
        assert!(review.to_string().contains(says), "{says}: {review:#}");
    }
}

#[test]
fn an_application_of_another_repository_or_branch_deploys_something_else() {
    let api = WEB.split("---").next().unwrap().replace("web", "api");
    let (here, there) = ("git@github.com:acme/shop.git", "https://github.com/acme/other");
    for (url, revision, says) in [
        (here, "main", None),
        ("https://github.com/Acme/shop", "HEAD", None),
        (there, "main", Some("which is not in the input")),
        (here, "other", Some("which is not this tree")),
        (here, "feature/change", Some("which is not this tree")),
    ] {
        let history = History::of(&[("services/web/web.yaml", WEB)]);
        history.git(&["remote", "add", "origin", "https://github.com/acme/shop.git"]);
        history.write("services/api/api.yaml", &api);
        let application = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: api, namespace: argocd}}\nspec:\n  source: \
             {{repoURL: '{url}', path: services/api, targetRevision: {revision}}}\n  destination: {{namespace: shop}}\n"
        );
        history.write("apps/api.yaml", &application);
        history.commit("change");
        for at in ["feature/change", "--detach"] {
            history.git(&["switch", "--quiet", at]);
            for render in ["auto", "never"] {
                let (review, code) = history.review(None, &["--render", render]);
                let reason = review["reason"].as_str();
                let is_said = says.is_none_or(|says| reason.is_some_and(|reason| reason.contains(says)));
                assert_eq!((code, is_said), (if says.is_some() { 2 } else { 0 }, true), "{url} {revision}: {review:#}");
            }
        }
    }
}

#[test]
fn a_new_workload_that_takes_a_secret_of_others_is_no_new_service() {
    let secret = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: payments, namespace: shop}\nspec: \
                  {target: {name: payments-db}}\n";
    let api = WEB.split("---").next().unwrap().replace("web", "api");
    let taking = api.replace("envFrom: [", "envFrom: [{secretRef: {name: payments-db}}, ");
    for (path, text, class) in [
        ("services/api/api.yaml", &taking, "platform"),
        ("services/api/api.yaml", &taking.replace("payments-db", "own"), "new-service"),
        ("services/payments/api.yaml", &taking, "new-service"),
        ("services/api/api.yaml", &taking.replace("namespace: shop", "namespace: api"), "new-service"),
    ] {
        let history = History::of(&[("services/payments/secret.yaml", secret)]);
        history.write(path, text);
        history.commit("change");
        let (review, code) = history.review(None, &[]);
        assert_eq!((review["class"].as_str(), code), (Some(class), 0), "{path}: {review:#}");
    }
}
