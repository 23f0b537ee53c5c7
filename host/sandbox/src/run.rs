//! One run of many evaluations: it ends at a moment, and a module that keeps missing its deadline is switched off for the
//! rest of it. What a run is, a command or a request, the caller knows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::{HostCalls, ModuleError, Reply, Runtime};

use crate::module::Module;
use crate::state::Request;
use crate::{Limits, Sandbox};

/// What a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Wall time of the whole run. Default: no end.
    pub time: Option<Duration>,
    /// How often one module may miss its deadline before it is switched off. Default 3.
    pub missed_deadlines: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { time: None, missed_deadlines: 3 }
    }
}

/// A [`Sandbox`] within a [`Budget`], from [`Sandbox::run_within`].
pub struct Run<'a> {
    sandbox: &'a Sandbox,
    budget: Budget,
    end: Option<Instant>,
    /// Modules that missed their deadline. Nearly always the map is empty, and no thread takes the lock.
    late: Mutex<BTreeMap<String, Late>>,
    any_late: AtomicU32,
    out_of_time: AtomicU64,
}

#[derive(Clone, Copy, Default)]
struct Late {
    missed: u32,
    refused: u64,
}

/// A module that was switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchedOff {
    /// Its name.
    pub module: String,
    /// How often it was not asked since.
    pub refused: u64,
}

impl Sandbox {
    /// This sandbox for one run, whose time begins now.
    #[must_use]
    pub fn run_within(&self, budget: Budget) -> Run<'_> {
        Run {
            sandbox: self,
            budget,
            // A time that no clock can reach sets no limit.
            end: budget.time.and_then(|time| Instant::now().checked_add(time)),
            late: Mutex::default(),
            any_late: AtomicU32::new(0),
            out_of_time: AtomicU64::new(0),
        }
    }
}

impl Run<'_> {
    /// The modules that were switched off, by name.
    #[must_use]
    pub fn switched_off(&self) -> Vec<SwitchedOff> {
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let off = late.iter().filter(|(_, late)| late.missed >= self.budget.missed_deadlines);
        off.map(|(module, late)| SwitchedOff { module: module.clone(), refused: late.refused }).collect()
    }

    /// How many evaluations did not happen, or were stopped, because the run's time was over.
    #[must_use]
    pub fn out_of_time(&self) -> u64 {
        self.out_of_time.load(Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }

    fn over(&self) -> ModuleError {
        self.out_of_time.fetch_add(1, Ordering::Relaxed);
        ModuleError::RunTime(self.budget.time.unwrap_or_default())
    }

    /// Refuses a module that is switched off.
    fn check_late(&self, module: &Module) -> Result<(), ModuleError> {
        if self.any_late.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        match late.get_mut(module.name()) {
            Some(late) if late.missed >= self.budget.missed_deadlines => {
                late.refused += 1;
                // Threads may have missed more by now; all say the same.
                Err(ModuleError::SwitchedOff(self.budget.missed_deadlines))
            }
            _ => Ok(()),
        }
    }

    fn missed(&self, module: &Module) {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.entry(module.name().to_owned()).or_default().missed += 1;
        self.any_late.store(1, Ordering::Relaxed);
    }
}

impl Runtime for Run<'_> {
    type Module = Module;

    fn call(
        &self,
        module: &Module,
        operation: &str,
        payload: &[u8],
        host: &dyn HostCalls,
    ) -> Result<Reply, ModuleError> {
        if self.is_over() {
            return Err(self.over());
        }
        self.check_late(module)?;
        let limits = || match self.end {
            Some(end) => Limits { deadline: left_until(self.sandbox.limits.deadline, end), ..self.sandbox.limits },
            None => self.sandbox.limits,
        };
        let answer = self.sandbox.run(limits, module, Request { operation, payload, host });
        match answer {
            // The run's end is nobody's fault.
            Err(cause) if cause.is_deadline() && self.is_over() => Err(self.over()),
            Err(cause) if cause.is_deadline() => {
                self.missed(module);
                Err(cause)
            }
            answer => answer,
        }
    }
}

/// The shorter of a limit and what is left until a moment.
fn left_until(limit: Duration, moment: Instant) -> Duration {
    limit.min(moment.saturating_duration_since(Instant::now()))
}
