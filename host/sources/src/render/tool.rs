//! Finds helm and kustomize, and runs them: with a cleared environment, without a network, for a bounded time, with
//! bounded output, and not at all where the same was rendered before.
//!
//! Whoever calls has checked every argument. The module must not know what is rendered.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::failure::{Failure, Why};
use super::stage::Stage;
use crate::cache::Cache;

/// What one rendering may take.
const TIME: Duration = Duration::from_secs(60);

/// What one rendering may give, in bytes.
pub const OUTPUT: usize = 64 << 20;

/// What is kept of standard error, in bytes.
const COMPLAINT: u64 = 16 << 10;

/// Characters that are told of it.
const SAID: usize = 600;

/// A program that renders.
#[derive(Debug)]
pub struct Tool {
    pub name: &'static str,
    program: PathBuf,
    /// Arguments before all others, as of `kubectl kustomize`.
    before: &'static [&'static str],
    ask_version: &'static [&'static str],
    version: OnceLock<String>,
}

/// One run of a tool.
#[derive(Debug)]
pub struct Call<'t> {
    pub tool: &'t Tool,
    pub arguments: Vec<OsString>,
    /// Variables of its environment.
    pub variables: Vec<(&'static str, OsString)>,
    /// What its output depends on beside the tool, its arguments and its files.
    pub depends: Vec<String>,
}

/// The tools that there are.
#[derive(Debug, Default)]
pub struct Tools {
    pub helm: Option<Tool>,
    pub kustomize: Option<Tool>,
    pub cache: Option<Cache>,
    pub allow_network: bool,
}

impl Tools {
    /// Those on the path.
    pub fn find(cache: Option<Cache>, allow_network: bool) -> Self {
        let tool = |name, before: &'static [&'static str], ask_version: &'static [&'static str]| {
            let program = on_path(name)?;
            Some(Tool { name, program, before, ask_version, version: OnceLock::new() })
        };
        let kubectl = || tool("kubectl", &["kustomize"], &["version", "--client"]);
        Self {
            helm: tool("helm", &[], &["version", "--short"]),
            kustomize: tool("kustomize", &["build"], &["version"]).or_else(kubectl),
            cache,
            allow_network,
        }
    }

    /// What a tool prints about the files of a stage.
    pub fn run(&self, call: &Call<'_>, stage: &Stage) -> Result<String, Failure> {
        let Call { tool, arguments, variables, depends } = call;
        let key = self.cache.as_ref().filter(|_| !self.allow_network).map(|cache| {
            let tool: Vec<&str> =
                [tool.name, tool.version()].into_iter().chain(depends.iter().map(String::as_str)).collect();
            // Temporary folders have another name every time.
            let is_temporary = |argument: &&OsString| !Path::new(argument).is_absolute();
            let arguments: Vec<&OsStr> = arguments.iter().filter(is_temporary).map(OsString::as_os_str).collect();
            (cache, cache.key(&tool, &arguments, &stage.files()))
        });
        if let Some(text) = key.as_ref().and_then(|(cache, key)| cache.get(key)) {
            return Ok(text);
        }
        let mut command = Command::new(&tool.program);
        command.args(tool.before).args(arguments).current_dir(stage.folder()?);
        self.confine(&mut command, &stage.home()?);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let text = run(tool.name, command, TIME, OUTPUT).map_err(|failure| without_folder(failure, stage))?;
        if let Some((cache, key)) = key {
            cache.put(&key, &text);
        }
        Ok(text)
    }

    /// Leaves nothing of the environment, and nobody to call. No request finds its way: whatever heeds a proxy asks a port
    /// where nobody listens.
    fn confine(&self, command: &mut Command, home: &Path) {
        command
            .env_clear()
            .env("HOME", home)
            .env("TMPDIR", home)
            .env("HELM_NO_PLUGINS", "1")
            .env("HELM_PLUGINS", "/nonexistent");
        if self.allow_network {
            for name in ["PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
                if let Some(value) = std::env::var_os(name) {
                    command.env(name, value);
                }
            }
            return;
        }
        command.env("PATH", "/nonexistent");
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"] {
            command.env(name, "http://127.0.0.1:9");
        }
    }
}

impl Tool {
    /// Its name and its version, for people.
    pub fn shown(&self) -> String {
        let version = self.version().lines().last().unwrap_or_default();
        let version = version.rsplit(' ').next().unwrap_or_default().split('+').next().unwrap_or_default();
        let name = self.before.first().map_or(String::new(), |before| format!(" {before}"));
        let name = if self.name == "kubectl" { name } else { String::new() };
        format!("{}{name} {version}", self.name)
    }

    pub fn program(&self) -> &Path {
        &self.program
    }

    /// What it says its version is. Who checks again and again asks the same program once.
    pub fn version(&self) -> &str {
        static KNOWN: Mutex<BTreeMap<Stamp, String>> = Mutex::new(BTreeMap::new());
        self.version.get_or_init(|| {
            let stamp = fs::metadata(&self.program).ok().and_then(|kind| Some((kind.modified().ok()?, kind.len())));
            let stamp = stamp.map(|(time, bytes)| (self.program.clone(), time, bytes));
            let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(version) = stamp.as_ref().and_then(|stamp| known().get(stamp).cloned()) {
                return version;
            }
            let mut command = Command::new(&self.program);
            command.args(self.ask_version).env_clear().env("HOME", "/nonexistent");
            let version = run(self.name, command, TIME, OUTPUT).unwrap_or_default().trim().to_owned();
            if let Some(stamp) = stamp {
                known().insert(stamp, version.clone());
            }
            version
        })
    }
}

/// A program as it is: where it lies, when it was written, and how long it is.
type Stamp = (PathBuf, SystemTime, u64);

/// The failure without the temporary folder, which is unknown to the reader and different each time.
fn without_folder(failure: Failure, stage: &Stage) -> Failure {
    match (failure.why, stage.folder()) {
        (Why::Failed { tool, text }, Ok(folder)) => {
            let folder = folder.to_string_lossy();
            let text = text.replace(&format!("{folder}/"), "").replace(&*folder, ".");
            Failure { why: Why::Failed { tool, text: text.chars().take(SAID).collect() }, at: failure.at }
        }
        (why, _) => Failure { why, at: failure.at },
    }
}

/// The program of that name.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let candidates = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).map(|folder| folder.join(name));
    candidates.into_iter().find(|candidate| {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(candidate).is_ok_and(|kind| kind.is_file() && kind.permissions().mode() & 0o111 != 0)
    })
}

/// Runs a command to its end, or to the end of what it may take. It has failed only by its exit code.
pub fn run(tool: &'static str, mut command: Command, time: Duration, bytes: usize) -> Result<String, Failure> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let start = Instant::now();
    let mut child = command.spawn().map_err(|cause| Why::System(format!("{tool} cannot be run: {cause}")))?;
    let is_full = Arc::new(AtomicBool::new(false));
    let filled = Arc::clone(&is_full);
    let output = child.stdout.take().map(|mut pipe| {
        thread::spawn(move || {
            let output = read(&mut pipe, bytes as u64 + 1);
            filled.store(output.len() > bytes, Ordering::Relaxed);
            output
        })
    });
    let complaint = child.stderr.take().map(|pipe| thread::spawn(move || complaint(pipe)));
    let mut pause = Duration::from_millis(1);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if is_full.load(Ordering::Relaxed) {
            kill(&mut child);
            return Err(Why::Output { tool, bytes }.into());
        }
        if start.elapsed() > time {
            kill(&mut child);
            return Err(Why::Time { tool, time }.into());
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    let join = |thread: Option<thread::JoinHandle<Vec<u8>>>| thread.and_then(|it| it.join().ok()).unwrap_or_default();
    let (output, complaint) = (join(output), join(complaint));
    if output.len() > bytes {
        return Err(Why::Output { tool, bytes }.into());
    }
    if !status.success() {
        return Err(Why::Failed { tool, text: complaint_of(&complaint) }.into());
    }
    String::from_utf8(output).map_err(|_| Why::Failed { tool, text: "its output is no UTF-8".into() }.into())
}

/// Kills the child and all that it started.
fn kill(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // It may have ended by itself.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn read(pipe: &mut impl Read, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.take(limit).read_to_end(&mut bytes);
    bytes
}

/// What a tool complains of. All of it is taken, so that the tool is never held up, and little of it is kept.
fn complaint(mut pipe: impl Read) -> Vec<u8> {
    let kept = read(&mut pipe, COMPLAINT);
    let _ = io::copy(&mut pipe, &mut io::sink());
    kept
}

/// What a tool says of its failure, in one line, without what is said before every failure.
fn complaint_of(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().map(|line| unstamped(line.trim()));
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("# Warning"));
    let line = lines.collect::<Vec<_>>().join(" ");
    let line = line.strip_prefix("Error: ").unwrap_or(&line);
    // Of a base in a base kustomize tells every step on the way; the last one is the cause.
    let line = line.rfind("recursed accumulation of path").and_then(|at| line.get(at..)).unwrap_or(line);
    // Of a helm that failed it tells the whole command, which is ours.
    let line = line.split(" : unable to run: ").next().unwrap_or(line).trim_start_matches("error: ");
    line.replace(" Use --debug flag to render out invalid YAML", "")
}

/// A line of kubectl's log without its head, `E1201 04:06:21.708926   24130 run.go:72] `: it is another one each time.
fn unstamped(line: &str) -> &str {
    let is_stamped = |head: &str| head.len() == 5 && head.starts_with(['E', 'F', 'I', 'W']);
    let has_head = line.split_once(' ').is_some_and(|(head, _)| is_stamped(head));
    line.split_once("] ").filter(|_| has_head).map_or(line, |(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubectl_logs_is_the_same_each_time() {
        let logged = |time: &str| format!("E1201 {time}   24130 run.go:72] \"command failed\" err=\"no such file\"\n");
        let [one, other] = ["04:06:21.708926", "04:06:22.000001"].map(|time| complaint_of(logged(time).as_bytes()));
        assert_eq!((one.as_str(), &one), ("\"command failed\" err=\"no such file\"", &other));
        assert_eq!(complaint_of(b"Error: Every [list] is empty"), "Every [list] is empty");
    }

    fn shell(script: &str, time: Duration, bytes: usize) -> Result<String, Failure> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        run("sh", command, time, bytes)
    }

    #[test]
    fn a_tool_fails_by_its_exit_code_alone() {
        let long = Duration::from_secs(20);
        assert_eq!(shell("echo out; echo warning >&2", long, 100), Ok("out\n".to_owned()));
        let Err(Failure { why: Why::Failed { text, .. }, .. }) = shell("echo 'Error: no' >&2; exit 3", long, 100)
        else {
            panic!("it failed")
        };
        assert_eq!(text, "no");
    }

    #[test]
    fn a_tool_may_complain_of_much() {
        let much = "head -c 1000000 /dev/zero >&2 && echo out";
        assert_eq!(shell(much, Duration::from_secs(20), 100), Ok("out\n".to_owned()));
    }

    #[test]
    fn a_complaint_is_its_cause_in_one_line() {
        let text = b"# Warning: old\nError: accumulating 'a': recursed accumulation of path 'b': recursed accumulation of path 'c':\n no file\n";
        assert_eq!(complaint_of(text), "recursed accumulation of path 'c': no file");
        assert_eq!(complaint_of(b"Error: no\n"), "no");
        assert_eq!(complaint_of(b"Error: error: no\n: unable to run: '/tmp/x'\n"), "no");
    }

    #[test]
    fn time_and_output_have_an_end_for_all_that_a_tool_starts() {
        let start = Instant::now();
        let slow = shell("sleep 30 & sleep 30", Duration::from_millis(200), 100);
        assert!(matches!(slow, Err(Failure { why: Why::Time { .. }, .. })), "{slow:?}");
        let much = shell("while :; do echo much; done", Duration::from_secs(20), 1000);
        assert!(matches!(much, Err(Failure { why: Why::Output { .. }, .. })), "{much:?}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
