//! The work of a check on all cores, and how far it has come. It must not know what is checked.

use rayon::prelude::*;
use session::{Executor, Job};

use crate::present::progress::Progress;

/// So few pieces that starting a thread for them costs more than it gains.
const FEW: usize = 8;

/// Does a check that says how far it has come.
pub struct Check {
    /// Whether one piece is done after the other, in their order.
    pub in_order: bool,
}

impl<J: Job + Sync> Executor<J> for Check
where
    J::Output: Send,
{
    fn run(&self, job: &J) -> Vec<J::Output> {
        let progress = Progress::start("checking", job.pieces());
        if self.in_order || job.pieces() < FEW {
            (0..job.pieces()).map(|index| piece(job, index, &progress)).collect()
        } else {
            on_all_cores(job, &progress)
        }
    }
}

/// Does a part of a longer work.
pub struct Part<'a>(pub &'a Progress);

impl<J: Job + Sync> Executor<J> for Part<'_>
where
    J::Output: Send,
{
    fn run(&self, job: &J) -> Vec<J::Output> {
        on_all_cores(job, self.0)
    }
}

fn on_all_cores<J: Job + Sync>(job: &J, progress: &Progress) -> Vec<J::Output>
where
    J::Output: Send,
{
    (0..job.pieces()).into_par_iter().map(|index| piece(job, index, progress)).collect()
}

fn piece<J: Job>(job: &J, index: usize, progress: &Progress) -> J::Output {
    let output = job.piece(index);
    progress.step();
    output
}
