//! Who does the work of a check: this crate knows no threads, since a browser has none.

/// Pieces of work that do not depend on each other.
pub trait Job {
    /// What a piece comes to.
    type Output;

    /// How many pieces there are.
    fn pieces(&self) -> usize;

    /// Does one.
    fn piece(&self, index: usize) -> Self::Output;
}

/// Does all pieces of a job, in any order and on any thread.
pub trait Executor<J: Job> {
    /// What all pieces came to, in their order.
    fn run(&self, job: &J) -> Vec<J::Output>;
}

/// Does one piece after the other, on this thread.
#[derive(Clone, Copy, Debug)]
pub struct InOrder;

impl<J: Job> Executor<J> for InOrder {
    fn run(&self, job: &J) -> Vec<J::Output> {
        (0..job.pieces()).map(|index| job.piece(index)).collect()
    }
}
