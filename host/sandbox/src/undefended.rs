//! What a hostile guest could do if a defence were down. For tests, which must see each fault get through to know that the
//! defence is what stops it.
//!
//! Most defences are [`Limits`](crate::Limits): lifted, they are down. What is left is here. The checks of pointers have no
//! such door, since behind them lies undefined behaviour.

use engine::{HostCalls, ModuleError};

use crate::evaluation::Evaluation;
use crate::state::Request;
use crate::{Limits, LoadError, Module, Sandbox, effort, screen};

/// Whether a module may be compiled, without doing so.
///
/// # Errors
/// As [`Sandbox::load`], but for what only the compiler would say.
pub fn estimate(wasm: &[u8], limits: &Limits) -> Result<(), LoadError> {
    let outside = screen::outside(wasm, limits)?;
    effort::estimate(wasm, &outside.types, &limits.compile).map(|_| ())
}

/// Asks one and the same instance twice: what it kept from the first time, it has the second.
///
/// # Errors
/// As [`Runtime::call`](engine::Runtime::call).
pub fn ask_twice(
    sandbox: &Sandbox,
    module: &Module,
    operation: &str,
    payload: &[u8],
    host: &dyn HostCalls,
) -> Result<[Vec<u8>; 2], ModuleError> {
    let request = Request { operation, payload, host };
    sandbox.ticker()?;
    let mut evaluation = Evaluation::begin(&sandbox.engine, sandbox.limits, sandbox.linked(module)?, request)?;
    Ok([evaluation.ask()?, evaluation.ask()?])
}
