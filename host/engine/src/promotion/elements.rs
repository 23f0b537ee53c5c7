//! By what the elements of a list generator are told apart: `{env: production, service: web, url: ...}` is `production, web`.
//!
//! An address, a number and most else differ between the environments of one service. The module must not know which
//! environment is which.

use std::collections::HashMap;

use super::text::scalar;
use crate::manifest::{Node, Value};

/// Keys that name the environment, and a part of an environment.
const ENVIRONMENTS: [&str; 3] = ["env", "environment", "stage"];
const REGIONS: [&str; 2] = ["region", "location"];

/// Words in keys that name a service.
const SERVICES: [&str; 6] = ["name", "service", "svc", "app", "component", "chart"];

/// Whether the key of an element names a version.
#[must_use]
pub fn is_version(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace(['_', '-', '.'], "");
    ["tag", "version", "revision", "image"].iter().any(|end| key.ends_with(end))
}

/// What tells each element from the others: its environment, its service, and what several of them have in common. Where that
/// is not enough, everything that it says.
#[must_use]
pub fn labels(elements: &[Node]) -> Vec<String> {
    let said: Vec<Vec<(&str, String)>> = elements.iter().map(said).collect();
    let mut pairs: HashMap<(&str, &str), usize> = HashMap::new();
    for (key, text) in said.iter().flatten() {
        *pairs.entry((*key, text.as_str())).or_default() += 1;
    }
    let short: Vec<String> = said.iter().map(|one| short(one, &pairs)).collect();
    let mut labels: HashMap<&str, usize> = HashMap::new();
    for label in &short {
        *labels.entry(label.as_str()).or_default() += 1;
    }
    let whole = |one: &[(&str, String)]| one.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(", ");
    let label = |(label, one): (&String, &Vec<(&str, String)>)| {
        let is_alone = labels.get(label.as_str()) == Some(&1);
        if is_alone { label.clone() } else { whole(one) }
    };
    short.iter().zip(&said).map(label).collect()
}

/// What tells one from most others. `pairs` has how often a key has a value.
fn short(one: &[(&str, String)], pairs: &HashMap<(&str, &str), usize>) -> String {
    let environment = one.iter().find(|(key, _)| ENVIRONMENTS.contains(key));
    // The region is one of the environment: `production-eu`.
    let region = one.iter().find(|(key, _)| environment.is_some() && REGIONS.contains(key));
    let place: Vec<&str> = environment.into_iter().chain(region).map(|(_, text)| text.as_str()).collect();
    let mut label = vec![place.join("-")];
    for (key, text) in one.iter().filter(|(key, _)| !ENVIRONMENTS.contains(key) && !REGIONS.contains(key)) {
        let lower = key.to_ascii_lowercase();
        let is_service = SERVICES.iter().any(|word| lower.contains(word));
        let is_common = pairs.get(&(*key, text.as_str())).is_some_and(|count| *count > 1);
        if is_service || is_common && !text.contains("://") && text.parse::<f64>().is_err() {
            label.push(text.clone());
        }
    }
    label.retain(|text| !text.is_empty());
    label.join(", ")
}

/// What an element says besides versions: the keys and the values.
fn said(element: &Node) -> Vec<(&str, String)> {
    let Value::Mapping(entries) = &element.value else { return Vec::new() };
    let entries = entries.iter().filter(|entry| !is_version(&entry.key));
    entries.filter_map(|entry| Some((&*entry.key, scalar(&entry.value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Content, Limits, read};

    fn labelled(elements: &str) -> Vec<String> {
        let manifest = read("a.yaml", format!("elements: {elements}").into_bytes(), &Limits::default());
        let Some(Content::Other(node)) = manifest.documents.first().map(|document| &document.content) else {
            panic!("{elements} is read as something else")
        };
        labels(node.list("elements"))
    }

    #[test]
    fn an_element_is_told_by_its_environment_and_its_service() {
        for (elements, wanted) in [
            ("[{env: staging, url: 'https://1', tag: '1'}, {env: prod, url: 'https://2'}]", ["staging", "prod"]),
            ("[{env: staging, replicas: 1}, {env: prod, replicas: 5}]", ["staging", "prod"]),
            ("[{env: staging, replicas: 1}, {env: prod, replicas: 1}]", ["staging", "prod"]),
            ("[{env: staging, region: eu}, {env: prod, region: us}]", ["staging-eu", "prod-us"]),
            ("[{env: staging, team: a}, {env: prod, team: a}]", ["staging, a", "prod, a"]),
            ("[{env: staging, service: web}, {env: prod, service: api}]", ["staging, web", "prod, api"]),
            // Two of one environment are told apart by all that they say.
            ("[{env: prod, url: 'https://1'}, {env: prod, url: 'https://2'}]", ["prod, https://1", "prod, https://2"]),
            ("[{a: b}, 3]", ["b", ""]),
        ] {
            assert_eq!(labelled(elements), wanted, "{elements}");
        }
    }
}
