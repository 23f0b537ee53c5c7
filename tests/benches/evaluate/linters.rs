//! The whole program beside native linters: CPU time of processes on the same files, which take turns.
//!
//! Each runs as its users run it, with the checks that it makes by default. `make bench` builds kube-linter and kube-score
//! where Go is installed; one that is missing is named, and its column stays empty.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use seaworthy_tests::{artifacts, generate};

use super::clock;

/// What is run on a folder: its name, its program, and the arguments before the files.
pub struct Linter {
    name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
    /// Whether it is given each file, and not the folder.
    takes_files: bool,
}

/// A row of the table: what it is about, and the files.
struct Row {
    name: &'static str,
    files: Vec<String>,
    rounds: usize,
}

impl Linter {
    /// A run of our own.
    pub fn ours(name: &'static str, arguments: &'static [&'static str]) -> Self {
        Self { name, program: artifacts::target().join("release/seaworthy"), arguments, takes_files: false }
    }
}

fn linters() -> Vec<Linter> {
    let tool = |name| artifacts::target().join("tools").join(name);
    vec![
        Linter::ours("seaworthy", &["check", "--format", "json"]),
        Linter {
            name: "kube-linter",
            program: tool("kube-linter"),
            arguments: &["lint", "--format", "json"],
            takes_files: false,
        },
        Linter {
            name: "kube-score",
            program: tool("kube-score"),
            arguments: &["score", "--output-format", "json"],
            takes_files: true,
        },
    ]
}

fn rows() -> Vec<Row> {
    let spread = |number: usize, namespaces: usize| {
        (0..namespaces).map(|index| generate::namespace_of(number / namespaces, &format!("shop-{index}"))).collect()
    };
    vec![
        Row { name: "one ConfigMap", files: vec![CONFIG_MAP.into()], rounds: 21 },
        Row { name: "12 services, a file each", files: spread(12, 12), rounds: 21 },
        Row { name: "dashboards of 1 MB", files: dashboards(), rounds: 11 },
        Row { name: "100 services, one namespace", files: spread(100, 1), rounds: 7 },
        Row { name: "400 services, one namespace", files: spread(400, 1), rounds: 5 },
        Row { name: "400 services over 20 namespaces", files: spread(400, 20), rounds: 5 },
        Row { name: "4,000 services over 400 namespaces", files: spread(4000, 400), rounds: 1 },
    ]
}

const CONFIG_MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, namespace: shop}\ndata: {currency: EUR}\n";

/// Monitoring as people install it: a few services, and dashboards in ConfigMaps, which are JSON in a text.
fn dashboards() -> Vec<String> {
    let panel = |index: usize| {
        format!(
            r#"{{"datasource":"$datasource","expr":"sum(rate(http_requests_total{{namespace=\"shop\",job=\"service-{index}\"}}[5m])) by (code)","id":{index},"legendFormat":"{{{{code}}}}","title":"Requests of service {index}","type":"timeseries"}}"#
        )
    };
    let dashboard = |number: usize| {
        let panels: Vec<String> = (0..150).map(|index| format!("      {}", panel(number * 150 + index))).collect();
        let (name, panels) = (format!("dashboard-{number}"), panels.join(",\n"));
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata:\n  {name}.json: |-\n    {{\"panels\": [\n{panels}\n    ]}}\n"
        )
    };
    (0..28).map(dashboard).chain((0..10).map(|index| generate::namespace_of(1, &format!("shop-{index}")))).collect()
}

/// Prints the table.
pub fn measure(corpus: Option<&Path>) {
    println!("CPU time of processes, and what seaworthy takes of the faster linter's (target: 0.5)");
    let (there, missing): (Vec<Linter>, Vec<Linter>) = linters().into_iter().partition(|it| it.program.exists());
    for Linter { name, .. } in missing {
        println!("  LEFT OUT: {name} is not in target/tools (`make linters`, which needs Go)");
    }
    let folder = artifacts::target().join("bench/linters");
    for Row { name, files, rounds } in rows() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the target folder is writable");
        for (index, text) in files.iter().enumerate() {
            fs::write(folder.join(format!("{index}.yaml")), text).expect("the target folder is writable");
        }
        row(name, &there, &folder, rounds);
    }
    for name in corpus
        .into_iter()
        .flat_map(|corpus| ["prometheus-operator__kube-prometheus/manifests"].map(|name| corpus.join(name)))
    {
        if name.is_dir() {
            row("kube-prometheus", &there, &name, 7);
        }
    }
    growth(&folder);
}

fn row(name: &str, linters: &[Linter], folder: &Path, rounds: usize) {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); linters.len()];
    for _ in 0..rounds {
        for (linter, times) in linters.iter().zip(&mut times) {
            times.push(cpu(linter, folder));
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| clock::median(times).as_secs_f64() * 1e3).collect();
    let columns = linters.iter().zip(&medians).map(|(linter, time)| format!("{} {time:8.1} ms", linter.name));
    let others = medians.iter().skip(1).copied().fold(f64::INFINITY, f64::min);
    let ours = medians.first().copied().unwrap_or_default();
    let ratio = if others.is_finite() { format!("{:5.2} x", ours / others) } else { String::new() };
    println!("  {name:36} {}   {ratio}", columns.collect::<Vec<_>>().join("   "));
}

/// How much twice the services cost.
fn growth(folder: &Path) {
    println!("CPU time at twice the services of one namespace (target: 2.1)");
    let ours = linters().into_iter().next().expect("ours is the first");
    let at = |number: usize| {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).expect("the target folder is writable");
        fs::write(folder.join("all.yaml"), generate::namespace_of(number, "shop"))
            .expect("the target folder is writable");
        clock::median(&mut (0..3).map(|_| cpu(&ours, folder)).collect::<Vec<_>>()).as_secs_f64()
    };
    for number in [1000, 5000] {
        let (one, two) = (at(number), at(2 * number));
        println!("  {number} services {one:6.2} s, {} services {two:6.2} s   {:5.2} x", 2 * number, two / one);
    }
    println!();
}

/// CPU time of one run, its children's with it.
pub fn cpu(linter: &Linter, folder: &Path) -> Duration {
    let mut command = Command::new(&linter.program);
    command.args(linter.arguments).stdout(Stdio::null()).stderr(Stdio::null());
    if linter.takes_files {
        let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten();
        let is_yaml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == OsStr::new("yaml"));
        command.args(entries.map(walkdir::DirEntry::into_path).filter(is_yaml));
    } else {
        command.arg(folder);
    }
    let before = clock::cpu_of_children();
    command.status().unwrap_or_else(|cause| panic!("{}: {cause}; run `make build`", linter.program.display()));
    clock::cpu_of_children() - before
}
