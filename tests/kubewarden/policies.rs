//! Every module that was built, loaded as a policy-server loads it, with what its metadata says.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use seaworthy_tests::artifacts;
use serde_json::{Value, json};
use wasmparser::{Parser, Payload};
use wasmtime::Engine;

use crate::cluster::Cluster;
use crate::wapc::Policy;

/// A module and its metadata for Kubewarden.
pub struct Loaded {
    pub policy: Policy,
    pub metadata: Value,
}

/// All of them, by rule; compiled once for all tests.
pub static POLICIES: LazyLock<BTreeMap<String, Loaded>> = LazyLock::new(|| {
    let engine = Engine::default();
    let modules = artifacts::modules().into_iter().map(|(name, wasm)| {
        let metadata = metadata(&wasm);
        (name.clone(), Loaded { policy: Policy::load(&engine, &name, &wasm), metadata })
    });
    modules.collect()
});

/// The custom section, read here and not by the host's own reader.
fn metadata(wasm: &[u8]) -> Value {
    let mut sections = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload.unwrap() {
        Payload::CustomSection(section) if section.name() == "io.kubewarden.metadata" => Some(section.data().to_vec()),
        _ => None,
    });
    let section = sections.next().expect("a policy carries metadata");
    assert!(sections.next().is_none(), "kwctl reads the first of several");
    serde_json::from_slice(&section).unwrap()
}

impl Loaded {
    /// What it is granted if its metadata is taken at its word.
    pub fn cluster(&self, objects: &[Value]) -> Cluster {
        let list = |field: &str| self.metadata[field].as_array().cloned().unwrap_or_default();
        let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
        Cluster {
            objects: objects.to_vec(),
            granted: list("contextAwareResources")
                .iter()
                .map(|kind| (text(kind, "apiVersion"), text(kind, "kind")))
                .collect(),
            capabilities: list("hostCapabilities").iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        }
    }

    /// One operation without a world.
    pub fn ask(&self, operation: &str, payload: &Value) -> Value {
        let (response, _) = self.policy.call(operation, &serde_json::to_vec(payload).unwrap(), nobody());
        serde_json::from_slice(&response.unwrap_or_else(|cause| panic!("{operation}: {cause}"))).unwrap()
    }

    /// `validate`, with what it asked for meanwhile.
    pub fn validate(
        &self,
        request: &Value,
        settings: &Value,
        world: Option<&str>,
        cluster: Cluster,
    ) -> (Answer, Vec<String>) {
        let mut payload = json!({ "request": request, "settings": settings });
        if let Some(world) = world {
            payload["world"] = json!(world);
        }
        let payload = serde_json::to_vec(&payload).unwrap();
        let answers =
            move |namespace: &str, operation: &str, payload: &[u8]| cluster.answer(namespace, operation, payload);
        let (response, calls) = self.policy.call("validate", &payload, Box::new(answers));
        let response = response.unwrap_or_else(|cause| panic!("{cause}\n{request:#}"));
        (Answer::read(&serde_json::from_slice(&response).unwrap()), calls)
    }
}

fn nobody() -> crate::wapc::Answers {
    Box::new(|namespace, operation, _| Err(format!("unknown namespace: {namespace} ({operation})")))
}

/// Kubewarden's `ValidationResponse`, as its SDK declares it, and our outcome.
#[derive(Clone, Debug)]
pub struct Answer {
    pub accepted: bool,
    pub message: Option<String>,
    pub warnings: Vec<String>,
    pub outcome: Value,
}

impl Answer {
    /// Reads a response, and holds its fields to their types and an API server's limits.
    fn read(response: &Value) -> Self {
        let fields = response.as_object().expect("a response is a map");
        let known = ["accepted", "message", "code", "mutated_object", "audit_annotations", "warnings", "outcome"];
        assert!(fields.keys().all(|key| known.contains(&key.as_str())), "{response:#}");
        let warnings: Vec<String> = match fields.get("warnings") {
            None => Vec::new(),
            Some(list) => serde_json::from_value(list.clone()).expect("warnings are strings"),
        };
        for warning in &warnings {
            assert!(!warning.is_empty() && warning.chars().count() <= 256, "{warning}");
        }
        assert!(warnings.iter().map(|warning| warning.chars().count()).sum::<usize>() <= 4096, "{warnings:#?}");
        let message = fields.get("message").map(|message| message.as_str().expect("a message is a string").to_owned());
        let accepted = fields["accepted"].as_bool().expect("`accepted` is a boolean");
        // Who is refused hears why; who is not has nothing to hear but warnings.
        assert_eq!(accepted, message.is_none(), "{response:#}");
        if let Some(message) = &message {
            assert!(message.len() > 10 && message.len() <= 8192 && !message.ends_with(';'), "{message:?}");
        }
        // A policy in mode `monitor` passes on warnings and nothing else.
        assert!(accepted || !warnings.is_empty(), "{response:#}");
        for said in message.iter().chain(&warnings) {
            assert!(!said.contains("-----BEGIN") && !said.contains(char::is_control), "{said}");
        }
        Self { accepted, message, warnings, outcome: fields["outcome"].clone() }
    }

    pub fn verdict(&self) -> &str {
        self.outcome["verdict"].as_str().expect("a verdict is a string")
    }
}
