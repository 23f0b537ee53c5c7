//! Documents that a host makes of what is no manifest: the lines of a log, the paths of a repository. Rules judge them or
//! look them up as they do objects of Kubernetes.
//!
//! Rules look up only those that a host has made. A manifest of such a kind in a file is input, as is every other: it is
//! judged, and it makes no path exist.
//!
//! Each stands in a [`Manifest`] whose text is what it was made of, so that a finding about a line of a log is shown at
//! that line of that file. The module must not know where lines and paths come from, nor how many there may be: whoever
//! reads them sees to that.

use std::sync::Arc;

use crate::manifest::{Content, Document, Entry, Manifest, Node, Object, Origin, Source, Span, Value};

const API_VERSION: &str = "seaworthy.dev/v1";
/// The API group of all of them.
pub const GROUP: &str = "seaworthy.dev";
/// The kind of [`log_sample`].
pub const LOG_SAMPLE: &str = "LogSample";
/// The kind of [`repository_tree`].
pub const REPOSITORY_TREE: &str = "RepositoryTree";

/// Whose log it is: a workload, or a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Its namespace; none where there is only one of that name.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// Lines that a program has written: a `LogSample` with `spec.lines`, a string each, blank ones too. `file` is the log's
/// path as people gave it.
#[must_use]
pub fn log_sample(file: &str, text: String, author: &Author) -> Manifest {
    let mut lines = Vec::new();
    let mut start = 0;
    // Lines as a `Source` counts them, so that the number in a finding and the one in its place are the same.
    let mut last = "";
    for line in text.split_inclusive(['\n', '\r']) {
        if line != "\n" || !last.ends_with('\r') {
            let shown = line.trim_end_matches(['\n', '\r']);
            lines.push(Node { value: Value::String(shown.into()), span: Span::new(start, start + shown.len()) });
        }
        start += line.len();
        last = line;
    }
    let spec = mapping(vec![entry("lines", Value::Sequence(lines))]);
    document(file, text, LOG_SAMPLE, author, spec)
}

/// The files of a repository: a `RepositoryTree` with `spec.paths`, each from the root and with `/`. `folder` is the
/// root's path as people would give it; it is the document's name too.
#[must_use]
pub fn repository_tree(folder: &str, paths: &[String]) -> Manifest {
    let mut text = String::with_capacity(paths.iter().map(|path| path.len() + 1).sum());
    let items = paths.iter().map(|path| {
        let span = Span::new(text.len(), text.len() + path.len());
        text.push_str(path);
        text.push('\n');
        Node { value: Value::String(path.as_str().into()), span }
    });
    let spec = mapping(vec![entry("paths", Value::Sequence(items.collect()))]);
    let root = Author { namespace: None, name: folder.to_owned() };
    document(folder, text, REPOSITORY_TREE, &root, spec)
}

fn document(file: &str, text: String, kind: &str, author: &Author, spec: Value) -> Manifest {
    let Author { namespace, name } = author;
    let string = |text: &str| Value::String(text.into());
    let mut metadata = vec![entry("name", string(name))];
    metadata.extend(namespace.as_deref().map(|namespace| entry("namespace", string(namespace))));
    let node = mapping(vec![
        entry("apiVersion", string(API_VERSION)),
        entry("kind", string(kind)),
        entry("metadata", mapping(metadata)),
        entry("spec", spec),
    ]);
    let object = Object {
        api_version: API_VERSION.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.clone(),
        name: Some(name.clone()),
        generate_name: None,
        path: "$".to_owned(),
        node: Arc::new(Node { value: node, span: Span::default() }),
    };
    let span = Span::new(0, text.len());
    Manifest {
        name: file.to_owned(),
        origin: Origin::Host,
        source: Source::new(text),
        documents: vec![Document { span, content: Content::Objects(vec![object]) }],
        problems: Vec::new(),
    }
}

/// What stands in no text is at the start of it.
fn entry(key: &str, value: Value) -> Entry {
    Entry { key: key.into(), key_span: Span::default(), value: Node { value, span: Span::default() } }
}

fn mapping(entries: Vec<Entry>) -> Value {
    Value::Mapping(entries)
}

#[cfg(test)]
mod tests {
    use protocol::{FieldMask, path};

    use super::*;

    fn json(manifest: &Manifest) -> String {
        let mut json = Vec::new();
        manifest.objects().next().unwrap().node.write_json(&FieldMask::whole(), &mut json);
        String::from_utf8(json).unwrap()
    }

    /// The line in the file, and the text there.
    fn place<'a>(manifest: &'a Manifest, at: &str) -> (u32, &'a str) {
        let span = manifest.objects().next().unwrap().node.locate(&path::parse(at).unwrap());
        (manifest.source.position(span.start).line, manifest.source.slice(span))
    }

    #[test]
    fn a_log_is_a_document_of_its_lines_each_at_its_place() {
        let author = Author { namespace: Some("shop".into()), name: "web".into() };
        let log = log_sample("web.log", "{\"a\":1}\r\n\n\u{1b}[31moops\r50 %\rlast".into(), &author);
        let expected = r#"{"apiVersion":"seaworthy.dev/v1","kind":"LogSample","metadata":{"name":"web","namespace":"shop"},"spec":{"lines":["{\"a\":1}","","\u001b[31moops","50 %","last"]}}"#;
        assert_eq!(json(&log), expected);
        assert_eq!(place(&log, "$['spec']['lines'][0]"), (1, "{\"a\":1}"));
        assert_eq!(place(&log, "$['spec']['lines'][2]"), (3, "\u{1b}[31moops"));
        assert_eq!(place(&log, "$['spec']['lines'][4]"), (5, "last"));
        assert_eq!(place(&log, "$"), (1, ""));
        assert!(json(&log_sample("web.log", String::new(), &author)).ends_with(r#""spec":{"lines":[]}}"#));
    }

    #[test]
    fn a_tree_is_a_document_of_its_paths() {
        let tree = repository_tree("shop", &["README.md".into(), "docs/runbook.md".into()]);
        let expected = r#"{"apiVersion":"seaworthy.dev/v1","kind":"RepositoryTree","metadata":{"name":"shop"},"spec":{"paths":["README.md","docs/runbook.md"]}}"#;
        assert_eq!(json(&tree), expected);
        assert_eq!(place(&tree, "$['spec']['paths'][1]"), (2, "docs/runbook.md"));
    }
}
