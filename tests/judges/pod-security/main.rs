//! The rule `pod-security` beside the library of Kubernetes' own admission plugin (k8s.io/pod-security-admission, in
//! `main.go`): the same controls are broken, at both levels and at every version.
//!
//! The library is asked about its own fixtures and about pods made at random: 2,000, or as many as `SEAWORTHY_PODS` says,
//! from the seed `SEAWORTHY_PODS_SEED`. `recorded.txt` has the library's answers about the first pods of the seed 1, one a
//! line, for where Go is not installed; with `SEAWORTHY_PODS_RECORD` it is written anew.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod generator;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs, thread};

use engine::{CallError, HostCall, HostCalls, Runtime};
use generator::Generator;
use seaworthy_tests::native::{Library, Native};
use serde_json::{Value, json};

/// The library's checks. Recorded answers name them by letters, in this order.
#[rustfmt::skip]
const CHECKS: [&str; 19] = [
    "allowPrivilegeEscalation", "appArmorProfile", "capabilities_baseline", "capabilities_restricted", "hostNamespaces",
    "hostPathVolumes", "hostPorts", "hostProbesAndHostLifecycle", "privileged", "procMount", "procMount_restricted",
    "restrictedVolumes", "runAsNonRoot", "runAsUser", "seLinuxOptions", "seccompProfile_baseline",
    "seccompProfile_restricted", "sysctls", "windowsHostProcess",
];

/// How many answers are recorded.
const RECORDED: usize = 1_000;

/// The minors at which some control changes, one before all others, and one beyond the newest.
const MINORS: [u32; 14] = [0, 7, 8, 18, 19, 22, 23, 25, 27, 29, 31, 32, 34, 35];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("judges/pod-security")
}

fn number(name: &str, default: usize) -> usize {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// The library, as a process; `None` where Go is not installed.
fn library() -> Option<Child> {
    Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pod-security-admission");
    let built = Command::new("go").args(["build", "-o"]).arg(&binary).arg(".").current_dir(folder()).status();
    assert!(built.is_ok_and(|status| status.success()), "`go build` failed in {}", folder().display());
    Some(Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the library starts"))
}

/// What the library says of each pod.
fn ask(mut child: Child, pods: &[Value]) -> Vec<Value> {
    let mut to = child.stdin.take().expect("it is piped");
    let lines: Vec<String> = pods.iter().map(|pod| format!("{pod}\n")).collect();
    let feeder = thread::spawn(move || lines.iter().try_for_each(|line| to.write_all(line.as_bytes())));
    let from = BufReader::new(child.stdout.take().expect("it is piped"));
    let answers: Vec<Value> = from
        .lines()
        .map(|line| serde_json::from_str(&line.expect("the library answers")).expect("the library answers in JSON"))
        .collect();
    feeder.join().expect("it does not panic").expect("the library reads");
    assert!(child.wait().is_ok_and(|status| status.success()), "the library failed");
    assert_eq!(answers.len(), pods.len());
    answers
}

/// The world of a pod without a Namespace.
struct Nothing;

impl HostCalls for Nothing {
    fn call(&self, _: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        Ok(br#"{"items": []}"#.to_vec())
    }
}

/// The checks that the rule finds broken, by the names that the library gives them.
fn broken(rule: &Library, pod: &Value, level: &str, version: &str) -> Result<BTreeSet<String>, String> {
    let template = &pod["template"];
    let object = if pod["bare"] == json!(true) {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]})
    } else {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}})
    };
    let payload = json!({
        "request": {"operation": "CREATE", "object": object}, "settings": {"level": level, "version": version},
        "world": "complete",
    });
    let reply = Native.call(rule, "validate", payload.to_string().as_bytes(), &Nothing);
    let reply = reply.map_err(|cause| cause.to_string())?;
    let answer: Value = serde_json::from_slice(&reply.bytes).map_err(|cause| cause.to_string())?;
    let findings = answer["outcome"]["findings"].as_array().cloned().unwrap_or_default();
    let checks: Result<BTreeSet<String>, String> =
        findings.iter().map(|found| check(found["message"].as_str().unwrap_or_default())).collect();
    let checks = checks?;
    let is_denied = answer["outcome"]["verdict"] == "fail";
    if is_denied == checks.is_empty() {
        Err(format!("{}: {checks:?}", answer["outcome"]["verdict"]))
    } else {
        Ok(checks)
    }
}

/// The library's name of the check that a finding's message names: `... (Pod Security baseline:v1.34, Host Ports)`.
fn check(message: &str) -> Result<String, String> {
    let (_, said) = message.rsplit_once("(Pod Security ").ok_or_else(|| message.to_owned())?;
    let (standard, control) = said.trim_end_matches(')').split_once(", ").ok_or_else(|| message.to_owned())?;
    let is_restricted = standard.starts_with("restricted");
    let name = match control {
        "HostProcess" => "windowsHostProcess",
        "Host Namespaces" => "hostNamespaces",
        "Privileged Containers" => "privileged",
        "Capabilities" if is_restricted => "capabilities_restricted",
        "Capabilities" => "capabilities_baseline",
        "HostPath Volumes" => "hostPathVolumes",
        "Host Ports" => "hostPorts",
        "Host Probes / Lifecycle Hooks" => "hostProbesAndHostLifecycle",
        "AppArmor" => "appArmorProfile",
        "SELinux" => "seLinuxOptions",
        "/proc Mount Type" if is_restricted => "procMount_restricted",
        "/proc Mount Type" => "procMount",
        "Seccomp" if is_restricted => "seccompProfile_restricted",
        "Seccomp" => "seccompProfile_baseline",
        "Sysctls" => "sysctls",
        "Volume Types" => "restrictedVolumes",
        "Privilege Escalation" => "allowPrivilegeEscalation",
        "Running as Non-root" => "runAsNonRoot",
        "Running as Non-root user" => "runAsUser",
        _ => return Err(message.to_owned()),
    };
    Ok(name.to_owned())
}

/// Where the rule and the library's answer about a pod differ, and how many checks were broken.
fn compare(rule: &Library, pod: &Value, answer: &Value) -> Result<usize, String> {
    let mut all = 0;
    for level in ["baseline", "restricted"] {
        let entries = answer[level].as_array().expect("each level is answered");
        let versions = MINORS.map(|minor| (minor, format!("v1.{minor}")));
        for (minor, version) in versions.into_iter().chain([(u32::MAX, "latest".to_owned())]) {
            let counts = |entry: &&Value| entry[0].as_u64().is_some_and(|from| from <= minor.into());
            let theirs = entries.iter().rev().find(counts).expect("entries begin at 0");
            let theirs =
                theirs[1].as_array().into_iter().flatten().filter_map(Value::as_str).map(String::from).collect();
            let ours = broken(rule, pod, level, &version)?;
            all += ours.len();
            if ours != theirs {
                return Err(format!("{level} {version}: we say {ours:?}, the library {theirs:?}"));
            }
        }
    }
    Ok(all)
}

/// Compares all pods, and tells what differed; gives the number of checks that were broken.
fn all_alike(pods: &[Value], answers: &[Value]) -> usize {
    let rule = Library::open("pod-security");
    let results = pods.iter().zip(answers).filter(|(_, answer)| answer.get("error").is_none());
    let (mut checks, mut differing, mut compared) = (0, Vec::new(), 0);
    for (pod, answer) in results {
        compared += 1;
        match compare(&rule, pod, answer) {
            Ok(broken) => checks += broken,
            Err(why) => differing.push(format!("{why}\n{pod}")),
        }
    }
    println!("{} pods, {compared} of them compared at 2 levels and {} versions", pods.len(), MINORS.len() + 1);
    let told: Vec<&str> = differing.iter().take(5).map(String::as_str).collect();
    assert!(differing.is_empty(), "{} pods differ:\n{}", differing.len(), told.join("\n"));
    assert!(compared * 20 >= pods.len() * 19, "the library cannot read the pods");
    checks
}

fn generated(seed: usize, count: usize) -> Vec<Value> {
    let mut generator = Generator::new(seed as u64);
    let pods = (0..count).map(|_| generator.pod());
    pods.map(|(bare, template)| json!({"bare": bare, "template": template})).collect()
}

#[test]
fn pods_break_the_controls_that_the_library_says() {
    let Some(child) = library() else {
        eprintln!("LEFT OUT: Go is not installed, so pods are not compared with Kubernetes' own Pod Security library");
        return;
    };
    let pods = generated(number("SEAWORTHY_PODS_SEED", 2), number("SEAWORTHY_PODS", 2_000));
    let answers = ask(child, &pods);
    let checks = all_alike(&pods, &answers);
    assert!(checks > pods.len(), "the pods break nothing");
    // Every check of the library is broken by some pod.
    let all: BTreeSet<&str> = answers.iter().flat_map(names).collect();
    assert!(pods.len() < 1_000 || all.iter().eq(CHECKS.iter()), "{all:?}");
}

fn names(answer: &Value) -> impl Iterator<Item = &str> {
    let entries =
        ["baseline", "restricted"].into_iter().flat_map(|level| answer[level].as_array().into_iter().flatten());
    entries.flat_map(|entry| entry[1].as_array().into_iter().flatten()).filter_map(Value::as_str)
}

/// An answer as one line: `0 34g|0am 22adm` fails nothing at baseline before v1.34, and hostPorts since.
fn line(answer: &Value) -> String {
    let letter = |name: &Value| {
        let index = CHECKS.iter().position(|check| name == check).expect("it is one of the library's");
        char::from(b"abcdefghijklmnopqrs"[index])
    };
    let level = |level: &str| {
        let entries = answer[level].as_array().into_iter().flatten();
        let entries = entries.map(|entry| {
            let letters: String = entry[1].as_array().into_iter().flatten().map(letter).collect();
            format!("{}{letters}", entry[0])
        });
        entries.collect::<Vec<_>>().join(" ")
    };
    format!("{}|{}", level("baseline"), level("restricted"))
}

/// The answer that a line is.
fn answer(line: &str) -> Value {
    let entry = |entry: &str| {
        let minor: String = entry.chars().take_while(char::is_ascii_digit).collect();
        let checks = entry.bytes().filter(u8::is_ascii_lowercase).map(|letter| CHECKS[usize::from(letter - b'a')]);
        json!([minor.parse::<u32>().expect("a minor"), checks.collect::<Vec<_>>()])
    };
    let (baseline, restricted) = line.split_once('|').expect("two levels");
    let level = |text: &str| text.split(' ').map(entry).collect::<Vec<_>>();
    json!({"baseline": level(baseline), "restricted": level(restricted)})
}

#[test]
fn recorded_pods_break_the_controls_that_the_library_said() {
    let (pods, file) = (generated(1, RECORDED), folder().join("recorded.txt"));
    let said = library().map(|child| ask(child, &pods).iter().map(|said| line(said) + "\n").collect::<String>());
    if let (Some(_), Some(said)) = (env::var_os("SEAWORTHY_PODS_RECORD"), &said) {
        fs::write(&file, said).expect("the file can be written");
    }
    let recorded = fs::read_to_string(file).expect("the file is there");
    assert!(said.is_none_or(|said| said == recorded), "the recorded answers are not the library's");
    let answers: Vec<Value> = recorded.lines().map(answer).collect();
    assert_eq!(answers.len(), RECORDED);
    all_alike(&pods, &answers);
}

/// The library's fixtures: pods that pass or fail at a level and a version, as its folders say.
#[test]
fn the_librarys_own_fixtures_are_decided_as_it_says() {
    let Some(child) = library() else {
        eprintln!("LEFT OUT: Go is not installed, so the library's own fixtures are not decided");
        return;
    };
    let module = Command::new("go")
        .args(["list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission"])
        .current_dir(folder())
        .output()
        .expect("the library was built");
    let fixtures = Path::new(String::from_utf8_lossy(&module.stdout).trim()).join("test/testdata");
    let rule = Library::open("pod-security");
    let (mut pods, mut said) = (BTreeMap::new(), 0);
    for entry in walkdir::WalkDir::new(&fixtures).sort_by_file_name().into_iter().flatten() {
        let place = entry.path().strip_prefix(&fixtures).expect("it lies there").to_string_lossy().into_owned();
        let [level, version, verdict, _] = place.split('/').collect::<Vec<_>>()[..] else { continue };
        let text = fs::read_to_string(entry.path()).expect("it is readable");
        let object: Value = serde_saphyr::from_str(&text).expect("it is YAML");
        let template = json!({"metadata": object["metadata"], "spec": object["spec"]});
        let pod = json!({"bare": true, "template": template});
        let ours = broken(&rule, &pod, level, version).unwrap_or_else(|cause| panic!("{place}: {cause}"));
        assert_eq!(ours.is_empty(), verdict == "pass", "{place}: {ours:?}");
        said += 1;
        pods.insert(pod.to_string(), pod);
    }
    let pods: Vec<Value> = pods.into_values().collect();
    println!("{said} fixtures are decided as their folders say; {} are different pods", pods.len());
    assert!(said > 4_000, "{said} fixtures in {}", fixtures.display());
    all_alike(&pods, &ask(child, &pods));
}
