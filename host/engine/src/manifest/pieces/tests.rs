//! A file in pieces says what it says as a whole, or is refused with a place.

use super::super::{Manifest, read_from};
use super::*;

/// Read in pieces, where so many bytes may be read at once.
fn in_pieces(text: &[u8], at_once: usize) -> File {
    let bounds = Bounds { piece: Limits { bytes: at_once, ..Limits::default() }, ..Bounds::default() };
    let Ok(file) = read(text, &bounds, &Keep::default()) else { panic!("a slice can be read") };
    file
}

fn whole(text: &[u8]) -> Manifest {
    super::super::read("a.yaml", text.to_vec(), &Limits::default())
}

fn objects(documents: &[Document]) -> Vec<&Object> {
    documents.iter().flat_map(Document::objects).collect()
}

/// The place and wording of each problem.
fn problems(file: &File) -> Vec<String> {
    file.problems.iter().map(ToString::to_string).collect()
}

fn item(index: usize) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a-{index}\n  # é\n  labels: {{app: \"b\\tc\"}}\ndata:\n  text: |\n    \
         - one\n\n    two\n  plain: a\n    b\n  'quoted': 'it''s\n\n    long'\n"
    )
}

/// Indented below a dash.
fn dashed(item: &str, indent: &str) -> String {
    let lines = item.lines().enumerate();
    lines.map(|(number, line)| format!("{indent}{}{line}\n", if number == 0 { "- " } else { "  " })).collect()
}

fn list(number: usize, indent: &str) -> String {
    (0..number).map(|index| dashed(&item(index), indent)).collect()
}

fn json(number: usize) -> String {
    let items = (0..number).map(|index| {
        format!(r#"{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "a-{index}"}}, "data": {{"x": "]}},[{{\"é"}}}}"#)
    });
    items.collect::<Vec<_>>().join(",\n    ")
}

#[test]
fn a_file_in_pieces_says_what_it_says_as_a_whole() {
    let documents: String = (0..40).map(|index| format!("---\n{}", item(index))).collect();
    let bare = json(30).replace(r#""apiVersion": "v1", "kind": "ConfigMap", "#, "");
    let texts = [
        documents.clone(),
        format!("\u{feff}# comment\n{documents}...\n%YAML 1.1\n---\n{}", item(77)),
        documents.replace('\n', "\r\n"),
        documents.replace("---\n", "--- # next\n")
            + "---\nnot: an object\n---\nkind: Pod\nmetadata: [x]\napiVersion: v1\n---\na: [\n",
        format!("apiVersion: v1\nitems:\n{}kind: List\nmetadata:\n  resourceVersion: ''\n", list(40, "")),
        format!("apiVersion: v1\nkind: List\nitems: # all\n\n# first\n{}", list(40, "  ")),
        format!("apiVersion: v1\nkind: List\nitems:\n{}---\n{}", list(40, " "), item(7)),
        format!("---\nkind: List\nmetadata: {{}}\napiVersion: v1\nitems:\n{}...\n---\n{}", list(40, ""), item(7)),
        format!("apiVersion: v1\nkind: List\nitems:\n{}- {{a: b}}\n- 7\n{}", list(20, ""), list(20, "")),
        format!(
            "apiVersion: v1\nkind: ConfigMapList\nmetadata: {{}}\nitems:\n{}",
            list(40, "").replace("apiVersion: v1\n  kind: ConfigMap\n  ", "")
        ),
        format!("items:\n{}kind: {{{{ .Kind }}}}\napiVersion: v1\n", list(40, "")),
        format!("values: 1\nitems:\n{}", list(40, "")),
        format!(
            "{{\"kind\": \"List\", \"apiVersion\": \"v1\", \"metadata\": {{\"items\": []}}, \"items\": [\n    {}\n]}}\n",
            json(30)
        ),
        format!("{{\"apiVersion\": \"v1\", \"items\": [{}], \"kind\": \"List\"}} {}", json(30), json(1)),
        format!("{{\"kind\": \"ConfigMapList\", \"apiVersion\": \"v1\", \"items\": [{bare}]}}"),
        json(30).replace("},\n", "}\n"),
    ];
    for text in &texts {
        let whole = whole(text.as_bytes());
        for at_once in [1200, 3000, 8000, 1 << 20] {
            let file = in_pieces(text.as_bytes(), at_once);
            assert_eq!(objects(&file.documents), objects(&whole.documents), "{at_once}: {text}");
            assert_eq!(file.source.text(), whole.source.text());
            let (ours, theirs) = (problems(&file), whole.problems.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(ours.is_empty(), theirs.is_empty(), "{ours:?}: {text}");
            // What is wrong with a list as a whole is told at its beginning.
            if !text.contains(".Kind") {
                assert_eq!(ours, theirs, "{at_once}: {text}");
            }
            let skipped = |documents: &[Document]| documents.iter().filter_map(Document::skipped).collect::<Vec<_>>();
            assert_eq!(skipped(&file.documents), skipped(&whole.documents), "{at_once}: {text}");
        }
    }
    assert!(texts.iter().filter(|text| whole(text.as_bytes()).objects().count() >= 30).count() >= 14);
}

#[test]
fn what_a_cut_would_change_is_refused_with_its_place() {
    let items = |indent: &str| list(40, indent);
    for (text, expected) in [
        (format!("kind: List\napiVersion: v1\nitems:\n- a: 'open\n{}", items("")), "4:"),
        (format!("kind: List\napiVersion: v1\nitems:\n- &x\n  a: b\n{}- *x\n", items("")), "no anchor of this name"),
        (format!("x: &x 1\nkind: List\napiVersion: v1\nitems:\n{}- *x\n", items("")), "no anchor of this name"),
        (
            format!("kind: List\napiVersion: v1\nitems:\n{}items:\n- a: b\n", items("")),
            "the key `items` is there twice",
        ),
        (
            format!("kind: ConfigMapList\nitems:\n{}apiVersion: v1\n", items("")),
            "1:1: a list of this length is read in pieces, and its `apiVersion` comes after its items",
        ),
        (
            format!("{{\"kind\": \"ConfigMapList\", \"items\": [{}], \"apiVersion\": \"v1\"}}", json(30)),
            "its `apiVersion` comes after its items",
        ),
        (format!("kind: List\nkind: List\nitems:\n{}", items("")), "the key `kind` is there twice"),
        (format!("kind: List\napiVersion: v1\nitems:\n{}x: 'open\n", items("")), "1:1: not valid YAML"),
        (
            format!("{{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [{}, {{\"a\": }}]}}", json(30)),
            "this is no JSON",
        ),
        (
            format!("{{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [{}", json(30)),
            "one document, or an item of it, has more",
        ),
        (format!("{}\n{{a: b}}", json(30).replace("},\n", "}\n")), "this is no JSON, as the text before is"),
        (
            format!("{}---\nlong: {}\n{}", item(1), "x".repeat(5000), item(2)),
            "one document, or an item of it, has more",
        ),
    ] {
        let found = problems(&in_pieces(text.as_bytes(), 3000));
        assert!(found.iter().any(|problem| problem.contains(expected)), "{found:?}: {text}");
    }
    // If the whole is not a valid list, none of its items is checked.
    let twice = format!("kind: List\napiVersion: v1\nitems:\n{}items:\n", items(""));
    assert_eq!(objects(&in_pieces(twice.as_bytes(), 3000).documents), [] as [&Object; 0]);
}

#[test]
fn bytes_that_are_no_text_end_the_file_there() {
    let text = (0..40).map(|index| format!("---\n{}", item(index))).collect::<String>().into_bytes();
    let mut bytes = text.clone();
    bytes.extend_from_slice(b"---\na: \xFF\n");
    bytes.extend_from_slice(&text);
    let file = in_pieces(&bytes, 3000);
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(problems(&file), [format!("{}:4: the file is not valid UTF-8 from here on", lines + 2)]);
    assert!(objects(&file.documents).len() > 30);
}

#[test]
fn a_file_has_as_many_bytes_and_documents_as_it_may() {
    let text: String = (0..40).map(|index| format!("---\n{}", item(index))).collect();
    let piece = Limits { bytes: 3000, ..Limits::default() };
    let bounded = |bytes: u64, documents: usize| {
        let bounds = Bounds { bytes, documents, piece: piece.clone() };
        let Ok(manifest) = read_from("a.yaml", text.as_bytes(), &bounds, &Keep::default()) else { panic!() };
        let problems: Vec<String> = manifest.problems.iter().map(ToString::to_string).collect();
        (manifest.objects().count(), problems.concat())
    };
    let length = text.len() as u64;
    assert_eq!(bounded(length, 40), (40, String::new()));
    let (count, problem) = bounded(length, 39);
    assert!(count == 39 && problem.contains("more than 39 documents in one file"), "{count} {problem}");
    let (count, problem) = bounded(length - 1, 40);
    assert!(count < 40 && problem.contains(&format!("more than the {} bytes that are read", length - 1)), "{problem}");
    let (count, problem) = bounded(1000, 40);
    assert!(count < 40 && problem.contains("more than the 1000 bytes that are read"), "{count} {problem}");
}

#[test]
fn what_is_many_in_one_file_is_read_in_pieces() {
    let documents = "---\napiVersion: v1\nkind: Pod\n".repeat(Limits::default().documents + 1);
    let empty = "---\n".repeat(20_000);
    let items = format!("{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[{}]}}", json(25_000));
    for (text, count) in [(documents, Limits::default().documents + 1), (empty, 0), (items, 25_000)] {
        let Ok(manifest) = read_from("a", text.as_bytes(), &Bounds::default(), &Keep::default()) else { panic!() };
        assert_eq!(manifest.problems, []);
        assert_eq!(manifest.objects().count(), count);
        assert!(manifest.objects().all(|object| !object.node.is_whole()), "all are packed");
    }
}
