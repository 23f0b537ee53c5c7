//! What one evaluation allocates and notes down, dropped as a whole.
//!
//! It must not know how a field is read, nor what a look-up asks.

use alloc::string::{String, ToString};
use core::cell::{Cell, RefCell};

use bumpalo::Bump;
use protocol::Finding;

use crate::malformed::Malformed;

/// What one evaluation allocates and notes down. Dropped as a whole.
pub struct Memory {
    pub(crate) bump: Bump,
    malformed: RefCell<Malformed>,
    undeclared: Cell<bool>,
    asked: Cell<bool>,
    refused: RefCell<Option<String>>,
    unserved: Cell<Option<&'static str>>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            bump: Bump::new(),
            malformed: RefCell::default(),
            undeclared: Cell::new(false),
            asked: Cell::new(false),
            refused: RefCell::new(None),
            unserved: Cell::new(None),
        }
    }

    /// Notes a finding about a malformed field, of the object judged or of another.
    pub(crate) fn note_malformed(&self, finding: Finding, is_of_other: bool) {
        self.malformed.borrow_mut().push(finding, is_of_other);
    }

    /// The findings about malformed fields, in the order in which they were read.
    pub(crate) fn take_malformed(&self) -> Malformed {
        self.malformed.take()
    }

    /// Notes that the rule looks something up.
    pub(crate) fn note_asked(&self) {
        self.asked.set(true);
    }

    /// Whether the rule looked anything up.
    pub(crate) fn asked(&self) -> bool {
        self.asked.get()
    }

    /// Notes that the host does not answer a look-up, and why.
    pub(crate) fn note_refused(&self, cause: &str) {
        self.refused.borrow_mut().get_or_insert_with(|| cause.to_string());
    }

    /// Why the host did not answer a look-up, if one was refused.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.refused.borrow().clone()
    }

    /// Notes that the cluster serves no kind of this API version. Rules ask for the kinds of one after the other, so the last
    /// one is enough.
    pub(crate) fn note_unserved(&self, api_version: &'static str) {
        self.unserved.set(Some(api_version));
    }

    /// Whether the cluster is known to serve no kind of this API version.
    pub(crate) fn is_unserved(&self, api_version: &str) -> bool {
        self.unserved.get() == Some(api_version)
    }

    /// Notes that the rule read a field that it did not declare.
    pub(crate) fn note_undeclared(&self) {
        self.undeclared.set(true);
    }

    /// Whether the rule read a field that it did not declare.
    pub(crate) fn read_undeclared(&self) -> bool {
        self.undeclared.get()
    }
}
