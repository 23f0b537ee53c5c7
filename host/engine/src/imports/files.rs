//! The files of other tools: what they leave out everywhere, and of which objects.

use super::ignored::{Ignored, Target, Tool, What};
use crate::manifest::{Content, Document, Manifest, Node, Value};

/// What to do instead of leaving files out.
const EXCLUDE: &str = "leave files out with --exclude";

/// Adds what a document says that is no manifest and is one of these tools' own.
pub fn collect(manifest: &Manifest, document: &Document, all: &mut Vec<Ignored>) {
    let Content::Other(node) = &document.content else { return };
    let file = File { manifest, node };
    match manifest.name.rsplit('/').next().unwrap_or_default() {
        ".kube-linter.yaml" | ".kube-linter.yml" => file.kube_linter(all),
        ".checkov.yaml" | ".checkov.yml" => file.checkov(all),
        _ if file.is_polaris() => file.polaris(all),
        _ => {}
    }
}

struct File<'a> {
    manifest: &'a Manifest,
    node: &'a Node,
}

fn texts(list: &[Node]) -> impl Iterator<Item = &str> {
    list.iter().filter_map(Node::as_str)
}

impl File<'_> {
    fn add(&self, tool: Tool, at: &Node, what: What, all: &mut Vec<Ignored>) {
        let line = self.manifest.source.position(at.span.start).line;
        all.push(Ignored { tool, what, why: None, at: format!("{}:{line}", self.manifest.name) });
    }

    fn kube_linter(&self, all: &mut Vec<Ignored>) {
        let checks = self.node.get("checks");
        let under = |key| checks.map_or(&[][..], |checks| checks.list(key));
        for check in under("exclude") {
            let Some(name) = check.as_str() else { continue };
            self.add(Tool::KubeLinter, check, What::Everywhere(name.to_owned()), all);
        }
        for path in under("ignorePaths") {
            let what = format!("ignorePaths: {}", path.as_str().unwrap_or_default());
            self.add(Tool::KubeLinter, path, What::Other(what, EXCLUDE), all);
        }
        for check in self.node.list("customChecks") {
            let name = check.get("name").and_then(Node::as_str).unwrap_or_default();
            let instead = "write it as an assertion: `seaworthy explain field-assertions`";
            self.add(Tool::KubeLinter, check, What::Other(format!("customChecks: {name}"), instead), all);
        }
    }

    fn checkov(&self, all: &mut Vec<Ignored>) {
        let Some(skip) = self.node.get("skip-check") else { return self.checkov_paths(all) };
        let lists = skip.as_str().into_iter().chain(texts(skip.items()));
        for check in lists.flat_map(|list| list.split(',')).map(str::trim).filter(|check| !check.is_empty()) {
            // Checkov has checks for many languages; of what is not for manifests there is nothing to say.
            let is_for_manifests = check.starts_with("CKV_K8S") || check.starts_with("CKV2_K8S");
            if check.contains('*') || matches!(check, "LOW" | "MEDIUM" | "HIGH" | "CRITICAL") {
                let what = What::Other(format!("skip-check: {check}"), "name the checks, or turn the rules off");
                self.add(Tool::Checkov, skip, what, all);
            } else if is_for_manifests {
                self.add(Tool::Checkov, skip, What::Everywhere(check.to_owned()), all);
            }
        }
        self.checkov_paths(all);
    }

    fn checkov_paths(&self, all: &mut Vec<Ignored>) {
        for path in self.node.list("skip-path") {
            let what = format!("skip-path: {}", path.as_str().unwrap_or_default());
            self.add(Tool::Checkov, path, What::Other(what, EXCLUDE), all);
        }
    }

    /// A configuration of Polaris has no name of its own; it says of checks how severe they are, or exempts controllers.
    fn is_polaris(&self) -> bool {
        let severities = |node: &Node| match &node.value {
            Value::Mapping(entries) => {
                let is_severity = |node: &Node| matches!(node.as_str(), Some("danger" | "warning" | "ignore"));
                !entries.is_empty() && entries.iter().all(|entry| is_severity(&entry.value))
            }
            _ => false,
        };
        let exempts = |node: &Node| {
            let names = |item: &Node| item.get("controllerNames").is_some() || item.get("rules").is_some();
            !node.items().is_empty() && node.items().iter().all(names)
        };
        self.node.get("checks").is_some_and(severities) || self.node.get("exemptions").is_some_and(exempts)
    }

    fn polaris(&self, all: &mut Vec<Ignored>) {
        if let Some(Value::Mapping(checks)) = self.node.get("checks").map(|node| &node.value) {
            for check in checks.iter().filter(|check| check.value.as_str() == Some("ignore")) {
                self.add(Tool::Polaris, &check.value, What::Everywhere(check.key.to_string()), all);
            }
        }
        for exemption in self.node.list("exemptions") {
            let namespace = exemption.get("namespace").and_then(Node::as_str).filter(|name| !name.is_empty());
            let containers: Vec<Option<&str>> =
                match texts(exemption.list("containerNames")).map(Some).collect::<Vec<_>>() {
                    none if none.is_empty() => vec![None],
                    some => some,
                };
            let mut other = |instead| {
                let what = What::Other("exemptions: an entry".into(), instead);
                self.add(Tool::Polaris, exemption, what, all);
            };
            if exemption.list("rules").is_empty() {
                other("it is about every check: waive the rules that fail, one by one");
                continue;
            }
            if exemption.list("controllerNames").is_empty() {
                other("it is about every controller: a waiver names an object");
                continue;
            }
            for check in texts(exemption.list("rules")) {
                for name in texts(exemption.list("controllerNames")) {
                    for container in &containers {
                        let target = Target {
                            kind: None,
                            namespace: namespace.map(str::to_owned),
                            name: name.to_owned(),
                            container: container.map(str::to_owned),
                        };
                        self.add(Tool::Polaris, exemption, What::Object(check.to_owned(), target), all);
                    }
                }
            }
        }
    }
}
