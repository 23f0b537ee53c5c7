//! Follows one kind for ever: lists it in pages, watches what changes from there, and begins anew where the server cannot go
//! on. It must not know what anybody looks up.

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

/// How long a server lets a watch be open, in seconds. It ends by itself after that, and goes on where it was.
const OPEN: u32 = 290;

/// How long a watch may be silent: a server that has nothing to say sends a bookmark every minute.
const SILENCE: Duration = Duration::from_secs(150);

/// How long is waited after a failure, at first and at most.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long is waited where there was no room: what others take is seldom given back.
const ROOM_WAIT: Duration = Duration::from_secs(300);

/// Hears what becomes of a kind: its name, and why it may not be seen, if so.
pub type Told = Arc<dyn Fn(&str, Result<(), &str>) + Send + Sync>;

/// A kind, shared by who follows it and those who look it up.
pub type Shared = Arc<RwLock<Kind>>;

/// What is followed.
pub struct Follower {
    pub api: Api,
    pub resource: Resource,
    pub mask: FieldMask,
    pub kind: Shared,
    pub told: Told,
}

/// Why following has come to an end. A watch goes on where it was only if something was heard of it: until then it may be
/// one that never says anything.
enum End {
    /// The server has closed a watch that was heard, as it does from time to time.
    Closed,
    /// A watch that was heard broke.
    Broken(RequestError),
    /// The server no longer knows what changed since then: only a list tells.
    Expired(RequestError),
    /// A list failed, or a watch of which nothing was heard: only a list tells.
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
                // A server that closes at once each time is not asked at once each time.
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
                    // It happens, and a list makes up for it. A watch that expires again behind that list shows nothing.
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
        // What is lost takes no room.
        let _ = self.take(change(cause.to_string()));
        (self.told)(&self.resource.full_name(), Err(&cause.to_string()));
    }

    fn take(&self, change: Change) -> Result<(), TooMuch> {
        self.kind.write().unwrap_or_else(PoisonError::into_inner).take(change, Instant::now())
    }

    fn is_flawed(&self) -> bool {
        self.kind.read().unwrap_or_else(PoisonError::into_inner).is_flawed()
    }

    /// Says that the kind is known, to whoever heard that it may not be.
    fn tell(&self) {
        (self.told)(&self.resource.full_name(), Ok(()));
    }

    fn is_lost(&self) -> bool {
        self.kind.read().unwrap_or_else(PoisonError::into_inner).is_lost()
    }

    /// Lists all of it, and says from where on to watch.
    async fn list(&self) -> Result<String, End> {
        self.take(Change::Begun)?;
        let mut pages = Pages::new(self.api.clone(), Query::all(&self.resource, None, self.mask.clone()));
        let mut version = None;
        while let Some(page) = pages.next().await {
            let page = page?;
            // Later pages may be younger: a watch from the first one on sees again what they have seen, and misses nothing.
            version = version.or(page.version);
            self.take(Change::Page { objects: page.objects, problem: page.problems.into_iter().next() })?;
        }
        let version = version.ok_or_else(|| RequestError::Unreadable("a list without a resourceVersion".into()))?;
        self.take(Change::Listed)?;
        self.tell();
        Ok(version)
    }

    /// Takes in all changes behind the version, which moves along. Something that is heard ends a row of expiries.
    async fn watch(&self, version: &mut String, has_expired: &mut bool) -> Result<(), End> {
        let Some(path) = self.resource.path(None) else { return Ok(()) };
        let parameters = WatchParams::default().timeout(OPEN);
        let request = Request::new(path).watch(&parameters, version);
        let request = request.map_err(|cause| RequestError::Unreadable(cause.to_string()))?;
        let expired = |cause: RequestError| if cause.is(410) { End::Expired(cause) } else { End::Failed(cause) };
        // A watch that is open proves nothing yet: what is lost stays lost until something comes.
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

/// How long is waited: each time longer, and never the same as whoever else begins at the same moment.
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
