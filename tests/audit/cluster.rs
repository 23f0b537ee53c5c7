//! Before a real API server: an audit says of a cluster what a check says of the same objects, whatever the server adds to
//! them; it reads page by page, by the rights that it has, and writes its reports. Left out, and said so, where Go is not
//! installed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use seaworthy_tests::api::{collection, kubeconfig};
use seaworthy_tests::artifacts::{target, workspace};
use seaworthy_tests::schema::structural;
use serde_json::{Map, Value, json};
use test_cluster::{Cluster, READER, build, definition};
use tokio::time::sleep;

use crate::agreement::said;
use crate::support::Folder;
use crate::{ALONE, BUDGET, audit_by, deployment, judged_by, reports};

const JSON: &str = "application/json";
const NAMESPACES: [&str; 3] = ["payments", "shop", "watch"];
const REPORTS: &str = "wgpolicyk8s.io/v1alpha2";

/// More than a page.
const MANY: usize = 300;

/// What rules say, by rule and object.
type Said = BTreeMap<String, Value>;

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

/// Kind, namespace and name, as keys of [`Said`] end.
fn identity(object: &Value) -> String {
    format!("{} {} {}", object["kind"], object["metadata"]["namespace"], object["metadata"]["name"])
}

/// A Deployment as somebody applies it.
fn applied(namespace: &str, name: &str, is_safe: bool) -> Value {
    let mut object = deployment(namespace, name, 2, is_safe);
    object["metadata"] = json!({ "name": name, "namespace": namespace });
    object.as_object_mut().unwrap().remove("status");
    object
}

/// The objects of the examples and of the tests of references, some 80 of many kinds, good and bad.
fn objects() -> Vec<Value> {
    let mut texts = Vec::new();
    for path in ["examples/shop/catalog", "examples/service", "tests/references/app.yaml"] {
        for entry in walkdir::WalkDir::new(workspace().join(path)).sort_by_file_name() {
            let path = entry.unwrap().into_path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                texts.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let input = seaworthy_tests::inputs(texts.into_iter());
    let mut objects: Vec<Value> =
        input.subjects().map(|subject| serde_json::to_value(&*subject.object.node).unwrap()).collect();
    // What a catalog reads is in no cluster.
    objects.retain(|object| !text(object, "apiVersion").starts_with("backstage.io/"));
    for name in NAMESPACES {
        objects.push(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }));
        // No controller makes it here.
        objects.push(json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "default", "namespace": name },
        }));
        objects.push(applied(name, "bad", false));
        objects.push(applied(name, "good", true));
    }
    let mut seen = BTreeSet::new();
    objects.retain(|object| seen.insert(identity(object)));
    objects.sort_by_key(|object| text(object, "kind") != "Namespace");
    objects
}

async fn get(cluster: &Cluster, path: &str) -> Value {
    let (status, _, said) = cluster.ask("GET", path, JSON, &Value::Null).await;
    assert_eq!(status, 200, "{path}: {said:#}");
    said
}

/// The API groups that are served, but for the core group.
async fn groups(cluster: &Cluster) -> Vec<Value> {
    get(cluster, "/apis").await["groups"].as_array().unwrap().clone()
}

/// Has the server serve the kinds of these objects that are not built in. Gives their definitions.
async fn define(cluster: &Cluster, objects: &[Value]) -> Vec<Value> {
    let built_in: BTreeSet<String> = groups(cluster).await.iter().map(|group| text(group, "name").to_owned()).collect();
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let mut definitions = BTreeMap::new();
    for object in objects {
        let (api_version, kind) = (text(object, "apiVersion"), text(object, "kind"));
        let Some((group, _)) = api_version.split_once('/') else { continue };
        if built_in.contains(group) || definitions.contains_key(&(api_version, kind)) {
            continue;
        }
        let (plural, is_namespaced) = (protocol::resource_name(kind), object["metadata"].get("namespace").is_some());
        cluster.define(api_version, kind, &plural, is_namespaced, &open).await;
        definitions.insert((api_version, kind), definition(api_version, kind, &plural, is_namespaced, &open));
    }
    definitions.into_values().collect()
}

/// Creates the objects. Gives those that the server takes: it looks at more than examples have to get right.
async fn apply(cluster: &Cluster, objects: Vec<Value>) -> Vec<Value> {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for object in objects {
        let path = format!("{}?fieldValidation=Strict", collection(&object));
        let (status, _, said) = cluster.ask("POST", &path, JSON, &object).await;
        if status == 201 {
            taken.push(object);
        } else {
            refused.push(format!("{}: {}", identity(&object), said["message"]));
        }
    }
    let kinds: BTreeSet<&str> = taken.iter().map(|object| text(object, "kind")).collect();
    assert!(taken.len() >= 60 && kinds.len() >= 25, "{} of {} kinds: {refused:#?}", taken.len(), kinds.len());
    taken
}

/// Every object of the cluster, as `kubectl get -o yaml` shows it.
async fn dump(cluster: &Cluster) -> Vec<Value> {
    let mut versions = vec![("/api/v1".to_owned(), json!("v1"))];
    for group in groups(cluster).await {
        let of_group = group["versions"].as_array().unwrap().iter().map(|version| version["groupVersion"].clone());
        versions.extend(of_group.map(|version| (format!("/apis/{}", version.as_str().unwrap()), version)));
    }
    let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
    for (path, version) in versions {
        let group = path.rsplit_once('/').map(|(group, _)| group.to_owned());
        for resource in get(cluster, &path).await["resources"].as_array().unwrap() {
            let name = text(resource, "name");
            let can_list = resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&json!("list")));
            let is_told = !["componentstatuses", "events"].contains(&name);
            // The first version of a group that has a kind is the preferred one.
            if !can_list || !is_told || !seen.insert((group.clone(), name.to_owned())) {
                continue;
            }
            let mut list = get(cluster, &format!("{path}/{name}")).await;
            for mut item in list["items"].as_array_mut().map(std::mem::take).unwrap_or_default() {
                (item["apiVersion"], item["kind"]) = (version.clone(), resource["kind"].clone());
                all.push(item);
            }
        }
    }
    all
}

/// What a check says of these objects, if they are all there is.
fn checked(objects: &[&Value]) -> Said {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects }).to_string();
    let options = ["check", "all.json", "--profile", "full", "--world", "complete", "--format", "json"];
    let run = Folder::of("all.json", list).run(&options);
    said(&serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {}", run.err)))
}

fn audited(kubeconfig: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let run = audit_by(kubeconfig, &[arguments, &["--format", "json"]].concat());
    (run.code, serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {}", run.err)))
}

/// Where an audit and a check say something else of these objects. `part` is what is compared.
fn differences(audited: &Said, checked: &Said, of: &[Value], part: impl Fn(&Value) -> Value) -> Vec<String> {
    let of: BTreeSet<String> = of.iter().map(identity).collect();
    // A rule that names kinds beside everything is asked about those; an audit reads no other kind for it.
    let is_read = |key: &str| audited.contains_key(key) || !key.starts_with("\"api-version\" ");
    let is_of = |key: &str| key.split_once(' ').is_some_and(|(_, object)| of.contains(object));
    let keys: BTreeSet<&String> = audited.keys().chain(checked.keys()).collect();
    let keys = keys.into_iter().filter(|key| is_of(key) && is_read(key));
    let of_both = keys.map(|key| (key, audited.get(key).map(&part), checked.get(key).map(&part)));
    let different = of_both.filter(|(_, audited, checked)| audited != checked);
    different.map(|(key, audited, checked)| format!("{key}: audit {audited:?}, check {checked:?}")).collect()
}

/// An audit, a check of everything in the cluster, and a check of what was applied say the same.
async fn agree(cluster: &Cluster, kubeconfig: &Path, objects: &[Value], definitions: &[Value]) {
    let (code, audit) = audited(kubeconfig, &[]);
    assert_eq!((code, &audit["problems"], &audit["unseen"]), (Some(1), &json!([]), &json!([])));
    let audit = said(&audit);
    let dump = dump(cluster).await;
    let of_cluster = checked(&dump.iter().collect::<Vec<_>>());
    let different = differences(&audit, &of_cluster, objects, Value::clone);
    assert!(different.is_empty(), "not as a check of the cluster's objects:\n{}", different.join("\n"));
    let of_files = checked(&definitions.iter().chain(objects).collect::<Vec<_>>());
    let different = differences(&audit, &of_files, objects, |answer| answer[0].clone());
    assert!(different.is_empty(), "not as a check of what was applied:\n{}", different.join("\n"));
    let names: BTreeSet<String> = objects.iter().map(identity).collect();
    let answers = audit.keys().filter(|key| key.split_once(' ').is_some_and(|(_, object)| names.contains(object)));
    assert!(answers.count() >= 200, "few answers were compared");
}

/// Lists are read in pages, and nothing is left out or said twice.
async fn page(cluster: &Cluster, kubeconfig: &Path) {
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "many" } });
    assert_eq!(cluster.ask("POST", "/api/v1/namespaces", JSON, &namespace).await.0, 201);
    for number in 0..MANY {
        let object = applied("many", &format!("d{number:03}"), true);
        assert_eq!(cluster.ask("POST", &collection(&object), JSON, &object).await.0, 201);
    }
    let (code, audit) = audited(kubeconfig, &["--rule", ALONE, "--namespace", "many"]);
    let expected: Vec<String> = (0..MANY).map(|number| format!("many/d{number:03}")).collect();
    assert_eq!((code, judged_by(&audit, ALONE)), (Some(0), expected));
}

/// Lets the reader list everything but the objects of this group.
async fn grant_all_but(cluster: &Cluster, group: &str) {
    let others = groups(cluster).await.into_iter().map(|mut it| it["name"].take()).filter(|name| *name != group);
    let others: Vec<Value> = std::iter::once(json!("")).chain(others).collect();
    let rbac = "rbac.authorization.k8s.io";
    let version = format!("{rbac}/v1");
    let role = json!({
        "apiVersion": version, "kind": "ClusterRole", "metadata": { "name": "audit" },
        "rules": [{ "apiGroups": others, "resources": ["*"], "verbs": ["list", "get"] }],
    });
    let binding = json!({
        "apiVersion": version, "kind": "ClusterRoleBinding", "metadata": { "name": "audit" },
        "roleRef": { "apiGroup": rbac, "kind": "ClusterRole", "name": "audit" },
        "subjects": [{ "apiGroup": rbac, "kind": "User", "name": READER.0 }],
    });
    for object in [role, binding] {
        let (status, _, said) = cluster.ask("POST", &collection(&object), JSON, &object).await;
        assert_eq!(status, 201, "{said:#}");
    }
    let question = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": { "user": READER.0, "resourceAttributes": { "verb": "list", "group": "apps", "resource": "deployments" } },
    });
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let start = Instant::now();
    while cluster.ask("POST", path, JSON, &question).await.2["status"]["allowed"] != true {
        assert!(start.elapsed() < Duration::from_secs(60), "the role does not count");
        sleep(Duration::from_millis(100)).await;
    }
}

/// What may not be listed is named, makes the audit undecided, and is never called missing.
async fn refuse(cluster: &Cluster, admin: &Path, reader: &Path) {
    grant_all_but(cluster, "policy").await;
    let catalog = format!("\"{BUDGET}\" \"Deployment\" \"shop\" \"catalog\"");
    let (_, all) = audited(admin, &["--rule", BUDGET]);
    assert_eq!(said(&all)[&catalog][0], "pass");
    let (code, audit) = audited(reader, &[]);
    assert_eq!(code, Some(2));
    let problems = audit["problems"].to_string();
    assert!(problems.contains("PodDisruptionBudget.policy cannot be checked: forbidden (403)"), "{problems}");
    let answers = said(&audit);
    let answer = &answers[&catalog];
    assert_eq!(answer[0], "unknown");
    assert!(answer[1].as_str().unwrap().contains("PodDisruptionBudget cannot be seen"), "{answer}");
    assert!(audit["unseen"].as_array().unwrap().iter().any(|it| it["kind"] == "PodDisruptionBudget.policy"));
}

/// Has the server serve both kinds of reports.
async fn define_reports(cluster: &Cluster) {
    let root: Value = serde_saphyr::from_str(include_str!("schemas.yaml")).unwrap();
    let mut schema = structural(&root, &root["$defs"]["PolicyReport"]);
    // Every object has these, and a definition says nothing of them.
    for field in ["apiVersion", "kind", "metadata"] {
        schema["properties"].as_object_mut().unwrap().remove(field);
    }
    cluster.define(REPORTS, "PolicyReport", "policyreports", true, &schema).await;
    cluster.define(REPORTS, "ClusterPolicyReport", "clusterpolicyreports", false, &schema).await;
}

/// The reports in the cluster, by name.
async fn stored(cluster: &Cluster) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for plural in ["policyreports", "clusterpolicyreports"] {
        let list = get(cluster, &format!("/apis/{REPORTS}/{plural}")).await;
        let items = list["items"].as_array().unwrap().iter();
        all.extend(items.map(|report| (text(&report["metadata"], "name").to_owned(), report.clone())));
    }
    all
}

/// A report without what a server adds.
fn content(report: &Value) -> Value {
    let fields = ["scope", "summary", "results"].map(|field| (field.to_owned(), report[field].clone()));
    Value::Object(Map::from_iter(fields))
}

/// Reports are written as they are printed, not written anew for nothing, and go with their objects.
async fn report(cluster: &Cluster, kubeconfig: &Path) {
    let printed = audit_by(kubeconfig, &["--format", "policyreport"]);
    let printed = reports::documents(&printed.out);
    let write = || {
        let run = audit_by(kubeconfig, &["--format", "policyreport", "--write"]);
        assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
        // Large numbers have commas.
        run.out.lines().last().unwrap().replace(',', "")
    };
    let number = printed.len();
    assert_eq!(write(), format!("{number} reports written 0 reports of earlier audits removed"));
    let first = stored(cluster).await;
    assert_eq!(first.len(), number);
    for report in &printed {
        assert_eq!(content(&first[text(&report["metadata"], "name")]), content(report));
    }
    write();
    let version = |(name, report): (String, Value)| (name, report["metadata"]["resourceVersion"].clone());
    let versions = |all: BTreeMap<String, Value>| all.into_iter().map(version).collect::<BTreeMap<_, _>>();
    assert_eq!(versions(stored(cluster).await), versions(first));
    let path = "/apis/apps/v1/namespaces/shop/deployments/bad";
    assert_eq!(cluster.ask("DELETE", path, JSON, &json!({})).await.0, 200);
    let left = number - 1;
    assert_eq!(write(), format!("{left} reports written 1 report of earlier audits removed"));
    assert_eq!(stored(cluster).await.len(), left);
}

/// The Job of docs/scale.md is one that the server takes.
async fn take_documented_job(cluster: &Cluster) {
    let text = fs::read_to_string(workspace().join("docs/scale.md")).unwrap();
    let job = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let job: Value = serde_saphyr::from_str(job).unwrap();
    let (status, said) = cluster.would_create(&collection(&job), job.to_string()).await;
    assert_eq!(status, 201, "{said:#}");
}

#[test]
fn a_real_cluster_is_audited_as_its_objects_are_checked() {
    let Some(program) = build("1.36", &target().join("judge")) else {
        eprintln!("LEFT OUT: Go is not installed, so no real API server is audited");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let cluster = Cluster::start(&program).await;
        let folder = Folder::of("admin", kubeconfig(cluster.url(), cluster.token()))
            .and("reader", kubeconfig(cluster.url(), READER.1));
        let [admin, reader] = ["admin", "reader"].map(|name| folder.path().join(name));
        define_reports(&cluster).await;
        let objects = objects();
        let definitions = define(&cluster, &objects).await;
        let objects = apply(&cluster, objects).await;
        agree(&cluster, &admin, &objects, &definitions).await;
        refuse(&cluster, &admin, &reader).await;
        report(&cluster, &admin).await;
        page(&cluster, &admin).await;
        take_documented_job(&cluster).await;
    });
}
