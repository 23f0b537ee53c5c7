//! Dumps of clusters: one list of a hundred megabytes, or as many documents in one file. They are read in the memory of
//! their objects, and what is told of them is told at its place.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Folder, Run};

/// Far more than is read at once.
const ITEMS: usize = 12_000;

/// A rule that looks at a few fields.
const RULE: &str = "immutable-image-tag";

/// A Deployment as a cluster gives it back, of which rules read a fraction: some 5 KiB.
fn deployment(index: usize) -> String {
    let mut text = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      \
         {{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"token\":\"{index}\"}}\n  managedFields:\n"
    );
    for field in 0..60 {
        let _ = write!(
            text,
            "  - fieldsType: FieldsV1\n    manager: kubectl-{field}\n    time: 2026-01-0{}T00:00:00Z\n",
            field % 9 + 1
        );
    }
    let tag = if index % 1000 == 7 { "latest" } else { "1.4.2" };
    let _ = write!(
        text,
        "  name: web-{index}\n  namespace: shop-{}\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n      - image: \
         example.com/web:{tag}\n        name: app\nstatus:\n  conditions:\n",
        index % 50
    );
    for condition in 0..10 {
        let _ = write!(
            text,
            "  - lastTransitionTime: 2026-01-01T00:00:00Z\n    reason: R{condition}\n    status: 'True'\n"
        );
    }
    text
}

fn item(index: usize) -> String {
    let text = deployment(index);
    let lines = text.lines().enumerate();
    lines.map(|(number, line)| format!("{}{line}\n", if number == 0 { "- " } else { "  " })).collect()
}

fn check(folder: &Folder, paths: &[&str]) -> Run {
    folder.run(&[&["check", "--rule", RULE, "--world", "partial", "--format", "json"], paths].concat())
}

/// Object, path, file and line of each finding.
fn findings(run: &Run) -> Vec<String> {
    let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {}", run.err));
    assert_eq!(report["problems"], Value::Array(Vec::new()));
    let results = report["results"].as_array().unwrap();
    let findings =
        results.iter().flat_map(|result| {
            let object = &result["object"];
            result["findings"].as_array().unwrap().iter().map(move |finding| {
                format!("{} {} {}:{}", object["name"], object["path"], object["file"], finding["line"])
            })
        });
    findings.collect()
}

/// What a run takes that checks one small object, and 64 MiB. The text alone has more, and its values as they are read four
/// times that.
fn bound() -> u64 {
    check(&Folder::of("a.yaml", deployment(0)), &["a.yaml"]).peak + (64 << 10)
}

/// The line of the image of each object that is broken, in a text that has `head` lines before the first one.
fn expected(head: usize, path: impl Fn(usize) -> String, lines: usize, at: usize) -> Vec<String> {
    let broken = (0..ITEMS).filter(|index| index % 1000 == 7);
    broken
        .map(|index| format!("\"web-{index}\" \"{}\" \"a.yaml\":{}", path(index), head + index * lines + at))
        .collect()
}

#[test]
fn a_dump_is_read_in_the_memory_of_its_objects() {
    let bound = bound();
    let lines = deployment(0).lines().count();
    let image = deployment(0).lines().position(|line| line.contains("image:")).unwrap() + 1;
    let items: String = (0..ITEMS).map(item).collect();
    assert!(items.len() > 64 << 20, "{}", items.len());
    let list = format!("apiVersion: v1\nitems:\n{items}kind: List\nmetadata:\n  resourceVersion: \"\"\n");
    drop(items);
    let folder = Folder::of("a.yaml", &list);
    let run = check(&folder, &["a.yaml"]);
    let of_list = expected(2, |index| format!("$['items'][{index}]"), lines, image);
    assert_eq!(findings(&run), of_list);
    assert!(run.peak < bound, "a list: {} KiB, where {bound} are allowed", run.peak);

    let run = folder.run_with_input(&["check", "--rule", RULE, "--format", "json", "-"], &list);
    drop(list);
    let of_stdin: Vec<String> = of_list.iter().map(|finding| finding.replace("a.yaml", "<stdin>")).collect();
    assert_eq!(findings(&run), of_stdin);
    assert!(run.peak < bound, "standard input: {} KiB, where {bound} are allowed", run.peak);

    let documents: String = (0..ITEMS).map(|index| format!("---\n{}", deployment(index))).collect();
    let run = check(&Folder::of("a.yaml", documents), &["a.yaml"]);
    assert_eq!(findings(&run), expected(0, |_| "$".to_owned(), lines + 1, image + 1));
    assert!(run.peak < bound, "documents: {} KiB, where {bound} are allowed", run.peak);
}

#[test]
fn a_dump_in_json_is_read_likewise() {
    let items: Vec<String> =
        (0..3000).map(|index| serde_saphyr::from_str::<Value>(&deployment(index)).unwrap().to_string()).collect();
    let list = format!("{{\"apiVersion\":\"v1\",\"items\":[\n{}\n],\"kind\":\"List\"}}", items.join(",\n"));
    assert!(list.len() > 16 << 20);
    let run = check(&Folder::of("a.yaml", list), &["a.yaml"]);
    let expected =
        [7, 1007, 2007].map(|index| format!("\"web-{index}\" \"$['items'][{index}]\" \"a.yaml\":{}", index + 2));
    assert_eq!(findings(&run), expected);
}

#[test]
fn what_is_not_kept_is_not_shown() {
    let secret = "{spec: {containers: [{name: app, image: 'a:latest'}]}, apiVersion: v1, kind: Pod, metadata: {name: web, \
                  annotations: {a: hunter2}}}\n";
    for before in [String::new(), (0..1800).map(|index| deployment(index) + "---\n").collect()] {
        let folder = Folder::of("a.yaml", before + secret);
        let run = folder.run(&["check", "--rule", RULE, "--format", "full", "a.yaml"]);
        assert_eq!(run.code, Some(1), "{}", run.err);
        assert!(run.out.contains("Pod web, container app") && !run.out.contains("hunter2"), "{}", run.out);
    }
}

#[test]
fn limits_are_given_by_name() {
    let text: String = (0..40).map(|index| format!("---\n{}", deployment(index))).collect();
    let folder = Folder::of("a.yaml", text);
    let told = |limits: &str, paths: &[&str]| {
        let run = folder.run(&[&["check", "--rule", RULE, "--format", "short", "--limits", limits], paths].concat());
        assert_eq!(run.code, Some(2), "{limits}: {}", run.out);
        run.out + &run.err
    };
    for (limits, expected) in [
        ("documents=39", "more than 39 documents in one file"),
        ("bytes=100Ki", "the file has more than the 102400 bytes that are read"),
        ("total=100Ki", "`--limits total=` allows more"),
        ("documnets=39", "did you mean `documents`?"),
    ] {
        let told = told(limits, &["a.yaml"]);
        assert!(told.contains(expected), "{limits}: {told}");
    }
    let run = folder.run(&["check", "--rule", RULE, "--limits", "documents=40,bytes=1Gi,total=1Gi", "a.yaml"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
}
