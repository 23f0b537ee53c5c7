//! The time that a run may take, and what is said of the checks that were not made because of it.

use std::env;
use std::time::Duration;

use engine::ModuleError;
use engine::report::{Judged, Unread};
use protocol::Verdict;
use sandbox::{Budget, Run, SwitchedOff};

use crate::present::output::count;

/// What a run may take in CI, where nobody watches it: a job that hangs holds a machine for hours.
const IN_CI: Duration = Duration::from_secs(300);

/// The budget of a run, by `--timeout`. Without it, there is an end only in CI.
pub fn of_run(timeout: Option<u64>) -> Budget {
    let is_ci = || env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    let time = match timeout {
        Some(0) => None,
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => is_ci().then_some(IN_CI),
    };
    Budget { time, ..Budget::default() }
}

/// Takes out the checks that were not made, and says each cause once: 10,000 objects would all say the same.
pub fn take_unfinished(run: &Run<'_>, budget: Budget, judged: &mut [Judged<'_>]) -> Vec<Unread> {
    let (mut unread, mut causes) = (Vec::new(), Vec::new());
    let mut say = |path: &str, reason: String| unread.push(Unread { path: path.into(), reason, is_failure: true });
    for SwitchedOff { module, refused } in run.switched_off() {
        if refused > 0 {
            let missed = budget.missed_deadlines;
            let skipped = count(usize::try_from(refused).unwrap_or(usize::MAX), "check");
            say(&module, format!("was switched off after {missed} missed deadlines: {skipped} not made"));
            causes.push(ModuleError::SwitchedOff(missed).to_string());
        }
    }
    if let (skipped @ 1.., Some(time)) = (run.out_of_time(), budget.time) {
        let skipped = count(usize::try_from(skipped).unwrap_or(usize::MAX), "check");
        say("--timeout", format!("ended the run after {} s: {skipped} not made", time.as_secs()));
        causes.push(ModuleError::RunTime(time).to_string());
    }
    for Judged { judgements, .. } in judged.iter_mut().filter(|_| !causes.is_empty()) {
        judgements.retain(|judgement| {
            let outcome = &judgement.outcome;
            outcome.verdict != Verdict::Error || outcome.reason.as_ref().is_none_or(|reason| !causes.contains(reason))
        });
    }
    unread
}
