//! Texts that readers disagree about: read as Kubernetes reads them, or refused with a line.

use crate::support::Folder;
use crate::{POD, check, refused};

/// Judged as two good Pods, nothing skipped or refused.
fn both_are_judged(name: &str, content: impl AsRef<[u8]>) {
    let run = check(&Folder::of("a.yaml", content), &["a.yaml", "--strict"]);
    assert_eq!(run.code, Some(0), "{name}: {run:?}");
    assert!(run.out.contains("(2 pass; 1 file, 2 objects,"), "{name}: {}", run.out);
}

#[test]
fn all_ways_to_end_lines_and_documents_are_read() {
    let two = |between: &str| format!("{POD}{between}{}", POD.replace("name: web", "name: other"));
    let plain = two("---\n");
    for (name, text) in [
        ("LF", plain.clone()),
        ("CR LF", plain.replace('\n', "\r\n")),
        ("CR", plain.replace('\n', "\r")),
        ("BOM", format!("\u{feff}{plain}")),
        ("spaces behind the separator", two("---   \n")),
        ("a comment behind the separator", two("--- # the second\n")),
        ("an end marker", two("...\n---\n")),
        ("no line break at the end", plain.trim_end().to_owned()),
    ] {
        both_are_judged(name, text);
    }
    let utf16 =
        |bytes: fn(u16) -> [u8; 2]| format!("\u{feff}{plain}").encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    both_are_judged("UTF-16, little end first", utf16(u16::to_le_bytes));
    both_are_judged("UTF-16, big end first", utf16(u16::to_be_bytes));
}

#[test]
fn a_second_document_is_never_lost_without_a_word() {
    let bad = POD.replace("runAsNonRoot: true", "runAsNonRoot: false");
    for between in [
        "---\n",
        "---\t\n",
        "--- \r\n",
        "\r---\r",
        "...\n---\n",
        "...\n",
        "...\n%YAML 1.1\n---\n",
        "--- !!map\n",
        "---x\n",
        "--- x\n",
    ] {
        let run = check(&Folder::of("a.yaml", format!("{POD}{between}{bad}")), &["a.yaml"]);
        assert_ne!(run.code, Some(0), "{between:?}: {run:?}");
        assert!(run.out.contains("a.yaml:"), "{between:?}: {run:?}");
    }
}

#[test]
fn a_duplicate_key_is_refused_with_both_places() {
    let twice = POD.replace("spec:\n", "spec:\n  hostNetwork: false\n  hostNetwork: true\n");
    let run = check(&Folder::of("a.yaml", &twice), &["a.yaml"]);
    assert_eq!(run.code, Some(2));
    assert!(run.out.starts_with("a.yaml:6:3: error: the key `hostNetwork` is there twice\n"), "{}", run.out);
    let full = Folder::of("a.yaml", &twice).run(&["check", "a.yaml", "--rule", crate::RULE]).with(2);
    assert!(full.contains("--> a.yaml:6:3\n"), "{full}");
    assert!(full.contains("the key is here already: line 5, column 3\n"), "{full}");
}

#[test]
fn what_no_reader_agrees_on_is_refused_with_its_line() {
    refused(b"a: 1\nb: \xff\xfe\n", "2:4: error: ");
    refused("a: 1\nb: \"\0\"\n", "2:5: error: the control character U+0000 is not allowed");
    refused("# a\u{2028}privileged: true\n", "1:4: error: U+2028 is a line break to Kubernetes");
    refused("a:\n\tb: 1\n", "2:2: error: a tab indents this line");
    refused("a: 1\n---b: 2\n", "2:1: error: a document separator has text glued to it");
    refused("a: *b\n", "1:4: error: no anchor of this name comes before");
    refused("a: &a [*a]\n", "1:8: error: the alias is inside its own anchor");
    refused("a: [\n", "1:4: error: not valid YAML: unclosed bracket");
    refused(b"\xff\xfea", "1:");
}

#[test]
fn a_broken_document_hides_none_of_its_neighbours() {
    let bad = POD.replace("runAsNonRoot: true", "runAsNonRoot: false");
    let run = check(&Folder::of("a.yaml", format!("a: [\n---\n{bad}---\nb: 1\nb: 2\n")), &["a.yaml"]);
    assert_eq!(run.code, Some(2));
    assert!(run.out.contains("high[run-as-non-root]: Pod web"), "{}", run.out);
    assert!(run.out.contains("2 problems: not everything could be checked"), "{}", run.out);
}

#[test]
fn a_secret_that_cannot_be_read_is_not_printed() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  password: hunter2\n  password: hunter2\n  a: [hunter2\n";
    let folder = Folder::of("a.yaml", secret).and("b.yaml", secret.replace("  a: [hunter2\n", ""));
    for format in ["full", "short", "json"] {
        let out = folder.run(&["check", ".", "--rule", crate::RULE, "--format", format]).with(2);
        assert!(!out.contains("hunter2"), "{out}");
    }
}
