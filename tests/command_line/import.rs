//! `seaworthy import waivers`: what it writes is a configuration, and waives what the other tool was told to ignore.

use crate::support::Folder;

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    ignore-check.kube-linter.io/no-read-only-root-fs: it writes its cache
    checkov.io/skip1: CKV_K8S_15=always
spec: {containers: [{name: app, image: 'example.com/web:1.4.2'}]}
";

const COMMAND: [&str; 7] = ["import", "waivers", "k8s", "--by", "ana@example.com", "--until", "2999-03-31"];

#[test]
fn an_imported_waiver_counts() {
    let folder = Folder::of("k8s/web.yaml", POD);
    let check = ["check", "k8s", "--rule", "read-only-root-filesystem"];
    assert_eq!(folder.run(&check).code, Some(1));
    let import = folder.run(&COMMAND);
    assert!(
        import.err.contains("k8s/web.yaml:7: not carried over: Checkov CKV_K8S_15: no rule reports this"),
        "{}",
        import.err
    );
    assert_eq!(import.code, Some(0));
    let folder = folder.and("platform.yaml", format!("longest_waiver_days: 400000\n{}", import.out));
    let waived = folder.run(&[&check[..], &["--config", "platform.yaml"]].concat());
    assert_eq!(waived.code, Some(0), "{}{}", waived.out, waived.err);
}

#[test]
fn where_nothing_is_ignored_nothing_is_written() {
    let folder = Folder::of("k8s/web.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n");
    let run = folder.run(&COMMAND);
    assert!(run.err.contains("to ignore anything"), "{}", run.err);
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""));
    let run = Folder::of("k8s/notes.txt", "").run(&COMMAND);
    assert!(run.complaint().contains("no .yaml"));
}

#[test]
fn a_day_that_is_past_or_none_is_refused() {
    let folder = Folder::of("k8s/web.yaml", POD);
    for (until, says) in [("2020-01-01", "the day is past"), ("soon", "expected a day")] {
        let run = folder.run(&[&COMMAND[..6], &[until]].concat());
        assert!(run.complaint().contains(says), "{until}");
    }
}
