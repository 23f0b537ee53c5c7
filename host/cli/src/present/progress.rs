//! How far long work has come: one line on the terminal, which goes when the work is done.
//!
//! Work of less than a second says nothing, and neither does any where standard error is no terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(100);

/// Work under way. Dropping it takes the line away.
pub struct Progress {
    done: Arc<AtomicUsize>,
    line: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins with nothing of `total` done; `doing` is the line's first word, as in "judging 7 of 20".
    pub fn start(doing: &'static str, total: usize) -> Self {
        Self::showing(move |done| format!("{doing} {done} of {total}"))
    }

    /// Begins where nobody knows how much there is, as in "reading Pods, 7 objects".
    pub fn open_ended(doing: String) -> Self {
        Self::showing(move |done| format!("{doing} {done} objects"))
    }

    fn showing(text: impl Fn(usize) -> String + Send + 'static) -> Self {
        let done = Arc::new(AtomicUsize::new(0));
        let line = io::stderr().is_terminal().then(|| {
            let (end, ended) = channel();
            let done = Arc::clone(&done);
            let thread = Builder::new().spawn(move || show(&ended, || text(load(&done))));
            // Without a thread to show it, there is just nothing to see.
            thread.ok().map(|thread| (end, thread))
        });
        Self { done, line: line.flatten() }
    }

    /// What is counted up elsewhere.
    pub fn counter(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.done)
    }

    /// One more is done.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.line.take() {
            drop(end);
            let _ = thread.join();
        }
    }
}

fn load(done: &AtomicUsize) -> usize {
    done.load(Ordering::Relaxed)
}

fn show(ended: &Receiver<()>, text: impl Fn() -> String) {
    let mut wait = PATIENCE;
    while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        wait = INTERVAL;
        let _ = write!(io::stderr(), "\r{}\x1b[K", text());
    }
    if wait == INTERVAL {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}
