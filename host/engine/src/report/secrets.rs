//! Which values of an object may be shown: people put passwords into all fields that take free text.
//!
//! Only what is known to be harmless is shown (`shown.txt`), so that a field which nobody has thought of hides its
//! value. The module must not know any rule.

use std::collections::HashSet;
use std::sync::LazyLock;

use protocol::documents::document_kind;
use protocol::path::Segment;

use crate::manifest::{Content, Document, Manifest, Node, Object, Origin, Span, Value};

/// The keys that are shown: each alone, or in the one before it, which is shown too.
static SHOWN: LazyLock<HashSet<(&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("shown.txt").lines().map(str::trim);
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let known = entries.map(|entry| match entry.split_once('.') {
        Some((parent, key)) => [(ALONE, parent), (parent, key)],
        None => [(ALONE, entry); 2],
    });
    known.flatten().collect()
});

/// Where a key stands that is shown wherever it stands.
const ALONE: &str = "";

/// The lines of a manifest, from 1, on which values stand that may be secrets.
#[must_use]
pub fn hidden_lines(manifest: &Manifest) -> &HashSet<u32> {
    let line = |at| manifest.source.position(at).line;
    manifest
        .source
        .hidden
        .get_or_init(|| hidden(manifest).into_iter().flat_map(|span| line(span.start)..=line(span.end)).collect())
}

/// The places in a manifest whose text is not shown.
fn hidden(manifest: &Manifest) -> Vec<Span> {
    match &manifest.origin {
        Origin::File | Origin::Rendered(_) => manifest.documents.iter().flat_map(hidden_of_file).collect(),
        Origin::Host => manifest.documents.iter().filter(|document| is_hidden(document)).map(|it| it.span).collect(),
    }
}

/// Whether the text of a document that the host has made may hold secrets: the table of documents says so for each kind.
fn is_hidden(document: &Document) -> bool {
    let is_harmless = |object: &Object| {
        document_kind(object.group(), &object.kind).is_some_and(|document| !document.may_hold_secrets)
    };
    !document.objects().iter().all(is_harmless)
}

fn hidden_of_file(document: &Document) -> Vec<Span> {
    let mut spans = Vec::new();
    match &document.content {
        Content::Objects(objects) => {
            for object in objects {
                hidden_values(&object.node.look(), None, true, &mut spans);
                // What nobody looks at is not shown either.
                spans.extend(object.node.gone());
            }
        }
        Content::Other(node) => hidden_values(node, None, true, &mut spans),
        Content::Empty => {}
        // Here it is not known what is a value.
        Content::Template | Content::Broken | Content::Foreign(_) => spans.push(document.span),
    }
    spans
}

/// Whether the value at that path may be shown.
#[must_use]
pub fn is_shown(path: &[Segment], value: &str) -> bool {
    let mut parent = None;
    for key in path.iter().filter_map(|segment| if let Segment::Key(key) = segment { Some(&**key) } else { None }) {
        if !is_known(parent, key) {
            return false;
        }
        parent = Some(key);
    }
    is_harmless(value)
}

/// Adds the places of the values that are not shown. `is_known` says whether all keys on the way to the node are known.
fn hidden_values(node: &Node, parent: Option<&str>, is_shown: bool, spans: &mut Vec<Span>) {
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                hidden_values(&entry.value, Some(&entry.key), is_shown && is_known(parent, &entry.key), spans);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| hidden_values(item, parent, is_shown, spans)),
        // One bit is no secret.
        Value::Null | Value::Bool(_) => {}
        Value::Number(_) if is_shown => {}
        Value::String(text) if text.is_empty() || is_shown && is_harmless(text) => {}
        Value::Number(_) | Value::String(_) => spans.push(node.span),
    }
}

fn is_known(parent: Option<&str>, key: &str) -> bool {
    let Some(parent) = parent else { return SHOWN.contains(&(ALONE, key)) };
    // A key of the author's may be spelt like a field.
    [(parent, "*"), (parent, key)].iter().any(|known| SHOWN.contains(known))
        || parent != "annotations" && SHOWN.contains(&(ALONE, key))
}

/// A path may carry a token in its query, and a host a password before it.
fn is_harmless(value: &str) -> bool {
    let has_password = value.split_once('@').is_some_and(|(_, host)| !host.starts_with("sha256:"));
    !value.contains(['?', '\n']) && !has_password
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents;
    use crate::manifest::{Limits, read};

    /// The lines of the text on which nothing is shown.
    fn hidden_in(yaml: &str) -> Vec<u32> {
        let mut lines: Vec<u32> =
            hidden_lines(&read("a.yaml", yaml.into(), &Limits::default())).iter().copied().collect();
        lines.sort_unstable();
        lines
    }

    /// Every line that ends with `# hidden`, and no other.
    fn check(yaml: &str) {
        let expected = (1..).zip(yaml.lines()).filter(|(_, line)| line.ends_with("# hidden"));
        assert_eq!(hidden_in(yaml), expected.map(|(number, _)| number).collect::<Vec<u32>>(), "{yaml}");
    }

    #[test]
    fn every_place_of_a_pod_that_takes_free_text_is_hidden() {
        check(
            "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
  annotations:
    helm.sh/hook: test
    note: hunter2 # hidden
    name: hunter2 # hidden
spec:
  serviceAccountName: web
  containers:
    - name: web
      image: example.com/web@sha256:12
      ports: [{containerPort: 80, name: http}]
      env:
        - name: A
          value: hunter2 # hidden
        - name: B
          Value: hunter2 # hidden
        - name: C
          value: 1234 # hidden
        - name: D
          value: ''
        - {name: E, valueFrom: {secretKeyRef: {name: a, key: b}}}
      command:
        - hunter2 # hidden
      args: [--verbose, hunter2] # hidden
      livenessProbe:
        periodSeconds: 5
        httpGet:
          path: /health
          port: http
          httpHeaders:
            - name: Authorization # hidden
              value: Basic aHVudGVyMg== # hidden
      readinessProbe:
        httpGet:
          path: /health?token=hunter2 # hidden
      lifecycle:
        preStop:
          exec:
            command: [curl, -u, 'web:hunter2', localhost] # hidden
        postStart:
          httpGet:
            host: web:hunter2@localhost # hidden
      resources: {limits: {cpu: 100m, memory: 1Gi}}
      surprise: hunter2 # hidden
  volumes:
    - name: a
      flexVolume:
        driver: example.com/a # hidden
        options:
          password: hunter2 # hidden
    - name: b
      csi:
        driver: example.com/b
        volumeAttributes: {password: hunter2} # hidden
    - name: c
      secret: {secretName: c}
",
        );
    }

    #[test]
    fn nothing_of_what_an_object_carries_for_others_is_shown() {
        check("apiVersion: v1\nkind: Secret\ntype: Opaque\ndata:\n  a: b # hidden\n  c: ''\n  name: web # hidden\n");
        check("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  a: b # hidden\n");
        check("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    image: a # hidden\n");
        check("apiVersion: example.com/v1\nkind: Any\nspec:\n  replicas: 1\n  password: hunter2 # hidden\n");
        check("kind: Kustomization\nsecretGenerator:\n- name: a\n  literals: [a=hunter2] # hidden\n");
    }

    #[test]
    fn what_could_not_be_read_is_hidden_as_a_whole() {
        assert!(hidden_in("a: {{ x }}\nb: hunter2\n{{ end }}\n").starts_with(&[1, 2]));
        assert!(hidden_in("password: hunter2\npassword: hunter2\n").starts_with(&[1, 2]));
    }

    #[test]
    fn of_what_the_host_has_made_the_table_says_whether_it_is_shown() {
        let tree = documents::repository_tree("shop", &["a?b.md".into()]).unwrap();
        let change = documents::change_set("main..feature", &documents::Change::default()).unwrap();
        assert_eq!((hidden(&tree), hidden(&change)), (vec![], vec![]));
        let file = documents::dockerfile("Dockerfile", "ENV TOKEN=hunter2\n".into(), &[]).unwrap();
        assert_eq!(hidden(&file), [Span { start: 0, end: 18 }], "what no instruction holds is hidden too");
        let mut claim = tree;
        claim.origin = Origin::File;
        assert_eq!(hidden(&claim), [Span { start: 0, end: 6 }], "a file says nothing about itself that counts");
    }

    #[test]
    fn a_change_is_shown_by_the_same_fields() {
        let key = |key: &str| Segment::Key(key.into());
        let container = [key("spec"), key("containers"), Segment::Index(0)];
        let path = |keys: &[&str]| container.iter().cloned().chain(keys.iter().map(|it| key(it))).collect::<Vec<_>>();
        assert!(is_shown(&path(&["image"]), "example.com/web:2"));
        for keys in [&["env", "value"][..], &["lifecycle", "preStop", "exec", "command"], &["Image"]] {
            assert!(!is_shown(&path(keys), "example.com/web:2"), "{keys:?}");
        }
        assert!(!is_shown(&path(&["livenessProbe", "httpGet", "path"]), "/?token=hunter2"));
    }

    #[test]
    fn the_list_has_each_field_once() {
        let lines = include_str!("shown.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut seen = HashSet::new();
        for line in lines {
            assert!(line == line.trim() && seen.insert(line), "{line} is there twice, or has spaces around it");
        }
    }
}
