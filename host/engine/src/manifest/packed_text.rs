//! A long text in a tenth of its memory: blocks that are compressed by themselves, so that any part can be looked at.
//!
//! It must not know what the text is.

use std::ops::Range;
use std::sync::{Arc, Mutex};

/// Bytes of a block: long enough to compress well, short enough to be unpacked for a line.
pub(super) const BLOCK: usize = 64 << 10;

/// The text. Whoever looks at one place mostly looks at the next one soon, so the last block stays unpacked.
#[derive(Debug, Default)]
pub(super) struct PackedText {
    blocks: Vec<Box<[u8]>>,
    length: usize,
    last: Mutex<Option<(usize, Arc<[u8]>)>>,
}

impl Clone for PackedText {
    fn clone(&self) -> Self {
        Self { blocks: self.blocks.clone(), length: self.length, last: Mutex::default() }
    }
}

impl PackedText {
    /// Appends a block. All have [`BLOCK`] bytes, but for the last.
    pub(super) fn push(&mut self, block: &[u8]) {
        self.length += block.len();
        self.blocks.push(lz4_flex::block::compress(block).into_boxed_slice());
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    /// The bytes of that range, which is one of the text.
    pub(super) fn bytes(&self, range: Range<usize>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(range.len());
        for index in range.start / BLOCK..range.end.div_ceil(BLOCK) {
            let block = self.block(index);
            let start = index * BLOCK;
            let part = range.start.saturating_sub(start)..(range.end - start).min(block.len());
            bytes.extend_from_slice(block.get(part).unwrap_or_default());
        }
        bytes
    }

    fn block(&self, index: usize) -> Arc<[u8]> {
        // Where somebody panicked with it, it is made anew.
        let mut last = self.last.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((known, block)) = &*last
            && *known == index
        {
            return Arc::clone(block);
        }
        let packed = self.blocks.get(index).map_or(&[][..], |block| block);
        let length = (self.length - (index * BLOCK).min(self.length)).min(BLOCK);
        let block: Arc<[u8]> = lz4_flex::block::decompress(packed, length).unwrap_or_default().into();
        *last = Some((index, Arc::clone(&block)));
        block
    }

    /// Bytes of memory.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.blocks.iter().map(|block| block.len()).sum()
    }
}
