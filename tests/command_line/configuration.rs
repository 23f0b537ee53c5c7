//! `seaworthy.yaml`: found without being named, laid over others, shown, and taken from a branch that is trusted.

use std::process::Command;

use protocol::{Level, Severity, Verdict};
use serde_json::Value;

use crate::bundles::{FixedRule, POD, usual, usual_folder};
use crate::support::{Folder, Run};

fn check(folder: &Folder, arguments: &[&str]) -> Run {
    let bundle = folder.path().join("bundle").display().to_string();
    folder.run(&[&["check", "--bundle", &bundle], arguments].concat())
}

const OFF: &str = "rules: {team-is-named: {enabled: false}, image-is-plain: {enabled: false}}\n";

#[test]
fn a_configuration_is_found_above_the_input() {
    let folder = Folder::of("k8s/shop/pod.yaml", POD).bundle(&usual()).and("seaworthy.yaml", OFF);
    for input in ["k8s/shop/pod.yaml", "k8s/shop", "k8s", "."] {
        let out = check(&folder, &[input]).with(0);
        assert!(out.contains("\nconfiguration: seaworthy.yaml\n"), "{input}: {out}");
    }
    check(&folder, &["k8s", "--no-config"]).with(1);
    let folder = folder.and("k8s/seaworthy.yaml", "rules: {}\n");
    let out = check(&folder, &["k8s/shop"]).with(1);
    assert!(out.contains("\nconfiguration: k8s/seaworthy.yaml\n"), "the nearest counts: {out}");
    let folder = folder.and("other/pod.yaml", POD);
    let complaint = check(&folder, &["k8s", "other"]).complaint();
    assert_eq!(
        complaint,
        "error: two configurations are for this input: k8s/seaworthy.yaml and seaworthy.yaml; give one with --config\n"
    );
    check(&folder, &["k8s", "other", "--config", "seaworthy.yaml"]).with(0);
}

#[test]
fn a_configuration_outside_of_the_repository_does_not_count() {
    let folder =
        Folder::of("repo/k8s/pod.yaml", POD).bundle(&usual()).and("seaworthy.yaml", OFF).and("repo/.git/HEAD", "");
    check(&folder, &["repo/k8s"]).with(1);
    check(&folder.and("repo/seaworthy.yaml", OFF), &["repo/k8s"]).with(0);
}

#[test]
fn a_configuration_is_no_manifest() {
    let folder = Folder::of("pod.yaml", POD)
        .bundle(&usual())
        .and("seaworthy.yaml", OFF)
        .and("seaworthy-baseline.yaml", "a: 1\n");
    check(&folder, &["pod.yaml", "seaworthy.yaml", "--strict"]).with(2);
    let folder = Folder::of("k8s/pod.yaml", POD).bundle(&usual()).and("k8s/seaworthy.yaml", OFF);
    check(&folder.and("k8s/seaworthy-baseline.yaml", "a: 1\n"), &["k8s", "--strict"]).with(0);
}

#[test]
fn what_is_extended_is_found_from_the_file_that_says_so() {
    let folder = Folder::of("team/k8s/pod.yaml", POD)
        .bundle(&usual())
        .and("team/seaworthy.yaml", "extends: ../platform/base.yaml\n")
        .and("platform/base.yaml", "extends: more.yaml\nrules: {team-is-named: {enabled: false}}\n")
        .and("platform/more.yaml", "rules: {image-is-plain: {enabled: false}}\n");
    check(&folder, &["team/k8s"]).with(0);
    let folder = folder.and("platform/more.yaml", "rules: {image-is-plan: {enabled: false}}\n");
    let complaint = check(&folder, &["team/k8s"]).complaint();
    let said = "error: platform/more.yaml:1:9: `image-is-plan` is not known here; did you mean `image-is-plain`?\n";
    assert_eq!(complaint, said);
    let folder = folder.and("team/seaworthy.yaml", "\nextends: gone.yaml\n");
    assert_eq!(
        check(&folder, &["team/k8s"]).complaint(),
        "error: team/seaworthy.yaml:2:10: `gone.yaml` does not exist\n"
    );
}

#[test]
fn a_severity_decides_what_fails() {
    let rule = |name: &str, severity| {
        FixedRule::new(name, Verdict::Fail).severity(severity).finds(Level::Violation, "$", "no", None)
    };
    let folder = Folder::of("pod.yaml", POD)
        .bundle(&[rule("must", Severity::High), rule("should", Severity::Low)])
        .and("high.yaml", "fail_on: high\n")
        .and("low.yaml", "fail_on: high\nrules: {must: {severity: medium}}\n")
        .and("place.yaml", "fail_on: high\noverrides: [{namespaces: [sh*], rules: {must: {severity: low}}}]\n")
        .and("elsewhere.yaml", "fail_on: high\noverrides: [{namespaces: [dev], rules: {must: {severity: low}}}]\n");
    check(&folder, &["pod.yaml", "--config", "high.yaml"]).with(1);
    check(&folder, &["pod.yaml", "--fail-on", "critical"]).with(0);
    check(&folder, &["pod.yaml", "--config", "elsewhere.yaml"]).with(1);
    let out = check(&folder, &["pod.yaml", "--config", "low.yaml"]).with(0);
    assert!(out.contains("must: no") || out.contains("[must]"), "all are reported: {out}");
    let report = check(&folder, &["pod.yaml", "--config", "place.yaml", "--format", "json"]).with(0);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["summary"]["outcome"], "holds");
    assert_eq!(report["results"][0]["severity"], "low");
    assert_eq!(report["rules"][0]["severity"], "high");
    let out = check(&folder, &["pod.yaml", "--config", "place.yaml", "--fail-on", "low"]).with(1);
    assert!(out.contains("low[must]: ") && !out.contains("high[must]"), "people read the severity of the place: {out}");
}

#[test]
fn a_rule_may_be_off_in_some_places() {
    let off = "rules: {team-is-named: {enabled: false}, image-is-plain: {enabled: false}}";
    let folder = Folder::of("k8s/a/pod.yaml", POD).bundle(&usual());
    for (scope, code) in [
        ("paths: [k8s/a]", 0),
        ("paths: ['**/pod.yaml']", 0),
        ("namespaces: [sh*]", 0),
        ("paths: [k8s/a], namespaces: [shop]", 0),
        ("paths: [k8s/b]", 1),
        ("paths: [k8s/a], namespaces: [dev]", 1),
    ] {
        let folder = Folder::of("k8s/a/pod.yaml", POD).bundle(&usual());
        let folder = folder.and("seaworthy.yaml", format!("overrides: [{{{scope}, {off}}}]\n"));
        let run = check(&folder, &["k8s"]);
        assert_eq!(run.code, Some(code), "{scope}: {}{}", run.out, run.err);
    }
    let on = format!("{OFF}overrides: [{{paths: [k8s], rules: {{team-is-named: {{enabled: true}}}}}}]\n");
    let out = check(&folder.and("seaworthy.yaml", on), &["k8s"]).with(1);
    assert!(out.contains("team-is-named") && !out.contains("image-is-plain"), "{out}");
}

#[test]
fn settings_may_be_other_in_some_places() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    image: a:1\n    resources:\n      \
               requests: {cpu: 1, memory: 1Gi}\n      limits: {memory: 1Gi}\n";
    let config = "overrides: [{paths: [a], rules: {container-resources: {settings: {cpu_limit: false}}}}]\n";
    let folder = Folder::of("a/pod.yaml", pod).and("b/pod.yaml", pod).and("seaworthy.yaml", config);
    folder.run(&["check", "a", "--rule", "container-resources"]).with(0);
    folder.run(&["check", "b", "--rule", "container-resources"]).with(1);
    let only_there =
        "overrides: [{paths: [a], rules: {required-labels: {settings: {required: [{kinds: [Pod], label: team}]}}}}]\n";
    let folder = folder.and("seaworthy.yaml", only_there);
    let out = folder.run(&["check", "a", "--rule", "required-labels"]).with(1);
    assert!(out.contains("`team`"), "settings that stand in an override only: {out}");
    folder.run(&["check", "b", "--rule", "required-labels"]).with(0);
    let bad = config.replace("cpu_limit: false", "cpu_max: much");
    let complaint = folder.and("seaworthy.yaml", bad).run(&["check", "b", "--rule", "container-resources"]).complaint();
    assert!(
        complaint.starts_with("error: seaworthy.yaml:1: the settings of container-resources are refused: "),
        "{complaint}"
    );
}

#[test]
fn files_are_chosen_from_the_folder_of_the_configuration() {
    let files = |config: &str, input: &str| {
        let folder = Folder::of("k8s/pod.yaml", POD)
            .and("k8s/tests/pod.yaml", POD)
            .and("docs/pod.yaml", POD)
            .bundle(&usual())
            .and("seaworthy.yaml", config);
        let report = check(&folder, &[input, "--format", "json", "--rule", "note-is-short"]).with(0);
        serde_json::from_str::<Value>(&report).unwrap()["summary"]["files"].as_u64().unwrap()
    };
    assert_eq!(files("{}", "."), 3);
    assert_eq!(files("exclude: [tests/]", "."), 2);
    assert_eq!(files("exclude: [/k8s/tests/]", "k8s"), 1);
    assert_eq!(files("exclude: [/tests/]", "k8s"), 2);
    assert_eq!(files("include: [k8s/]", "."), 2);
    assert_eq!(files("include: ['/k8s/*.yaml', docs/]\nexclude: [docs/]", "."), 1);
}

#[test]
fn what_a_configuration_leaves_out_is_told_and_strict_does_not_allow_it() {
    let folder = Folder::of("k8s/pod.yaml", POD)
        .and("k8s/tests/pod.yaml", POD)
        .and("docs/pod.yaml", POD)
        .and("docs/Dockerfile", "FROM a\n")
        .bundle(&usual())
        .and("seaworthy.yaml", "exclude: [tests/]\ninclude: [k8s/]\n");
    let run =
        |more: &[&str]| check(&folder, &[&[".", "--rule", "note-is-short", "--exclude", "bundle"], more].concat());
    let out = run(&[]).with(0);
    assert!(out.contains("skipped 1: excluded by the configuration\n  k8s/tests\n"), "{out}");
    assert!(out.contains("skipped 1: not included by the configuration\n  docs/pod.yaml\n"), "{out}");
    assert!(run(&["--strict"]).with(2).contains("2 skipped: --strict does not allow this"));
    let out = folder.run(&["check", ".", "--rule", "dockerfile", "--exclude", "bundle"]);
    assert!(out.out.contains("  docs/Dockerfile\n") && !out.out.contains("[dockerfile]"), "{}", out.out);
}

#[test]
fn world_and_profile_are_taken_from_the_configuration_and_flags_win() {
    let folder = usual_folder().and("seaworthy.yaml", "world: complete\nprofile: full\n");
    let report = |more: &[&str]| {
        let out = check(&folder, &[&["pod.yaml", "--format", "json"], more].concat()).out;
        serde_json::from_str::<Value>(&out).unwrap()
    };
    let said = report(&[]);
    assert_eq!((&said["world"], &said["profile"]["name"]), (&"complete".into(), &"full".into()));
    let said = report(&["--world", "partial", "--profile", "recommended"]);
    assert_eq!((&said["world"], &said["profile"]["name"]), (&"partial".into(), &"recommended".into()));
    let complaint = check(&folder, &["pod.yaml", "--profile", "essential"]).complaint();
    assert!(complaint.starts_with("error: the profile essential leaves out all selected rules"), "{complaint}");
}

#[test]
fn what_counts_is_shown_with_its_places() {
    let folder = usual_folder()
        .and("base.yaml", "profile: full\nrules:\n  team-is-named: {settings: {strict: true}}\n")
        .and("seaworthy.yaml", "extends: base.yaml\nfail_on: high\n");
    let config = |more: &[&str]| folder.run(&[&["config", "--bundle", "bundle"], more].concat());
    let shown = config(&[]).with(0);
    let lines: Vec<String> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "longest_waiver_days: 365 # default",
            "profile: full # base.yaml:1",
            "rules:",
            "team-is-named:",
            "settings:",
            "strict: true # base.yaml:3",
            "fail_on: high # seaworthy.yaml:2",
        ]
    );
    let values: Value = serde_json::from_str(&config(&["--format", "json"]).with(0)).unwrap();
    let strict = serde_json::json!({"path": "rules.team-is-named.settings.strict", "value": true, "file": "base.yaml", "line": 3});
    assert!(values.as_array().unwrap().contains(&strict), "{values}");
    let schema: Value = serde_json::from_str(&config(&["--schema"]).with(0)).unwrap();
    assert_eq!(schema["properties"]["rules"]["properties"]["team-is-named"]["type"], "object");
    assert!(Folder::new().run(&["config"]).with(0).starts_with("# no seaworthy.yaml here or above\n"));
    let folder = folder.and("base.yaml", "rules: {team-is-name: {}}\n");
    let complaint = folder.run(&["config", "--bundle", "bundle"]).complaint();
    assert!(complaint.starts_with("error: base.yaml:1:9: `team-is-name` is not known here"), "{complaint}");
}

fn git(folder: &Folder, arguments: &[&str]) {
    let identity = ["-c", "user.name=ana", "-c", "user.email=ana@example.com", "-c", "init.defaultBranch=main"];
    let status = Command::new("git").args(identity).args(arguments).current_dir(folder.path()).output();
    let output = status.expect("git is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_change_cannot_waive_itself_where_another_branch_is_trusted() {
    let folder = Folder::of("repo/k8s/pod.yaml", POD)
        .bundle(&usual())
        .and("repo/platform/base.yaml", "rules: {note-is-short: {enabled: false}}\n")
        .and("repo/seaworthy.yaml", "extends: platform/base.yaml\n");
    git(&folder, &["-C", "repo", "init", "-q"]);
    git(&folder, &["-C", "repo", "add", "."]);
    git(&folder, &["-C", "repo", "commit", "-q", "-m", "first"]);
    let folder = folder.and("repo/seaworthy.yaml", OFF).and("repo/platform/base.yaml", "rules: {}\n");
    let run = |more: &[&str]| {
        let bundle = folder.path().join("bundle").display().to_string();
        let mut command = folder.command(&[&["check", "repo/k8s", "--bundle", &bundle], more].concat());
        command.env("PATH", std::env::var_os("PATH").unwrap());
        crate::support::run(&mut command, "")
    };
    run(&[]).with(0);
    let out = run(&["--trusted-config", "main"]).with(1);
    assert!(out.contains("\nconfiguration: repo/seaworthy.yaml\n") && !out.contains("note-is-short"), "{out}");
    for (name, said) in [("gone", "there is no revision `gone` here"), ("--help", "there is no revision `--help` here")]
    {
        let complaint = run(&[&format!("--trusted-config={name}")]).complaint();
        assert!(complaint.contains(said), "{complaint}");
    }
    let complaint = run(&["--trusted-config", "main", "--config", "repo/new.yaml"]).complaint();
    assert_eq!(complaint, "error: repo/new.yaml is not in the revision main\n");
    let folder = usual_folder();
    let mut command = folder.command(&["check", "pod.yaml", "--trusted-config", "main"]);
    command.env("PATH", std::env::var_os("PATH").unwrap());
    let complaint = crate::support::run(&mut command, "").complaint();
    assert!(complaint.contains("is in no git repository"), "{complaint}");
}
