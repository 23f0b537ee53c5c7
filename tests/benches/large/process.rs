//! One run of the whole program, and what the kernel says that it took.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use seaworthy_tests::artifacts;

use crate::clock;

/// A check as JSON. Where the variable CI is set, a check stops after 300 s unless it is told otherwise.
pub const CHECK: &[&str] = &["check", "--format", "json", "--timeout", "0"];

/// What a run took.
pub struct Taken {
    pub wall: Duration,
    pub cpu: Duration,
    /// The largest resident memory, in KiB.
    pub peak: u64,
    status: ExitStatus,
}

impl Taken {
    /// What a figure must not be read without: a run that could not check everything, or did not end by itself.
    pub fn remark(&self) -> String {
        match self.status.code() {
            Some(0 | 1) => String::new(),
            Some(code) => format!("   NOT ALL WAS CHECKED: exit code {code}"),
            None => format!("   DID NOT END BY ITSELF: {}", self.status),
        }
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wall, cpu, peak) = (self.wall.as_secs_f64(), self.cpu.as_secs_f64(), mebibytes(self.peak));
        write!(f, "wall {wall:.1} s, CPU {cpu:.1} s, peak memory {peak:.0} MiB{}", self.remark())
    }
}

/// KiB as MiB.
pub fn mebibytes(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1024.0
}

/// The program with these arguments. Its report goes nowhere unless the caller says where.
pub fn seaworthy(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs the command to its end. This process must be small then: until it is replaced, a child counts as large as its parent.
pub fn run(command: &mut Command) -> Taken {
    let start = Instant::now();
    let child = command.spawn().unwrap_or_else(|cause| panic!("{}: {cause}; run `make build`", binary().display()));
    let (status, usage) = wait(child);
    let peak = usage.ru_maxrss.try_into().unwrap_or_default();
    Taken { wall: start.elapsed(), cpu: clock::cpu(&usage), peak, status }
}

fn binary() -> PathBuf {
    artifacts::target().join("release/seaworthy")
}

/// Waits for the child. Of all children together the kernel tells only the largest, of one its own memory.
fn wait(child: Child) -> (ExitStatus, libc::rusage) {
    let id = i32::try_from(child.id()).expect("a process has a small number");
    let mut status = 0;
    // SAFETY: the structure is plain numbers, the call fills in both, and nobody else waits for this child.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let ended = libc::wait4(id, &raw mut status, 0, &raw mut usage);
        assert_eq!(ended, id, "a child can be waited for");
        (ExitStatus::from_raw(status), usage)
    }
}
