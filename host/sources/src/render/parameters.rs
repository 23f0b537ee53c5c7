//! Parameters of a chart as an Application gives them, a name such as `image.tag` and a value: as flags of helm, and once
//! more as values, which may be marked.

use engine::manifest::{Entry, Manifest, Node, Span, Value};

use super::chart::Values;
use super::deployer::is_true;
use super::mark;

/// A flag of helm and what stands behind it.
pub type Flag = (&'static str, String);

/// Keys in the name of a parameter, of which helm takes no more either.
const DEPTH: usize = 30;

/// The parameters as Argo CD gives them to helm.
pub fn flags(parameters: &[Node]) -> Vec<Flag> {
    let flag = |parameter: &Node| {
        let flag = if is_true(parameter, "forceString") { "--set-string" } else { "--set" };
        Some((flag, format!("{}={}", parameter.text(&["name"])?, escaped(&value_of(parameter)))))
    };
    parameters.iter().filter_map(flag).collect()
}

/// The same as values of a manifest; none where one of them is more than keys and a value.
pub fn values(manifest: &Manifest, parameters: &[Node]) -> Option<Values> {
    let mut members = Vec::new();
    // Helm reads what is forced to be text behind all else.
    for is_text in [false, true] {
        for parameter in parameters.iter().filter(|it| is_true(it, "forceString") == is_text) {
            let Some(name) = parameter.get("name").filter(|name| name.as_str().is_some_and(|name| !name.is_empty()))
            else {
                continue;
            };
            let (path, value) = (name.as_str()?, value_of(parameter));
            let is_plain = path.split('.').all(is_key) && path.split('.').count() <= DEPTH && !value.contains('\\');
            if !is_plain {
                return None;
            }
            let span = parameter.get("value").map_or(name.span, |value| value.span);
            let value = if is_text { Value::String(value.into()) } else { typed(&value, span) };
            insert(&mut members, path, name.span, Node { value, span });
        }
    }
    let span = members.first()?.key_span;
    let (name, source) = (manifest.name.clone(), manifest.source.clone());
    Some(Values::Inline {
        name,
        source: source.into(),
        node: Node { value: Value::Mapping(members), span },
        shift: None,
    })
}

fn value_of(parameter: &Node) -> String {
    parameter.get("value").and_then(|it| mark::text_of(&it.value)).unwrap_or_default()
}

/// A value in which commas part nothing, unless it is a list.
fn escaped(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    let (mut escaped, mut before) = (String::with_capacity(value.len()), None);
    for it in value.chars() {
        if it == ',' && before != Some('\\') {
            escaped.push('\\');
        }
        escaped.push(it);
        before = Some(it);
    }
    escaped
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-/".contains(&byte))
}

/// A value as `helm --set` reads it.
fn typed(text: &str, span: Span) -> Value {
    let inner = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}'));
    if let Some(inner) = inner {
        return Value::Sequence(inner.split(',').map(|item| Node { value: scalar(item), span }).collect());
    }
    scalar(text)
}

fn scalar(text: &str) -> Value {
    let number = || text.parse::<i64>().ok().filter(|_| text == "0" || !text.starts_with('0'));
    match text.to_ascii_lowercase().as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => number().map_or_else(|| Value::String(text.into()), |number| Value::Number(number.into())),
    }
}

/// Sets what a path of keys names: the last one wins.
fn insert(members: &mut Vec<Entry>, path: &str, key_span: Span, value: Node) {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let known = members.iter().position(|entry| &*entry.key == key).map(|at| members.swap_remove(at).value.value);
    let value = match rest {
        None => value,
        Some(rest) => {
            let mut inner = match known {
                Some(Value::Mapping(inner)) => inner,
                _ => Vec::new(),
            };
            let span = value.span;
            insert(&mut inner, rest, key_span, value);
            Node { value: Value::Mapping(inner), span }
        }
    };
    members.push(Entry { key: key.into(), key_span, value });
}

#[cfg(test)]
mod tests {
    use engine::manifest::{Limits, read};

    use super::*;

    const PARAMETERS: &str = "- {name: image.tag, value: latest}\n- {name: image.tag, value: '2', forceString: true}\n\
                              - {name: image.pull, value: 'TRUE'}\n- {name: args, value: '{a,b}'}\n- {name: note, value: 'a,b\\,c'}\n\
                              - {name: count, value: '3'}\n- {name: gone, value: 'null'}\n- {name: empty}\n";

    fn parameters(text: &str) -> (Manifest, Vec<Node>) {
        let manifest = read("app.yaml", text.into(), &Limits::default());
        let items = manifest.documents.iter().find_map(mark::node_of).unwrap().items().to_vec();
        (manifest, items)
    }

    #[test]
    fn commas_part_nothing_but_lists() {
        let (_, items) = parameters(PARAMETERS);
        let flags: Vec<String> = flags(&items).into_iter().map(|(flag, text)| format!("{flag} {text}")).collect();
        for expected in ["--set-string image.tag=2", "--set args={a,b}", "--set note=a\\,b\\,c", "--set empty="] {
            assert!(flags.iter().any(|flag| flag == expected), "{expected}: {flags:?}");
        }
    }

    #[test]
    fn values_are_those_that_helm_reads() {
        let (manifest, mut items) = parameters(PARAMETERS);
        assert!(values(&manifest, &items).is_none(), "a `\\` is helm's to read");
        items.retain(|item| item.text(&["name"]) != Some("note"));
        let made = match values(&manifest, &items) {
            Some(Values::Inline { node, .. }) => serde_json::to_value(&node).unwrap(),
            _ => serde_json::Value::Null,
        };
        let image = serde_json::json!({ "pull": true, "tag": "2" });
        let expected = serde_json::json!({ "args": ["a", "b"], "count": 3, "empty": "", "gone": null, "image": image });
        assert_eq!(made, expected);
        let deep = "a.".repeat(DEPTH) + "b";
        for name in ["a[0]", "a\\.b", "a..b", "", &*deep] {
            let (manifest, items) = parameters(&format!("- {{name: '{name}', value: b}}\n"));
            assert!(values(&manifest, &items).is_none(), "{name}");
        }
    }
}
