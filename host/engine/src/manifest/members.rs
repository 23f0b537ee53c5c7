//! The members of a mapping: which of several entries with the same key counts.
//!
//! It must not know where the entries come from, but for whether `<<` brought them.

use std::ops::Range;

use super::failure::Failure;
use super::node::Entry;
use super::problem::ProblemKind;
use super::scalar;

/// How many duplicate keys of one document are told.
const DUPLICATES_TOLD: usize = 8;

/// Up to here, comparing all pairs is faster than sorting.
const FEW: usize = 12;

/// Keeps the last entry of each key, in the order of the text. `merged` are the entries that merge keys brought, in
/// ascending order.
///
/// A later entry wins over a merged one and, in go-yaml v2, a merged one over an explicit one that stands before its
/// `<<`: what a cluster gets may not be what the text seems to say. Two explicit ones are told as duplicates.
///
/// `1` and `"1"` are two keys to go-yaml, and one in JSON, where either may win: such keys may not meet by a merge either.
pub(super) fn unique(entries: Vec<Entry>, merged: &[Range<usize>], duplicates: &mut Vec<Failure>) -> Vec<Entry> {
    if merged.is_empty() && entries.len() <= FEW {
        for (index, entry) in entries.iter().enumerate() {
            if let Some(first) = entries.iter().take(index).find(|earlier| earlier.key == entry.key) {
                tell(first, entry, duplicates);
            }
        }
        return entries;
    }
    let mut is_merged = vec![false; entries.len()];
    for range in merged {
        is_merged.get_mut(range.clone()).unwrap_or_default().fill(true);
    }
    let mut order: Vec<(usize, &Entry, bool)> =
        entries.iter().zip(is_merged).enumerate().map(|(index, (entry, merged))| (index, entry, merged)).collect();
    order.sort_unstable_by(|(a, left, _), (b, right, _)| left.key.cmp(&right.key).then(a.cmp(b)));
    let mut overridden = Vec::new();
    for same in order.chunk_by(|(_, left, _), (_, right, _)| left.key == right.key) {
        let mut explicit = same.iter().filter(|(_, _, merged)| !merged);
        if let Some((_, first, _)) = explicit.next() {
            explicit.for_each(|(_, second, _)| tell(first, second, duplicates));
        }
        if let [(_, first, _), .., (_, second, _)] = same
            && scalar::is_typed(&first.key)
            && same.iter().any(|(_, _, merged)| *merged)
        {
            tell(first, second, duplicates);
        }
        if let Some((_, lost)) = same.split_last() {
            overridden.extend(lost.iter().map(|(index, ..)| *index));
        }
    }
    if overridden.is_empty() {
        return entries;
    }
    overridden.sort_unstable();
    let mut overridden = overridden.into_iter().peekable();
    let all = entries.into_iter().enumerate();
    all.filter(|(index, _)| overridden.next_if_eq(index).is_none()).map(|(_, entry)| entry).collect()
}

fn tell(first: &Entry, second: &Entry, duplicates: &mut Vec<Failure>) {
    if duplicates.len() < DUPLICATES_TOLD {
        duplicates.push(Failure {
            kind: ProblemKind::DuplicateKey(second.key.clone()),
            span: second.key_span,
            related: Some(("the key is here already", first.key_span)),
        });
    }
}
