//! What was there already, in time that does not grow with how much there is: an object may have 10,000 containers, each with
//! something to say about it.
//!
//! A table of numbers and no map of the standard library's, since a module carries all of its own code.

use alloc::vec;
use alloc::vec::Vec;

/// Numbers of things, found by a hash of the thing.
#[derive(Default)]
pub struct Seen {
    /// One more than the number, and its hash; zero in an empty slot. As many as a power of two, at most half full.
    slots: Vec<(u32, u32)>,
    count: usize,
}

impl Seen {
    /// Whether the thing of this hash is there: `same` compares it with the thing of a number.
    #[must_use]
    pub fn contains(&self, hash: u32, same: impl Fn(usize) -> bool) -> bool {
        let mut at = hash as usize;
        while let Some((number, known)) = self.slots.get(at & self.slots.len().wrapping_sub(1)).copied() {
            match number.checked_sub(1) {
                None => return false,
                Some(number) if known == hash && same(number as usize) => return true,
                Some(_) => at += 1,
            }
        }
        false
    }

    /// Adds the next thing: the first has the number 0.
    pub fn push(&mut self, hash: u32) {
        if self.slots.len() <= self.count * 2 {
            let larger = vec![(0, 0); (self.slots.len() * 2).max(16)];
            let smaller = core::mem::replace(&mut self.slots, larger);
            smaller.into_iter().filter(|(number, _)| *number != 0).for_each(|slot| self.place(slot));
        }
        self.count += 1;
        // 4 billion things do not fit into a module's memory.
        self.place((self.count as u32, hash));
    }

    fn place(&mut self, slot: (u32, u32)) {
        let (mut at, last) = (slot.1 as usize, self.slots.len().wrapping_sub(1));
        while let Some(free) = self.slots.get_mut(at & last) {
            if free.0 == 0 {
                *free = slot;
                return;
            }
            at += 1;
        }
    }
}

/// FNV-1a of texts, each with its end.
#[must_use]
pub fn hash(texts: &[&str]) -> u32 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0xFF]));
    bytes.fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use core::cell::Cell;

    use super::*;

    #[test]
    fn things_are_found_again_and_compared_about_once_each() {
        let compared = Cell::new(0);
        let names: Vec<_> = (0..20_000).map(|number| format!("$['spec']['containers'][{number}]")).collect();
        let mut seen = Seen::default();
        let find = |seen: &Seen, name: &str| {
            seen.contains(hash(&[name]), |number| {
                compared.set(compared.get() + 1);
                names.get(number).is_some_and(|known| known == name)
            })
        };
        for name in &names {
            assert!(!find(&seen, name), "{name}");
            seen.push(hash(&[name]));
        }
        assert!(names.iter().all(|name| find(&seen, name)));
        assert!(!find(&seen, "$"));
        assert!(compared.get() < 21_000, "{}", compared.get());
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    }

    #[test]
    fn things_of_one_hash_are_told_apart() {
        let mut seen = Seen::default();
        (0..100).for_each(|_| seen.push(7));
        assert!(seen.contains(7, |number| number == 99));
        assert!(!seen.contains(7, |number| number == 100));
        assert!(!seen.contains(8, |_| true));
    }
}
