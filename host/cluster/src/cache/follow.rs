//! Follows one kind: lists it in pages, watches what changes from there, and lists it again when the server cannot continue
//! the watch. It must not know what anybody looks up.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use engine::manifest::ApiObject;
use kube::core::Request;
use kube::core::params::WatchParams;
use protocol::FieldMask;
use tokio::time::sleep;

use super::event::{self, Event};
use super::kind::{Change, Kind, TooMuch};
use crate::client::Api;
use crate::discovery::Resource;
use crate::error::RequestError;
use crate::list::{Pages, Query};

/// How long a watch is open, in seconds. Then the server closes it, and the next one continues there.
const OPEN: u32 = 290;

/// How long a watch may be silent. A server without news sends a bookmark every minute.
const SILENCE: Duration = Duration::from_secs(150);

/// The wait after a failure, at first and at most.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The wait after a kind did not fit into memory: other kinds seldom shrink.
const ROOM_WAIT: Duration = Duration::from_secs(300);

/// Is called with the name of a kind, and with the reason if its look-ups may have no answer.
pub type Told = Arc<dyn Fn(&str, Result<(), &str>) + Send + Sync>;

/// A kind, shared by its follower and by look-ups.
pub type Shared = Arc<RwLock<Kind>>;

/// Follows one kind.
pub struct Follower {
    pub api: Api,
    pub resource: Resource,
    pub mask: FieldMask,
    pub kind: Shared,
    pub told: Told,
}

/// Why a list or a watch ended. A watch continues where it was only if an event came over it: otherwise it may be one over
/// which nothing ever comes.
enum End {
    /// The server closed a watch that had brought events, as it does from time to time.
    Closed,
    /// A watch that had brought events broke.
    Broken(RequestError),
    /// The server no longer knows what changed since then. A new list is needed.
    Expired(RequestError),
    /// A list failed, or a watch that had brought nothing. A new list is needed.
    Failed(RequestError),
    TooMuch(TooMuch),
}

impl From<RequestError> for End {
    fn from(cause: RequestError) -> Self {
        Self::Failed(cause)
    }
}

impl From<TooMuch> for End {
    fn from(cause: TooMuch) -> Self {
        Self::TooMuch(cause)
    }
}

impl Follower {
    /// Follows the kind for ever.
    pub async fn run(self) {
        let (mut version, mut waits, mut has_expired) = (None, Waits::default(), false);
        loop {
            let begun = Instant::now();
            let end = match &mut version {
                None => match self.list().await {
                    Ok(listed) => {
                        version = Some(listed);
                        continue;
                    }
                    Err(end) => end,
                },
                Some(version) => self.watch(version, &mut has_expired).await.err().unwrap_or(End::Closed),
            };
            if begun.elapsed() > LONGEST_WAIT {
                waits = Waits::default();
            }
            let wait = match end {
                // A server that closes each watch at once is not asked at once each time.
                End::Closed if !self.is_flawed() => waits.next(),
                End::Closed => {
                    version = None;
                    waits.next()
                }
                End::Broken(cause) => {
                    self.fail(&cause);
                    waits.next()
                }
                End::Expired(cause) => {
                    // A list makes up for it. It is a failure if the watch after that list expires again.
                    if std::mem::replace(&mut has_expired, true) {
                        self.fail(&cause);
                    }
                    version = None;
                    waits.next()
                }
                End::Failed(cause) => {
                    self.fail(&cause);
                    version = None;
                    waits.next()
                }
                End::TooMuch(cause) => {
                    (self.told)(&self.resource.full_name(), Err(&cause.to_string()));
                    version = None;
                    ROOM_WAIT
                }
            };
            sleep(wait).await;
        }
    }

    fn fail(&self, cause: &RequestError) {
        let is_refused = cause.is(401) || cause.is(403);
        let change = if is_refused { Change::Refused } else { Change::Lost };
        // This change needs no memory.
        let _ = self.take(change(cause.to_string()));
        (self.told)(&self.resource.full_name(), Err(&cause.to_string()));
    }

    fn take(&self, change: Change) -> Result<(), TooMuch> {
        self.kind.write().unwrap_or_else(PoisonError::into_inner).take(change, Instant::now())
    }

    fn is_flawed(&self) -> bool {
        self.kind.read().unwrap_or_else(PoisonError::into_inner).is_flawed()
    }

    /// Tells that look-ups of the kind are answered.
    fn tell(&self) {
        (self.told)(&self.resource.full_name(), Ok(()));
    }

    fn is_lost(&self) -> bool {
        self.kind.read().unwrap_or_else(PoisonError::into_inner).is_lost()
    }

    /// Lists the kind, and gives the version to watch from.
    async fn list(&self) -> Result<String, End> {
        self.take(Change::Begun)?;
        let mut pages = Pages::new(self.api.clone(), Query::all(&self.resource, None, self.mask.clone()));
        let mut version = None;
        while let Some(page) = pages.next().await {
            let page = page?;
            // Later pages may be newer. A watch from the version of the first page repeats some changes, and misses none.
            version = version.or(page.version);
            self.take(Change::Page { objects: page.objects, problem: page.problems.into_iter().next() })?;
        }
        let version = version.ok_or_else(|| RequestError::Unreadable("a list without a resourceVersion".into()))?;
        self.take(Change::Listed)?;
        self.tell();
        Ok(version)
    }

    /// Takes in the changes since this version, and moves the version along. An event ends a row of expiries.
    async fn watch(&self, version: &mut String, has_expired: &mut bool) -> Result<(), End> {
        let Some(path) = self.resource.path(None) else { return Ok(()) };
        let parameters = WatchParams::default().timeout(OPEN);
        let request = Request::new(path).watch(&parameters, version);
        let request = request.map_err(|cause| RequestError::Unreadable(cause.to_string()))?;
        let expired = |cause: RequestError| if cause.is(410) { End::Expired(cause) } else { End::Failed(cause) };
        // An open watch proves nothing yet: a kind that was lost stays lost until an event comes.
        let mut lines = self.api.lines(request, SILENCE).await.map_err(expired)?;
        let api_version = self.resource.api_version();
        let item = ApiObject { mask: &self.mask, api_version: &api_version, kind: &self.resource.kind };
        let mut is_heard = false;
        loop {
            let line = match lines.next().await {
                Ok(Some(line)) => line,
                Ok(None) if is_heard => return Ok(()),
                Ok(None) => return Err(RequestError::Unreachable("the watch ended before anything came".into()).into()),
                Err(cause) if is_heard => return Err(End::Broken(cause)),
                Err(cause) => return Err(End::Failed(cause)),
            };
            let (event, at) = event::read(&line, item)?;
            let change = match event {
                Event::Put(object) => Change::Put(object),
                Event::Unreadable(problem) => Change::Unreadable(problem),
                Event::Gone { namespace, name } => Change::Gone { namespace, name },
                Event::Bookmark => Change::Followed,
                Event::Failed(status) => return Err(expired(RequestError::Refused(status))),
            };
            let was_lost = self.is_lost();
            self.take(change)?;
            if was_lost {
                self.tell();
            }
            (is_heard, *has_expired) = (true, false);
            *version = at.unwrap_or_else(|| std::mem::take(version));
        }
    }
}

/// The waits after failures: each is longer, and random in part, so that not all followers ask at the same moment.
#[derive(Default)]
struct Waits(u32);

impl Waits {
    fn next(&mut self) -> Duration {
        let wait = (FIRST_WAIT * 2_u32.saturating_pow(self.0)).min(LONGEST_WAIT);
        self.0 = (self.0 + 1).min(16);
        let part = u32::try_from(RandomState::new().hash_one(0) % 512).unwrap_or_default();
        wait / 2 + wait / 1024 * part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_longer_up_to_the_longest() {
        let mut waits = Waits::default();
        let all: Vec<Duration> = (0..40).map(|_| waits.next()).collect();
        assert!(all.first().is_some_and(|wait| (FIRST_WAIT / 2..=FIRST_WAIT).contains(wait)), "{all:?}");
        assert!(all.iter().skip(8).all(|wait| (LONGEST_WAIT / 2..=LONGEST_WAIT).contains(wait)), "{all:?}");
    }
}
