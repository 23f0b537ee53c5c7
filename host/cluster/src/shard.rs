//! A part of an audit: of all objects of a cluster those that fall to one of several, who need not know of each other.
//!
//! Every object falls to one by its kind, namespace and name alone, so that each of several processes can tell which are
//! its own. It must not know what is done with them.

use std::str::FromStr;

/// One of so many parts, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

/// What is no shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected INDEX/COUNT such as 0/4, with INDEX below COUNT")]
pub struct ShardError;

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, of) = text.split_once('/').ok_or(ShardError)?;
        let shard = Self { index: index.parse().map_err(|_| ShardError)?, of: of.parse().map_err(|_| ShardError)? };
        if shard.index < shard.of { Ok(shard) } else { Err(ShardError) }
    }
}

impl Shard {
    /// Whether an object falls to this one.
    #[must_use]
    pub fn has(self, kind: &str, namespace: Option<&str>, name: &str) -> bool {
        // FNV-1a, the same in every process, with a step that lets the lowest bits depend on all.
        let texts = [kind, "/", namespace.unwrap_or_default(), "/", name];
        let bytes = texts.iter().flat_map(|text| text.bytes());
        let hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        (hash ^ hash >> 32) % u64::from(self.of) == u64::from(self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!("3/4".parse(), Ok(Shard { index: 3, of: 4 }));
        for text in ["", "1", "4/4", "0/0", "-1/2", "1/2/3", "a/b", "0/99999999999"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError), "{text}");
        }
    }

    #[test]
    fn every_object_falls_to_one_and_all_have_about_as_many() {
        for of in [1, 2, 7, 16] {
            let mut counts = vec![0; of as usize];
            for number in 0..4000 {
                let (namespace, name) = (format!("n{}", number % 13), format!("web-{number}"));
                let its: Vec<u32> =
                    (0..of).filter(|index| Shard { index: *index, of }.has("Pod", Some(&namespace), &name)).collect();
                assert_eq!(its.len(), 1);
                counts[its[0] as usize] += 1;
            }
            let even = 4000 / of;
            assert!(counts.iter().all(|count| (even / 2..=even * 2).contains(count)), "{of}: {counts:?}");
        }
    }
}
