//! What a guest sees of the world around it: the same in every evaluation, so that nothing tells one from another.
//!
//! - The clock starts at one second after 1970 and advances by a microsecond each time it is read, so that a guest that
//!   waits for time to pass goes on, and two runs see the same times.
//! - Randomness is the same stream in every evaluation. It seeds hash maps; a policy has no secrets to make.

/// How often the clock was read, and where the random stream stands.
#[derive(Default)]
pub(crate) struct Surroundings {
    readings: u64,
    random: u64,
}

impl Surroundings {
    /// Nanoseconds.
    pub(crate) fn now(&mut self) -> u64 {
        self.readings += 1;
        1_000_000_000 + self.readings * 1_000
    }

    /// SplitMix64 from a fixed seed: spreads well, which is all that is asked of it.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut word = self.random;
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            word ^= word >> 31;
            for (byte, random) in chunk.iter_mut().zip(word.to_le_bytes()) {
                *byte = random;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_random_stream_is_the_same_each_time_and_not_flat() {
        let (mut one, mut two) = ([0; 21], [0; 21]);
        Surroundings::default().fill(&mut one);
        Surroundings::default().fill(&mut two);
        assert_eq!(one, two);
        assert!(one.iter().filter(|byte| **byte == 0).count() < 3, "{one:?}");
    }

    #[test]
    fn the_clock_never_stands_still() {
        let mut surroundings = Surroundings::default();
        assert!(surroundings.now() < surroundings.now());
    }
}
