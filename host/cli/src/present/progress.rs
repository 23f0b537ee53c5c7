//! How far long work has come: one line on the terminal, which goes when the work is done.
//!
//! Work of less than a second says nothing. Neither does any where nobody watches: standard error is no terminal, or this
//! is CI.

use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::is_ci;

const PATIENCE: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(100);

/// Work under way. Dropping it takes the line away.
pub struct Progress(Option<Watched>);

/// Work that somebody may watch.
struct Watched {
    bar: ProgressBar,
    /// Shows the bar unless the work ends soon.
    late: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins with nothing of `total` done; `doing` is the line's first word, as in "checking 7 of 20".
    pub fn start(doing: &'static str, total: usize) -> Self {
        Self::of(doing.to_owned(), Some(total), "{msg} {human_pos} of {human_len} {wide_bar}")
    }

    /// Begins where it is not known how much there is, as in "checking Pods, objects: 7".
    pub fn open_ended(doing: String, what: &'static str) -> Self {
        Self::of(format!("{doing} {what}:"), None, "{msg} {human_pos}")
    }

    fn of(doing: String, total: Option<usize>, template: &'static str) -> Self {
        let is_watched = io::stderr().is_terminal() && !is_ci();
        Self(is_watched.then(|| Watched::of(doing, total, template)))
    }

    /// What counts up, to be handed to whoever does the work.
    pub fn counter(&self) -> impl Fn(usize) + Send + Sync + 'static {
        let bar = self.0.as_ref().map(|watched| watched.bar.clone());
        move |more| bar.iter().for_each(|bar| bar.inc(more as u64))
    }

    /// One more is done.
    pub fn step(&self) {
        if let Some(Watched { bar, .. }) = &self.0 {
            bar.inc(1);
        }
    }
}

impl Watched {
    fn of(doing: String, total: Option<usize>, template: &'static str) -> Self {
        let total = total.map(|total| total as u64);
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden()).with_message(doing);
        let (end, ended) = channel();
        let shown = bar.clone();
        let thread = Builder::new().spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                shown
                    .set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(INTERVAL);
            }
        });
        // Without a thread to show it, there is just nothing to see.
        Self { bar, late: thread.ok().map(|thread| (end, thread)) }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.late.take() {
            drop(end);
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}
