//! What is wrong with a text, on the way to a [`Problem`](super::Problem).

use super::problem::ProblemKind;
use super::span::Span;

/// A problem before its place has a line and a column.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: ProblemKind,
    pub(super) span: Span,
    pub(super) related: Option<(&'static str, Span)>,
}

/// Failing is rare, and what it is large.
pub(super) type Result<T> = std::result::Result<T, Box<Failure>>;

impl Failure {
    pub(super) const fn new(kind: ProblemKind, span: Span) -> Self {
        Self { kind, span, related: None }
    }
}
