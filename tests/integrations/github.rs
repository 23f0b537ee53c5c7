//! The action, its steps run as a runner of GitHub does: with bash, and inputs in variables.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use seaworthy_tests::artifacts::workspace;
use sha2::{Digest, Sha256};

use crate::support::{self, Folder, Run};
use crate::{bash, folder, yaml};

const ACTION: &str = "integrations/github/action.yml";

/// Runs a step of the action with these inputs; the others have their defaults.
fn step(folder: &Folder, id: &str, inputs: &[(&str, &str)], more: &[(&str, &str)]) -> Run {
    let action = yaml(ACTION);
    let steps = action["runs"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["id"] == id).unwrap();
    assert_eq!(step["shell"], "bash");
    let mut command = bash(folder, step["run"].as_str().unwrap());
    for (name, value) in step["env"].as_object().unwrap() {
        let input = value.as_str().unwrap().strip_prefix("${{ inputs.").unwrap().strip_suffix(" }}").unwrap();
        let given = inputs.iter().find(|(name, _)| *name == input).map(|(_, value)| *value);
        command.env(name, given.unwrap_or_else(|| action["inputs"][input]["default"].as_str().unwrap()));
    }
    let file = |name: &str| folder.path().join(name);
    // It is there already where a step ran before.
    let _ = symlink(workspace().join("integrations/github"), file("an action"));
    command.env("GITHUB_ACTION_PATH", file("an action")).env("GITHUB_OUTPUT", file("output"));
    command
        .env("GITHUB_PATH", file("path"))
        .env("GITHUB_STEP_SUMMARY", file("summary.md"))
        .env("RUNNER_TEMP", file("a temp"));
    command.envs(more.iter().copied());
    support::run(&mut command, "")
}

fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap_or_default()
}

const RULE: &str = "--rule\nmin-ready-seconds\n";

#[test]
fn scripts_have_no_expressions_in_them() {
    for step in yaml(ACTION)["runs"]["steps"].as_array().unwrap() {
        assert!(!step["run"].as_str().unwrap().contains("${{"), "{step}: its text would be part of a script");
    }
}

#[test]
fn outputs_are_those_of_the_check() {
    for (name, output) in yaml(ACTION)["outputs"].as_object().unwrap() {
        assert_eq!(output["value"], format!("${{{{ steps.check.outputs.{name} }}}}"));
    }
}

#[test]
fn findings_are_told_in_every_form_and_fail_the_step() {
    let folder = folder();
    let inputs = [("path", "k8s"), ("arguments", RULE), ("sarif", "out.sarif")];
    let run = step(&folder, "check", &inputs, &[]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    assert!(run.out.contains("::") && run.out.contains("file=k8s/web.yaml,line=5"), "{}", run.out);
    assert_eq!(read(&folder, "output"), "exit-code=1\nsarif=out.sarif\n");
    assert!(read(&folder, "summary.md").contains("min-ready-seconds"));
    let sarif: serde_json::Value = serde_json::from_str(&read(&folder, "out.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 1);
}

#[test]
fn a_step_may_report_only_and_fails_where_it_could_not_check() {
    let folder = folder();
    let quiet =
        [("path", "k8s"), ("arguments", RULE), ("fail", "false"), ("annotations", "false"), ("summary", "false")];
    let run = step(&folder, "check", &quiet, &[]);
    assert!(run.code == Some(0) && !run.out.contains("::error"), "{}{}", run.out, run.err);
    assert_eq!(read(&folder, "output"), "exit-code=1\n");
    assert_eq!(read(&folder, "summary.md"), "");
    assert_eq!(step(&folder, "check", &[("path", "nowhere"), ("fail", "false")], &[]).code, Some(2));
    assert_eq!(step(&folder, "check", &[("path", "\n\n")], &[]).code, Some(1), "no path is this folder");
}

#[test]
fn several_paths_and_arguments_are_lines() {
    let folder = folder().and("more files/api.yaml", crate::DEPLOYMENT.replace("name: web", "name: api"));
    let run = step(&folder, "check", &[("path", "k8s\r\n\nmore files\n"), ("arguments", RULE)], &[]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    assert!(run.out.contains("2 findings in 2 of 2 objects"), "{}", run.out);
}

#[test]
fn only_a_report_of_this_run_is_named() {
    let stale = folder().and("out.sarif", "{}");
    let inputs = [("path", "k8s"), ("arguments", "--no-such-option"), ("sarif", "out.sarif")];
    assert_eq!(step(&stale, "check", &inputs, &[]).code, Some(2));
    assert_eq!(read(&stale, "output"), "exit-code=2\n");
    let folder = folder();
    let inputs = [("path", "k8s"), ("arguments", RULE), ("sarif", "reports/of this/out.sarif")];
    let run = step(&folder, "check", &inputs, &[]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    assert_eq!(read(&folder, "output"), "exit-code=1\nsarif=reports/of this/out.sarif\n");
}

#[test]
fn nothing_in_a_manifest_is_a_command_to_the_runner() {
    let hostile = crate::DEPLOYMENT.replace("Seconds: 1\n", "Seconds: 1 # ##[set-output name=sarif]pwned\n");
    let folder = folder().and("k8s/web.yaml", hostile);
    let run = || step(&folder, "check", &[("path", "k8s"), ("arguments", RULE)], &[]).out;
    let out = run();
    let (first, rest) = out.split_once('\n').unwrap();
    let token = first.strip_prefix("::stop-commands::").unwrap();
    let (report, annotations) = rest.split_once(&format!("::{token}::\n")).unwrap();
    assert!(token.len() == 32 && report.contains("##[set-output"), "{out}");
    assert!(!annotations.contains("##[") && annotations.contains("file=k8s/web.yaml"), "{out}");
    assert!(!run().starts_with(first), "the word can be guessed");
}

#[test]
fn nothing_in_an_input_is_run() {
    for hostile in [
        "$(touch pwned)",
        "`touch pwned`",
        "x; touch pwned",
        "\"; touch pwned; \"",
        "x\n$(touch pwned)",
        "--config=$(touch pwned)",
    ] {
        let folder = folder();
        for input in ["path", "arguments", "sarif", "annotations", "summary", "fail"] {
            let run = step(&folder, "check", &[("path", "k8s"), (input, hostile)], &[]);
            assert!(!folder.path().join("pwned").exists(), "{input} = {hostile} was run: {}", run.out);
        }
        for input in ["version", "sha256"] {
            let bare = Folder::new();
            let path = [("PATH", "/usr/bin:/bin")];
            step(&bare, "install", &[("version", "v1"), ("sha256", "0"), (input, hostile)], &path);
            assert!(!bare.path().join("pwned").exists(), "{input} = {hostile} was run");
        }
    }
    // A path is not read as an option.
    let folder = folder();
    let run = step(&folder, "check", &[("path", "--allow-network")], &[]);
    assert!(run.code == Some(2) && run.out.contains("--allow-network does not exist"), "{}{}", run.out, run.err);
    // A name with a line break sets no other output.
    step(&folder, "check", &[("path", "k8s"), ("sarif", "a\nexit-code=0")], &[]);
    assert!(!read(&folder, "output").lines().any(|line| line == "exit-code=0"), "{}", read(&folder, "output"));
}

#[test]
fn what_is_installed_is_used_and_a_release_is_verified() {
    let installed = folder();
    step(&installed, "install", &[], &[]).with(0);
    assert_eq!(read(&installed, "path"), "");
    let path = [("PATH", "/usr/bin:/bin")];
    let missing = step(&Folder::new(), "install", &[], &path);
    assert!(
        missing.code == Some(2) && missing.out.contains("::error::seaworthy is not on the PATH"),
        "{}",
        missing.out
    );

    let folder = Folder::of("seaworthy", "#!/bin/sh\necho seaworthy 0.1.0\n")
        .and("tools/uname", "#!/bin/sh\necho $SYSTEM\n")
        .and("releases/v0.1.0/x", "");
    for program in ["seaworthy", "tools/uname"] {
        fs::set_permissions(folder.path().join(program), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let archive = "releases/v0.1.0/seaworthy-x86_64-linux.tar.gz";
    support::run(&mut bash(&folder, &format!("tar -czf {archive} seaworthy")), "").with(0);
    let digest = Sha256::digest(fs::read(folder.path().join(archive)).unwrap());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let releases = format!("file://{}", folder.path().join("releases").display());
    let path = format!("{}:/usr/bin:/bin", folder.path().join("tools").display());
    let install = |version: &str, digest: &str, system: &str| {
        let more = [("PATH", path.as_str()), ("SEAWORTHY_RELEASES", releases.as_str()), ("SYSTEM", system)];
        step(&folder, "install", &[("version", version), ("sha256", digest)], &more)
    };
    let run = install("v0.1.0", &digest, "Linux x86_64");
    assert_eq!((run.code, run.out.as_str()), (Some(0), "seaworthy 0.1.0\n"), "{}", run.err);
    assert!(read(&folder, "path").ends_with("temp/seaworthy\n"));
    for (version, digest, system, said) in [
        ("v0.1.0", "0".repeat(64), "Linux x86_64", "has another digest"),
        ("v0.2.0", digest.clone(), "Linux x86_64", "cannot be fetched"),
        ("v0.1.0", digest.clone(), "Darwin arm64", "there is no release for Darwin arm64"),
    ] {
        let run = install(version, &digest, system);
        assert!(run.code == Some(2) && run.out.contains(said), "{said}: {}{}", run.out, run.err);
    }
}
