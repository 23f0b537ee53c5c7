//! Answers look-ups from the world, and nothing else. Whether the module may ask was decided before, by its
//! [`Grant`](crate::Grant).
//!
//! No rule learns what is in another object's Secret: a look-up of Secrets, whoever asks, answers with the keys of
//! `data` and `stringData` and with empty strings for their values. Only the Secret that is judged itself comes whole.

use protocol::{FieldMask, LookUp, api_group, contract};
use serde::Deserialize;

use crate::call::{CallError, Denial, HostCall, HostCalls};
use crate::manifest::{Entry, Node, Object, Value};
use crate::relations::Related;
use crate::selector::Selector;
use crate::world::{Viewpoint, World};

/// The world as one rule sees it from one object.
pub struct LookUps<'a> {
    /// All objects.
    pub world: &'a World<'a>,
    /// The place of the object judged.
    pub from: Viewpoint<'a>,
}

/// No world at all: settings are looked at without one.
pub struct NoLookUps;

impl HostCalls for NoLookUps {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        Err(call.unanswered("there is no object whose world could be looked at"))
    }
}

/// The payload of Kubewarden's `get_resource` and of both lists, each of which leaves some fields out.
#[derive(Debug, Deserialize)]
pub struct LookUpRequest {
    /// `v1`, `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// Of the one object.
    #[serde(default)]
    pub name: Option<String>,
    /// Of the one object, or of all that are listed.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Of those listed, as the API's `labelSelector`.
    #[serde(default)]
    pub label_selector: Option<String>,
    /// Of those listed, as the API's `fieldSelector`.
    #[serde(default)]
    pub field_selector: Option<String>,
    /// The fields that are wanted, see [`mask`](Self::mask).
    #[serde(default)]
    pub field_masks: Option<Vec<String>>,
    /// Whether only an answer given anew will do; where nothing changes, as in the input, any is.
    #[serde(default)]
    pub disable_cache: bool,
    /// Of those listed, the ones that may be related: a hint, which a host may leave aside.
    #[serde(default)]
    pub related: Vec<Related>,
    /// Of a list of every namespace: whether what is deployed apart from the one that asks, and names no namespace, is
    /// listed too. A hint, which a host of a cluster may leave aside.
    #[serde(default)]
    pub anywhere: bool,
    /// Of those listed, how many are wanted at most: a hint too.
    #[serde(default)]
    pub most: Option<usize>,
    /// Of those listed anywhere, whether the ones that deploy what was rendered are left out: a hint too.
    #[serde(default)]
    pub unrendered: bool,
}

impl LookUpRequest {
    /// What is wanted of each object. No mask is the whole object, and so is an empty one, as Kubewarden's policy-server
    /// has it.
    #[must_use]
    pub fn mask(&self) -> FieldMask {
        let entries = self.field_masks.as_ref().filter(|entries| !entries.is_empty());
        entries.map_or(FieldMask::whole(), |entries| FieldMask::of_entries(entries))
    }
}

impl HostCalls for LookUps<'_> {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        match (call.binding, call.namespace, call.operation) {
            (contract::BINDING, contract::KUBERNETES, contract::GET_RESOURCE) => self.get(&call.read()?),
            (contract::BINDING, contract::KUBERNETES, contract::LIST_BY_NAMESPACE) => {
                let asked: LookUpRequest = call.read()?;
                self.in_sight(&asked, asked.namespace.as_deref())?;
                self.world.remember(self.from, call.operation, call.payload, || {
                    let namespace = asked.namespace.as_deref().unwrap_or_default();
                    let group = api_group(&asked.api_version);
                    let objects = self.world.related(self.from, group, &asked.kind, Some(namespace), &asked.related);
                    list(&asked, &objects, 0)
                })
            }
            (contract::BINDING, contract::KUBERNETES, contract::LIST_ALL) => {
                let asked: LookUpRequest = call.read()?;
                self.in_sight(&asked, None)?;
                self.world.remember(self.from, call.operation, call.payload, || {
                    let (group, kind) = (api_group(&asked.api_version), &asked.kind);
                    if asked.anywhere {
                        let objects = if asked.unrendered {
                            self.world.unrendered(self.from, group, kind)
                        } else {
                            self.world.anywhere(self.from, group, kind, &asked.related)
                        };
                        return list(&asked, &objects, self.world.unread(self.from));
                    }
                    list(&asked, &self.world.related(self.from, group, kind, None, &asked.related), 0)
                })
            }
            _ => Err(call.unanswered("nobody here answers it")),
        }
    }

    fn lacks(&self, kinds: &[LookUp]) -> Vec<bool> {
        kinds.iter().map(|it| self.world.lacks(self.from, api_group(&it.api_version), &it.kind)).collect()
    }
}

impl LookUps<'_> {
    /// Refuses a look-up whose answer could lack objects that are there.
    fn in_sight(&self, asked: &LookUpRequest, namespace: Option<&str>) -> Result<(), CallError> {
        match self.world.blindness(api_group(&asked.api_version), &asked.kind, namespace) {
            None => Ok(()),
            Some(reason) => Err(Denial::Unseen { kind: asked.kind.clone(), reason: reason.to_owned() }.into()),
        }
    }

    fn get(&self, asked: &LookUpRequest) -> Result<Vec<u8>, CallError> {
        self.in_sight(asked, asked.namespace.as_deref())?;
        let (group, namespace) = (api_group(&asked.api_version), asked.namespace.as_deref().unwrap_or_default());
        let name = asked.name.as_deref().unwrap_or_default();
        let found = self.world.get(self.from, group, &asked.kind, namespace, name);
        let object = found.ok_or(CallError::NotFound)?;
        let mut answer = Vec::new();
        write_looked_up(object, &asked.mask(), &mut answer);
        Ok(answer)
    }
}

/// Empties the values of an object that is kept for look-ups, if it is a Secret.
pub(crate) fn conceal(object: &mut Object) {
    if is_secret(object) {
        object.node.change(|node| *node = without_values(node));
    }
}

/// The objects that the labels and fields select, as a list. It says how many are at least missing from it, as the API has
/// it, where something could not be read.
pub(crate) fn list(asked: &LookUpRequest, objects: &[&Object], remaining: usize) -> Result<Vec<u8>, CallError> {
    let selector =
        |text: &Option<String>| Selector::parse(text.as_deref().unwrap_or_default()).map_err(CallError::invalid);
    let (labels, fields) = (selector(&asked.label_selector)?, selector(&asked.field_selector)?);
    let mask = asked.mask();
    let (mut items, mut left, mut remaining) = (Vec::new(), asked.most.unwrap_or(usize::MAX), remaining);
    for object in objects {
        let node = object.node.look();
        if !labels.matches_labels(&node) || !fields.matches_fields(&node) {
            continue;
        }
        if left == 0 {
            remaining += 1;
            break;
        }
        left -= 1;
        if !items.is_empty() {
            items.push(b',');
        }
        write_node(object, &node, &mask, &mut items);
    }
    let metadata = if remaining > 0 { format!(r#"{{"remainingItemCount":{remaining}}}"#) } else { "{}".to_owned() };
    let mut answer = format!(r#"{{"kind":"List","apiVersion":"v1","metadata":{metadata},"items":["#).into_bytes();
    answer.append(&mut items);
    answer.extend_from_slice(b"]}");
    Ok(answer)
}

/// Appends the object as a look-up answers it: as JSON, without what is secret in it.
pub fn write_looked_up(object: &Object, mask: &FieldMask, answer: &mut Vec<u8>) {
    write_node(object, &object.node.look(), mask, answer);
}

fn write_node(object: &Object, node: &Node, mask: &FieldMask, answer: &mut Vec<u8>) {
    if is_secret(object) {
        without_values(node).write_json(mask, answer);
    } else {
        node.write_json(mask, answer);
    }
}

fn is_secret(object: &Object) -> bool {
    object.group().is_empty() && object.kind == "Secret"
}

/// A Secret with all values of `data` and `stringData` empty, and with them the annotation in which `kubectl apply`
/// keeps a copy. Keys may be spelt in any case, as masks have it.
fn without_values(secret: &Node) -> Node {
    let mut secret = secret.clone();
    for entry in members(&mut secret) {
        let is = |name: &str| entry.key.eq_ignore_ascii_case(name);
        if is("data") || is("stringData") {
            match &entry.value.value {
                Value::Mapping(_) => members(&mut entry.value).iter_mut().for_each(|entry| empty(&mut entry.value)),
                _ => empty(&mut entry.value),
            }
        } else if is("metadata") {
            let annotations =
                members(&mut entry.value).iter_mut().filter(|entry| entry.key.eq_ignore_ascii_case("annotations"));
            for annotation in annotations.flat_map(|entry| members(&mut entry.value)) {
                if &*annotation.key == "kubectl.kubernetes.io/last-applied-configuration" {
                    empty(&mut annotation.value);
                }
            }
        }
    }
    secret
}

fn empty(node: &mut Node) {
    node.value = Value::String("".into());
}

fn members(node: &mut Node) -> &mut [Entry] {
    match &mut node.value {
        Value::Mapping(entries) => entries,
        _ => &mut [],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{HostCall, HostCalls, LookUps, World};
    use crate::file::File;
    use crate::input::{Input, Subject};
    use crate::manifest::{Limits, read};
    use crate::world::BlindSpot;

    const WORLD: &str = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, labels: {app: web}}\nsecrets: []\n---\n\
                         apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: shop}\n---\n\
                         apiVersion: v1\nkind: Secret\nmetadata: {name: web}\n";

    fn ask(namespace: &str, operation: &str, payload: &Value) -> Result<Value, String> {
        let manifest = read("world.yaml", WORLD.into(), &Limits::default());
        let input = Input::new(vec![File { manifest, project: 0 }]);
        let world = World::new(&input);
        let from = World::viewpoint(&input, input.subjects().next().unwrap());
        let payload = payload.to_string();
        let call = HostCall { binding: "kubewarden", namespace, operation, payload: payload.as_bytes() };
        let answer = LookUps { world: &world, from }.call(call).map_err(|refusal| refusal.to_string())?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    #[test]
    fn absent_namespaces_are_equal_and_no_others() {
        let get = |namespace: Value| {
            let payload = json!({"api_version": "v1", "kind": "ServiceAccount", "name": "web", "namespace": namespace});
            ask("kubernetes", "get_resource", &payload)
        };
        assert_eq!(get(Value::Null).unwrap().pointer("/secrets"), Some(&json!([])));
        assert_eq!(get(json!("shop")).unwrap().pointer("/metadata/namespace"), Some(&json!("shop")));
        assert_eq!(get(json!("other")), Err("not found".into()));
    }

    #[test]
    fn lists_are_selected_and_masked() {
        let payload = json!({"api_version": "v1", "kind": "ServiceAccount", "label_selector": "app=web",
                             "field_masks": ["metadata.name"]});
        let list = ask("kubernetes", "list_resources_all", &payload).unwrap();
        assert_eq!(list.pointer("/items"), Some(&json!([{"metadata": {"name": "web"}}])));
        let payload = json!({"api_version": "v1", "kind": "ServiceAccount", "namespace": "shop"});
        let list = ask("kubernetes", "list_resources_by_namespace", &payload).unwrap();
        assert_eq!(list.pointer("/items").and_then(Value::as_array).map(Vec::len), Some(1));
    }

    #[test]
    fn no_more_are_listed_than_are_wanted() {
        let list = |most: usize| {
            let payload = json!({"api_version": "v1", "kind": "ServiceAccount", "most": most});
            let list = ask("kubernetes", "list_resources_all", &payload).unwrap();
            let items = list.pointer("/items").and_then(Value::as_array).map(Vec::len);
            (items, list.pointer("/metadata/remainingItemCount").and_then(Value::as_u64))
        };
        assert_eq!([0, 1, 2].map(list), [(Some(0), Some(1)), (Some(1), Some(1)), (Some(2), None)]);
    }

    #[test]
    fn the_values_of_a_secret_are_told_to_nobody() {
        let text = "apiVersion: v1\nkind: Secret\ntype: Opaque\nmetadata: {name: web, annotations: {a: b, \
                    kubectl.kubernetes.io/last-applied-configuration: 'hunter2'}}\nDATA: {a: hunter2}\n\
                    data: {b: hunter2, c: [hunter2]}\nstringData: hunter2\nsops: {mac: d}\n";
        let input = Input::new(vec![File { manifest: read("s.yaml", text.into(), &Limits::default()), project: 0 }]);
        let world = World::new(&input);
        let from = World::viewpoint(&input, input.subjects().next().unwrap());
        let payload = json!({"api_version": "v1", "kind": "Secret", "name": "web"}).to_string();
        for operation in ["get_resource", "list_resources_by_namespace", "list_resources_all"] {
            let call =
                HostCall { binding: "kubewarden", namespace: "kubernetes", operation, payload: payload.as_bytes() };
            let answer = LookUps { world: &world, from }.call(call).unwrap();
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            let secret = answer.pointer("/items/0").unwrap_or(&answer);
            assert_eq!(secret.pointer("/data"), Some(&json!({"b": "", "c": ""})), "{operation}");
            assert_eq!(secret.pointer("/sops/mac"), Some(&json!("d")));
            assert_eq!(secret.pointer("/metadata/annotations/a"), Some(&json!("b")));
            assert!(!secret.to_string().contains("hunter2"), "{operation}");
        }
    }

    #[test]
    fn each_asker_gets_the_list_of_its_own_place() {
        let file = |name: &str| {
            // The ConfigMap has no variant, so that its folder alone says what it sees.
            let text = format!(
                "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: web}}\nplace: {name}\n---\n\
                 apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"
            );
            File { manifest: read(name, text.into(), &Limits::default()), project: 0 }
        };
        let input = Input::new(vec![file("a/x.yaml"), file("b/x.yaml")]);
        let world = World::new(&input);
        let payload = json!({"api_version": "v1", "kind": "ServiceAccount"}).to_string();
        for operation in ["list_resources_by_namespace", "list_resources_all"] {
            for subject in input.subjects().chain(input.subjects()) {
                let call =
                    HostCall { binding: "kubewarden", namespace: "kubernetes", operation, payload: payload.as_bytes() };
                let from = World::viewpoint(&input, subject);
                let answer = LookUps { world: &world, from }.call(call).unwrap();
                let answer: Value = serde_json::from_slice(&answer).unwrap();
                let place = answer.pointer("/items/0/place").and_then(Value::as_str);
                assert_eq!(place, input.file(subject.file).map(|file| file.manifest.name.as_str()));
            }
        }
    }

    #[test]
    fn what_is_deployed_apart_is_listed_where_it_is_asked_for_and_what_is_unread_is_counted() {
        let file =
            |name: &str, text: String| File { manifest: read(name, text.into(), &Limits::default()), project: 0 };
        let pod = |name: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n");
        let files = [
            file("a/pod.yaml", pod("a")),
            file("b/pod.yaml", pod("b")),
            file("b/broken.yaml", pod("c") + "kind: Pod\n"),
            file("b/template.yaml", "kind: {{ .Values.kind }}\n".to_owned()),
            file("b/values.yaml", "a: 1\n".to_owned()),
        ];
        let input = Input::new(files.into());
        let world = World::new(&input);
        let list = |file: usize, payload: Value| {
            let from = World::viewpoint(&input, input.subjects().find(|subject| subject.file == file).unwrap());
            let payload = payload.to_string();
            let (namespace, operation) = ("kubernetes", "list_resources_all");
            let call = HostCall { binding: "kubewarden", namespace, operation, payload: payload.as_bytes() };
            let answer: Value = serde_json::from_slice(&LookUps { world: &world, from }.call(call).unwrap()).unwrap();
            let items = answer.pointer("/items").and_then(Value::as_array).map(Vec::len);
            (items, answer.pointer("/metadata/remainingItemCount").and_then(Value::as_u64))
        };
        let (all, anywhere) = (json!({"api_version": "v1", "kind": "Pod"}), "anywhere");
        let mut asked = all.clone();
        asked.as_object_mut().unwrap().insert(anywhere.into(), json!(true));
        assert_eq!(list(0, all.clone()), (Some(1), None));
        assert_eq!(list(0, asked.clone()), (Some(2), None));
        assert_eq!(list(1, all), (Some(1), None));
        assert_eq!(list(1, asked), (Some(2), Some(2)));
    }

    #[test]
    fn what_may_be_there_unseen_is_not_called_missing() {
        let input = Input::default();
        let manifest = read("world.yaml", WORLD.into(), &Limits::default());
        let spot = |seen_in: &[&str]| BlindSpot {
            group: String::new(),
            kind: "ServiceAccount".into(),
            seen_in: seen_in.iter().map(|seen| (*seen).to_owned()).collect(),
            reason: "forbidden".into(),
        };
        let asker = manifest.objects().next().unwrap();
        let from = World::viewpoint(&input, Subject { file: 0, document: 0, object: asker });
        for (seen_in, operation, namespace, is_answered) in [
            (&[][..], "get_resource", json!("shop"), false),
            (&[], "list_resources_by_namespace", json!("shop"), false),
            (&["shop"], "get_resource", json!("shop"), true),
            (&["shop"], "get_resource", json!("other"), false),
            (&["shop"], "get_resource", Value::Null, false),
            (&["shop"], "list_resources_by_namespace", json!("shop"), true),
            (&["shop"], "list_resources_by_namespace", json!("other"), false),
            (&["shop"], "list_resources_all", Value::Null, false),
        ] {
            let world = World::of(manifest.objects(), vec![spot(seen_in)]);
            let payload = json!({"api_version": "v1", "kind": "ServiceAccount", "name": "web", "namespace": namespace});
            let payload = payload.to_string();
            let call =
                HostCall { binding: "kubewarden", namespace: "kubernetes", operation, payload: payload.as_bytes() };
            let answer = LookUps { world: &world, from }.call(call).map_err(|refusal| refusal.to_string());
            let refusal = Err("look-up not allowed: ServiceAccount cannot be seen: forbidden".to_owned());
            assert!(
                if is_answered { answer.is_ok() } else { answer == refusal },
                "{seen_in:?} {operation} {namespace}"
            );
        }
    }

    #[test]
    fn nothing_but_look_ups_is_answered_from_the_input() {
        for (namespace, operation) in [
            ("kubernetes", "can_i"),
            ("kubernetes", "delete_resource"),
            ("oci", "v1/manifest_digest"),
            ("oci", "v1/oci_manifest"),
            ("oci", "v1/oci_manifest_config"),
            ("oci", "v1/verify"),
            ("oci", "v2/verify"),
            ("net", "v1/dns_lookup_host"),
            ("crypto", "v1/is_certificate_trusted"),
            ("", ""),
        ] {
            assert!(
                ask(namespace, operation, &json!({})).unwrap_err().starts_with("look-up not allowed"),
                "{operation}"
            );
        }
    }

    #[test]
    fn a_payload_that_is_none_is_an_error() {
        assert!(ask("kubernetes", "get_resource", &json!([1])).unwrap_err().contains("not readable"));
        let selector = json!({"api_version": "v1", "kind": "ServiceAccount", "label_selector": "a in b"});
        assert!(ask("kubernetes", "list_resources_all", &selector).unwrap_err().contains("selector"));
    }
}
