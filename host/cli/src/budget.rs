//! The time that a run may take, and what is said of the checks that were not made because of it.

use std::time::Duration;

use engine::report::Unread;
use engine::{Judgement, ModuleError};
use protocol::Verdict;
use sandbox::{Budget, Run, SwitchedOff};

use crate::present::output::{count, is_ci};

/// What a run may take in CI, where nobody watches it: a job that hangs holds a machine for hours.
const IN_CI: Duration = Duration::from_secs(300);

/// The budget of a run, by `--timeout`. Without it, there is an end only in CI.
pub fn of_run(timeout: Option<u64>) -> Budget {
    let time = match timeout {
        Some(0) => None,
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => is_ci().then_some(IN_CI),
    };
    Budget { time, ..Budget::default() }
}

/// The checks that were not made, told once for each cause: 10,000 objects would all say the same.
pub struct Unfinished {
    pub unread: Vec<Unread>,
    /// What the judgements of such checks say.
    causes: Vec<String>,
}

impl Unfinished {
    /// Of a run, as far as it has come.
    pub fn of(run: &Run<'_>, budget: Budget) -> Self {
        let (mut unread, mut causes) = (Vec::new(), Vec::new());
        let mut say = |path: &str, reason: String| unread.push(Unread { path: path.into(), reason, is_failure: true });
        for SwitchedOff { module, refused } in run.switched_off() {
            if refused > 0 {
                let missed = budget.missed_deadlines;
                let skipped = count(usize::try_from(refused).unwrap_or(usize::MAX), "check");
                say(&module, format!("was switched off after {missed} missed deadlines: {skipped} did not run"));
                causes.push(ModuleError::SwitchedOff(missed).to_string());
            }
        }
        if let (skipped @ 1.., Some(time)) = (run.out_of_time(), budget.time) {
            let skipped = count(usize::try_from(skipped).unwrap_or(usize::MAX), "check");
            say("--timeout", format!("ended the run after {} s: {skipped} did not run", time.as_secs()));
            causes.push(ModuleError::RunTime(time).to_string());
        }
        Self { unread, causes }
    }

    /// Takes out of what rules said what was not checked.
    pub fn take_from(&self, judgements: &mut Vec<Judgement>) {
        if self.causes.is_empty() {
            return;
        }
        judgements.retain(|Judgement { outcome, .. }| {
            let is_unfinished = |reason: &String| self.causes.contains(reason);
            outcome.verdict != Verdict::Error || !outcome.reason.as_ref().is_some_and(is_unfinished)
        });
    }
}
