//! No secret leaves a manifest: one is planted wherever manifests have them, and searched for in every format, with the
//! rule that looks for secrets and without it.

use seaworthy_tests::{metadata, needs_settings};

use crate::support::Folder;

/// What must not be printed, plain or as Kubernetes encodes it.
const PLANTED: [&str; 2] = ["hunter2-Zq9xW", "aHVudGVyMi1acTl4Vw=="];

/// Block style and flow style, every field that may hold a secret, and something wrong on many a line beside it.
const MANIFEST: &str = r#"apiVersion: v1
kind: Secret
metadata: {name: database}
data: {password: aHVudGVyMi1acTl4Vw==}
stringData:
  token: hunter2-Zq9xW
  file: |
    user: web
    password: hunter2-Zq9xW
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Secret, metadata: {name: listed}, stringData: {password: hunter2-Zq9xW}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  DATABASE_PASSWORD: hunter2-Zq9xW
  application.properties: |
    db.password=hunter2-Zq9xW
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: block}
spec:
  replicas: 3
  template:
    spec:
      initContainers:
        - {name: init, image: "busybox", args: [--password=hunter2-Zq9xW], env: [{name: DB_PASSWORD, value: hunter2-Zq9xW}]}
      containers:
        - name: app
          image: example.com/app:latest
          command: [sh, -c, "PASSWORD=hunter2-Zq9xW exec app"]
          args:
            - --password
            - hunter2-Zq9xW
          env:
            - name: API_KEY
              value: hunter2-Zq9xW
            - {name: DATABASE_URL, value: "postgres://web:hunter2-Zq9xW@db/shop"}
            - name: WRONG_CASE
              Value: hunter2-Zq9xW
          readinessProbe: {httpGet: {path: "/?token=hunter2-Zq9xW", port: http, httpHeaders: [{name: A, value: hunter2-Zq9xW}]}}
          livenessProbe:
            exec: {command: [check, hunter2-Zq9xW]}
          lifecycle:
            preStop: {exec: {command: [sh, -c, "sleep 40; curl -u web:hunter2-Zq9xW localhost"]}}
          Lifecycle: hunter2-Zq9xW
      volumes:
        - {name: flex, flexVolume: {driver: a, options: {password: hunter2-Zq9xW}}}
        - {name: csi, csi: {driver: a, volumeAttributes: {password: hunter2-Zq9xW}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: flow}, spec: {containers: [{name: app, image: app, env: [{name: TOKEN, value: hunter2-Zq9xW}]}]}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  jobTemplate: {spec: {template: {spec: {containers: [{name: job, image: job, env: [{name: SECRET_KEY, value: hunter2-Zq9xW}]}]}}}}
"#;

/// The same place, unreadable in several ways.
const BROKEN: [&str; 3] = [
    "apiVersion: v1\nkind: Secret\nmetadata: {name: twice}\nstringData:\n  password: hunter2-Zq9xW\n  password: hunter2-Zq9xW\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: tagged}\nstringData: {password: !!int hunter2-Zq9xW}\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: open}\nstringData: {password: 'hunter2-Zq9xW}\n",
];

fn shows_nothing(folder: &Folder, arguments: &[&str]) {
    let output = folder.command(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!text.is_empty(), "{arguments:?} says nothing");
    for secret in PLANTED {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{arguments:?} shows a secret");
    }
}

#[test]
fn no_format_shows_a_secret() {
    let folder = Folder::of("k8s/shop.yaml", MANIFEST);
    for format in ["human", "full", "short", "json"] {
        shows_nothing(&folder, &["check", "k8s", "--format", format]);
        shows_nothing(&folder, &["check", "k8s", "--format", format, "--skip", "external-secrets"]);
    }
    for format in ["human", "markdown", "html", "json"] {
        shows_nothing(&folder, &["readiness", "k8s", "--format", format]);
    }
}

#[test]
fn no_rule_alone_shows_a_secret() {
    let folder = Folder::of("k8s/shop.yaml", MANIFEST);
    // A rule that needs settings refuses to run without.
    for rule in metadata().into_values().filter(|rule| !needs_settings(rule)) {
        shows_nothing(&folder, &["check", "k8s", "--format", "full", "--rule", &rule.name]);
    }
}

#[test]
fn what_cannot_be_read_shows_no_secret() {
    for broken in BROKEN {
        let folder = Folder::of("k8s/secret.yaml", broken);
        for format in ["full", "short", "json"] {
            shows_nothing(&folder, &["check", "k8s", "--format", format]);
        }
    }
}
