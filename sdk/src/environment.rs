//! The environment of a container, as the kubelet makes it: `env` wins over `envFrom`, and of two the later one.
//!
//! A value may be in a ConfigMap, which is looked up. What is in a Secret, in a field of the pod, or in a ConfigMap that is
//! not in sight, is known to be set and no more. The module must not know what any variable means.
//!
//! Look-ups are the rule's to declare. A rule that reads an [`Environment`] declares, besides its own:
//!
//! ```text
//! reads: ["containers.env", "containers.envFrom"],
//! looks_up: ["v1/ConfigMap": ["data"]],
//! ```

use alloc::vec::Vec;

use crate::field::Field;
use crate::object::Object;
use crate::undecided::Undecided;
use crate::workload::Container;
use crate::world::World;

/// A variable that is set.
#[derive(Clone, Copy)]
pub struct Variable<'a> {
    /// Where: its `value`, its `valueFrom`, or the source in `envFrom` that brings it.
    pub at: Field<'a>,
    /// Its value, which may be empty; `None` where it is out of sight.
    pub value: Option<&'a str>,
}

/// The environment of one container.
pub struct Environment<'a> {
    env: Field<'a>,
    sources: Vec<Source<'a>>,
    namespace: Option<&'a str>,
    world: World<'a>,
}

/// An entry of `envFrom`.
struct Source<'a> {
    at: Field<'a>,
    prefix: &'a str,
    /// What it brings, if it is in sight.
    config_map: Option<Object<'a>>,
}

impl<'a> Environment<'a> {
    /// The environment of a container of a workload in this namespace.
    ///
    /// # Errors
    /// A look-up failed. One that is not allowed leaves its ConfigMap out of sight.
    pub fn of(container: Container<'a>, namespace: Option<&'a str>, world: &World<'a>) -> Result<Self, Undecided> {
        let mut sources = Vec::new();
        for at in container.get("envFrom").items() {
            let prefix = at.get("prefix").str().unwrap_or_default();
            let config_map = find(at.get("configMapRef"), namespace, world)?;
            sources.push(Source { at, prefix, config_map });
        }
        Ok(Self { env: container.get("env"), sources, namespace, world: *world })
    }

    /// The variable of that name, if it is set as far as can be seen.
    ///
    /// # Errors
    /// A look-up failed.
    pub fn get(&self, name: &str) -> Result<Option<Variable<'a>>, Undecided> {
        if let Some(entry) = self.env.items().filter(|entry| entry.get("name").str() == Some(name)).last() {
            let from = entry.get("valueFrom");
            if !from.is_set() {
                let at = entry.get("value");
                // Without a value it is empty.
                return Ok(Some(Variable { at, value: at.str().or(Some("")) }));
            }
            let reference = from.get("configMapKeyRef");
            let config_map = find(reference, self.namespace, &self.world)?;
            let value = config_map.and_then(|found| found.get("data").entry(reference.get("key").str()?).str());
            return Ok(Some(Variable { at: from, value }));
        }
        let brought = self.sources.iter().rev().find_map(|source| {
            let key = name.strip_prefix(source.prefix)?;
            let value = source.config_map?.get("data").entry(key).str()?;
            Some(Variable { at: source.at, value: Some(value) })
        });
        Ok(brought)
    }

    /// Whether all that `envFrom` brings is in sight.
    #[must_use]
    pub fn is_in_sight(&self) -> bool {
        self.sources.iter().all(|source| source.config_map.is_some())
    }
}

/// The ConfigMap that a reference names, if it is in sight.
fn find<'a>(
    reference: Field<'a>,
    namespace: Option<&'a str>,
    world: &World<'a>,
) -> Result<Option<Object<'a>>, Undecided> {
    let Some(name) = reference.get("name").str() else {
        return Ok(None);
    };
    match world.get("v1", "ConfigMap", namespace, name) {
        Err(Undecided::Unknown(_)) => Ok(None),
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};

    use protocol::{contract, path};

    use super::*;
    use crate::memory::Memory;
    use crate::value::Value;
    use crate::workload::{Class, Workload};
    use crate::world::Declared;
    use crate::world::{Completeness, Host};

    const DECLARED: &[Declared] = &[Declared { api_version: "v1", kind: "ConfigMap", reads: &["data"] }];

    /// Knows two ConfigMaps, and may not tell a third.
    struct Maps;

    impl Host for Maps {
        fn call(&self, _: &str, _: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
            let asked: serde_json::Value = serde_json::from_slice(payload).unwrap();
            match asked.get("name").and_then(serde_json::Value::as_str) {
                Some("one") => Ok(br#"{"metadata": {"name": "one"}, "data": {"A": "one", "B": "one"}}"#.to_vec()),
                Some("two") => Ok(br#"{"metadata": {"name": "two"}, "data": {"B": "two", "EMPTY": ""}}"#.to_vec()),
                Some("hidden") => Err(contract::LOOK_UP_NOT_ALLOWED.to_string()),
                _ => Err(contract::NOT_FOUND.to_string()),
            }
        }
    }

    /// Where the variable is set and to what, and whether the whole environment is in sight.
    fn variable(container: &str, name: &str) -> (Option<(String, Option<String>)>, bool) {
        let memory = Memory::new();
        let pod = format!(r#"{{"kind": "Pod", "apiVersion": "v1", "spec": {{"containers": [{container}]}}}}"#);
        let value = Value::parse(pod.as_bytes(), &memory.bump).unwrap();
        let workload = Workload::view(Object::new(Field::root(&memory, Some(&value)), None)).unwrap();
        let world = World::new(&memory, &Maps, Completeness::Complete, DECLARED);
        let container = workload.containers(Class::ALL).next().unwrap();
        let environment = Environment::of(container, None, &world).unwrap();
        let found = environment.get(name).unwrap().map(|variable| {
            let place = path::shorten(&variable.at.path());
            let place = place.strip_prefix("spec.containers[0].").map(String::from).unwrap_or(place);
            (place, variable.value.map(String::from))
        });
        (found, environment.is_in_sight())
    }

    fn set(place: &str, value: Option<&str>) -> Option<(String, Option<String>)> {
        Some((place.into(), value.map(String::from)))
    }

    #[test]
    fn of_two_entries_the_later_wins_and_none_is_none() {
        let container = r#"{"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}, {"name": "B"}]}"#;
        assert_eq!(variable(container, "A"), (set("env[1].value", Some("2")), true));
        assert_eq!(variable(container, "B"), (set("env[2].value", Some("")), true));
        assert_eq!(variable(container, "C"), (None, true));
    }

    #[test]
    fn of_two_sources_the_later_wins_and_an_entry_over_both() {
        let sources = r#""envFrom": [{"configMapRef": {"name": "one"}}, {"configMapRef": {"name": "two"}}]"#;
        let container = format!("{{{sources}}}");
        assert_eq!(variable(&container, "A"), (set("envFrom[0]", Some("one")), true));
        assert_eq!(variable(&container, "B"), (set("envFrom[1]", Some("two")), true));
        assert_eq!(variable(&container, "EMPTY"), (set("envFrom[1]", Some("")), true));
        let container = format!(r#"{{{sources}, "env": [{{"name": "B", "value": "own"}}]}}"#);
        assert_eq!(variable(&container, "B"), (set("env[0].value", Some("own")), true));
    }

    #[test]
    fn a_prefix_stands_before_the_keys_of_its_source() {
        let container = r#"{"envFrom": [{"prefix": "X_", "configMapRef": {"name": "one"}}]}"#;
        assert_eq!(variable(container, "X_A"), (set("envFrom[0]", Some("one")), true));
        assert_eq!(variable(container, "A"), (None, true));
    }

    #[test]
    fn a_reference_is_followed_into_a_configmap_and_nowhere_else() {
        let reference = |from: &str| format!(r#"{{"env": [{{"name": "A", "valueFrom": {{{from}}}}}]}}"#);
        for (from, value) in [
            (r#""configMapKeyRef": {"name": "two", "key": "B"}"#, Some("two")),
            (r#""configMapKeyRef": {"name": "two", "key": "gone"}"#, None),
            (r#""configMapKeyRef": {"name": "gone", "key": "B"}"#, None),
            (r#""configMapKeyRef": {"name": "hidden", "key": "B"}"#, None),
            (r#""secretKeyRef": {"name": "one", "key": "A"}"#, None),
            (r#""fieldRef": {"fieldPath": "status.hostIP"}"#, None),
        ] {
            assert_eq!(variable(&reference(from), "A"), (set("env[0].valueFrom", value), true), "{from}");
        }
    }

    #[test]
    fn a_source_may_be_out_of_sight() {
        for source in [
            r#"{"secretRef": {"name": "one"}}"#,
            r#"{"configMapRef": {"name": "gone"}}"#,
            r#"{"configMapRef": {"name": "hidden"}}"#,
        ] {
            assert_eq!(variable(&format!(r#"{{"envFrom": [{source}]}}"#), "A"), (None, false), "{source}");
        }
    }
}
