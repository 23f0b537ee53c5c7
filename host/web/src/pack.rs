//! The bundle as one file: modules that are much alike, each told mostly by what it shares with those before it.
//!
//! A compressor's window of 32 KiB does not reach from one module to the next, so the repeats are taken out here, over
//! any distance, and what is left is compressed by gzip on its way. Every module comes out byte for byte as it went in.
//!
//! The format: [`MAGIC`]; the length of the unpacked bytes; the number of steps; the steps, each how many literal bytes
//! come first, how many bytes are copied then, and by how much the place they are copied from lies beyond (or, zigzag,
//! before) the one where the last copy ended, moved on by the literals between; and the literal bytes of all steps and of
//! the end. The unpacked bytes are the modules in turn: the name and the module itself, each behind its length. Numbers
//! are unsigned LEB128 of 32 bits.

use std::collections::HashMap;

use crate::number::write_number;

/// What a packed bundle begins with.
pub const MAGIC: &[u8] = b"seaworthy bundle 1\n";

/// The most that a bundle unpacks to, in bytes: a bad file must not take all memory.
const LIMIT: usize = 256 << 20;

/// Why bytes are no bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// They do not begin as one.
    #[error("this is not a bundle of rules")]
    NoBundle,
    /// They end too early, or point to what is not there.
    #[error("the bundle of rules is damaged")]
    Damaged,
}

/// The modules of a bundle, each with its name.
///
/// # Errors
/// The bytes are no bundle.
pub fn unpack(packed: &[u8]) -> Result<Vec<(String, Vec<u8>)>, PackError> {
    let mut reader = Reader(packed.strip_prefix(MAGIC).ok_or(PackError::NoBundle)?);
    let whole = reader.expand()?;
    let mut reader = Reader(&whole);
    let mut modules = Vec::new();
    while !reader.0.is_empty() {
        let name = reader.block()?.to_vec();
        let name = String::from_utf8(name).map_err(|_| PackError::Damaged)?;
        modules.push((name, reader.block()?.to_vec()));
    }
    Ok(modules)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], PackError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(PackError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, PackError> {
        let mut number = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = *self.take(1)?.first().ok_or(PackError::Damaged)?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return u32::try_from(number).map_err(|_| PackError::Damaged);
            }
        }
        Err(PackError::Damaged)
    }

    fn length(&mut self) -> Result<usize, PackError> {
        self.number().map(|number| number as usize)
    }

    fn block(&mut self) -> Result<&'a [u8], PackError> {
        let length = self.length()?;
        self.take(length)
    }

    /// The unpacked bytes.
    fn expand(&mut self) -> Result<Vec<u8>, PackError> {
        let length = self.length()?;
        if length > LIMIT {
            return Err(PackError::Damaged);
        }
        let number = self.length()?;
        // A step takes at least three bytes, so the list is never longer than the file.
        if number > self.0.len() {
            return Err(PackError::Damaged);
        }
        let mut steps = Vec::with_capacity(number);
        for _ in 0..number {
            steps.push((self.length()?, self.length()?, self.number()?));
        }
        let mut whole: Vec<u8> = Vec::with_capacity(length);
        let mut source = 0_usize;
        for (literals, copied, moved) in steps {
            whole.extend_from_slice(self.take(literals)?);
            source = source.wrapping_add(literals).wrapping_add_signed(unzigzag(moved));
            let end = source.checked_add(copied).filter(|end| *end <= whole.len()).ok_or(PackError::Damaged)?;
            if whole.len() + copied > length {
                return Err(PackError::Damaged);
            }
            whole.extend_from_within(source..end);
            source = end;
        }
        whole.extend_from_slice(self.0);
        if whole.len() == length { Ok(whole) } else { Err(PackError::Damaged) }
    }
}

/// 0, 1, 2, 3, 4 to 0, -1, 1, -2, 2.
const fn unzigzag(number: u32) -> isize {
    ((number >> 1).cast_signed() ^ -((number & 1).cast_signed())) as isize
}

const fn zigzag(number: i32) -> u32 {
    ((number << 1) ^ (number >> 31)).cast_unsigned()
}

/// The shortest repeat that is worth three numbers, and the one that follows on from the last.
const REPEAT: usize = 24;
const FOLLOWING: usize = 6;

/// How many earlier places are compared.
const TRIES: usize = 64;

/// Packs modules, each with its name; what is alike is best next to each other. Of one order come the same bytes.
#[must_use]
pub fn pack<'a>(modules: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut whole = Vec::new();
    for (name, wasm) in modules {
        for block in [name.as_bytes(), wasm] {
            write_number(block.len() as u64, &mut whole);
            whole.extend_from_slice(block);
        }
    }
    let mut packer = Packer { whole: &whole, places: HashMap::new(), earlier: vec![None; whole.len()] };
    let (mut steps, mut number, mut literals) = (Vec::new(), 0, Vec::new());
    let (mut at, mut written, mut source) = (0, 0, 0_usize);
    while at < whole.len() {
        let following = source + (at - written);
        let Some((from, length)) = packer.repeat(at, following) else {
            packer.remember(at);
            at += 1;
            continue;
        };
        write_number((at - written) as u64, &mut steps);
        write_number(length as u64, &mut steps);
        let distance = |place: usize| i32::try_from(place).unwrap_or(i32::MAX);
        write_number(zigzag(distance(from) - distance(following)).into(), &mut steps);
        number += 1;
        literals.extend_from_slice(whole.get(written..at).unwrap_or_default());
        (at..at + length).for_each(|place| packer.remember(place));
        (source, at) = (from + length, at + length);
        written = at;
    }
    literals.extend_from_slice(whole.get(written..).unwrap_or_default());
    let mut packed = MAGIC.to_vec();
    write_number(whole.len() as u64, &mut packed);
    write_number(number, &mut packed);
    packed.extend([steps, literals].concat());
    packed
}

/// Finds what was there before.
struct Packer<'a> {
    whole: &'a [u8],
    /// The last place at which eight bytes stand.
    places: HashMap<[u8; 8], usize>,
    /// For each place the one before it with the same eight bytes.
    earlier: Vec<Option<usize>>,
}

impl Packer<'_> {
    fn key(&self, at: usize) -> Option<[u8; 8]> {
        self.whole.get(at..)?.first_chunk().copied()
    }

    fn remember(&mut self, at: usize) {
        if let Some(key) = self.key(at)
            && let Some(earlier) = self.earlier.get_mut(at)
        {
            *earlier = self.places.insert(key, at);
        }
    }

    /// The place and the length of the longest repeat of what stands at `at`, if it is worth a step.
    fn repeat(&self, at: usize, following: usize) -> Option<(usize, usize)> {
        let on = self.alike(following, at);
        let mut best = (on >= FOLLOWING).then_some((following, on));
        let mut place = self.key(at).and_then(|key| self.places.get(&key).copied());
        for _ in 0..TRIES {
            let Some(from) = place else { break };
            let length = self.alike(from, at);
            // To go on where one was costs next to nothing.
            if length >= REPEAT && best.is_none_or(|(_, longest)| length > longest + 8) {
                best = Some((from, length));
            }
            place = self.earlier.get(from).copied().flatten();
        }
        best
    }

    fn alike(&self, from: usize, at: usize) -> usize {
        let (Some(one), Some(other)) = (self.whole.get(from..at), self.whole.get(at..)) else { return 0 };
        one.iter().zip(other).take_while(|(one, other)| one == other).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes without repeats.
    fn noise(length: usize, mut seed: u32) -> Vec<u8> {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn modules_come_out_as_they_went_in_and_repeats_cost_little() {
        let (one, mut other) = (noise(100_000, 1), noise(100_000, 1));
        for at in (0..other.len()).step_by(1_000) {
            other[at] ^= 1;
        }
        let modules = [("one", &one[..]), ("other", &other[..]), ("none", &[][..])];
        let packed = pack(modules);
        let unpacked = unpack(&packed).unwrap();
        assert_eq!(unpacked, modules.map(|(name, wasm)| (name.to_owned(), wasm.to_vec())));
        assert!(packed.len() < 102_000, "{}", packed.len());
    }

    #[test]
    fn a_damaged_bundle_is_refused_wherever_it_is_damaged() {
        let one = noise(300, 2);
        let packed = pack([("one", &one[..]), ("other", &one[..])]);
        assert_eq!(unpack(b"PK"), Err(PackError::NoBundle));
        for end in MAGIC.len()..packed.len() {
            assert_eq!(unpack(&packed[..end]), Err(PackError::Damaged), "{end}");
        }
        // Whatever else is changed: nothing panics, and nothing grows beyond what it says.
        for at in MAGIC.len()..packed.len() {
            for bit in 0..8 {
                let mut changed = packed.clone();
                changed[at] ^= 1 << bit;
                let _ = unpack(&changed);
            }
        }
        let huge = [MAGIC, &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0]].concat();
        assert_eq!(unpack(&huge), Err(PackError::Damaged));
    }

    #[test]
    fn distances_go_both_ways() {
        for number in [0, 1, -1, 63, -64, 1 << 20, -(1 << 20), i32::MAX, i32::MIN] {
            assert_eq!(unzigzag(zigzag(number)), number as isize);
        }
    }
}
