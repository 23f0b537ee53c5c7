//! Digests: short names for long texts, within one process.

use std::hash::{BuildHasher as _, Hash, RandomState};

/// Makes digests of 128 bits, by keys that nobody outside this process knows: no input can be made to have another's.
#[derive(Debug, Default)]
pub struct Digester([RandomState; 2]);

impl Digester {
    pub fn digest(&self, value: &impl Hash) -> u128 {
        let [high, low] = &self.0;
        u128::from(high.hash_one(value)) << 64 | u128::from(low.hash_one(value))
    }
}
