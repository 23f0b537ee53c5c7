//! The way to a cluster as kubeconfigs of real ones have it: by TLS with an authority of its own, with certificates of
//! clients, and with plugins that give credentials.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::server::Server;
use crate::support::{Folder, Run};
use crate::tls::{Clients, Front};
use crate::{ALONE, deployment, deployments, namespaces};

/// A cluster with one good Deployment, behind TLS.
fn cluster(name: &str, clients: Clients) -> (Server, Front) {
    let server = Server::of(vec![namespaces(&["shop"]), deployments(vec![deployment("shop", "web", 1, true)])]);
    let front = Front::before(server.address(), name, clients);
    (server, front)
}

/// Audits by a kubeconfig with this cluster, beside its address, and this user.
fn audit(front: &Front, folder: &Folder, mut cluster: Value, user: &Value) -> Run {
    cluster["server"] = json!(format!("https://{}", front.address));
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}], "users": [{"name": "test", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    });
    fs::write(folder.path().join("kubeconfig"), kubeconfig.to_string()).unwrap();
    folder.run(&["audit", "--kubeconfig", "kubeconfig", "--rule", ALONE, "--request-timeout", "10"])
}

fn trusting(front: &Front) -> Value {
    json!({"certificate-authority-data": STANDARD.encode(&front.authority)})
}

fn token() -> Value {
    json!({"token": "hunter2"})
}

/// A user whose credentials a plugin prints; a program of this text.
fn plugin(folder: &Folder, program: &str) -> Value {
    let path = folder.path().join("plugin");
    fs::write(&path, format!("#!/bin/sh\n{program}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": path, "interactiveMode": "Never",
                    "env": [{"name": "GIVEN", "value": "hunter2"}]}})
}

fn credential(status: &Value) -> String {
    json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}).to_string()
}

#[test]
fn a_cluster_is_trusted_by_the_authority_that_the_kubeconfig_names() {
    let (server, front) = cluster("127.0.0.1", Clients::Any);
    let folder = Folder::of("ca.crt", &front.authority);
    for authority in [trusting(&front), json!({"certificate-authority": "ca.crt"})] {
        let run = audit(&front, &folder, authority, &token());
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    assert_eq!(server.credentials(), ["Bearer hunter2"]);
}

#[test]
fn a_cluster_of_another_authority_or_another_name_is_sent_nothing() {
    let (server, front) = cluster("127.0.0.1", Clients::Any);
    let (_, other) = cluster("127.0.0.1", Clients::Any);
    let (named, elsewhere) = cluster("elsewhere.example", Clients::Any);
    for (front, authority) in [(&front, trusting(&other)), (&front, json!({})), (&elsewhere, trusting(&elsewhere))] {
        let said = audit(front, &Folder::new(), authority, &token()).complaint();
        assert!(said.contains("certificate") && !said.contains("hunter2"), "{said}");
    }
    assert_eq!((server.requests(), named.requests()), (Vec::new(), Vec::new()));
    // Where the kubeconfig knows the other name, that is the one to be shown.
    let mut authority = trusting(&elsewhere);
    authority["tls-server-name"] = json!("elsewhere.example");
    let run = audit(&elsewhere, &Folder::new(), authority, &token());
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn a_client_shows_its_certificate() {
    let (server, front) = cluster("127.0.0.1", Clients::Certified);
    let (certificate, key) = &front.client;
    let said = audit(&front, &Folder::new(), trusting(&front), &token()).complaint();
    assert!(said.contains("cannot be reached"), "{said}");
    assert_eq!(server.requests(), Vec::<String>::new());
    let folder = Folder::of("ana.crt", certificate).and("ana.key", key);
    let data =
        json!({"client-certificate-data": STANDARD.encode(certificate), "client-key-data": STANDARD.encode(key)});
    for user in [data, json!({"client-certificate": "ana.crt", "client-key": "ana.key"})] {
        let run = audit(&front, &folder, trusting(&front), &user);
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    // A key that is not valid is told without being shown.
    let broken =
        json!({"client-certificate-data": STANDARD.encode(certificate), "client-key-data": STANDARD.encode("hunter2")});
    let said = audit(&front, &folder, trusting(&front), &broken).complaint();
    assert!(said.contains("no cluster to talk to") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_plugin_gives_a_token_or_a_certificate() {
    let (server, front) = cluster("127.0.0.1", Clients::Any);
    let folder = Folder::new();
    let printed = credential(&json!({"token": "from a plugin", "expirationTimestamp": "2099-01-01T00:00:00Z"}));
    // What it is given stands in its environment.
    let program = format!("[ \"$GIVEN\" = hunter2 ] && [ -n \"$KUBERNETES_EXEC_INFO\" ] && printf '%s' '{printed}'");
    let run = audit(&front, &folder, trusting(&front), &plugin(&folder, &program));
    assert_eq!((run.code, server.credentials()), (Some(0), vec!["Bearer from a plugin".to_owned()]), "{run:?}");

    let (_server, front) = cluster("127.0.0.1", Clients::Certified);
    let (certificate, key) = &front.client;
    let printed = credential(&json!({"clientCertificateData": certificate, "clientKeyData": key}));
    let program = format!("printf '%s' '{printed}'");
    let run = audit(&front, &folder, trusting(&front), &plugin(&folder, &program));
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn what_a_plugin_is_given_and_prints_is_shown_to_nobody() {
    let (server, front) = cluster("127.0.0.1", Clients::Any);
    for (program, said) in [
        (
            "printf hunter2; printf hunter2 >&2; exit 3",
            "the credential plugin of the kubeconfig failed (exit status: 3)",
        ),
        ("printf '{\"token\": hunter2'", "did not print an ExecCredential"),
        ("printf 'hunter2: [hunter2'", "did not print an ExecCredential"),
        ("printf '{\"kind\": \"ExecCredential\"}'", "did not contain a status"),
    ] {
        let folder = Folder::new();
        let complaint = audit(&front, &folder, trusting(&front), &plugin(&folder, program)).complaint();
        assert!(complaint.contains(said) && !complaint.contains("hunter2"), "{program}: {complaint}");
    }
    let nowhere = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/nowhere/plugin",
                                  "interactiveMode": "Never"}});
    let complaint = audit(&front, &Folder::new(), trusting(&front), &nowhere).complaint();
    assert!(complaint.contains("no credentials"), "{complaint}");
    assert_eq!(server.requests(), Vec::<String>::new());
}
