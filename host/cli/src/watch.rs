//! Waits for changes of what is checked: `check --watch`.
//!
//! It looks at times and sizes again and again: that sees changes on every system and in every kind of folder, also in those
//! that a container or a network shares. It must not know what is checked, nor how.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::exit::UNDECIDED;
use crate::failure::Failure;

/// How often it is looked.
const INTERVAL: Duration = Duration::from_millis(50);

/// Of a large tree so much of the time goes into looking: one part in so many.
const SHARE: u32 = 10;

/// What never comes to rest is told after that time all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// Files and folders, until the user has enough.
pub struct Watch {
    paths: Vec<PathBuf>,
    is_over: Arc<AtomicBool>,
    seen: Stamps,
}

/// When each file was written, and how long it is.
type Stamps = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

impl Watch {
    /// Of these files and folders.
    ///
    /// # Errors
    /// The system does not tell when the user has enough.
    pub fn new(paths: Vec<PathBuf>) -> Result<Self, Failure> {
        let is_over = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // Who asks twice does not wait for a check to end.
            let again = flag::register_conditional_shutdown(signal, i32::from(UNDECIDED), Arc::clone(&is_over));
            let registered = again.and_then(|_| flag::register(signal, Arc::clone(&is_over)));
            let refused = |cause| Failure::File(format!("--watch cannot be ended by Ctrl-C here: {cause}"));
            registered.map_err(refused)?;
        }
        let seen = stamps(&paths);
        Ok(Self { paths, is_over, seen })
    }

    /// Waits until something has changed, and all is quiet again; false where the user has enough.
    pub fn next(&mut self) -> bool {
        let mut changed: Option<Instant> = None;
        let mut pause = INTERVAL;
        while !self.is_over.load(Ordering::Relaxed) {
            sleep(pause);
            let start = Instant::now();
            let now = stamps(&self.paths);
            pause = INTERVAL.max(start.elapsed() * SHARE);
            let is_quiet = now == self.seen;
            self.seen = now;
            // Editors write a file in several steps, and tools many files.
            match changed {
                Some(first) if is_quiet || first.elapsed() > PATIENCE => return true,
                None if !is_quiet => changed = Some(start),
                _ => {}
            }
        }
        false
    }
}

fn stamps(paths: &[PathBuf]) -> Stamps {
    let mut stamps = Stamps::new();
    for path in paths {
        sources::each_file(path, |path, kind| {
            stamps.insert(path, (kind.modified().ok(), kind.len()));
        });
    }
    stamps
}
