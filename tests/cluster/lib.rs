//! A real API server on loopback, for tests: the judge of what Kubernetes takes, warns of and stores. It runs no controllers
//! and no nodes, so that nothing makes a Pod of a Deployment.
//!
//! The server and its store are one program (`main.go`), built from the modules that `go.mod` and its siblings pin and that
//! Go verifies. The build takes minutes the first time and seconds after that. Nothing here knows what is asked.
#![allow(clippy::expect_used, clippy::panic)]

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A minor version of Kubernetes, the release that stands for it, and the file of modules that it is built of.
const VERSIONS: [(&str, &str, &str); 2] = [("1.36", "1.36.3", "go.mod"), ("1.35", "1.35.4", "go.1.35.mod")];

/// Plugins of admission whose answers rest on what is in the cluster; without them, objects are asked about alone.
const PLUGINS_OFF: &str = "ServiceAccount,Priority,RuntimeClass,NamespaceLifecycle,LimitRanger,ResourceQuota,\
    PersistentVolumeClaimResize,StorageObjectInUseProtection,DefaultStorageClass,DefaultIngressClass,TaintNodesByCondition,\
    CertificateApproval,CertificateSigning,CertificateSubjectRestriction,ClusterTrustBundleAttest,DefaultTolerationSeconds";

const TOKEN: &str = "tests-of-one-machine";

/// A user who may do nothing but what a test lets it: its name and its token.
pub const READER: (&str, &str) = ("reader", "reader-of-one-machine");

/// Builds the program for a minor version, into this folder; `None` where Go is not installed.
///
/// # Panics
/// If the version is not known here, or does not build.
#[must_use]
pub fn build(minor: &str, folder: &Path) -> Option<PathBuf> {
    let (_, release, modules) = VERSIONS.iter().find(|version| version.0 == minor).unwrap_or_else(|| {
        let known: Vec<&str> = VERSIONS.iter().map(|version| version.0).collect();
        panic!("no API server of {minor} can be built; known are {}", known.join(" "))
    });
    Command::new("go").arg("version").stdout(Stdio::null()).status().ok()?;
    fs::create_dir_all(folder).expect("the folder of a build is writable");
    let program = folder.join(format!("cluster-{minor}"));
    let (_, number) = minor.split_once('.').expect("a minor version has a point");
    // Feature gates and clients go by the version that is linked in.
    let version = "k8s.io/component-base/version";
    let flags =
        format!("-s -w -X {version}.gitVersion=v{release} -X {version}.gitMajor=1 -X {version}.gitMinor={number}");
    let mut command = Command::new("go");
    command.args(["build", "-modfile", modules, "-ldflags", &flags, "-o"]).arg(&program).arg(".");
    let status = command.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    assert!(status.is_ok_and(|status| status.success()), "`go build` failed in tests/cluster");
    Some(program)
}

/// A running API server and its store. Both end when it is dropped.
pub struct Cluster {
    url: String,
    client: reqwest::Client,
    // The server ends first: without its store it waits for a minute.
    server: Process,
    _store: Process,
    _folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts the program that [`build`] made, and waits until it serves.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(program: &Path) -> Self {
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let at = |name: &str| folder.path().join(name);
        let [client, peer, server] = free_ports();
        let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
        let key = rcgen::KeyPair::generate().expect("a key can be made");
        fs::write(at("accounts.key"), key.serialize_pem()).expect("the folder is writable");
        fs::write(at("accounts.pub"), key.public_key_pem()).expect("the folder is writable");
        let tokens = format!("{TOKEN},tests,1,system:masters\n{},{},2\n", READER.1, READER.0);
        fs::write(at("tokens"), tokens).expect("the folder is writable");
        let mut store = Command::new(program);
        store.args(["etcd", "--unsafe-no-fsync", "--log-level", "error", "--data-dir"]).arg(at("store"));
        store.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        store.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        store.arg(format!("--initial-cluster=default={peer}"));
        let store = Process::start(store, &at("store.log"));
        let mut command = Command::new(program);
        command.args(["apiserver", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"]);
        command.arg(format!("--secure-port={server}")).arg(format!("--etcd-servers={client}"));
        command.arg("--cert-dir").arg(at("certificates")).arg("--token-auth-file").arg(at("tokens"));
        command.arg("--service-account-key-file").arg(at("accounts.pub"));
        command.arg("--service-account-signing-key-file").arg(at("accounts.key"));
        command.args(["--service-account-issuer=https://tests", "--service-cluster-ip-range=10.0.0.0/16,fd00:1::/112"]);
        command.args(["--authorization-mode=RBAC", "--allow-privileged=true", "--runtime-config=api/all=true"]);
        command.args(["--enable-priority-and-fairness=false", "--max-requests-inflight=0"]);
        command.args(["--max-mutating-requests-inflight=0", "--disable-admission-plugins", PLUGINS_OFF]);
        let log = at("server.log");
        let server_process = Process::start(command, &log);
        // Its certificate is its own, made for these minutes; nobody else listens on a port of this machine's loopback.
        let http = reqwest::Client::builder().danger_accept_invalid_certs(true).build().expect("a client can be made");
        let url = format!("https://127.0.0.1:{server}");
        let mut cluster = Self { url, client: http, server: server_process, _store: store, _folder: folder };
        cluster.wait(&log).await;
        cluster
    }

    async fn wait(&mut self, log: &Path) {
        let start = Instant::now();
        while self.is_running() && start.elapsed() < Duration::from_secs(120) {
            let asked = self.client.get(format!("{}/readyz", self.url)).bearer_auth(TOKEN).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("the API server does not serve: {}", fs::read_to_string(log).unwrap_or_default());
    }

    /// Asks to create an object, without creating it, and to refuse fields that are not known. `path` is that of the
    /// collection: `/api/v1/namespaces/default/pods`. Gives the status, and what the server says. It hangs up where its own
    /// validation breaks: that is a 500 that says nothing.
    ///
    /// # Panics
    /// If the answer breaks off.
    pub async fn would_create(&self, path: &str, object: String) -> (u16, Value) {
        let url = format!("{}{path}?dryRun=All&fieldValidation=Strict", self.url);
        let request = self.client.post(url).bearer_auth(TOKEN).header("content-type", "application/json").body(object);
        let Ok(answer) = request.send().await else { return (500, Value::Null) };
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.expect("the API server answers");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Asks for anything. Gives the status, the warnings, and what the server says.
    ///
    /// # Panics
    /// If there is no answer, or it breaks off.
    pub async fn ask(&self, method: &str, path: &str, content_type: &str, body: &Value) -> (u16, Vec<String>, Value) {
        let method = method.parse().expect("a method");
        let request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(TOKEN);
        let request = request.header("content-type", content_type).body(body.to_string());
        let answer = request.send().await.expect("the API server answers");
        let status = answer.status().as_u16();
        let warnings = answer.headers().get_all("warning").iter();
        let warnings = warnings.map(|text| String::from_utf8_lossy(text.as_bytes()).into_owned()).collect();
        let bytes = answer.bytes().await.expect("the API server answers");
        (status, warnings, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Has it serve a kind from now on. `schema` is that of the whole object, structural.
    ///
    /// # Panics
    /// If it does not take the definition.
    pub async fn define(&self, api_version: &str, kind: &str, plural: &str, is_namespaced: bool, schema: &Value) {
        let definition = definition(api_version, kind, plural, is_namespaced, schema);
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let (status, _, said) = self.ask("POST", path, "application/json", &definition).await;
        assert_eq!(status, 201, "{said:#}");
        let start = Instant::now();
        let path = format!("/apis/{api_version}/{plural}");
        while self.ask("GET", &path, "application/json", &Value::Null).await.0 != 200 {
            assert!(start.elapsed() < Duration::from_secs(60), "{plural} is not served");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token of who may do everything.
    #[must_use]
    pub const fn token(&self) -> &'static str {
        TOKEN
    }

    /// Whether the server still runs.
    pub fn is_running(&mut self) -> bool {
        self.server.child.try_wait().is_ok_and(|status| status.is_none())
    }
}

/// The CustomResourceDefinition of a kind. `schema` is that of the whole object, structural.
///
/// # Panics
/// If the version has no group.
#[must_use]
pub fn definition(api_version: &str, kind: &str, plural: &str, is_namespaced: bool, schema: &Value) -> Value {
    let (group, version) = api_version.split_once('/').expect("a custom resource has a group");
    let scope = if is_namespaced { "Namespaced" } else { "Cluster" };
    let version = json!({ "name": version, "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        // Groups of Kubernetes itself are defined by nobody else, unless they say so.
        "metadata": {
            "name": format!("{plural}.{group}"), "annotations": { "api-approved.kubernetes.io": "unapproved, for tests" },
        },
        "spec": { "group": group, "scope": scope, "names": { "kind": kind, "plural": plural }, "versions": [version] },
    })
}

/// Three ports that nobody listens on.
fn free_ports() -> [u16; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port is free"));
    listeners.map(|listener| listener.local_addr().expect("it listens").port())
}

/// A process that is told to end when it is dropped.
struct Process {
    child: Child,
}

impl Process {
    fn start(mut command: Command, log: &Path) -> Self {
        let log = File::create(log).expect("the folder is writable");
        let errors = log.try_clone().expect("a file has more than one handle");
        let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().expect("the program starts");
        Self { child }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(process) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            _ = kill_process(process, Signal::TERM);
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
