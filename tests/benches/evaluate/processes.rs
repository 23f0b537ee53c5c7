//! What people wait for, by the wall: the whole program on one manifest, on many, on a repository that is rendered, and on a
//! change while it watches.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use seaworthy_tests::{artifacts, generate};

use crate::clock;

/// The whole program on one manifest. It is first, before this process grows: until it is replaced, a child counts as large
/// as its parent.
pub fn one_manifest() {
    let manifest = scratch("one").join("deployment.yaml");
    fs::write(&manifest, generate::deployment(1)).expect("the target folder is writable");
    let (wall, peak) = run(&Runs::of(&manifest), 31);
    println!("cold process, whole bundle, one manifest (target: 20 ms, 40 MiB)");
    println!("  median wall {:.1} ms, peak memory {:.1} MiB\n", wall.as_secs_f64() * 1e3, peak as f64 / 1024.0);
}

/// Repositories of some sizes, and real ones where there are some.
pub fn repositories(corpus: Option<&Path>) {
    println!("cold process, whole bundle, a file for each service");
    for (services, runs) in [(100, 7), (1000, 3)] {
        let folder = scratch(&format!("services-{services}"));
        for index in 0..services {
            let text = generate::services_from(index, 1)
                .replace("namespace: shop", &format!("namespace: shop-{}", index / 20));
            fs::write(folder.join(format!("service-{index}.yaml")), text).expect("the target folder is writable");
        }
        said(&format!("{services} services, five objects each"), run(&Runs::of(&folder), runs));
    }
    if let Some(folder) = corpus {
        said(&format!("{} (target: 3 s)", folder.display()), run(&Runs::of(folder), 5));
    }
    println!();
}

/// The repository of the tests of rendering: charts, overlays and Applications.
pub fn rendered() {
    let tools = artifacts::target().join("tools");
    if let Some(name) = ["helm", "kustomize"].into_iter().find(|name| !tools.join(name).exists()) {
        println!("LEFT OUT: a repository that is rendered: {name} is missing, `make rendering-tools` fetches it\n");
        return;
    }
    let cache = scratch("cache");
    let repository = scratch("rendered");
    // By itself, since its Applications name no remote of ours.
    copy(&artifacts::workspace().join("tests/rendering/repository"), &repository);
    let environment = vec![("PATH", tools.into_os_string()), ("XDG_CACHE_HOME", cache.clone().into_os_string())];
    let cold = Runs { path: &repository, environment: environment.clone(), before: &|| _ = fs::remove_dir_all(&cache) };
    let cached = Runs { path: &repository, environment, before: &|| {} };
    println!("two charts in five environments, three overlays, two Applications");
    said("rendered, cold", run(&cold, 5));
    said("the same, cached", run(&cached, 11));
    println!();
}

/// A change of one of 500 files, until it is judged again: what `--watch` waits for included.
pub fn watching() {
    let folder = scratch("watched");
    for index in 0..500 {
        fs::write(folder.join(format!("service-{index}.yaml")), generate::deployment(index)).expect("it is writable");
    }
    let mut command = Command::new(binary());
    command.arg("check").arg(&folder).args(["--watch", "--no-config"]).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::piped()).spawn().expect("run `make build`");
    let mut notes = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
    notes.next();
    let change = |step: usize| {
        let text = generate::deployment(7).replace("replicas: 3", &format!("replicas: {}", 4 + step));
        let start = Instant::now();
        fs::write(folder.join("service-7.yaml"), text).expect("it is writable");
        notes.next();
        start.elapsed()
    };
    let wall = clock::median(&mut (0..15).map(change).collect::<Vec<_>>());
    let _ = child.kill();
    let _ = child.wait();
    println!("check --watch, one of 500 files changes");
    println!("  median wall {:.1} ms from the change to the report\n", wall.as_secs_f64() * 1e3);
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().map_while(Result::ok) {
        let below = entry.path().strip_prefix(from).expect("it is below");
        let made = if entry.file_type().is_dir() {
            fs::create_dir_all(to.join(below))
        } else {
            fs::copy(entry.path(), to.join(below)).map(drop)
        };
        made.expect("the target folder is writable");
    }
}

/// An empty folder for one measurement.
fn scratch(name: &str) -> PathBuf {
    let folder = artifacts::target().join("bench").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
}

fn binary() -> PathBuf {
    artifacts::target().join("release/seaworthy")
}

/// What is run, and what is done before each run.
struct Runs<'a> {
    path: &'a Path,
    environment: Vec<(&'static str, OsString)>,
    before: &'a dyn Fn(),
}

impl<'a> Runs<'a> {
    fn of(path: &'a Path) -> Self {
        Self { path, environment: Vec::new(), before: &|| {} }
    }
}

/// Median wall time of `seaworthy check`, and the largest resident memory of any run so far in KiB.
fn run(runs: &Runs<'_>, times: usize) -> (Duration, u64) {
    let walls = (0..times).map(|_| {
        (runs.before)();
        let start = Instant::now();
        let mut command = Command::new(binary());
        command
            .arg("check")
            .arg(runs.path)
            .envs(runs.environment.iter().map(|(name, value)| (name, OsStr::new(value))));
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.unwrap_or_else(|cause| panic!("{}: {cause}; run `make build`", binary().display()));
        start.elapsed()
    });
    (clock::median(&mut walls.collect::<Vec<_>>()), clock::peak_memory_of_children())
}

fn said(what: &str, (wall, peak): (Duration, u64)) {
    println!("  {what}: median wall {:.2} s, peak memory so far {:.1} MiB", wall.as_secs_f64(), peak as f64 / 1024.0);
}
