//! Manifests as nobody should write them, and as somebody does: real objects with one thing or three changed at random,
//! in every notation there is, and texts by hand for what no notation makes.
//!
//! The same number gives the same manifest, in every run and on every machine.
#![allow(clippy::indexing_slicing)]

use serde_json::{Value, json};

/// What stands where something else was expected.
fn odd_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!("true"),
        json!("yes"),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(9_007_199_254_740_993_u64),
        json!("1e3"),
        json!("100m"),
        json!("0.1Gi"),
        json!(""),
        json!(" "),
        json!("é\u{1F6A2} ship"),
        json!("a\"b\\c\n"),
        json!("\u{202e}reversed"),
        json!("latest"),
        json!(
            "registry.example.com:5000/shop/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        ),
        json!([]),
        json!({}),
        json!([[], {}, null]),
        json!({"a": {"b": {"c": [1, "2", null]}}}),
        json!(65_534),
        json!("*"),
    ]
}

/// Numbers that look random, of a linear congruence.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }
}

/// The manifest of that number, made of one or two of these texts; its name ends as its notation does.
///
/// # Panics
/// If none of the texts is YAML.
#[must_use]
pub fn manifest(number: usize, texts: &[String]) -> (String, String) {
    let mut dice = Dice(number as u64 + 1);
    if let Some(text) = BY_HAND.get(number) {
        return (format!("hand-{number}.yaml"), (*text).to_owned());
    }
    let mut documents: Vec<Value> = Vec::new();
    for _ in 0..=dice.below(2) {
        let text = &texts[dice.below(texts.len())];
        documents.extend(serde_saphyr::from_multiple::<Value>(text).unwrap_or_default());
    }
    documents.truncate(5);
    for document in &mut documents {
        for _ in 0..dice.below(4) {
            change(document, &mut dice);
        }
    }
    assert!(!documents.is_empty(), "an example is YAML");
    write(number, &documents, &mut dice)
}

/// Changes one thing, as deep down as the dice say.
fn change(value: &mut Value, dice: &mut Dice) {
    let goes_on = dice.below(8) != 0;
    match value {
        Value::Object(fields) if goes_on && !fields.is_empty() => {
            let at = dice.below(fields.len());
            let key = fields.keys().nth(at).cloned().unwrap_or_default();
            match dice.below(24) {
                0 => {
                    fields.remove(&key);
                }
                1 => {
                    if let Some(moved) = fields.remove(&key) {
                        fields.insert(key.to_uppercase(), moved);
                    }
                }
                2 => {
                    fields.insert("x-extra".into(), json!({"y": [1]}));
                }
                _ => {
                    if let Some(field) = fields.get_mut(&key) {
                        change(field, dice);
                    }
                }
            }
        }
        Value::Array(items) if goes_on && !items.is_empty() => {
            let at = dice.below(items.len());
            match dice.below(10) {
                0 => {
                    items.remove(at);
                }
                1 => items.push(items[at].clone()),
                _ => change(&mut items[at], dice),
            }
        }
        other => {
            let mut odd = odd_values();
            *other = odd.swap_remove(dice.below(odd.len()));
        }
    }
}

fn write(number: usize, documents: &[Value], dice: &mut Dice) -> (String, String) {
    let yaml = |document: &Value| serde_saphyr::to_string(document).expect("a value has a YAML form");
    let json = |document: &Value| serde_json::to_string_pretty(document).expect("a value has a JSON form");
    let text = match dice.below(6) {
        0 => return (format!("odd-{number}.json"), documents.iter().map(|it| json(it) + "\n").collect()),
        1 => documents.iter().map(|it| format!("--- # {number}\n{it}\n")).collect(),
        2 => documents.iter().map(|it| format!("---\n{}\n...\n", yaml(it))).collect::<String>().replace('\n', "\r\n"),
        3 => {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": documents});
            format!("# a list\n{}", yaml(&list))
        }
        4 => documents.iter().map(|it| format!("\u{feff}---  \n{}", yaml(it))).take(1).collect(),
        _ => documents.iter().map(|it| format!("---\n{}", yaml(it))).collect(),
    };
    (format!("odd-{number}.yaml"), text)
}

/// What no value makes: anchors, templates, what is no object or not readable.
const BY_HAND: &[&str] = &[
    "",
    "# nothing\n---\n---\n",
    "apiVersion: v1\nkind: Pod\nmetadata: &m {name: web, namespace: shop}\nspec:\n  containers: &c\n  - &one {name: app, image: 'nginx'}\n  - <<: *one\n    name: two\n    image: nginx:1.25\n  initContainers: *c\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nmetadata: {name: twice}\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  replicas: {{ .Values.replicas }}\n",
    "replicaCount: 3\nimage: {repository: nginx, tag: latest}\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: broken\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: yaml11}\nspec:\n  hostNetwork: yes\n  hostPID: on\n  terminationGracePeriodSeconds: 010\n  containers:\n  - {name: a, image: a:1, securityContext: {runAsUser: 0x0, privileged: No}}\n",
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: tab\nspec:\n\tcontainers: []\n",
    "apiVersion: apps/v1\nkind: Deployments\nmetadata: {name: misspelt}\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: block}\ndata:\n  a: |-\n    one\n     two\n  b: >+\n    folded\n    text\n\n  \"c\\u0061\": 'it''s'\n",
    "[{apiVersion: v1, kind: Pod, metadata: {name: in-a-sequence}}]\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {generateName: job-}\nspec: {containers: [{name: a, image: \"ubuntu\"}], restartPolicy: Never}\n",
    "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"json\"}, \"spec\": {\"c\\u006fntainers\": [{\"name\": \"a\", \"image\": \"a\"}]}}",
    "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly, namespace: shop}\nspec:\n  schedule: '@daily'\n  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'a:v1', args: [--password=x]}]}}}}\n",
    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [web.yaml]\npatches: [{path: patch.yaml}]\n",
];
