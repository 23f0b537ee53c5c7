//! What is typed, what is answered, and the exit code.

use std::fs;

use snapbox::{assert_data_eq, file};

use crate::bundles::{FixedRule, POD, usual, usual_folder, write};
use crate::support::Folder;

const BUNDLE: &[&str] = &["--bundle", "bundle"];

fn check(folder: &Folder, arguments: &[&str]) -> crate::support::Run {
    folder.run(&[&["check"], arguments, BUNDLE].concat())
}

#[test]
fn the_exit_code_is_0_where_all_rules_hold() {
    let folder = usual_folder();
    check(&folder, &["pod.yaml", "--rule", "note-is-short"]).with(0);
    check(&folder, &["pod.yaml", "--skip", "team-is-named", "--skip", "image-is-plain"]).with(0);
    check(&folder, &["pod.yaml", "--skip", "team-is-named,image-is-plain"]).with(0);
    let both = check(&folder, &["pod.yaml", "--rule", "note-is-short,team-is-named"]).with(1);
    assert!(both.contains("[team-is-named]") && !both.contains("[image-is-plain]"), "{both}");
    let config_map = Folder::of("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").bundle(&usual());
    let out = check(&config_map, &["."]).with(0);
    assert_data_eq!(out, "No rule applies to 1 object\nprofile recommended: all rules\n");
}

#[test]
fn the_exit_code_is_1_where_a_rule_is_broken() {
    check(&usual_folder(), &["pod.yaml"]).with(1);
}

#[test]
fn the_exit_code_is_2_where_anything_could_not_be_decided_also_beside_findings() {
    let folder = usual_folder().and("broken.yaml", "apiVersion: [").and("values.yaml", "a: 1\n");
    let out = check(&folder, &["pod.yaml", "broken.yaml"]).with(2);
    assert!(out.ends_with("profile recommended: all rules\n1 problem: not everything could be checked\n"), "{out}");
    let out = check(&folder, &["broken.yaml"]).with(2);
    assert!(out.ends_with("\n\n1 problem: not everything could be checked\n"), "it is said once: {out}");
    let out = check(&folder, &["pod.yaml", "missing.yaml"]).with(2);
    assert!(out.contains("error: missing.yaml does not exist\n"), "{out}");
    let out = check(&folder, &["values.yaml"]).with(2);
    assert!(out.ends_with("Nothing to check: no Kubernetes object in 1 file\n"), "{out}");
}

#[test]
fn a_file_of_values_that_is_not_there_is_named_whether_or_not_a_chart_wants_it() {
    let complaint = check(&usual_folder(), &["pod.yaml", "--values", "gone.yaml"]).complaint();
    assert_eq!(complaint, "error: --values gone.yaml does not exist\n");
}

#[test]
fn strict_allows_nothing_to_be_skipped_but_empty_documents() {
    let strict = |name: &str, text: &str| {
        let folder = usual_folder().and(name, text);
        let code = |more: &[&str]| check(&folder, &[&["pod.yaml", name], more].concat()).code;
        (code(&[]), code(&["--strict"]))
    };
    assert_eq!(strict("other.yaml", "a: 1\n"), (Some(1), Some(2)));
    for known in ["values.yaml", "Chart.yaml", "kustomization.yaml"] {
        assert_eq!(strict(known, "name: a\n"), (Some(1), Some(1)), "in {known} nothing is missed, as everybody knows");
    }
    assert_eq!(strict("empty.yaml", "---\n# nothing\n---\n"), (Some(1), Some(2)));
    assert_eq!(strict("more.yaml", &format!("{POD}---\n# nothing\n---\n")), (Some(1), Some(1)));
    let out = check(&usual_folder().and("other.yaml", "a: 1\n"), &[".", "--strict"]).with(2);
    assert!(out.ends_with("\n1 skipped: --strict does not allow this\n"), "{out}");
}

#[test]
fn what_is_skipped_is_listed_with_its_reason() {
    let folder = usual_folder()
        .and("chart/templates/web.yaml", "{{- if .Values.x }}\nkind: Pod\n{{- end }}\n")
        .and("chart/values.yaml", "a: 1\n")
        .and("chart/Chart.yaml", "name: web\n")
        .and("k8s/kustomization.yaml", "resources: [pod.yaml]\npatches:\n- path: patch.yaml\n")
        .and("k8s/pod.yaml", POD)
        .and("k8s/patch.yaml", POD)
        .and("readme.txt", "no manifest");
    for number in 0..12 {
        fs::write(folder.path().join(format!("other-{number:02}.yaml")), "a: 1\n").unwrap();
    }
    let out = check(&folder, &[".", "--rule", "note-is-short", "--render", "never"]).with(2);
    assert_data_eq!(out, file!["goldens/skipped.txt"].raw());
}

#[test]
fn standard_input_is_read_once_and_is_a_part_of_the_world() {
    let folder = usual_folder();
    let out = folder.run_with_input(&["check", "-", "-", "--bundle", "bundle", "--format", "short"], POD).with(1);
    assert!(out.starts_with("<stdin>:13:14: high[image-is-plain]: Pod shop/web, container app: "), "{out}");
    assert!(out.contains("1 file, 1 object, input: partial"), "{out}");
    let nothing = folder.run_with_input(&["check", "-", "--bundle", "bundle"], "").with(2);
    assert!(nothing.contains("no Kubernetes object in 1 file"), "{nothing}");
}

#[test]
fn a_folder_is_taken_for_everything_there_is_and_a_file_is_not() {
    let folder = usual_folder();
    for (arguments, world) in [
        (&["."][..], "complete"),
        (&["pod.yaml"], "partial"),
        (&[".", "pod.yaml"], "partial"),
        (&["pod.yaml", "--world", "complete"], "complete"),
        (&[".", "--world", "partial"], "partial"),
    ] {
        let out = check(&folder, arguments).with(1);
        assert!(out.contains(&format!("1 object, input: {world})")), "{arguments:?}: {out}");
    }
}

#[test]
fn the_world_decides_what_may_be_called_missing() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  \
                      selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: 'a:1'}]}}\n";
    let folder = Folder::of("web.yaml", deployment);
    let check = |world| folder.run(&["check", "web.yaml", "--rule", "pod-disruption-budget", "--world", world]);
    check("partial").with(0);
    check("complete").with(1);
}

#[test]
fn what_several_paths_lead_to_is_judged_once() {
    let folder = usual_folder().and("k8s/a.yaml", POD);
    #[cfg(unix)]
    std::os::unix::fs::symlink("k8s", folder.path().join("link")).unwrap();
    for arguments in [
        &["k8s", "k8s/a.yaml"][..],
        &["k8s/a.yaml", "./k8s/../k8s/a.yaml", "k8s"],
        &["k8s", "./k8s/"],
        &["link", "k8s"],
    ] {
        let out = check(&folder, arguments).with(1);
        assert!(out.contains("1 file, 1 object"), "{arguments:?}: {out}");
    }
}

#[test]
fn a_file_that_is_named_may_have_any_name() {
    let folder = Folder::of("pod.txt", POD).and("Podfile", POD).bundle(&usual());
    assert!(check(&folder, &["pod.txt", "Podfile"]).with(1).contains("2 files, 2 objects"));
    let out = check(&folder, &["."]).with(2);
    assert!(out.contains("skipped 1: no .yaml, .yml or .json file in it\n  .\n"), "{out}");
}

#[test]
fn rules_are_chosen_by_name_and_by_severity() {
    let folder = usual_folder();
    let rules = |arguments: &[&str]| {
        let out = check(&folder, &[&["pod.yaml", "--format", "json"], arguments].concat()).out;
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        let names = report["rules"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(rules(&[]), "image-is-plain note-is-short team-is-named");
    assert_eq!(rules(&["--rule", "team-is-named", "--rule", "note-is-short"]), "note-is-short team-is-named");
    assert_eq!(rules(&["--skip", "team-is-named"]), "image-is-plain note-is-short");
    assert_eq!(rules(&["--severity", "medium"]), "image-is-plain team-is-named");
    assert_eq!(rules(&["--severity", "high"]), "image-is-plain");
}

#[test]
fn what_is_mistyped_is_refused_with_what_may_have_been_meant() {
    let folder = usual_folder();
    for (arguments, expected) in [
        (&["chek"][..], "a similar subcommand exists: 'check'"),
        (&["check", ".", "--frmat"], "a similar argument exists: '--format'"),
        (&["check", ".", "--format", "jsn"], "tip: a similar value exists: 'json'"),
        (&["check", ".", "--severity", "hihg"], "expected low, medium, high, critical; did you mean `high`?"),
        (&["check", ".", "--timeout", "5m"], "'--timeout <SECONDS>': expected whole seconds, such as 30"),
        (&["readiness", ".", "--fail-under", "all"], "expected a whole percentage from 0 to 100"),
        (&["readiness", ".", "--fail-under", "101"], "expected a whole percentage from 0 to 100"),
        (&["serve", "--plain-http", "--queue", "many"], "expected a whole number from 0 to 65535"),
        (&["audit", "--world-memory", "0"], "expected whole MiB above 0, such as 512"),
        (&["audit", "--request-timeout", "0"], "expected whole seconds above 0, such as 30"),
        (&["kubewarden", "--timeout-seconds", "1"], "expected whole seconds from 2 to 30"),
        (&["check", ".", "--world", "all"], "[possible values: complete, partial]"),
        (
            &["check", ".", "--rule", "run-as-nonroot"],
            "there is no rule `run-as-nonroot`; did you mean `run-as-non-root`?",
        ),
        (&["check", ".", "--skip", "xyz"], "there is no rule `xyz`; `seaworthy rules` lists them"),
        (&["explain", "run-as-root"], "there is no rule `run-as-root`; did you mean `run-as-non-root`?"),
        (&["explain"], "required arguments were not provided:\n  <RULE>"),
        (&["rules", "--severity", "x"], "expected low, medium, high, critical"),
        (
            &["check", ".", "--severity", "critical", "--bundle", "bundle"],
            "--rule, --skip, --severity and the configuration leave no rule",
        ),
    ] {
        let complaint = folder.run(arguments).complaint();
        assert!(complaint.starts_with("error: ") && complaint.contains(expected), "{arguments:?}: {complaint}");
    }
    let nothing = folder.run(&[]);
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(2), ""));
    assert!(nothing.err.contains("Usage: seaworthy"), "{}", nothing.err);
}

fn help(command: &[String]) -> String {
    let words: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
    Folder::new().run(&words).with(0)
}

/// The commands below a command, each with all its words.
fn subcommands(command: &[String]) -> Vec<Vec<String>> {
    let help = help(command);
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !["", "help"].contains(name));
    names.map(|name| command.iter().cloned().chain([name.to_owned()]).collect()).collect()
}

#[test]
fn an_example_stands_on_a_line_of_its_own() {
    let mut commands = subcommands(&[]);
    assert!(commands.iter().any(|command| *command == ["kubewarden"]), "{commands:?}");
    let nested: Vec<_> = commands.iter().flat_map(|command| subcommands(command)).collect();
    assert!(nested.iter().any(|command| *command == ["baseline", "write"]), "{nested:?}");
    commands.extend(nested);
    for command in commands {
        let help = help(&command);
        let command = command.join(" ");
        let examples: Vec<&str> = help.lines().skip_while(|line| *line != "Examples:").skip(1).collect();
        assert!(!examples.is_empty(), "{command} has no example");
        // What is wider than a terminal goes on in the first column.
        assert!(examples.iter().all(|line| line.chars().count() <= 80), "{command}: {examples:#?}");
        for line in examples.iter().take_while(|line| !line.is_empty()) {
            // What was broken goes on in the second column, with neither.
            assert!(line.contains("seaworthy ") || line.starts_with(&" ".repeat(20)), "{command}: {line}");
        }
    }
}

#[test]
fn help_and_version_are_answers_and_not_errors() {
    let folder = Folder::new();
    for arguments in
        [&["--help"][..], &["-h"], &["check", "--help"], &["rules", "-h"], &["explain", "-h"], &["inspect", "-h"]]
    {
        let out = folder.run(arguments).with(0);
        assert!(out.contains("Usage: seaworthy") && out.contains("Examples:\n"), "{arguments:?}: {out}");
        assert!(out.lines().all(|line| line.chars().count() <= 100), "{arguments:?}");
    }
    assert!(folder.run(&["--version"]).with(0).starts_with("seaworthy "));
}

#[test]
fn a_bundle_that_cannot_be_used_is_named() {
    let folder =
        usual_folder().and("broken/a.wasm", "x").and("cut/a.wasm", b"\0asm\x01\0\0\0\x0b\xff").and("empty/a.txt", "");
    let odd = folder.path().join("odd");
    fs::create_dir(&odd).unwrap();
    write(&odd, "a", &FixedRule::new("No Name", protocol::Verdict::Pass));
    fs::write(folder.path().join("empty.wasm"), b"\0asm\x01\0\0\0").unwrap();
    for (bundle, expected) in [
        ("empty", "error: the bundle empty has no modules (<rule>.wasm)\n"),
        ("missing", "error: the bundle missing does not exist\n"),
        ("broken", "error: broken/a.wasm is not a WebAssembly module\n"),
        ("cut", "error: cut/a.wasm is not a policy module: "),
        ("odd", "error: odd/a.wasm has a rule name that is not kebab-case: \"No Name\"\n"),
        ("pod.yaml", "error: the bundle pod.yaml cannot be read: Not a directory"),
    ] {
        for arguments in [&["check", "pod.yaml"][..], &["rules"], &["explain", "x"]] {
            let complaint = folder.run(&[arguments, &["--bundle", bundle]].concat()).complaint();
            assert!(complaint.starts_with(expected), "{bundle}: {complaint}");
        }
    }
}

#[test]
fn a_module_that_cannot_be_used_is_named_and_stops_no_other() {
    let folder = usual_folder().and("bundle/a.wasm", "x").and("bundle/b.wasm", b"\0asm\x01\0\0\0");
    write(&folder.path().join("bundle"), "z", &FixedRule::new("team-is-named", protocol::Verdict::Pass));
    let refusals = [
        "bundle/a.wasm is not a WebAssembly module\n",
        "bundle/b.wasm is not a policy module: it has neither of the sections \"dev.seaworthy.rule\" and \"io.kubewarden.metadata\"\n",
        "bundle/z.wasm has the same rule as bundle/team-is-named.wasm: team-is-named\n",
    ];
    let out = check(&folder, &["pod.yaml"]).with(2);
    for refusal in refusals {
        assert!(out.contains(&format!("error: {refusal}")), "{out}");
    }
    assert!(
        out.contains("nobody is named") && out.ends_with("\n3 problems: not everything could be checked\n"),
        "{out}"
    );
    let report: serde_json::Value =
        serde_json::from_str(&check(&folder, &["pod.yaml", "--format", "json"]).with(2)).unwrap();
    let problems: Vec<_> = report["problems"].as_array().unwrap().iter().collect();
    assert_eq!((problems.len(), &problems[0]["file"]), (3, &"bundle/a.wasm".into()));
    assert_eq!(problems[0]["failure"], true);
    assert_eq!(report["rules"].as_array().unwrap().len(), 3);

    let all: String = refusals.iter().map(|refusal| format!("error: {refusal}")).collect();
    for arguments in [&["rules"][..], &["explain", "team-is-named"]] {
        let run = folder.run(&[arguments, &["--bundle", "bundle"]].concat());
        assert_eq!((run.code, run.err.as_str()), (Some(2), all.as_str()));
        assert!(run.out.contains("team-is-named"), "{}", run.out);
    }
    let missed = check(&folder, &["pod.yaml", "--rule", "a"]).complaint();
    assert!(missed.starts_with(&all) && missed.contains("there is no rule `a`"), "{missed}");
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_run_without_a_word() {
    use std::process::{Command, Stdio};
    let many: String =
        (0..5000).map(|number| format!("---\n{}", POD.replace("name: web", &format!("name: web-{number}")))).collect();
    let folder = Folder::of("all.yaml", many).bundle(&usual());
    let mut check = folder
        .command(&["check", ".", "--bundle", "bundle", "--format", "full"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let head = Command::new("head").args(["-n", "1"]).stdin(check.stdout.take().unwrap()).output().unwrap();
    assert!(String::from_utf8_lossy(&head.stdout).starts_with("high[image-is-plain]"));
    let ended = check.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert_eq!(ended.status.code(), Some(1));
}
