//! A team brings its own template: a folder.

use std::fs;

use crate::files;
use crate::support::Folder;

const DECLARATION: &str = "\
name: ours
version: 3
record: '[[ name ]]'
answers:
  - {name: name, about: The name, pattern: '[a-z-]+'}
  - {name: size, about: How large, one_of: [s, m], default: s}
variables:
  - {name: label, value: '[[ name ]]-[[ size ]]'}
files:
  - {from: files, to: '[[ name ]]'}
  - {from: each.txt, to: '[[ name ]]/[[ place ]].txt', each: {place: [a, b]}, when: size == 'm'}
next: See [[ label ]].
";

fn template() -> Folder {
    Folder::of("ours/template.yaml", DECLARATION)
        .and("ours/files/empty.txt", "[% if size == 'x' %]\nnever\n[% endif %]\n")
        .and("ours/files/chart/values.yaml", "label: [[ label ]]\nkeep: {{ .Values.x }} ${{ github.sha }}\n")
        .and("ours/each.txt", "[[ place ]]\n")
}

#[test]
fn its_files_are_written_and_what_is_empty_is_not() {
    let folder = template();
    let out = folder.run(&["new", "service", "web", "--template", "ours", "--set", "size=m"]).with(0);
    assert!(out.contains("See web-m."), "{out}");
    let written = files(&folder.path().join("web"));
    let names: Vec<&str> = written.keys().map(String::as_str).collect();
    assert_eq!(names, [".seaworthy-template.yaml", "a.txt", "b.txt", "chart/values.yaml"]);
    assert_eq!(written["chart/values.yaml"], "label: web-m\nkeep: {{ .Values.x }} ${{ github.sha }}\n");
    assert_eq!(written["b.txt"], "b\n");
    folder.run(&["new", "service", "--diff", "--output", "web"]).with(0);
}

#[test]
fn what_is_wrong_with_it_is_said_with_its_place() {
    let cases = [
        ("ours/files/chart/values.yaml", "a: 1\nb: [[ nobody ]]\n", "files/chart/values.yaml:2: undefined value"),
        ("ours/files/chart/values.yaml", "a: [[ name\n", "files/chart/values.yaml:1: syntax error"),
        ("ours/template.yaml", "name: ours\nversion: 1\nanswrs: []\n", "ours/template.yaml: "),
        (
            "ours/template.yaml",
            &DECLARATION.replace("from: files", "from: fils"),
            "`from: fils` is not in the template",
        ),
        (
            "ours/template.yaml",
            &DECLARATION.replace("to: '[[ name ]]'", "to: '../[[ name ]]'"),
            "not a path below the folder",
        ),
        ("ours/template.yaml", &DECLARATION.replace("to: '[[ name ]]'", "to: /etc"), "not a path below the folder"),
        ("ours/template.yaml", &DECLARATION.replace("[[ place ]].txt", "same.txt"), "writes web/same.txt twice"),
        ("ours/template.yaml", &DECLARATION.replace("size == 'm'", "size ="), "`when: size =`"),
    ];
    for (path, text, expected) in cases {
        let folder = template().and(path, text);
        let said = folder.run(&["new", "service", "web", "--template", "ours", "--set", "size=m"]).complaint();
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!folder.path().join("web").exists());
    }
    let folder = template();
    let said = folder.run(&["new", "service", "web", "--template", "nowhere"]).complaint();
    assert!(said.contains("nowhere"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_link_in_it_is_refused() {
    let folder = template();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("ours/files/secret.txt")).unwrap();
    let said = folder.run(&["new", "service", "web", "--template", "ours"]).complaint();
    assert!(said.contains("secret.txt is a link"), "{said}");
    fs::remove_file(folder.path().join("ours/files/secret.txt")).unwrap();
    folder.run(&["new", "service", "web", "--template", "ours"]).with(0);
}
