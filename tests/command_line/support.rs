//! Runs the binary in a folder of its own, and kills it if it hangs. Shared by several tests, none of which uses all.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use seaworthy_tests::artifacts::target;
use tempfile::TempDir;

/// What is given to any run: far more than one takes, far less than for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary, as `make build` left it.
pub fn binary() -> PathBuf {
    let path = target().join("release/seaworthy");
    assert!(path.exists(), "{} is not there: run `make build` first", path.display());
    path
}

/// How a run ended.
#[derive(Debug)]
#[allow(dead_code)]
pub struct Run {
    /// The exit code; `None` if it was killed.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    /// The most memory that was resident at once, in KiB, as far as it was seen while it ran.
    pub peak: u64,
}

#[allow(dead_code)]
impl Run {
    /// The output, where the run ended with that code and said nothing else.
    pub fn with(self, code: i32) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(code), ""), "{}", self.out);
        self.out
    }

    /// What was said on standard error, where the run ended undecided and printed nothing.
    pub fn complaint(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{}", self.err);
        self.err
    }
}

/// A folder for one test.
pub struct Folder(TempDir);

#[allow(dead_code)]
impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With one file in it.
    pub fn of(name: &str, content: impl AsRef<[u8]>) -> Self {
        Self::new().and(name, content)
    }

    pub fn and(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The command, to be changed before it runs. The environment is that of no user, but for a cache that all tests share.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/cache");
        command.args(arguments).current_dir(self.path()).env_clear().env("XDG_CACHE_HOME", cache);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        run(&mut self.command(arguments), "")
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Run {
        run(&mut self.command(arguments), input)
    }
}

/// Runs a command to its end.
pub fn run(command: &mut Command, input: &str) -> Run {
    let [mut stdin, mut stdout, mut stderr] = [(); 3].map(|()| tempfile::tempfile().unwrap());
    std::io::Write::write_all(&mut stdin, input.as_bytes()).unwrap();
    stdin.rewind().unwrap();
    let share = |file: &File| Stdio::from(file.try_clone().unwrap());
    let streams = command.stdin(share(&stdin)).stdout(share(&stdout)).stderr(share(&stderr));
    let (code, peak) = wait(streams.spawn().unwrap());
    Run { code, out: read(&mut stdout), err: read(&mut stderr), peak }
}

fn wait(mut child: Child) -> (Option<i32>, u64) {
    let (start, mut peak) = (Instant::now(), 0);
    loop {
        peak = peak.max(resident_peak(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), peak);
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it hangs");
        }
        sleep(Duration::from_millis(2));
    }
}

/// `VmHWM` of a process; 0 where the system does not say.
fn resident_peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or_default()
}

fn read(file: &mut File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).expect("the output is UTF-8");
    text
}
