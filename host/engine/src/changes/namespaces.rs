//! Which namespaces an object names, and which may be the same.
//!
//! The module must not know what is new.

use crate::manifest::{Node, Value};

/// Whether two objects may be in one namespace: one that is not known may be any.
pub fn may_be_same(one: Option<&str>, other: Option<&str>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// Whether an object says something of a namespace: it is in it, deploys to it, selects it by its name, or gives its accounts
/// rights.
pub fn names(object: &Node, namespace: &str) -> bool {
    is_named("", object, namespace)
}

fn is_named(key: &str, node: &Node, namespace: &str) -> bool {
    match &node.value {
        Value::String(text) => {
            let mut account = text.split(':').skip(1);
            let is_account = account.next().is_some_and(|kind| matches!(kind, "serviceaccount" | "serviceaccounts"));
            (is_of_namespaces(key) && **text == *namespace) || (is_account && account.next() == Some(namespace))
        }
        Value::Sequence(items) => items.iter().any(|item| is_named(key, item, namespace)),
        Value::Mapping(entries) => entries.iter().any(|entry| is_named(&entry.key, &entry.value, namespace)),
        _ => false,
    }
}

/// Whether namespaces stand under such a key.
fn is_of_namespaces(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["namespace", "namespaces"].iter().any(|ending| key.ends_with(ending))
        || matches!(key.as_str(), "matchnames" | "kubernetes.io/metadata.name" | "values")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, read};

    #[test]
    fn a_namespace_is_named_where_namespaces_stand() {
        for (spec, is_it) in [
            ("{destination: {namespace: shop}}", true),
            ("{targetNamespace: shop}", true),
            ("{namespaceSelector: {matchNames: [web, shop]}}", true),
            ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}", true),
            ("{subjects: [{kind: Group, name: 'system:serviceaccounts:shop'}]}", true),
            ("{users: ['system:serviceaccount:shop:web']}", true),
            ("{users: ['system:serviceaccount:web:shop']}", false),
            ("{destination: {namespace: shop-2}}", false),
            ("{selector: {app: shop}}", false),
        ] {
            let text = format!("apiVersion: v1\nkind: A\nmetadata: {{name: a}}\nspec: {spec}\n");
            let manifest = read("a.yaml", text.into(), &Limits::default());
            assert_eq!(names(&manifest.objects().next().unwrap().node.look(), "shop"), is_it, "{spec}");
        }
    }
}
