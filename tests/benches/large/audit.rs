//! The audit of a large cluster: a real API server, filled with what services are made of and what controllers make of them.

use std::fs::{self, File};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use engine::manifest;
use seaworthy_tests::{api, artifacts, generate};
use serde_json::{Value, json};
use test_cluster::{Cluster, build};
use tokio::time::sleep;

use crate::Scratch;
use crate::process::{run, seaworthy};

/// Objects of one service: eight that somebody applied, and twelve more, which is how clusters are mixed.
const OBJECTS: usize = 20;

/// Services of one namespace.
const NAMESPACE: usize = 20;

/// Requests at once. More do not make two cores faster.
const REQUESTS: usize = 32;

/// Fills a cluster with so many objects, and audits it with all rules.
pub fn measure(number: usize) {
    let services = number.div_ceil(OBJECTS);
    println!("audit of a real API server with {} objects, whole bundle", services * OBJECTS);
    eprintln!("building the API server");
    let Some(program) = build("1.36", &artifacts::target().join("judge")) else {
        println!("  LEFT OUT: Go is not installed, so no API server can be built\n");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads start");
    let cluster = runtime.block_on(async {
        let cluster = Arc::new(Cluster::start(&program).await);
        fill(&cluster, services).await;
        cluster
    });
    let folder = Scratch::new("large-audit");
    let [kubeconfig, report] = ["kubeconfig", "report"].map(|name| folder.path().join(name));
    fs::write(&kubeconfig, api::kubeconfig(cluster.url(), cluster.token())).expect("the target folder is writable");
    eprintln!("auditing");
    let mut command = seaworthy(&["audit", "--format", "short", "--kubeconfig"]);
    let taken = run(command.arg(&kubeconfig).stdout(File::create(&report).expect("the target folder is writable")));
    println!("  {taken} (target, 100,000: 2 min, 512 MiB)");
    // How many objects were checked, and what was not.
    let report = fs::read_to_string(&report).expect("the audit wrote a report");
    let told = ["not seen:", "problem:", "Rules fail for"];
    let is_told = |line: &&str| told.iter().any(|start| line.starts_with(*start));
    report.lines().filter(is_told).for_each(|line| println!("  {line}"));
    println!();
}

/// Creates the objects of so many services, of several at once.
async fn fill(cluster: &Arc<Cluster>, services: usize) {
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    cluster.define("monitoring.coreos.com/v1", "ServiceMonitor", "servicemonitors", true, &open).await;
    // The server takes no Pod before its namespace.
    for index in 0..services.div_ceil(NAMESPACE) {
        let metadata = json!({ "name": format!("shop-{index}") });
        create(cluster, &json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata })).await;
    }
    let (start, next) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let filling = (0..REQUESTS).map(|_| {
        let (cluster, next) = (Arc::clone(cluster), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= services {
                    return;
                }
                if index.is_multiple_of(250) {
                    let seconds = start.elapsed().as_secs_f64();
                    eprintln!("{} of {} objects created in {seconds:.0} s", index * OBJECTS, services * OBJECTS);
                }
                service(&cluster, index).await;
            }
        })
    });
    for filled in filling.collect::<Vec<_>>() {
        filled.await.expect("the API server takes the objects");
    }
    eprintln!("{} objects created in {:.0} s", services * OBJECTS, start.elapsed().as_secs_f64());
}

/// Creates a service as a cluster has it.
async fn service(cluster: &Cluster, index: usize) {
    let namespace = format!("shop-{}", index / NAMESPACE);
    let text = generate::namespace_from(index, 1).replace("namespace: shop", &format!("namespace: {namespace}"));
    for object in objects(text) {
        let created = create(cluster, &object).await;
        if created["kind"] == "Deployment" {
            // One that runs, and one that is kept to go back to.
            let current = create(cluster, &replica_set(&created, "5d4f8c7b9", 3)).await;
            create(cluster, &replica_set(&created, "7c6b5f4d8", 0)).await;
            for suffix in ["2xk7p", "9wqzr", "hv4mt"] {
                create(cluster, &pod(&current, suffix)).await;
            }
        } else if created["kind"] == "Service" {
            create(cluster, &endpoints(&created, index)).await;
        }
    }
    for part in ["config", "dashboard", "templates", "flags"] {
        let settings: String =
            (0..20).map(|line| format!("{part}.setting-{line}=value of service {index}\n")).collect();
        create(cluster, &data("ConfigMap", &namespace, index, part, &settings)).await;
    }
    for part in ["database", "tls"] {
        // `value` in base64.
        create(cluster, &data("Secret", &namespace, index, part, "dmFsdWU=")).await;
    }
}

/// Every object of a text.
fn objects(text: String) -> Vec<Value> {
    let manifest = manifest::read("service.yaml", text.into(), &manifest::Limits::default());
    manifest.objects().map(|object| serde_json::to_value(&*object.node.look()).expect("an object is JSON")).collect()
}

fn replica_set(deployment: &Value, suffix: &str, replicas: u32) -> Value {
    let (metadata, spec) = (&deployment["metadata"], &deployment["spec"]);
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": owned(deployment, suffix, &metadata["labels"]),
        "spec": { "replicas": replicas, "selector": spec["selector"], "template": spec["template"] },
    })
}

fn pod(replica_set: &Value, suffix: &str) -> Value {
    let template = &replica_set["spec"]["template"];
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": owned(replica_set, suffix, &template["metadata"]["labels"]), "spec": template["spec"],
    })
}

fn endpoints(service: &Value, index: usize) -> Value {
    let addresses = [128, 129, 130].map(|third| format!("10.{third}.{}.{}", index / 250 % 250, 1 + index % 250));
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": owned(service, "x8k2p", &json!({ "kubernetes.io/service-name": service["metadata"]["name"] })),
        "addressType": "IPv4",
        "endpoints": addresses.map(|address| json!({ "addresses": [address], "conditions": { "ready": true } })),
        "ports": [{ "name": "http", "port": 8080 }],
    })
}

fn data(kind: &str, namespace: &str, index: usize, part: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": kind,
        "metadata": { "name": format!("service-{index}-{part}"), "namespace": namespace }, "data": { part: value },
    })
}

/// The metadata of what a controller makes of its owner.
fn owned(owner: &Value, suffix: &str, labels: &Value) -> Value {
    let metadata = &owner["metadata"];
    let name = metadata["name"].as_str().expect("an object has a name");
    json!({
        "name": format!("{name}-{suffix}"), "namespace": metadata["namespace"], "labels": labels,
        "ownerReferences": [{
            "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name, "uid": metadata["uid"],
            "controller": true, "blockOwnerDeletion": true,
        }],
    })
}

/// Creates an object, and gives it as the server keeps it. A server that is busy is asked again.
async fn create(cluster: &Cluster, object: &Value) -> Value {
    let path = api::collection(object);
    let mut refused = Value::Null;
    for _ in 0..60 {
        let (status, _, said) = cluster.ask("POST", &path, "application/json", object).await;
        match status {
            201 => return said,
            429 | 500.. => sleep(Duration::from_millis(500)).await,
            _ => panic!("{path}: {said:#}"),
        }
        refused = said;
    }
    panic!("{path}: {refused:#}")
}
