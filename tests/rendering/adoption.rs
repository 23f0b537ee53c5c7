//! A repository on the day on which somebody first checks it, and on those after: some 60 findings become a green pipeline by a
//! profile, waivers, fixes and a baseline, and it stays green until somebody adds one.
//!
//! The repository in `repository/` has a chart with three environments, a base with three overlays, Argo CD Applications of
//! another chart, and manifests of a vendor and of one's own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use seaworthy_tests::artifacts::workspace;
use serde_json::Value;

use super::support::{Folder, Run, run};
use super::tools::Tools;
use super::{check, json};

const BASE: &str = "deploy/base/deployment.yaml";
const PRODUCTION: &str = "deploy/overlays/production/kustomization.yaml";
const FRONT: &str = "charts/storefront/";

fn repository() -> Folder {
    let from = workspace().join("tests/rendering/repository");
    let files = walkdir::WalkDir::new(&from).into_iter().map(Result::unwrap).filter(|it| it.file_type().is_file());
    files.fold(Folder::new(), |folder, file| {
        let name = file.path().strip_prefix(&from).unwrap().to_str().unwrap().to_owned();
        folder.and(&name, fs::read(file.path()).unwrap())
    })
}

fn text(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

fn change(folder: &Folder, name: &str, from: &str, to: &str) {
    let old = text(folder, name);
    assert!(old.contains(from), "{name}: {old}");
    fs::write(folder.path().join(name), old.replacen(from, to, 1)).unwrap();
}

fn configure(folder: &Folder, more: &str) {
    let path = folder.path().join("seaworthy.yaml");
    let old = fs::read_to_string(&path).unwrap_or_default();
    fs::write(path, old + more).unwrap();
}

fn seaworthy(folder: &Folder, tools: &Tools, arguments: &[&str]) -> Run {
    let mut command = folder.command(arguments);
    run(command.env("PATH", tools.path()).env("XDG_CACHE_HOME", folder.path().join(".cache")), "")
}

/// What fails: the rule, the file and the line that somebody wrote.
fn failing(report: &Value) -> BTreeSet<(String, String, u64)> {
    let failed = report["results"].as_array().unwrap().iter().filter(|result| result["verdict"] == "fail");
    let placed = failed.flat_map(|result| {
        let violations = result["findings"].as_array().unwrap().iter().filter(|it| it["level"] == "violation");
        violations.map(move |finding| {
            let (file, line) = match &finding["source"] {
                Value::Null => (&result["object"]["file"], &finding["line"]),
                source => (&source["file"], &source["line"]),
            };
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&result["rule"]), text(file), line.as_u64().unwrap())
        })
    });
    placed.collect()
}

fn at(rule: &str, file: impl AsRef<Path>, line: u64) -> (String, String, u64) {
    (rule.to_owned(), file.as_ref().to_str().unwrap().to_owned(), line)
}

/// The rules and the files, without the lines.
fn files(failing: &BTreeSet<(String, String, u64)>) -> BTreeSet<(&str, &str)> {
    failing.iter().map(|(rule, file, _)| (rule.as_str(), file.as_str())).collect()
}

/// How many findings people are told.
fn told(folder: &Folder, tools: &Tools) -> usize {
    let run = check(folder, tools, &[]);
    let line = run.out.lines().find(|line| line.contains(" findings in ")).unwrap_or("0 findings");
    line.split(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{}", run.out))
}

#[test]
fn sixty_findings_become_a_green_pipeline() {
    let Some(tools) = Tools::find() else { return };
    let folder = repository();

    // The first day: more than anybody repairs at once, each at the line that somebody wrote.
    let first = check(&folder, &tools, &["--profile", "full", "--format", "json"]);
    assert_eq!(first.code, Some(1), "{}", first.err);
    let all = failing(&serde_json::from_str(&first.out).unwrap());
    assert!(all.len() > 90, "{}", all.len());
    for expected in [
        // A chart: its values, those of an environment, a helper, and the container where something is missing.
        at("immutable-image-tag", format!("{FRONT}values.yaml"), 3),
        at("read-only-root-filesystem", format!("{FRONT}values.yaml"), 7),
        at("replicas", format!("{FRONT}values.yaml"), 4),
        at("container-resources", format!("{FRONT}values-production.yaml"), 6),
        at("run-as-non-root", format!("{FRONT}templates/_helpers.tpl"), 7),
        at("min-ready-seconds", format!("{FRONT}templates/deployment.yaml"), 9),
        at("container-resources", format!("{FRONT}templates/deployment.yaml"), 28),
        // Overlays: the base, an inline patch, a patch in a file, and a tag that is set.
        at("privilege-escalation-disabled", BASE, 32),
        at("external-secrets", BASE, 21),
        at("read-only-root-filesystem", "deploy/overlays/development/kustomization.yaml", 9),
        at("pod-security", "deploy/overlays/production/scale.yaml", 9),
        at("immutable-image-tag", "deploy/overlays/staging/kustomization.yaml", 6),
        // Applications: the values that they write.
        at("immutable-image-tag", "argocd/mails.yaml", 14),
        at("pod-security", "argocd/mails.yaml", 15),
        // Manifests as they are.
        at("least-privilege-rbac", "plain/cleanup.yaml", 30),
        at("pod-security", "plain/legacy.yaml", 19),
    ] {
        assert!(all.contains(&expected), "{expected:?} is not among {all:#?}");
    }

    // A profile: what hurts everybody, 61 findings.
    configure(&folder, "profile: essential\n");
    assert_eq!(told(&folder, &tools), 61);
    let report = json(&folder, &tools, &[]);
    assert_eq!(report["summary"]["outcome"], "broken");
    assert!(report["summary"]["verdicts"].get("unknown").is_none(), "all is seen: {}", report["summary"]);
    assert!(failing(&report).is_subset(&all));
    let said = check(&folder, &tools, &[]).out;
    assert!(said.contains("\nprofile essential: ") && said.contains(" rules left out\n"), "{said}");

    // A waiver for what nobody here can change.
    configure(
        &folder,
        "longest_waiver_days: 400000\nwaivers:\n- &legacy\n  rule: pod-security\n  object: {kind: StatefulSet, namespace: shop, name: \
         legacy-*}\n  owner: ana@example.com\n  reason: the vendor's image needs it until 8.0\n  expires: 2999-03-31\n- {<<: *legacy, rule: \
         run-as-non-root}\n- {<<: *legacy, rule: privilege-escalation-disabled}\n",
    );
    assert_eq!(told(&folder, &tools), 57);
    let report = json(&folder, &tools, &[]);
    let states = report["waivers"].as_array().unwrap().iter().map(|waiver| waiver["state"].as_str().unwrap());
    assert_eq!(states.collect::<Vec<_>>(), ["used"; 3]);
    let before = failing(&report);
    let waived = ["pod-security", "run-as-non-root", "privilege-escalation-disabled"];
    assert!(!before.iter().any(|it| it.1 == "plain/legacy.yaml" && waived.contains(&it.0.as_str())), "{before:#?}");

    // What may be edited by a program: first what is safe, then what somebody reviews, in the files that people wrote.
    let legacy = text(&folder, "plain/legacy.yaml");
    seaworthy(&folder, &tools, &["fix", ".", "--write"]).with(0);
    let reviewed = ["--rule", "privilege-escalation-disabled", "--rule", "graceful-shutdown"];
    seaworthy(&folder, &tools, &[&["fix", ".", "--unsafe", "--write"], &reviewed[..]].concat()).with(0);
    let base = text(&folder, BASE);
    for line in [
        "  minReadySeconds: 1   # it starts fast\n",
        "            failureThreshold: 9\n",
        "            allowPrivilegeEscalation: false\n",
        "              sleep:\n                seconds: 10\n",
    ] {
        assert!(base.contains(line), "{base}");
    }
    assert!(base.starts_with("# The orders' API. Its database is managed.\n"));
    assert!(text(&folder, "plain/cleanup.yaml").contains("allowPrivilegeEscalation: false\n"));
    assert_eq!(text(&folder, "plain/legacy.yaml"), legacy, "what is waived is left alone");
    let after = failing(&json(&folder, &tools, &[]));
    let gone: BTreeSet<_> = files(&before).difference(&files(&after)).copied().collect();
    let expected = [
        ("graceful-shutdown", BASE),
        ("privilege-escalation-disabled", BASE),
        ("privilege-escalation-disabled", "plain/cleanup.yaml"),
    ];
    assert_eq!(gone, BTreeSet::from(expected));
    assert!(files(&after).is_subset(&files(&before)), "nothing is found anew: {after:#?}");
    // What is left is found where it stands by now, below the lines that came.
    for expected in [at("container-resources", BASE, 31), at("least-privilege-rbac", "plain/cleanup.yaml", 32)] {
        assert!(after.contains(&expected), "{expected:?} is not among {after:#?}");
    }
    let left = told(&folder, &tools);
    assert!((40..57).contains(&left), "{left}");

    // A baseline for the rest: the pipeline is green.
    let written = seaworthy(&folder, &tools, &["baseline", "write", "."]).with(0);
    assert!(written.starts_with("seaworthy-baseline.yaml: "), "{written}");
    configure(&folder, "baseline: seaworthy-baseline.yaml\n");
    let green = check(&folder, &tools, &[]).with(0);
    assert!(green.contains(" known, 0 new\n"), "{green}");

    // Lines move, and files and folders get other names: nothing of that is new.
    change(&folder, "plain/legacy.yaml", "", "# The vendor's.\n\n");
    fs::rename(folder.path().join("plain/cleanup.yaml"), folder.path().join("plain/jobs.yaml")).unwrap();
    let report = json(&folder, &tools, &[]);
    assert_eq!(
        (&report["baseline"]["new"], &report["baseline"]["stale"]),
        (&Value::from(0), &Value::Array(Vec::new()))
    );

    // Somebody adds one: it alone fails, at its line.
    let old = text(&folder, PRODUCTION);
    fs::write(
        folder.path().join(PRODUCTION),
        format!("{old}images:\n  - name: ghcr.io/shop/orders\n    newTag: latest\n"),
    )
    .unwrap();
    let report = json(&folder, &tools, &[]);
    assert_eq!(failing(&report), BTreeSet::from([at("immutable-image-tag", PRODUCTION, 9)]));
    assert_eq!((&report["baseline"]["new"], check(&folder, &tools, &[]).code), (&Value::from(1), Some(1)));
    fs::write(folder.path().join(PRODUCTION), old).unwrap();

    // Somebody repairs some, and they stay repaired.
    change(&folder, "argocd/mails.yaml", "privileged: true", "privileged: false");
    let stale = json(&folder, &tools, &[])["baseline"]["stale"].clone();
    assert_eq!(stale.as_array().unwrap().len(), 2, "{stale}");
    let updated = seaworthy(&folder, &tools, &["baseline", "update", "."]).with(0);
    assert!(updated.ends_with(" 2 removed, 0 added\n"), "{updated}");
    check(&folder, &tools, &[]).with(0);
    change(&folder, "argocd/mails.yaml", "privileged: false", "privileged: true");
    let back = failing(&json(&folder, &tools, &[]));
    let expected = ["pod-security", "privilege-escalation-disabled"].map(|rule| at(rule, "argocd/mails.yaml", 15));
    assert_eq!(back, BTreeSet::from(expected));
}
