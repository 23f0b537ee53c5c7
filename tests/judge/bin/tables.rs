//! Makes `policies/kubernetes-schema/tables/types.txt`: what each minor version of Kubernetes serves, field by field.
//!
//! The source is the module `k8s.io/kubernetes` of each version, which holds what its API server serves at `/openapi/v3`,
//! and beside it the code that the specification is made of: it alone has the enums. Versions follow each other in the
//! order of the arguments. A fact that not all of them share says since when, and until when, it is true.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// In which minor versions something is true.
type Minors = BTreeSet<u8>;

#[derive(Default)]
struct Tables {
    minors: Vec<(u8, String)>,
    /// By `apiVersion` and kind: where it lives, and its type.
    kinds: BTreeMap<(String, String), BTreeMap<String, Minors>>,
    /// By type, name and shape.
    fields: BTreeMap<String, BTreeMap<String, BTreeMap<String, Minors>>>,
    /// By type and field: the values.
    enums: BTreeMap<(String, String), BTreeMap<String, Minors>>,
    /// Kinds that `k8s.io/api` still knows and no version here serves.
    gone: BTreeSet<(String, String)>,
}

fn main() {
    let mut arguments = env::args().skip(1);
    let output = arguments.next().expect("usage: tables OUTPUT VERSION...");
    let mut tables = Tables::default();
    for version in arguments {
        let minor = version.split('.').nth(1).and_then(|minor| minor.parse().ok()).expect("a version such as 1.36.3");
        tables.minors.push((minor, version.clone()));
        let folder = module("k8s.io/kubernetes", &version);
        tables.read_specifications(&folder.join("api/openapi-spec/v3"), minor);
        tables.read_enums(&folder.join("pkg/generated/openapi/zz_generated.openapi.go"), minor);
    }
    // The latest is enough for what was never deleted from it; the older ones know what was.
    for version in ["0.19.16", "0.24.17", "0.36.3"] {
        tables.read_gone(&module("k8s.io/api", version));
    }
    tables.read_gone(&module("k8s.io/apiextensions-apiserver", "0.36.3").join("pkg/apis"));
    tables.read_gone(&module("k8s.io/kube-aggregator", "0.36.3").join("pkg/apis"));
    fs::write(&output, tables.text()).unwrap_or_else(|cause| panic!("{output}: {cause}"));
}

/// The folder of a module, which Go fetches and verifies.
fn module(path: &str, version: &str) -> PathBuf {
    let output = Command::new("go").args(["mod", "download", "-json", &format!("{path}@v{version}")]).output();
    let answer: Value = serde_json::from_slice(&output.expect("Go is installed").stdout).expect("Go answers in JSON");
    PathBuf::from(answer["Dir"].as_str().unwrap_or_else(|| panic!("{path} {version}: {}", answer["Error"])))
}

/// `io.k8s.api.core.v1.Pod` as `core.v1.Pod`.
fn short(name: &str) -> String {
    let parts: Vec<&str> = name.rsplitn(4, '.').collect();
    match parts.as_slice() {
        [kind, version, group, _] => format!("{group}.{version}.{kind}"),
        _ => name.to_owned(),
    }
}

impl Tables {
    fn read_specifications(&mut self, folder: &Path, minor: u8) {
        let mut schemas = BTreeMap::new();
        let mut wanted = Vec::new();
        for entry in fs::read_dir(folder).expect("the module has specifications").flatten() {
            let text = fs::read(entry.path()).expect("a specification is readable");
            let specification: Value = serde_json::from_slice(&text).expect("a specification is JSON");
            for (path, item) in specification["paths"].as_object().into_iter().flatten() {
                let kind = &item["post"]["x-kubernetes-group-version-kind"];
                let body = body(&item["post"]);
                let (Some(version), Some(kind), Some(body)) = (kind["version"].as_str(), kind["kind"].as_str(), body)
                else {
                    continue;
                };
                if path.contains("{name}") {
                    continue;
                }
                let group = item["post"]["x-kubernetes-group-version-kind"]["group"].as_str().unwrap_or_default();
                let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
                let (scope, resource) = match path.split_once("{namespace}/") {
                    Some((_, resource)) => ("namespaced", resource),
                    None => ("cluster", path.rsplit('/').next().unwrap_or_default()),
                };
                let said = format!("{resource} {scope} {}", short(body));
                self.kinds.entry((api_version, kind.into())).or_default().entry(said).or_default().insert(minor);
                wanted.push(body.to_owned());
            }
            for (name, schema) in specification["components"]["schemas"].as_object().into_iter().flatten() {
                schemas.insert(name.clone(), schema.clone());
            }
        }
        let mut seen = BTreeSet::new();
        while let Some(name) = wanted.pop() {
            let schema = schemas.get(&name).unwrap_or_else(|| panic!("{name} has no schema"));
            if !seen.insert(name.clone()) {
                continue;
            }
            let fields = self.fields.entry(short(&name)).or_default();
            for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
                // What is no pointer is there, whether or not it is written.
                let is_there = schema["default"].as_object().is_some_and(serde_json::Map::is_empty);
                let shape = shape(schema, &schemas, &mut wanted) + if is_there { "!" } else { "" };
                fields.entry(field.clone()).or_default().entry(shape).or_default().insert(minor);
            }
        }
    }

    fn read_enums(&mut self, file: &Path, minor: u8) {
        let text = fs::read_to_string(file).expect("the module has the code of its specifications");
        let (mut name, mut field) = (String::new(), String::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("func schema_") {
                let function = rest.split('(').next().unwrap_or_default();
                let parts: Vec<&str> = function.rsplitn(4, '_').collect();
                name =
                    parts.get(..3).map(|parts| format!("{}.{}.{}", parts[2], parts[1], parts[0])).unwrap_or_default();
            } else if let Some(key) = line.strip_prefix("\t\t\t\t\t\"").and_then(|rest| rest.strip_suffix("\": {")) {
                key.clone_into(&mut field);
            } else if let Some((_, values)) = line.split_once("Enum:") {
                let values = values.split_once('{').and_then(|(_, values)| values.rsplit_once('}'));
                let values =
                    values.and_then(|(values, _)| values.split_once('{').map_or(Some(values), |(_, v)| Some(v)));
                for value in values.unwrap_or_default().split(", ").map(|value| value.trim_matches(['"', '{', '}'])) {
                    let known = self.enums.entry((name.clone(), field.clone())).or_default();
                    known.entry(value.to_owned()).or_default().insert(minor);
                }
            }
        }
    }

    fn read_gone(&mut self, folder: &Path) {
        let folders = |folder: &Path| -> Vec<PathBuf> {
            let entries = fs::read_dir(folder).expect("a module is readable").flatten();
            entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
        };
        for version in folders(folder).iter().flat_map(|group| folders(group)) {
            let register = fs::read_to_string(version.join("register.go")).unwrap_or_default();
            let lifecycle =
                fs::read_to_string(version.join("zz_generated.prerelease-lifecycle.go")).unwrap_or_default();
            let Some(group) = register.split("const GroupName = \"").nth(1).and_then(|rest| rest.split('"').next())
            else {
                continue;
            };
            let version = version.file_name().unwrap_or_default().to_string_lossy();
            let api_version = if group.is_empty() { version.into_owned() } else { format!("{group}/{version}") };
            let kinds =
                lifecycle.lines().filter_map(|line| line.split_once("APILifecycleIntroduced()").map(|(kind, _)| kind));
            for kind in kinds.filter_map(|line| line.strip_prefix("func (in *")?.strip_suffix(") ")) {
                if !kind.ends_with("List") && !kind.ends_with("Options") {
                    self.gone.insert((api_version.clone(), kind.into()));
                }
            }
        }
    }

    fn text(&self) -> String {
        let versions: Vec<&str> = self.minors.iter().map(|(_, version)| version.as_str()).collect();
        let mut text =
            String::from("# Made by `make kubernetes-tables`; do not edit. What each version of Kubernetes serves.\n");
        text += "# `@34-` is true since 1.34, `@-34` until 1.34, both included.\n";
        text += &format!("versions {}\n\n", versions.join(" "));
        for ((api_version, kind), said) in &self.kinds {
            for (said, minors) in said {
                text += &format!("kind {api_version} {kind} {said}{}\n", self.range(minors));
            }
        }
        text.push('\n');
        for (api_version, kind) in self.gone.iter().filter(|kind| !self.kinds.contains_key(kind)) {
            text += &format!("gone {api_version} {kind}\n");
        }
        for (name, fields) in &self.fields {
            text += &format!("\ntype {name}\n");
            for (field, shapes) in fields {
                for (shape, minors) in shapes {
                    text += &format!("{field} {shape}{}", self.range(minors));
                    if let Some(values) = self.enums.get(&(name.clone(), field.clone())) {
                        let all: Minors = values.values().flatten().copied().collect();
                        let ranged = values.iter().map(|(value, minors)| {
                            format!(
                                "{value}{}",
                                if *minors == all { String::new() } else { self.range(minors).replace(' ', "") }
                            )
                        });
                        text += &format!(" enum={}", ranged.collect::<Vec<_>>().join(","));
                    }
                    text.push('\n');
                }
            }
        }
        text
    }

    /// Nothing for what is true of all versions. What is true with a gap between is true in the gap, too.
    fn range(&self, minors: &Minors) -> String {
        let (first, last) = (self.minors.first().map(|minor| minor.0), self.minors.last().map(|minor| minor.0));
        let bound = |bound: Option<&u8>, edge: Option<u8>| match bound {
            Some(bound) if Some(*bound) != edge => bound.to_string(),
            _ => String::new(),
        };
        match (bound(minors.first(), first), bound(minors.last(), last)) {
            (since, until) if since.is_empty() && until.is_empty() => String::new(),
            (since, until) => format!(" @{since}-{until}"),
        }
    }
}

/// The schema of a request's body.
fn body(operation: &Value) -> Option<&str> {
    let contents = operation["requestBody"]["content"].as_object()?;
    let schema = &contents.values().next()?["schema"];
    reference(schema)
}

fn reference(schema: &Value) -> Option<&str> {
    let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str())?;
    reference.strip_prefix("#/components/schemas/")
}

/// What a value looks like: `string`, `[]core.v1.Container`, `{}quantity`.
fn shape(schema: &Value, schemas: &BTreeMap<String, Value>, wanted: &mut Vec<String>) -> String {
    if let Some(name) = reference(schema) {
        let known = match name.rsplit('.').next().unwrap_or_default() {
            "Quantity" => "quantity",
            "IntOrString" => "int-or-string",
            "Time" => "time",
            "MicroTime" => "micro-time",
            "RawExtension" => "object",
            "FieldsV1" | "JSON" => "any",
            // Kubernetes reads these three by code of its own, each as one of two shapes.
            "JSONSchemaPropsOrArray" => "schema-or-list",
            "JSONSchemaPropsOrBool" => "schema-or-bool",
            "JSONSchemaPropsOrStringArray" => "schema-or-strings",
            _ => {
                assert!(schemas.contains_key(name), "{name} has no schema");
                wanted.push(name.to_owned());
                return short(name);
            }
        };
        return known.to_owned();
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("byte")) => "bytes".into(),
        (Some("string"), _) => "string".into(),
        (Some("boolean"), _) => "bool".into(),
        (Some("integer"), Some(format)) => format.into(),
        (Some("number"), _) => "double".into(),
        (Some("array"), _) => format!("[]{}", shape(&schema["items"], schemas, wanted)),
        (Some("object"), _) if schema["additionalProperties"].is_object() => {
            format!("{{}}{}", shape(&schema["additionalProperties"], schemas, wanted))
        }
        (Some("object"), _) => "object".into(),
        _ => panic!("unknown schema: {schema}"),
    }
}
