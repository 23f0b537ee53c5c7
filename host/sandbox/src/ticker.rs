//! The clock that guests are stopped by: one thread that advances the engine's epoch every 10 ms.
//!
//! Compiled code compares the epoch with its deadline at every loop header and function entry, which is one load and one
//! compare; nothing else stops a loop that calls nothing.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wasmtime::Engine;

/// How often the epoch advances.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Advances an engine's epoch until it is dropped.
pub(crate) struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: Engine) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name("sandbox-ticker".into()).spawn(move || {
            let mut next = Instant::now() + TICK;
            while !stopped.load(Ordering::Relaxed) {
                let now = Instant::now();
                if now < next {
                    thread::park_timeout(next - now);
                } else {
                    // Not `now + TICK`: a late tick is made up for, or a busy machine would stretch every deadline.
                    next += TICK;
                    engine.increment_epoch();
                }
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It cannot have panicked, and in a destructor there would be nobody to tell.
            let _ = thread.join();
        }
    }
}

/// The number of ticks that a guest may see, so that it is never stopped early: the first may come at once.
pub(crate) fn ticks(time: Duration) -> u64 {
    let whole = time.as_nanos().div_ceil(TICK.as_nanos());
    // An epoch is a u64 that starts at zero: half of them is for ever, and cannot overflow.
    u64::try_from(whole).unwrap_or(u64::MAX).min(u64::MAX / 2) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_rounded_up_to_ticks_and_one_more() {
        assert_eq!(ticks(Duration::ZERO), 1);
        assert_eq!(ticks(Duration::from_millis(1)), 2);
        assert_eq!(ticks(Duration::from_secs(1)), 101);
        assert_eq!(ticks(Duration::MAX), u64::MAX / 2 + 1);
    }
}
