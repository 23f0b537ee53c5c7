//! What is known of one kind that rules look up, while it is listed, followed, lost and found again.
//!
//! A pure state machine: it is told what happened and when, and says whether a look-up may be answered. Look-ups have no
//! answer until all objects are known, so that no rule takes one for missing. The module must not know a network.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use engine::Live;
use engine::manifest::Object;

/// Memory that all kinds share.
#[derive(Debug)]
pub struct Budget {
    pub most: usize,
    used: AtomicUsize,
}

impl Budget {
    pub const fn of(most: usize) -> Self {
        Self { most, used: AtomicUsize::new(0) }
    }

    /// Counts what one kind takes now in place of what it took before, if there is room for it.
    fn count(&self, before: usize, now: usize) -> bool {
        // Never more than the limit, not even for a moment: other kinds would be refused.
        let with = |used: usize| Some(used - before + now).filter(|used| *used <= self.most);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, with).is_ok()
    }
}

/// What happens to a kind.
#[derive(Debug)]
pub enum Change {
    /// The cluster does not serve the kind.
    Absent,
    /// A list begins.
    Begun,
    /// More of the list.
    Page {
        objects: Vec<Object>,
        /// Why an object of the page could not be read.
        problem: Option<String>,
    },
    /// The list is whole.
    Listed,
    /// The watch says that nothing else has changed.
    Followed,
    Put(Object),
    /// A change could not be read.
    Unreadable(String),
    Gone {
        namespace: Option<String>,
        name: String,
    },
    /// The list or the watch failed, for this reason.
    Lost(String),
    /// The server refused to show the kind.
    Refused(String),
}

/// The objects that rules look up need more memory than they may take.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("all that rules look up takes more than {} MiB", .0 >> 20)]
pub struct TooMuch(usize);

#[derive(Debug)]
enum State {
    /// The first list, or the first since the cluster serves the kind, has not ended.
    Coming,
    Absent,
    /// All objects are known, except for changes since it was lost.
    Seen {
        lost: Option<(Instant, String)>,
    },
    /// Look-ups have no answer, for this reason.
    Unseen(String),
}

/// How much is known of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// It is being read for the first time.
    Coming,
    /// The cluster does not serve it, so there are no objects.
    Absent,
    /// Look-ups are answered.
    Current,
    /// Look-ups have no answer.
    Unknown,
}

impl Sight {
    /// The name in metrics and in `/readyz`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coming => "coming",
            Self::Absent => "not-served",
            Self::Current => "current",
            Self::Unknown => "unknown",
        }
    }
}

/// One kind.
#[derive(Debug)]
pub struct Kind {
    state: State,
    /// The objects. A list replaces them one by one: two copies would need twice the memory.
    live: Live,
    /// Why an object could not be read: one of those that are known, and one of the list under way.
    flaw: Option<String>,
    next_flaw: Option<String>,
    budget: Arc<Budget>,
    counted: usize,
    /// How long look-ups are answered after the kind was lost.
    patience: Duration,
    /// How often it was listed.
    pub lists: u64,
    /// How often it was lost or refused.
    pub failures: u64,
}

impl Kind {
    pub fn new(budget: Arc<Budget>, patience: Duration) -> Self {
        Self {
            state: State::Coming,
            live: Live::default(),
            flaw: None,
            next_flaw: None,
            budget,
            counted: 0,
            patience,
            lists: 0,
            failures: 0,
        }
    }

    /// Takes in what happened.
    ///
    /// # Errors
    /// It does not fit into memory. Nothing of the kind is kept, and look-ups have no answer until it is listed again.
    pub fn take(&mut self, change: Change, now: Instant) -> Result<(), TooMuch> {
        match change {
            Change::Absent => self.forget(State::Absent),
            Change::Begun => {
                self.live.begin_list();
                self.next_flaw = None;
                // The cluster serves it now, so there may be objects.
                if matches!(self.state, State::Absent) {
                    self.state = State::Coming;
                }
            }
            Change::Page { objects, problem } => {
                objects.into_iter().for_each(|object| self.live.put(object));
                self.next_flaw = self.next_flaw.take().or(problem);
            }
            Change::Listed => {
                self.live.end_list();
                self.flaw = self.next_flaw.take();
                self.lists += 1;
                self.state = State::Seen { lost: None };
            }
            Change::Followed => self.found(),
            Change::Put(object) => {
                self.found();
                self.live.put(object);
            }
            Change::Unreadable(problem) => {
                self.found();
                self.flaw = Some(problem);
            }
            Change::Gone { namespace, name } => {
                self.found();
                self.live.remove(namespace.as_deref().unwrap_or_default(), &name);
            }
            Change::Lost(reason) => {
                self.failures += 1;
                match &mut self.state {
                    State::Seen { lost } => _ = lost.get_or_insert((now, reason)),
                    state => *state = State::Unseen(reason),
                }
            }
            Change::Refused(reason) => {
                self.failures += 1;
                self.forget(State::Unseen(reason));
            }
        }
        self.weigh()
    }

    /// A watch that says something is alive, and what was lost is found again.
    fn found(&mut self) {
        if let State::Seen { lost } = &mut self.state {
            *lost = None;
        }
    }

    fn forget(&mut self, state: State) {
        (self.live, self.flaw, self.next_flaw) = (Live::default(), None, None);
        self.state = state;
    }

    fn weigh(&mut self) -> Result<(), TooMuch> {
        let now = self.bytes();
        if self.budget.count(self.counted, now) {
            self.counted = now;
            return Ok(());
        }
        let most = self.budget.most;
        self.forget(State::Unseen(TooMuch(most).to_string()));
        self.budget.count(self.counted, 0);
        self.counted = 0;
        Err(TooMuch(most))
    }

    /// All objects of the kind. An object that is not there does not exist.
    ///
    /// # Errors
    /// Why look-ups have no answer, without a full stop.
    pub fn look(&self, now: Instant) -> Result<&Live, String> {
        match &self.state {
            State::Coming => Err("it is still being read".to_owned()),
            State::Unseen(reason) => Err(reason.clone()),
            State::Seen { lost: Some((since, reason)) } if now.saturating_duration_since(*since) > self.patience => {
                Err(format!("it was last seen more than {} s ago: {reason}", self.patience.as_secs()))
            }
            State::Seen { .. } => self.flaw.clone().map_or(Ok(&self.live), Err),
            State::Absent => Ok(&self.live),
        }
    }

    /// How much is known.
    pub fn sight(&self, now: Instant) -> Sight {
        match (&self.state, self.look(now)) {
            (State::Coming, _) => Sight::Coming,
            (_, Err(_)) => Sight::Unknown,
            (State::Absent, _) => Sight::Absent,
            (_, Ok(_)) => Sight::Current,
        }
    }

    /// Whether its list or watch failed, so that its objects count only for a while.
    pub const fn is_lost(&self) -> bool {
        matches!(self.state, State::Seen { lost: Some(_) })
    }

    /// Whether an object could not be read: only a new list can show that it can be read now.
    pub const fn is_flawed(&self) -> bool {
        self.flaw.is_some()
    }

    /// How many objects are kept.
    pub const fn len(&self) -> usize {
        self.live.len()
    }

    /// Bytes that the objects take.
    pub fn bytes(&self) -> usize {
        self.live.bytes()
    }
}

/// Gives its memory back.
impl Drop for Kind {
    fn drop(&mut self) {
        self.budget.count(self.counted, 0);
    }
}

#[cfg(test)]
mod tests {
    use engine::manifest::{Limits, read};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn object(name: &str) -> Object {
        let text = format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: a}}\n");
        read("a.yaml", text.into(), &Limits::default()).objects().next().unwrap().clone()
    }

    /// Bytes that are in use.
    fn used(budget: &Budget) -> usize {
        budget.used.load(Ordering::Relaxed)
    }

    /// A kind, and the time since it was made.
    struct Told(Kind, Instant);

    impl Told {
        fn new(bytes: usize) -> Self {
            Self(Kind::new(Arc::new(Budget::of(bytes)), PATIENCE), Instant::now())
        }

        fn after(&mut self, seconds: u64, change: Change) -> Result<(), TooMuch> {
            self.0.take(change, self.at(seconds))
        }

        fn at(&self, seconds: u64) -> Instant {
            self.1 + Duration::from_secs(seconds)
        }

        fn listed(bytes: usize, names: &[&str]) -> (Self, Result<(), TooMuch>) {
            let mut told = Self::new(bytes);
            let objects = names.iter().map(|name| object(name)).collect();
            let changes = [Change::Begun, Change::Page { objects, problem: None }, Change::Listed];
            let taken = changes.into_iter().try_for_each(|change| told.after(0, change));
            (told, taken)
        }

        /// How many objects a look-up sees, or why none.
        fn sees(&self, seconds: u64) -> Result<usize, String> {
            self.0.look(self.at(seconds)).map(Live::len)
        }
    }

    #[test]
    fn nothing_is_missing_before_the_list_is_whole() {
        let mut told = Told::new(usize::MAX);
        let still = Err("it is still being read".to_owned());
        assert_eq!((told.sees(0), told.0.sight(told.1)), (still.clone(), Sight::Coming));
        told.after(0, Change::Begun).unwrap();
        told.after(1, Change::Page { objects: vec![object("web")], problem: None }).unwrap();
        assert_eq!(told.sees(1), still);
        told.after(2, Change::Listed).unwrap();
        assert_eq!((told.sees(2), told.0.sight(told.at(2)), told.0.lists), (Ok(1), Sight::Current, 1));
    }

    #[test]
    fn changes_are_seen_and_what_is_lost_counts_for_a_while() {
        let (mut told, _) = Told::listed(usize::MAX, &["web"]);
        told.after(1, Change::Followed).unwrap();
        told.after(2, Change::Put(object("db"))).unwrap();
        assert_eq!(told.sees(2), Ok(2));
        told.after(3, Change::Gone { namespace: Some("a".into()), name: "web".into() }).unwrap();
        assert_eq!(told.sees(100_000), Ok(1), "who hears nothing has nothing to hear");
        told.after(10, Change::Lost("gone away".into())).unwrap();
        told.after(40, Change::Lost("still away".into())).unwrap();
        assert_eq!(told.sees(70), Ok(1));
        let stale = told.sees(71).unwrap_err();
        assert!(stale.contains("60 s ago") && stale.contains("gone away"), "{stale}");
        assert_eq!((told.0.sight(told.at(71)), told.0.failures), (Sight::Unknown, 2));
        // It goes on where it was, or with a new list.
        told.after(80, Change::Followed).unwrap();
        assert_eq!(told.sees(10_000), Ok(1));
        told.after(90, Change::Lost("expired".into())).unwrap();
        told.after(91, Change::Begun).unwrap();
        assert_eq!(told.sees(91), Ok(1), "the old list counts until the new one is whole");
        told.after(92, Change::Listed).unwrap();
        assert_eq!(told.sees(10_000), Ok(0));
    }

    #[test]
    fn each_event_of_a_watch_finds_what_was_lost() {
        for event in [
            Change::Followed,
            Change::Put(object("db")),
            Change::Gone { namespace: Some("a".into()), name: "db".into() },
        ] {
            let (mut told, _) = Told::listed(usize::MAX, &["web"]);
            told.after(10, Change::Lost("gone away".into())).unwrap();
            assert!(told.0.is_lost() && told.sees(100).is_err());
            told.after(100, event).unwrap();
            assert!(!told.0.is_lost() && told.sees(10_000).is_ok());
        }
    }

    #[test]
    fn what_is_not_served_has_no_objects_and_may_come() {
        let (mut told, _) = Told::listed(usize::MAX, &["web"]);
        told.after(1, Change::Absent).unwrap();
        assert_eq!((told.sees(1), told.0.sight(told.at(1))), (Ok(0), Sight::Absent));
        told.after(2, Change::Begun).unwrap();
        told.after(3, Change::Page { objects: vec![object("db")], problem: None }).unwrap();
        let still = Err("it is still being read".to_owned());
        assert_eq!((told.sees(3), told.0.sight(told.at(3))), (still, Sight::Coming), "nothing is missing yet");
        told.after(4, Change::Listed).unwrap();
        assert_eq!(told.sees(4), Ok(1));
    }

    #[test]
    fn what_may_not_be_seen_is_unknown_at_once() {
        let (mut told, _) = Told::listed(usize::MAX, &["web"]);
        told.after(1, Change::Refused("forbidden".into())).unwrap();
        assert_eq!((told.sees(1), told.0.len()), (Err("forbidden".into()), 0));
        let mut told = Told::new(usize::MAX);
        told.after(1, Change::Lost("no connection".into())).unwrap();
        assert_eq!((told.sees(1), told.0.sight(told.at(1))), (Err("no connection".into()), Sight::Unknown));
    }

    #[test]
    fn what_cannot_be_read_hides_its_kind_until_a_list_has_it() {
        let (mut told, _) = Told::listed(usize::MAX, &["web"]);
        told.after(1, Change::Unreadable("too deep".into())).unwrap();
        assert_eq!((told.sees(1), told.0.is_flawed()), (Err("too deep".into()), true));
        told.after(2, Change::Begun).unwrap();
        told.after(2, Change::Page { objects: Vec::new(), problem: Some("still".into()) }).unwrap();
        told.after(2, Change::Listed).unwrap();
        assert_eq!(told.sees(2), Err("still".into()));
        told.after(3, Change::Begun).unwrap();
        told.after(3, Change::Listed).unwrap();
        assert_eq!((told.sees(3), told.0.is_flawed()), (Ok(0), false));
    }

    #[test]
    fn memory_is_bounded_and_shared_and_given_back() {
        let (told, taken) = Told::listed(usize::MAX, &["web"]);
        taken.unwrap();
        let one = used(&told.0.budget);
        assert_eq!(one, told.0.bytes());
        // There is room for one, and not for the second.
        let (mut told, taken) = Told::listed(one, &["web"]);
        taken.unwrap();
        assert_eq!(told.after(1, Change::Put(object("api"))), Err(TooMuch(one)));
        assert_eq!((used(&told.0.budget), told.0.len()), (0, 0));
        assert!(told.sees(1).unwrap_err().starts_with("all that rules look up takes more than"));
        // A list of what is there already needs no more room.
        let (mut told, taken) = Told::listed(one, &["web"]);
        taken.unwrap();
        told.after(1, Change::Begun).unwrap();
        told.after(1, Change::Page { objects: vec![object("web")], problem: None }).unwrap();
        told.after(1, Change::Listed).unwrap();
        assert_eq!((told.sees(1), used(&told.0.budget)), (Ok(1), one));
        // One kind's memory is another's loss.
        let budget = Arc::new(Budget::of(one));
        let mut kinds = [(); 2].map(|()| Kind::new(Arc::clone(&budget), PATIENCE));
        let [first, second] = &mut kinds;
        first.take(Change::Put(object("web")), told.1).unwrap();
        assert!(second.take(Change::Put(object("web")), told.1).is_err());
        assert_eq!((first.len(), second.len(), used(&budget)), (1, 0, one));
        drop(kinds);
        assert_eq!(used(&budget), 0);
    }
}
