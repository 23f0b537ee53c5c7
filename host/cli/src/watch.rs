//! Waits for changes of what is checked: `check --watch`.
//!
//! The system tells of changes, so that a check follows at once. It does not tell of what another machine writes into a
//! shared folder, nor of a folder that is made later, so times and sizes are looked at as well: seldom while it tells, and
//! often where it does not. It must not know what is checked, nor how.

use std::collections::BTreeMap;
use std::io;
use std::mem::forget;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::exit::UNDECIDED;
use crate::failure::Failure;

/// How often it looks at the files where the system does not tell of all changes, and whether the user has enough.
const OFTEN: Duration = Duration::from_millis(50);

/// How often it looks at the files while the system tells of changes.
const SELDOM: Duration = Duration::from_secs(1);

/// Of a large tree so much of the time goes into looking: one part in so many.
const SHARE: u32 = 10;

/// How long it must be quiet after a file was closed, renamed or removed: tools change many at once.
const FINISHED: Duration = Duration::from_millis(5);

/// How long it must be quiet while a file is being written: editors do so in several steps.
const UNFINISHED: Duration = OFTEN;

/// What never comes to rest is told after that time all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// Files and folders, until the user has enough.
pub struct Watch {
    paths: Vec<PathBuf>,
    is_over: Arc<AtomicBool>,
    told: Told,
    seen: Stamps,
}

/// When each file was written, and how long it is.
type Stamps = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// A change that may go on.
struct Change {
    since: Instant,
    /// When it is over, if nothing more happens.
    quiet: Instant,
}

impl Change {
    /// The change, of which this is the newest part.
    fn go_on(change: Option<Self>, quiet: Instant) -> Self {
        Self { since: change.map_or_else(Instant::now, |change| change.since), quiet }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.quiet || self.since.elapsed() > PATIENCE
    }
}

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
        let told = Told::of(&paths);
        let seen = stamps(&paths);
        Ok(Self { paths, is_over, told, seen })
    }

    /// Watches these files, too.
    pub fn add(&mut self, paths: &[PathBuf]) {
        self.paths.extend_from_slice(paths);
        self.told.follow(&self.paths);
        self.seen.extend(stamps(paths));
    }

    /// Waits until something has changed, and all is quiet again; false where the user has enough.
    pub fn next(&mut self) -> bool {
        let mut change: Option<Change> = None;
        let mut look = Instant::now() + self.pause();
        while !self.is_over.load(Ordering::Relaxed) {
            let next = change.as_ref().map_or(look, |change| change.quiet.min(look));
            let wait = next.saturating_duration_since(Instant::now()).min(OFTEN);
            if let Some(rest) = self.told.within(wait) {
                change = Some(Change::go_on(change.take(), Instant::now() + rest));
            }
            let start = Instant::now();
            if start >= look {
                let now = stamps(&self.paths);
                let is_other = now != self.seen;
                self.seen = now;
                if is_other && change.is_none() {
                    // The system did not tell: the folder may be another one by now.
                    self.told.follow(&self.paths);
                }
                let pause = if is_other { OFTEN } else { self.pause() };
                look = Instant::now() + pause.max(start.elapsed() * SHARE);
                if is_other {
                    change = Some(Change::go_on(change.take(), look));
                }
            }
            if change.as_ref().is_some_and(Change::is_over) {
                // Before the files are read, so that a change meanwhile is seen the next time.
                self.seen = stamps(&self.paths);
                return true;
            }
        }
        false
    }

    fn pause(&self) -> Duration {
        if self.told.is_whole { SELDOM } else { OFTEN }
    }
}

/// What the system tells of changes.
struct Told {
    news: Receiver<notify::Result<Event>>,
    watcher: Option<RecommendedWatcher>,
    /// Where the files and folders really lie: what is told names them so.
    places: Vec<PathBuf>,
    /// Whether it tells of all changes that this machine makes.
    is_whole: bool,
}

impl Told {
    fn of(paths: &[PathBuf]) -> Self {
        let (sender, news) = channel();
        // No link is followed below the root, as in a check.
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(sender, config).ok();
        let mut told = Self { news, watcher, places: Vec::new(), is_whole: false };
        told.follow(paths);
        told
    }

    /// Asks to be told of changes of these, wherever they lie by now.
    fn follow(&mut self, paths: &[PathBuf]) {
        self.places = paths.iter().filter_map(|path| real(path).ok()).collect();
        let (folders, files): (Vec<&PathBuf>, Vec<&PathBuf>) = self.places.iter().partition(|place| place.is_dir());
        // A file that is saved by renaming another is a new one, of which only its folder tells. That comes first: asked
        // last, it would be without what is below it.
        let files = files.into_iter().map(|file| (file.parent().unwrap_or(file), RecursiveMode::NonRecursive));
        let folders = folders.into_iter().map(|folder| (folder.as_path(), RecursiveMode::Recursive));
        let follow = |watcher: &mut RecommendedWatcher| {
            files.chain(folders).all(|(place, mode)| watcher.watch(place, mode).is_ok())
        };
        self.is_whole = self.places.len() == paths.len() && self.watcher.as_mut().is_some_and(follow);
    }

    /// Waits for news for so long, and says how long it must be quiet after them.
    fn within(&mut self, wait: Duration) -> Option<Duration> {
        match self.news.recv_timeout(wait) {
            Ok(Ok(event)) => self.rest_after(&event),
            // There are more folders than the system follows, for instance.
            Ok(Err(_)) => {
                self.is_whole = false;
                None
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                // Nobody is left at the other end, and its destructor panics of that.
                forget(self.watcher.take());
                self.is_whole = false;
                sleep(wait);
                None
            }
        }
    }

    /// How long it must be quiet after that; none where nothing has changed that is read.
    fn rest_after(&self, event: &Event) -> Option<Duration> {
        // The queue was full, so it is not known what changed.
        if event.need_rescan() {
            return Some(UNFINISHED);
        }
        if !event.paths.iter().any(|path| self.is_read(path)) {
            return None;
        }
        match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(_))
            | EventKind::Remove(_) => Some(FINISHED),
            // Whoever reads changes nothing, and each check reads everything.
            EventKind::Access(_) => None,
            _ => Some(UNFINISHED),
        }
    }

    /// Whether a check reads this path: not what git keeps.
    fn is_read(&self, path: &Path) -> bool {
        let mut below = self.places.iter().filter_map(|place| path.strip_prefix(place).ok());
        below.any(|below| below.iter().all(|step| step != ".git"))
    }
}

/// Where this really lies, also while it is not there.
fn real(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize().or_else(|cause| {
        let name = path.file_name().ok_or(cause)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Ok(folder.unwrap_or(Path::new(".")).canonicalize()?.join(name))
    })
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

#[cfg(test)]
mod tests {
    use std::fs;

    use notify::event::{CreateKind, DataChange, Flag, RemoveKind, RenameMode};

    use super::*;

    /// How long it must be quiet after that happened to this path, where `/repo/k8s` and `/repo/web.log` are watched.
    fn rest(kind: EventKind, path: &str) -> Option<Duration> {
        let places = ["/repo/k8s", "/repo/web.log"].map(PathBuf::from).to_vec();
        let told = Told { news: channel().1, watcher: None, places, is_whole: true };
        told.rest_after(&Event::new(kind).add_path(path.into()))
    }

    #[test]
    fn who_reads_changes_nothing() {
        for kind in [AccessKind::Open(AccessMode::Any), AccessKind::Close(AccessMode::Read), AccessKind::Any] {
            assert_eq!(rest(EventKind::Access(kind), "/repo/k8s/web.yaml"), None, "{kind:?}");
        }
    }

    #[test]
    fn a_file_that_is_being_written_is_waited_for() {
        let path = "/repo/k8s/web.yaml";
        for kind in [EventKind::Create(CreateKind::File), EventKind::Modify(ModifyKind::Data(DataChange::Any))] {
            assert_eq!(rest(kind, path), Some(UNFINISHED), "{kind:?}");
        }
        for kind in [
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
            EventKind::Modify(ModifyKind::Name(RenameMode::To)),
            EventKind::Remove(RemoveKind::File),
        ] {
            assert_eq!(rest(kind, path), Some(FINISHED), "{kind:?}");
        }
    }

    #[test]
    fn only_what_is_read_counts() {
        let kind = EventKind::Remove(RemoveKind::File);
        for path in ["/repo/other.log", "/repo/k8s-old/web.yaml", "/repo/k8s/.git/index", "/repo/k8s/vendor/.git/HEAD"]
        {
            assert_eq!(rest(kind, path), None, "{path}");
        }
        for path in ["/repo/web.log", "/repo/k8s", "/repo/k8s/new/.github/web.yaml"] {
            assert_eq!(rest(kind, path), Some(FINISHED), "{path}");
        }
    }

    #[test]
    fn what_the_system_could_not_tell_is_a_change() {
        let told = Told { news: channel().1, watcher: None, places: Vec::new(), is_whole: true };
        let event = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert_eq!(told.rest_after(&event), Some(UNFINISHED));
    }

    #[test]
    fn where_the_system_tells_nothing_changes_are_seen_all_the_same() {
        // As in a folder that a network shares: it could tell, and does not.
        for is_whole in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let paths = vec![folder.path().to_owned()];
            let (_silent, news) = channel();
            let told = Told { news, watcher: None, places: Vec::new(), is_whole };
            let mut watch = Watch { seen: stamps(&paths), is_over: Arc::default(), told, paths };
            for text in ["one", "another"] {
                fs::write(folder.path().join("web.yaml"), text).unwrap();
                assert!(watch.next());
            }
            watch.is_over.store(true, Ordering::Relaxed);
            assert!(!watch.next());
        }
    }

    #[test]
    fn where_nobody_can_tell_any_more_it_looks_often() {
        let mut told = Told { news: channel().1, watcher: None, places: Vec::new(), is_whole: true };
        assert_eq!(told.within(Duration::ZERO), None);
        assert!(!told.is_whole);
    }
}
