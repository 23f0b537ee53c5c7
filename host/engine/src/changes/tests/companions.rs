//! What a new object shares with what was there before it: rights, pods, traffic, a name, a namespace.

use super::{WEB, changed};

/// What is known of the account of `web`, which is new beside these objects: its annotations, and the bindings.
fn account(before: &str, web: &str) -> Option<(String, String)> {
    let mut found = None;
    changed(&[("old.yaml", before)], &[("old.yaml", before), ("web.yaml", web)], |changed| {
        assert_eq!(changed.len(), 1, "{before}");
        let account = changed[0].account.as_ref();
        found = account.map(|account| (account.annotations.join(" "), account.bindings.join(" ")));
    });
    found
}

#[test]
fn what_the_account_of_a_new_workload_had_before_is_known() {
    let named = |name: &str| WEB.replace("    spec:\n", &format!("    spec:\n      serviceAccountName: {name}\n"));
    let account_of = |namespace: &str| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: reader, namespace: {namespace}, annotations: \
             {{eks.amazonaws.com/role-arn: a}}}}\n"
        )
    };
    let binding = |kind: &str, subject: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: b}}\nsubjects: [{subject}]\n\
             roleRef: {{kind: ClusterRole, name: admin}}\n"
        )
    };
    let found = |annotations: &str, bindings: &str| Some((annotations.to_owned(), bindings.to_owned()));
    let shop = account_of("shop");
    assert_eq!(account(&shop, &named("reader")), found("eks.amazonaws.com/role-arn", ""));
    assert_eq!(account(&shop, &named("other")), None);
    assert_eq!(account(&shop, WEB), None);
    assert_eq!(account(&account_of("payments"), &named("reader")), None);
    let of = |namespace: &str| format!("{{kind: ServiceAccount, name: reader, namespace: {namespace}}}");
    let both = format!("{shop}---\n{}", binding("ClusterRoleBinding", &of("shop")));
    assert_eq!(account(&both, &named("reader")), found("eks.amazonaws.com/role-arn", "ClusterRoleBinding b"));
    assert_eq!(account(&binding("ClusterRoleBinding", &of("payments")), &named("reader")), None);
    for subject in ["{kind: User, name: 'system:serviceaccount:shop:default'}", "{kind: ServiceAccount, name: default}"]
    {
        assert_eq!(account(&binding("RoleBinding", subject), WEB), found("", "RoleBinding b"), "{subject}");
    }
    for (role, is_strong) in [("admin", true), ("edit", true), ("cluster-admin", true), ("view", false)] {
        for (group, is_it) in [("", true), (":shop", true), (":payments", false), ("-shop", false)] {
            let subject = format!("{{kind: Group, name: 'system:serviceaccounts{group}'}}");
            let binding = binding("ClusterRoleBinding", &subject).replace("name: admin", &format!("name: {role}"));
            let wanted = if is_strong && is_it { found("", "ClusterRoleBinding b") } else { None };
            assert_eq!(account(&binding, WEB), wanted, "{binding}");
        }
    }
    assert_eq!(account(&binding("RoleBinding", "{kind: User, name: default}"), WEB), None);
}

#[test]
fn an_account_that_may_be_the_same_counts_with_what_gives_it_rights() {
    let named = WEB.replace("    spec:\n", "    spec:\n      serviceAccountName: reader\n");
    let reader = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: reader, annotations: {a: b}}\n";
    assert_eq!(account(reader, &named), Some((String::new(), "ServiceAccount reader".into())));
    assert_eq!(account(&reader.replace(", annotations: {a: b}", ""), &named), None);
    let constraints = "apiVersion: security.openshift.io/v1\nkind: SecurityContextConstraints\nmetadata: {name: any}\n\
                       users: ['system:serviceaccount:shop:reader']\n";
    assert_eq!(account(constraints, &named).unwrap().1, "SecurityContextConstraints any");
    assert_eq!(account(&constraints.replace("shop:reader", "shop:other"), &named), None);
    let spec = "{namespace: shop, serviceAccount: reader, roleARN: a}";
    for (version, spec) in [
        ("eks.services.k8s.aws/v1alpha1", spec.to_owned()),
        ("eks.aws.upbound.io/v1beta1", format!("{{forProvider: {spec}}}")),
    ] {
        let association =
            format!("apiVersion: {version}\nkind: PodIdentityAssociation\nmetadata: {{name: pay}}\nspec: {spec}\n");
        assert_eq!(account(&association, &named).unwrap().1, "PodIdentityAssociation pay");
        assert_eq!(account(&association.replace("shop", "payments"), &named), None);
    }
}

/// What was there before in a folder, of these objects, and a new one in another is about.
fn others_in((old, before): (&str, &str), (folder, new): (&str, &str)) -> Vec<String> {
    let mut found = Vec::new();
    let (old, folder) = (format!("{old}/old.yaml"), format!("{folder}/new.yaml"));
    changed(&[(&old, before)], &[(&old, before), (&folder, new)], |changed| {
        found.extend(changed.iter().flat_map(|changed| changed.others.clone()));
    });
    found
}

fn others(before: &str, new: &str) -> Vec<String> {
    others_in(("a", before), ("b", new))
}

/// A workload of that name whose pods have these labels.
fn workload(kind: &str, name: &str, labels: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{selector: {{matchLabels: \
         {labels}}}, template: {{metadata: {{labels: {labels}}}, spec: {{containers: []}}}}}}\n"
    )
}

#[test]
fn what_means_the_pods_of_a_new_workload_is_known() {
    let old = |version: &str, kind: &str, spec: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: old, namespace: shop}}\nspec: {spec}\n")
    };
    let policy = |spec: &str| old("networking.k8s.io/v1", "NetworkPolicy", spec);
    for (old, is_it) in [
        (old("v1", "Service", "{selector: {app: payments}}"), true),
        (old("v1", "Service", "{selector: {app: payments, tier: web}}"), false),
        (old("v1", "Service", "{selector: {}}"), false),
        (old("v1", "Service", "{ports: []}"), false),
        (old("policy/v1", "PodDisruptionBudget", "{selector: {matchLabels: {app: payments}}}"), true),
        (old("monitoring.coreos.com/v1", "PodMonitor", "{selector: {matchLabels: {app: payments}}}"), true),
        (policy("{podSelector: {matchLabels: {app: payments}}}"), true),
        (
            policy(
                "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: payments}}}]}]}",
            ),
            true,
        ),
        // What is about all pods is about each new one.
        (policy("{podSelector: {}}"), false),
        (policy("{policyTypes: [Ingress]}"), false),
        (policy("{podSelector: {matchExpressions: [{key: open, operator: DoesNotExist}]}}"), false),
        (workload("Deployment", "old", "{app: payments}"), true),
        (workload("Deployment", "old", "{app: other}"), false),
    ] {
        let label = old.split('\n').nth(1).unwrap().replace("kind: ", "") + " shop/old";
        let wanted = if is_it { vec![label] } else { Vec::new() };
        let pod =
            "apiVersion: v1\nkind: Pod\nmetadata: {name: new, namespace: shop, labels: {app: payments}}\nspec: {}\n";
        for new in [&*workload("DaemonSet", "new", "{app: payments}"), pod] {
            assert_eq!(others(&old, new), wanted, "{old}{new}");
            assert_eq!(others(&old, &new.replace(", namespace: shop", "")), wanted, "it may be there: {old}{new}");
            assert_eq!(others(&old, &new.replace("namespace: shop", "namespace: payments")), [""; 0], "{old}{new}");
        }
    }
    // Its own selector takes over the pods of others.
    let new = workload("ReplicaSet", "new", "{app: payments}");
    let old = workload("Deployment", "old", "{app: payments, tier: web}");
    assert_eq!(others(&old, &new), ["Deployment shop/old"]);
}

#[test]
fn an_object_of_the_same_name_is_another_one_in_another_environment_alone() {
    let payments = workload("Deployment", "payments", "{app: payments}");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: payments, namespace: shop}\nspec: {selector: {app: payments}}\n";
    for (old, new, is_other) in [
        ("payments", "payments", false),
        ("payments", "new", false),
        ("payments/production", "new", false),
        ("payments/production", "new/production", false),
        ("payments/production", "payments/production/staging", false),
        ("payments/staging", "payments/production", true),
        ("payments/dev", "payments/staging", true),
    ] {
        let wanted: &[&str] = if is_other { &[] } else { &["Deployment shop/payments"] };
        assert_eq!(others_in((old, &payments), (new, &payments)), wanted, "{old} {new}");
        let evil = payments.replace("{app: payments}", "{app: evil}");
        assert_eq!(others_in((old, &payments), (new, &evil)), wanted, "{old} {new}");
        let wanted: &[&str] = if is_other { &[] } else { &["Service shop/payments"] };
        assert_eq!(
            others_in((old, service), (new, &service.replace("app: payments", "app: new"))),
            wanted,
            "{old} {new}"
        );
    }
    // A decoy of the name does not take away what is selected.
    let steal = service.replace("name: payments", "name: steal");
    let decoy = payments.replace("{app: payments}", "{app: payments, q: z}");
    assert_eq!(others(&payments, &format!("{decoy}---\n{steal}")), ["Deployment shop/payments"; 2]);
    assert_eq!(others_in(("staging", &payments), ("production", &format!("{decoy}---\n{steal}"))), [""; 0]);
    assert_eq!(others_in(("staging", &payments), ("production", &steal)), ["Deployment shop/payments"]);
}

#[test]
fn a_secret_that_something_new_overwrites_is_known() {
    let of = |version: &str, kind: &str, name: &str, spec: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n")
    };
    let secret = of("v1", "Secret", "db", "{}");
    let sealed = of("bitnami.com/v1alpha1", "SealedSecret", "db", "{}");
    let external = |name: &str, target: &str| {
        of("external-secrets.io/v1", "ExternalSecret", name, &format!("{{target: {{name: {target}}}}}"))
    };
    let certificate = of("cert-manager.io/v1", "Certificate", "tls", "{secretName: db}");
    let makers = [
        ("Secret db", secret),
        ("SealedSecret db", sealed),
        ("ExternalSecret db", external("db", "''")),
        ("ExternalSecret pay", external("pay", "db")),
        ("Certificate tls", certificate),
    ];
    for (label, old) in &makers {
        let label = label.replace(' ', " shop/");
        for (_, new) in &makers {
            assert_eq!(others(old, new), [&*label], "{old}{new}");
            assert_eq!(others(old, &new.replace("namespace: shop", "namespace: payments")), [""; 0], "{old}{new}");
            // What makes it in staging may be another kind.
            assert_eq!(others_in(("staging", old), ("production", new)), [""; 0], "{old}{new}");
        }
        assert_eq!(
            others(old, &external("db", "other")).len(),
            usize::from(label == "ExternalSecret shop/db"),
            "{old}"
        );
    }
    let taking = |taken: &str| WEB.replace("    spec:\n", &format!("    spec:\n      volumes: [{taken}]\n"));
    let web = taking("{name: a, secret: {secretName: db}}");
    let ingress = of("networking.k8s.io/v1", "Ingress", "web", "{tls: [{secretName: db}]}");
    for (_, new) in &makers {
        assert_eq!(others(&web, new), ["Deployment shop/web"], "{new}");
        assert_eq!(others_in(("a", &web), ("a", new)), ["Deployment shop/web"], "{new}");
        assert_eq!(others(&ingress, new), ["Ingress shop/web"], "{new}");
        let both = format!("{new}---\n{web}");
        assert_eq!(others_in(("staging", &web), ("production", &both)), [""; 0], "{new}");
    }
    assert_eq!(others(&web, &external("db", "other")), [""; 0]);
    // A new ConfigMap in the same folder is configuration.
    let (web, config) = (taking("{name: a, configMap: {name: db}}"), of("v1", "ConfigMap", "db", "{}"));
    assert_eq!(others(&web, &config), ["Deployment shop/web"]);
    assert_eq!(others_in(("a", &web), ("a", &config)), [""; 0]);
}

#[test]
fn a_namespace_that_was_in_use_is_known() {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web, namespace: argocd}\n\
                       spec: {destination: {namespace: shop}}\n";
    assert_eq!(others(WEB, namespace), ["Deployment shop/web"]);
    assert_eq!(others(namespace, namespace), ["Namespace shop"]);
    assert_eq!(others(application, namespace), ["Application argocd/web"]);
    assert_eq!(others(&application.replace("shop", "web"), namespace), [""; 0]);
    assert_eq!(others(&WEB.replace("namespace: shop", "namespace: web"), namespace), [""; 0]);
    assert_eq!(others_in(("web/staging", WEB), ("web/production", namespace)), [""; 0]);
    // What comes with it has to be for the other environment, too.
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: all, namespace: shop}\n";
    let old = ("web/staging/web.yaml", WEB);
    for (folder, wanted) in [("web/production", &[][..]), ("web", &["Deployment shop/web"][..])] {
        let quotas = format!("{folder}/quota.yaml");
        changed(&[old], &[old, ("web/production/namespace.yaml", namespace), (&quotas, quota)], |changed| {
            let others: Vec<&str> = changed.iter().flat_map(|it| &it.others).map(String::as_str).collect();
            assert_eq!(others, wanted, "{folder}");
        });
    }
}

#[test]
fn what_something_new_selects_that_was_there_before_is_known() {
    let web = WEB.replace("  template:\n", "  template:\n    metadata: {labels: {app: web, team: shop}}\n");
    let new = |version: &str, kind: &str, selector: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: new, namespace: shop}}\nspec: {selector}\n")
    };
    let labels = |labels: &str| format!("{{selector: {{matchLabels: {labels}}}}}");
    for (new, is_it) in [
        (new("v1", "Service", "{selector: {team: shop}}"), true),
        (new("v1", "Service", "{selector: {app: new}}"), false),
        (new("v1", "Service", "{selector: {}}"), false),
        (new("policy/v1", "PodDisruptionBudget", &labels("{app: web}")), true),
        (new("policy/v1", "PodDisruptionBudget", &labels("{app: new}")), false),
        (new("networking.k8s.io/v1", "NetworkPolicy", "{podSelector: {}}"), true),
        (new("networking.k8s.io/v1", "NetworkPolicy", "{podSelector: null}"), true),
        (new("monitoring.coreos.com/v1", "PodMonitor", &labels("{team: shop}")), true),
        (new("monitoring.coreos.com/v1", "ServiceMonitor", &labels("{team: shop}")), false),
    ] {
        let wanted: &[&str] = if is_it { &["Deployment shop/web"] } else { &[] };
        assert_eq!(others(&web, &new), wanted, "{new}");
        assert_eq!(others(&web, &new.replace("namespace: shop", "namespace: payments")), [""; 0], "{new}");
        // The same for another environment.
        assert_eq!(others_in(("staging", &web), ("production", &format!("{new}---\n{web}"))), [""; 0], "{new}");
    }
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop, labels: {team: shop}}\n";
    let monitor = new("monitoring.coreos.com/v1", "ServiceMonitor", &labels("{team: shop}"));
    assert_eq!(others(service, &monitor), ["Service shop/web"]);
}

#[test]
fn a_host_and_a_path_that_are_served_already_are_known() {
    let ingress = |namespace: &str, rules: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {namespace}, namespace: {namespace}}}\n\
             spec: {rules}\n"
        )
    };
    let route = |spec: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: new, namespace: new}}\nspec: {spec}\n"
        )
    };
    let old =
        ingress("shop", "{rules: [{host: example.com, http: {paths: [{path: /a}, {path: /b/}]}}, {host: x.com}]}");
    for (new, is_it) in [
        (ingress("new", "{rules: [{host: Example.com, http: {paths: [{path: /a/}]}}]}"), true),
        (ingress("new", "{rules: [{host: example.com, http: {paths: [{path: /c}]}}]}"), false),
        (ingress("new", "{rules: [{host: y.com, http: {paths: [{path: /a}]}}]}"), false),
        (ingress("new", "{rules: [{host: x.com, http: {paths: [{path: /}]}}]}"), true),
        (ingress("new", "{rules: [{host: example.com, http: {paths: [{path: /a/c}]}}]}"), true),
        (ingress("new", "{rules: [{host: '*.com', http: {paths: [{path: /c}]}}]}"), true),
        (ingress("new", "{rules: [{host: '*.org', http: {paths: [{path: /a}]}}]}"), false),
        (ingress("new", "{defaultBackend: {service: {name: new}}}"), true),
        (route("{hostnames: [y.com, example.com], rules: [{matches: [{path: {value: /b}}]}]}"), true),
        (route("{hostnames: [x.com], rules: [{backendRefs: [{name: new}]}]}"), true),
        (route("{hostnames: [example.com], rules: [{matches: [{path: {value: /c}}]}]}"), false),
        (route("{rules: []}"), true),
    ] {
        let wanted: &[&str] = if is_it { &["Ingress shop/shop"] } else { &[] };
        assert_eq!(others(&old, &new), wanted, "{new}");
    }
    let all = ingress("shop", "{defaultBackend: {service: {name: web}}}");
    assert_eq!(others(&all, &route("{rules: []}")), ["Ingress shop/shop"]);
}
