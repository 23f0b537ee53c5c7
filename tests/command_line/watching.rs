//! A check that goes on, for tests of `check --watch`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Far more than one check takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A check that goes on.
pub struct Watching {
    child: Child,
    pub notes: Receiver<String>,
    out: Receiver<String>,
}

impl Watching {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let notes = lines(child.stderr.take().unwrap());
        let out = lines(child.stdout.take().unwrap());
        Self { child, notes, out }
    }

    /// How many evaluations the next check took.
    pub fn evaluated(&self) -> usize {
        let note = self.notes.recv_timeout(PATIENCE).expect("it checks");
        let number = note.strip_prefix("watching: ").and_then(|rest| rest.split(' ').next());
        number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{note}"))
    }

    /// Waits until so many evaluations were run, in one check or several.
    pub fn evaluates(&self, expected: usize) {
        let mut run = 0;
        while run < expected {
            run += self.evaluated();
        }
        assert_eq!(run, expected);
    }

    /// Ends it as Ctrl-C does; its exit code, and all that it printed.
    pub fn end(mut self) -> (Option<i32>, Vec<String>) {
        let process = i32::try_from(self.child.id()).unwrap();
        let process = rustix::process::Pid::from_raw(process).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
        let code = self.child.wait().unwrap().code();
        (code, self.out.iter().collect())
    }
}

fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}
