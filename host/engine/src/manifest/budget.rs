//! What hostile text runs into.

use super::Limits;
use super::failure::{Failure, Result};
use super::problem::ProblemKind;
use super::span::Span;

/// What is left for a file, of what its [`Limits`] allow.
#[derive(Debug)]
pub(super) struct Budget {
    nodes: usize,
    alias_bytes: usize,
    is_spent: bool,
}

impl Budget {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { nodes: limits.nodes, alias_bytes: limits.alias_bytes, is_spent: false }
    }

    /// Whether something was wanted that is no longer there: then the rest of the file is not worth a look.
    pub(super) const fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// Takes a value's share.
    pub(super) fn count(&mut self, limits: &Limits, span: Span) -> Result<()> {
        let Some(left) = self.nodes.checked_sub(1) else {
            self.is_spent = true;
            return Err(Failure::new(ProblemKind::TooManyNodes { limit: limits.nodes }, span).into());
        };
        self.nodes = left;
        Ok(())
    }

    /// Takes what a copy of an anchored value weighs.
    pub(super) fn charge(&mut self, weight: usize, limits: &Limits, span: Span) -> Result<()> {
        let Some(left) = self.alias_bytes.checked_sub(weight) else {
            self.is_spent = true;
            return Err(Failure::new(ProblemKind::TooMuchAliasing { limit: limits.alias_bytes }, span).into());
        };
        self.alias_bytes = left;
        Ok(())
    }
}
