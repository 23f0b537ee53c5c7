//! Inputs whose cost was once the square of their length, each at a length and at twice that.

use std::time::Duration;

use crate::process::{CHECK, run, seaworthy};
use crate::{Scratch, clock};

/// Files, each with its name.
type Files = Vec<(String, String)>;

/// One kind of input.
struct Square {
    name: &'static str,
    /// What is run on it.
    arguments: &'static [&'static str],
    /// A length that takes a second or so.
    number: usize,
    files: fn(usize) -> Files,
}

const SIGNED_IMAGE: &[&str] = &["check", "--format", "json", "--timeout", "0", "--rule", "signed-image"];
const READINESS: &[&str] = &["readiness", "--format", "json", "--timeout", "0"];

const SQUARES: [Square; 5] = [
    Square { name: "ClusterRoles that aggregate each other", arguments: CHECK, number: 400, files: roles },
    Square { name: "folders with one Deployment and Service", arguments: CHECK, number: 500, files: folders },
    Square { name: "Components and workloads, readiness", arguments: READINESS, number: 500, files: components },
    Square { name: "empty containers in each of ten Pods", arguments: CHECK, number: 400, files: containers },
    Square { name: "signed-image, Pods x Kyverno policies", arguments: SIGNED_IMAGE, number: 5_000, files: policies },
];

/// Prints what each costs at twice its length over once.
pub fn measure() {
    println!("CPU time at twice the number (target: 2.2)");
    for Square { name, arguments, number, files } in SQUARES {
        eprintln!("checking {name}: {number} and {}", 2 * number);
        let folders = [("large-one", number), ("large-two", 2 * number)].map(|(scratch, number)| {
            let folder = Scratch::new(scratch);
            files(number).iter().for_each(|(name, text)| folder.write(name, text));
            folder
        });
        let mut times: [Vec<Duration>; 2] = Default::default();
        let mut remark = String::new();
        for _ in 0..5 {
            for (folder, times) in folders.iter().zip(&mut times) {
                let taken = run(seaworthy(arguments).arg(folder.path()));
                remark = remark.max(taken.remark());
                times.push(taken.cpu);
            }
        }
        let [one, two] = times.map(|mut times| clock::median(&mut times).as_secs_f64());
        println!("  {name:40} {number:5} {one:6.2} s, {:6} {two:6.2} s   {:5.2} x{remark}", 2 * number, two / one);
    }
    println!();
}

/// One file of so many documents.
fn file(documents: impl Iterator<Item = String>) -> Files {
    vec![("all.yaml".to_owned(), documents.collect::<Vec<_>>().join("---\n"))]
}

fn roles(number: usize) -> Files {
    file((0..number).map(|index| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: role-{index}, labels: {{of: all}}}}
aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{of: all}}}}]}}
rules: [{{apiGroups: [''], resources: [configmaps], verbs: [get]}}]
"
        )
    }))
}

fn deployment(name: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop, labels: {{app: {name}}}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: 'example.com/shop/{name}:1.4.2'}}]}}
"
    )
}

/// The same objects in each folder, as in a repository with a folder for each cluster.
fn folders(number: usize) -> Files {
    let text = deployment("web")
        + "---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
";
    (0..number).map(|index| (format!("cluster-{index}/web.yaml"), text.clone())).collect()
}

fn components(number: usize) -> Files {
    file((0..number).map(|index| {
        let name = format!("web-{index}");
        format!(
            "apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {{name: {name}, annotations: {{backstage.io/kubernetes-id: {name}}}}}
spec: {{type: service, lifecycle: production, owner: shop}}
---
{}",
            deployment(&name)
        )
    }))
}

/// Several Pods take longer than one whose findings still fit in a rule's answer, of which the host reads 1 MiB.
fn containers(number: usize) -> Files {
    file((0..10).map(|index| {
        let containers = "  - {}\n".repeat(number);
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web-{index}, namespace: shop}}\nspec:\n  containers:\n{containers}"
        )
    }))
}

/// A policy for every ten Pods. Five policies verify images, however many there are: else the answers grew, too.
fn policies(number: usize) -> Files {
    let pods = (0..number).map(|index| {
        format!(
            "apiVersion: v1
kind: Pod
metadata: {{name: web-{index}, namespace: shop}}
spec: {{containers: [{{name: app, image: 'example.com/shop/web:1.4.2'}}]}}
"
        )
    });
    let policies = (0..number / 10).map(|index| {
        let does = if index < 5 {
            "verifyImages: [{imageReferences: ['example.org/*'], attestors: [{entries: [{}]}]}]"
        } else {
            "validate: {message: pods have labels, pattern: {metadata: {labels: {app: '?*'}}}}"
        };
        format!(
            "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {{name: policy-{index}}}
spec: {{rules: [{{name: pods, match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}, {does}}}]}}
"
        )
    });
    file(pods.chain(policies))
}
