//! Limits how many reviews are at work at once, and how many wait. Further ones are refused at once, so that those with a
//! place are answered in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

/// Places to work and places to wait.
pub struct Pool {
    workers: Arc<Semaphore>,
    /// Large bodies are read one at a time, so that their memory is bounded.
    large: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
}

/// Every place is taken.
#[derive(Debug, thiserror::Error)]
#[error("too many requests at once")]
pub struct Full;

impl Pool {
    pub fn new(workers: usize, queue: usize) -> Self {
        let (workers, large) = (Arc::new(Semaphore::new(workers)), Arc::new(Semaphore::new(1)));
        Self { workers, large, waiting: AtomicUsize::new(0), queue }
    }

    /// A place at work, for as long as it is held.
    ///
    /// # Errors
    /// All places to wait are taken, or no place becomes free in time.
    pub async fn enter(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Full> {
        if let Ok(place) = Arc::clone(&self.workers).try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = Waiting::new(&self.waiting, self.queue)?;
        acquire(&self.workers, deadline).await
    }

    /// A permit to read a large body.
    ///
    /// # Errors
    /// Other large bodies take too long.
    pub async fn large(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Full> {
        acquire(&self.large, deadline).await
    }

    /// How many reviews wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

async fn acquire(places: &Arc<Semaphore>, deadline: Instant) -> Result<OwnedSemaphorePermit, Full> {
    match timeout_at(deadline.into(), Arc::clone(places).acquire_owned()).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(Full),
    }
}

/// A review that waits, until this is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicUsize, queue: usize) -> Result<Self, Full> {
        let this = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) < queue { Ok(this) } else { Err(Full) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_finds_no_place_is_turned_away_at_once_and_comes_in_when_there_is_one() {
        let pool = Arc::new(Pool::new(1, 1));
        let later = Instant::now() + Duration::from_secs(60);
        let place = pool.enter(later).await.unwrap();
        let second = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.enter(later).await.is_ok() }
        });
        while pool.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        // The deadline is far, and nobody waits for it.
        assert!(pool.enter(later).await.is_err());
        drop(place);
        assert!(second.await.unwrap());
        assert_eq!(pool.waiting(), 0);
    }
}
