//! A module's heap, which is only ever taken from: an instance lives for one call, and all its memory goes with it.
//!
//! What most calls need is part of the module's memory from the start. Growing is dear for a host: it changes what may be
//! touched, and changes it back when the instance is gone, each time for all threads of its process.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::{Cell, UnsafeCell};
use core::ptr::null_mut;

/// Bytes that are there from the start. An object and what a rule looks up are seldom larger.
const FIRST: usize = 256 << 10;
/// Bytes of WebAssembly's page, by which memory grows.
const PAGE: usize = 64 << 10;
/// Pages taken at once, at least.
const STEP: usize = 16;

/// The allocator. Memory that it gives out was never used before, so it is zero.
pub struct Bump {
    /// Where the next piece may begin.
    next: Cell<usize>,
    /// Where what is there ends.
    end: Cell<usize>,
}

/// Zeros, and so no part of the module's file.
struct Arena(UnsafeCell<[u8; FIRST]>);

// SAFETY: a module of this kind has one thread; wasm32-unknown-unknown is built without atomics.
unsafe impl Sync for Bump {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

static ARENA: Arena = Arena(UnsafeCell::new([0; FIRST]));

impl Bump {
    /// A heap of which nothing is taken.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self { next: Cell::new(0), end: Cell::new(0) }
    }

    /// The first address from `from` on that is so aligned, if `size` bytes fit behind it.
    fn place(&self, from: usize, size: usize, align: usize) -> Option<usize> {
        let start = from.checked_add(align - 1)? & !(align - 1);
        (start.checked_add(size)? <= self.end.get()).then_some(start)
    }

    /// Makes room for a piece behind what is there.
    fn grow(&self, size: usize, align: usize) -> Option<()> {
        if self.end.get() == 0 {
            let start = ARENA.0.get() as usize;
            self.next.set(start);
            self.end.set(start + FIRST);
            if self.place(start, size, align).is_some() {
                return Some(());
            }
        }
        let start = memory_size::<0>().checked_mul(PAGE)?;
        // What was left of the arena, which other memory follows, is given up.
        if start != self.end.get() {
            self.next.set(start);
            self.end.set(start);
        }
        let room = self.end.get() - self.next.get();
        let pages = size.checked_add(align)?.saturating_sub(room).div_ceil(PAGE).max(STEP);
        let end = start.checked_add(pages.checked_mul(PAGE)?)?;
        if memory_grow::<0>(pages) == usize::MAX {
            return None;
        }
        self.end.set(end);
        Some(())
    }
}

// SAFETY: every piece lies between `next`, which never goes back, and `end`, below which there is memory that is nobody
// else's: the arena, or pages that this heap has grown by. Nothing unwinds.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        let mut start = self.place(self.next.get(), size, align);
        if start.is_none() && self.grow(size, align).is_some() {
            start = self.place(self.next.get(), size, align);
        }
        match start {
            Some(start) => {
                self.next.set(start + size);
                start as *mut u8
            }
            None => null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise; and memory is zero until it is given out.
        unsafe { self.alloc(layout) }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size <= layout.size() {
            return piece;
        }
        // What was taken last grows where it is: a string that is written, the items of a list that is read.
        if piece as usize + layout.size() == self.next.get() && self.place(piece as usize, size, 1).is_some() {
            self.next.set(piece as usize + size);
            return piece;
        }
        // SAFETY: the caller's promise: the alignment is one, and the size does not overflow with it.
        let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !moved.is_null() {
            // SAFETY: the new piece is larger, and apart from the old one.
            unsafe { moved.copy_from_nonoverlapping(piece, layout.size()) };
        }
        moved
    }
}
