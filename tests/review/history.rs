//! A repository with a base, and changes of it. Not all tests use all of it.
#![allow(dead_code)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{self, Folder, Run};
use crate::tools::Tools;

pub const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: example.com/web:1.0.0
          env: [{name: LOG, value: info}]
          envFrom: [{configMapRef: {name: web}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data: {color: blue}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other, namespace: shop}
data: {color: blue}
";

pub const CLUSTER_ROLE: &str = "\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]
";

pub const CONTROL_PLANE: &str = "\
apiVersion: controlplane.cluster.x-k8s.io/v1beta1
kind: KubeadmControlPlane
metadata: {name: production, namespace: clusters}
spec: {replicas: 3, version: v1.35.0}
";

/// A repository whose branch `main` has these files.
pub struct History(pub Folder);

impl History {
    /// The usual one: a service, a part of the platform, a cluster.
    pub fn usual() -> Self {
        Self::of(&[
            (".github/CODEOWNERS", "* @acme/platform\n/services/ @acme/shop\n"),
            ("README.md", "# Shop\n"),
            ("seaworthy.yaml", "rules:\n  change-approval: {settings: {managers: [acme/managers]}}\n"),
            ("services/web/web.yaml", WEB),
            ("platform/dns.yaml", &WEB.replace("shop", "dns").replace("name: web", "name: dns")),
            ("clusters/production/control-plane.yaml", CONTROL_PLANE),
        ])
    }

    pub fn of(files: &[(&str, &str)]) -> Self {
        let history = Self(Folder::new());
        history.git(&["init", "--quiet", "--initial-branch=main"]);
        for (path, text) in files {
            history.write(path, text);
        }
        history.commit("base");
        history.git(&["switch", "--quiet", "--create", "feature/change"]);
        history
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path().join(path)).unwrap();
        assert!(text.contains(from), "{path} has no {from}");
        self.write(path, &text.replace(from, to));
    }

    pub fn append(&self, path: &str, text: &str) {
        let old = fs::read_to_string(self.path().join(path)).unwrap_or_default();
        self.write(path, &(old + text));
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path().join(path)).unwrap();
    }

    pub fn rename(&self, from: &str, to: &str) {
        let to = self.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(self.path().join(from), to).unwrap();
    }

    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        printed(&mut self.git_command(arguments))
    }

    /// The same at that time, in seconds since 1970.
    pub fn git_at(&self, time: u64, arguments: &[&str]) -> String {
        printed(self.git_command(arguments).env("GIT_COMMITTER_DATE", format!("{time} +0000")))
    }

    fn git_command(&self, arguments: &[&str]) -> Command {
        let identity = ["-c", "user.name=ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgSign=false"];
        let mut command = Command::new("git");
        command.arg("-C").arg(self.path()).args(identity).args(["-c", "protocol.file.allow=always"]).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// A run in the repository; with Helm and kustomize where there are `tools`.
    pub fn run(&self, tools: Option<&Tools>, arguments: &[&str]) -> Run {
        let mut command = self.0.command(arguments);
        let mut path = vec![std::path::PathBuf::from("/usr/bin"), "/usr/local/bin".into(), "/bin".into()];
        path.extend(tools.map(|tools| tools.path().into()));
        command.env("PATH", std::env::join_paths(path).unwrap());
        let cache = self.path().parent().unwrap().join(format!("{}-cache", self.path().file_name().unwrap().display()));
        command.env("XDG_CACHE_HOME", cache);
        support::run(&mut command, "")
    }

    /// The review of what was committed, as JSON, and the exit code.
    pub fn review(&self, tools: Option<&Tools>, more: &[&str]) -> (Value, i32) {
        let run = self.run(tools, &[&["review", "--base", "main", "--format", "json"], more].concat());
        let review = serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {}{}", run.out, run.err));
        (review, run.code.unwrap())
    }
}

/// What a command that has to succeed prints.
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What a review says of its parts: `class what`.
pub fn parts(review: &Value) -> Vec<String> {
    let text = |part: &Value, key: &str| part[key].as_str().unwrap().to_owned();
    let mut parts: Vec<String> = review["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| format!("{} {}", text(part, "class"), text(part, "what")))
        .collect();
    parts.sort();
    parts
}
