//! `seaworthy import waivers`: what it writes is a configuration, and waives what the other tool was told to ignore.

use crate::support::{Folder, Run};

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

const COMMAND: [&str; 6] = ["import", "waivers", "k8s", "--owner", "ana@example.com", "--expires"];

/// A day so many days from now.
fn day(days: i32) -> String {
    let now = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
    now.saturating_add(jiff::Span::new().days(days)).to_string()
}

fn import(folder: &Folder, until: &str) -> Run {
    folder.run(&[&COMMAND[..], &[until]].concat())
}

#[test]
fn an_imported_waiver_counts() {
    let folder = Folder::of("k8s/web.yaml", POD);
    let check = ["check", "k8s", "--rule", "read-only-root-filesystem"];
    assert_eq!(folder.run(&check).code, Some(1));
    let import = import(&folder, &day(300));
    assert!(
        import.err.contains("k8s/web.yaml:7: not carried over: Checkov CKV_K8S_15: no rule reports this"),
        "{}",
        import.err
    );
    assert_eq!(import.code, Some(0));
    // The options had other names first.
    let expires = day(300);
    let as_before = ["import", "waivers", "k8s", "--by", "ana@example.com", "--until", &expires];
    assert_eq!(folder.run(&as_before).out, import.out);
    for key in ["owner: ana@example.com\n", "reason: it writes its cache\n", "expires: "] {
        assert!(import.out.contains(&format!("  {key}")), "{}", import.out);
    }
    let folder = folder.and("platform.yaml", import.out);
    let waived = folder.run(&[&check[..], &["--config", "platform.yaml"]].concat());
    assert_eq!(waived.code, Some(0), "{}{}", waived.out, waived.err);
}

#[test]
fn where_nothing_is_ignored_nothing_is_written() {
    let folder = Folder::of("k8s/web.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n");
    let run = import(&folder, &day(30));
    assert!(run.err.contains("to ignore anything"), "{}", run.err);
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""));
    let run = import(&Folder::of("k8s/notes.txt", ""), &day(30));
    assert!(run.complaint().contains("no .yaml"));
    let run = folder.run(&["import", "waivers", "nosuch", "--owner", "ana", "--expires", &day(30)]);
    let complaint = run.complaint();
    assert!(complaint.contains("nosuch does not exist"), "{complaint}");
    assert!(!complaint.contains("to ignore anything"), "that is not known: {complaint}");
}

#[test]
fn a_day_that_is_past_or_none_is_refused() {
    let folder = Folder::of("k8s/web.yaml", POD);
    let far = day(400);
    for (until, says) in [
        ("2020-01-01", "the day is past"),
        ("soon", "expected a day"),
        (&far, "the day is 400 days away, and a waiver may last 365"),
    ] {
        assert!(import(&folder, until).complaint().contains(says), "{until}");
    }
}
