//! How many guests run at once: a counting semaphore over the pool's slots, so that the pool is never asked for one that
//! it does not have.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Free slots.
pub(crate) struct Slots {
    count: Mutex<Count>,
    freed: Condvar,
}

struct Count {
    free: usize,
    /// Who waits for one. Waking is a call of the system's, whether or not anybody sleeps.
    waiting: usize,
}

/// One slot, given back when dropped.
pub(crate) struct Slot<'a>(&'a Slots);

impl Slots {
    pub(crate) const fn new(count: usize) -> Self {
        Self { count: Mutex::new(Count { free: count, waiting: 0 }), freed: Condvar::new() }
    }

    /// Waits for a slot. It comes: whoever holds one has a deadline.
    pub(crate) fn take(&self) -> Slot<'_> {
        let mut count = self.lock();
        if count.free == 0 {
            count.waiting += 1;
            count = self.freed.wait_while(count, |count| count.free == 0).unwrap_or_else(PoisonError::into_inner);
            count.waiting -= 1;
        }
        count.free -= 1;
        Slot(self)
    }

    // A count cannot be left half written, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut count = self.0.lock();
        count.free += 1;
        if count.waiting > 0 {
            self.0.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn no_more_than_the_count_are_out_at_once() {
        let slots = Slots::new(2);
        let (out, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let _slot = slots.take();
                        most.fetch_max(out.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        out.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 2);
        assert_eq!(slots.lock().free, 2);
    }
}
