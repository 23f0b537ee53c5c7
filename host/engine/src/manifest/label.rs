//! What to call an object: the one place that writes it, for every output.

use super::object::Object;

/// `Deployment shop/web`; without a namespace `ClusterRole view`, without a name the kind alone.
#[must_use]
pub fn label(kind: &str, namespace: Option<&str>, name: &str) -> String {
    let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{kind} {namespace}{name}").trim_end().to_owned()
}

impl Object {
    /// What to call it: `Deployment shop/web`.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.kind, self.namespace.as_deref(), &self.display_name())
    }

    /// What to call it where its namespace is told already: `Deployment web`.
    #[must_use]
    pub fn label_in_namespace(&self) -> String {
        label(&self.kind, None, &self.display_name())
    }
}

/// A place in an object, by the object's label: `Deployment shop/web, container app`.
#[must_use]
pub fn with_container(label: String, container: Option<&str>) -> String {
    match container {
        Some(container) => format!("{label}, container {container}"),
        None => label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_object_lacks_is_left_out_of_its_label() {
        assert_eq!(label("Deployment", Some("shop"), "web"), "Deployment shop/web");
        assert_eq!(label("ClusterRole", None, "view"), "ClusterRole view");
        assert_eq!(label("Pod", None, ""), "Pod");
        assert_eq!(with_container(label("Pod", None, "web"), Some("app")), "Pod web, container app");
    }
}
