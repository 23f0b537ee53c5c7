//! What `seaworthy serve` bears: reviews a second, how long they take, what it does under more than it can, and its memory.
//!
//! Server and load share the machine, as the rows of docs/speed.md say. `make bench` runs it; `make bench-serve` runs it alone.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use seaworthy_tests::{artifacts, generate};
use serde_json::{Value, json};

mod load;
#[path = "../../serve/stand_in.rs"]
mod stand_in;

use load::{Load, percentile};
use stand_in::StandIn;

/// Services in the cluster that look-ups see.
const SERVICES: usize = 200;

/// Other Deployments that are sent in turn.
const REVIEWS: usize = 100;

/// Connections of a load that takes what it gets.
const CONNECTIONS: usize = 8;

const TIME: Duration = Duration::from_secs(8);

/// A server, killed when it is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    ready: Duration,
}

impl Server {
    /// Starts it, and waits until it is ready.
    fn start(arguments: &[&str]) -> Self {
        let binary = artifacts::target().join("release/seaworthy");
        let begun = Instant::now();
        let mut command = Command::new(&binary);
        command.args(["serve", "--plain-http", "--address", "127.0.0.1:0"]).args(arguments);
        let child = command.stderr(Stdio::piped()).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let mut child = child.unwrap_or_else(|cause| panic!("{}: {cause}; run `make build`", binary.display()));
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
        let is_ready = if arguments.contains(&"--cluster") { "ready: " } else { "listening on " };
        let mut address = None;
        for line in lines.by_ref() {
            let url = line.split("http://").nth(1).and_then(|rest| rest.split('"').next());
            address = address.or_else(|| url.and_then(|url| url.parse().ok()));
            if line.contains(is_ready) {
                break;
            }
        }
        let ready = begun.elapsed();
        // It stops where nobody reads what it says.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("it says where it listens"), ready }
    }

    /// Memory that is resident now, in KiB.
    fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every object of a text.
fn objects(text: String) -> Vec<Value> {
    let manifest = engine::manifest::read("world.yaml", text.into(), &engine::manifest::Limits::default());
    manifest.objects().map(|object| serde_json::to_value(&*object.node.look()).expect("an object is JSON")).collect()
}

fn review(object: &Value) -> String {
    let (group, version) = object["apiVersion"].as_str().and_then(|it| it.split_once('/')).unwrap_or(("", "v1"));
    let request = json!({
        "kind": { "group": group, "version": version, "kind": object["kind"] },
        "operation": "CREATE", "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
        "userInfo": { "username": "ana", "groups": ["system:authenticated"] },
        "object": object, "oldObject": null, "dryRun": false,
    });
    // In the order of an API server, which names the request first: one that is turned away is not read any further.
    let uid = r#"{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","#;
    let request = request.to_string().replacen('{', uid, 1);
    format!(r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{request}}}"#)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn main() {
    let cluster = StandIn::of(&[]);
    objects(generate::namespace(SERVICES)).iter().for_each(|object| cluster.takes(object));
    let folder = artifacts::target().join("bench");
    fs::create_dir_all(&folder).expect("the target folder is writable");
    cluster.kubeconfig(&folder);
    let kubeconfig = folder.join("kubeconfig").display().to_string();
    let with_cluster = ["--cluster", "--kubeconfig", &kubeconfig];
    let reviews: Vec<String> =
        (0..REVIEWS).flat_map(|index| objects(generate::deployment(index))).map(|it| review(&it)).collect();
    let bytes = reviews.iter().map(String::len).sum::<usize>() / reviews.len();
    let requests: Arc<[Vec<u8>]> = reviews.iter().map(|body| load::request(body)).collect();
    println!(
        "seaworthy serve, {REVIEWS} Deployments of {bytes} bytes in turn, a cluster of {SERVICES} services, one machine for all"
    );

    let mut ready: Vec<Duration> = (0..9).map(|_| Server::start(&[]).ready).collect();
    println!("  ready without a cluster           {:8.0} ms   (target: 300)", milliseconds(percentile(&mut ready, 50)));
    let mut ready: Vec<Duration> = (0..3).map(|_| Server::start(&with_cluster).ready).collect();
    println!("  ready with its look-ups warm      {:8.0} ms", milliseconds(percentile(&mut ready, 50)));

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads start");
    runtime.block_on(measure(&with_cluster, requests));
}

async fn measure(arguments: &[&str], requests: Arc<[Vec<u8>]>) {
    let server = Server::start(arguments);
    let load = Load { address: server.address, requests };
    load.closed(CONNECTIONS, Duration::from_secs(2)).await;
    let peak = load.closed(CONNECTIONS, TIME).await;
    assert_eq!(peak.failed, 0, "every review is answered");
    println!("  reviews/s                         {:8.0}      (target: 1,500)", peak.rate());
    let mut half = load.open(peak.rate() / 2.0, 64, TIME).await;
    let [p50, p99] = [50, 99].map(|percent| milliseconds(percentile(&mut half.decided, percent)));
    println!("  at half of that: p50, p99         {p50:8.1} ms, {p99:.1} ms   (target: p99 10)");

    let mut storm = load.open(peak.rate() * 5.0, 512, TIME).await;
    let goodput = storm.rate() / peak.rate() * 100.0;
    let shed = milliseconds(percentile(&mut storm.shed, 99));
    println!(
        "  at five times that: goodput       {goodput:8.0} %    (target: 80); {} shed, {} failed",
        storm.shed.len(),
        storm.failed
    );
    println!("  p99 of what is shed               {shed:8.1} ms   (target: 50; from when it was due)");
    let after = Instant::now();
    let recovered = loop {
        let mut calm = load.open(peak.rate() / 2.0, 64, Duration::from_millis(250)).await;
        if calm.shed.is_empty() && percentile(&mut calm.decided, 99) < Duration::from_millis(50) {
            break after.elapsed();
        }
    };
    println!("  recovered within                  {:8.1} s    (target: 2)", recovered.as_secs_f64());

    // Another one, of which nothing was asked yet.
    drop(server);
    let server = Server::start(arguments);
    let load = Load { address: server.address, ..load };
    let mut resident = Vec::new();
    let mut sent = 0;
    while sent < 100_000 {
        sent += load.closed(CONNECTIONS, Duration::from_secs(1)).await.decided.len();
        resident.push((sent, server.resident()));
    }
    let [half, last] =
        [50_000, 100_000].map(|count| resident.iter().find(|(sent, _)| *sent >= count).map_or(0, |it| it.1));
    let growth = (last as f64 / half as f64 - 1.0) * 100.0;
    println!(
        "  resident after 100,000 reviews    {:8.1} MiB  (target: 80), {growth:+.1} % since 50,000 (target: 1)",
        last as f64 / 1024.0
    );
}
