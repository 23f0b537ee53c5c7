//! Estimates how hard a module is to compile, and refuses what would take for ever. Reads every instruction once.
//!
//! A module of 2 KiB can keep a good compiler busy for minutes: two hundred nested loops over two hundred variables did,
//! when this was written. Nearly all of that is the register allocator, whose time grows with the square of a function's
//! *merges*: its variables times the places where control meets. wasmtime has a second allocator, whose code is some 3
//! times slower, but whose time grows with the merges alone. So modules that look hard get that one, and on one thread, since
//! each function in the making takes memory. Rules in Rust have functions of 2,000 merges, large ones of 10,000; a
//! language's whole runtime was seen to have 1.7 million in one.

use wasmparser::{BlockType, FuncType, FunctionBody, Operator, Parser, Payload};

use crate::LoadError;
use crate::limits::CompileLimits;
use crate::screen::Types;

/// How a module is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// For fast code, on all cores.
    Full,
    /// For an end in sight, on one.
    Plain,
}

/// Squares of all functions' merges for which full effort ends within some 10 s of one core, whatever the code. Rules in
/// Rust have up to 4 billion, and take half a second.
const FULL_SQUARES: u64 = 5_000_000_000;

/// Operators of one function above which full effort takes too much memory.
const FULL_FUNCTION: u64 = 100_000;

/// Operators of all functions above which full effort takes too long.
const FULL_MODULE: u64 = 3_000_000;

/// Operators that an indirect call is worth.
const INDIRECT: u64 = 20;

/// How hard functions are.
#[derive(Default)]
struct Work {
    operators: u64,
    merges: u64,
}

/// The effort that a module can be compiled with.
pub(crate) fn estimate(wasm: &[u8], types: &Types, limits: &CompileLimits) -> Result<Effort, LoadError> {
    let mut all = Work::default();
    let (mut largest, mut squares) = (0, 0_u64);
    let mut index = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::CodeSectionStart { count, .. } => bound("functions", count.into(), limits.functions)?,
            Payload::CodeSectionEntry(body) => {
                let one = function(&body, types.defined(index)?, types)?;
                index += 1;
                bound("operators in a function", one.operators, limits.function_operators)?;
                bound("merges in a function", one.merges, limits.function_merges)?;
                all.operators = all.operators.saturating_add(one.operators);
                all.merges = all.merges.saturating_add(one.merges);
                largest = one.operators.max(largest);
                squares = squares.saturating_add(one.merges.saturating_mul(one.merges));
            }
            _ => {}
        }
    }
    // Each type that is declared may get a trampoline, through which the host is called.
    for ty in types.all_declared() {
        bound("values in a signature", arity(ty), limits.signature_values)?;
        all.operators = all.operators.saturating_add(trampoline(ty));
    }
    bound("operators", all.operators, limits.operators)?;
    bound("merges", all.merges, limits.merges)?;
    let full = squares <= FULL_SQUARES && largest <= FULL_FUNCTION && all.operators <= FULL_MODULE;
    Ok(if full { Effort::Full } else { Effort::Plain })
}

fn function(body: &FunctionBody<'_>, ty: &FuncType, types: &Types) -> Result<Work, LoadError> {
    let mut variables = ty.params().len() as u64;
    for local in body.get_locals_reader()? {
        variables = variables.saturating_add(local?.0.into());
    }
    // The values that a branch may carry along are variables too.
    let mut carried = arity(ty);
    // Values are taken from where a caller left them, and given back; and once more in the function's trampoline, through
    // which the host calls it.
    let (mut operators, mut targets) = (2 * trampoline(ty), 1_u64);
    for operator in body.get_operators_reader()? {
        let (operator, mut block) = (operator?, None);
        operators += 1;
        match &operator {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                block = Some(*blockty)
            }
            Operator::BrIf { .. } => targets += 1,
            Operator::BrTable { targets: table } => targets += u64::from(table.len()) + 1,
            // A call of two bytes may take a thousand values and give as many.
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                operators += arity(types.function(*function_index)?);
            }
            Operator::CallIndirect { type_index, .. } | Operator::ReturnCallIndirect { type_index, .. } => {
                // What is called is looked for, made if it is not there, and its type compared: that branches.
                operators += arity(types.declared(*type_index)?) + INDIRECT;
                targets += 2;
            }
            _ => {}
        }
        if let Some(block) = block {
            targets += 1;
            carried = carried.max(match block {
                BlockType::Empty => 0,
                BlockType::Type(_) => 1,
                BlockType::FuncType(index) => arity(types.declared(index)?),
            });
        }
    }
    Ok(Work { operators, merges: variables.saturating_add(carried).saturating_mul(targets) })
}

/// A trampoline's operators. A value is moved several times, and each trampoline is a function to the compiler.
fn trampoline(ty: &FuncType) -> u64 {
    4 * arity(ty) + 15
}

fn arity(ty: &FuncType) -> u64 {
    (ty.params().len() + ty.results().len()) as u64
}

fn bound(what: &'static str, found: u64, limit: u64) -> Result<(), LoadError> {
    if found > limit { Err(LoadError::TooComplex { what, found, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, screen};

    fn effort(function: &str) -> Result<Effort, LoadError> {
        let text = format!(
            r#"(module
                 (type $wide (func (param i64 i64 i64 i64) (result i64 i64 i64 i64)))
                 (import "wapc" "__guest_response" (func (param i32 i32)))
                 (memory (export "memory") 1)
                 (func (export "__guest_call") (param i32 i32) (result i32) {function} (i32.const 1))
                 (func $wide (type $wide) (local.get 0) (local.get 1) (local.get 2) (local.get 3))
                 (@custom "io.kubewarden.metadata" "{{\"protocolVersion\":\"v1\"}}"))"#
        );
        let wasm = wat::parse_str(text).unwrap();
        let limits = CompileLimits { function_operators: 200_000, ..CompileLimits::default() };
        let outside = screen::outside(&wasm, &Limits::default()).unwrap();
        estimate(&wasm, &outside.types, &limits)
    }

    fn loops(nested: usize, variables: usize) -> String {
        format!("(local {}) {} {}", "i32 ".repeat(variables), "(loop ".repeat(nested), ")".repeat(nested))
    }

    #[test]
    fn what_looks_easy_gets_full_effort_and_what_looks_hard_does_not() {
        assert_eq!(effort("").unwrap(), Effort::Full);
        assert_eq!(effort(&loops(100, 100)).unwrap(), Effort::Full);
        assert_eq!(effort(&loops(300, 300)).unwrap(), Effort::Plain);
        assert_eq!(effort(&"(drop (i32.const 1))".repeat(60_000)).unwrap(), Effort::Plain);
    }

    #[test]
    fn what_would_take_for_ever_is_refused() {
        let Err(LoadError::TooComplex { what, limit, .. }) = effort(&loops(1_500, 1_500)) else { panic!("accepted") };
        assert_eq!((what, limit), ("merges in a function", 2_000_000));
        let Err(LoadError::TooComplex { what, .. }) = effort(&"(drop (i32.const 1))".repeat(100_001)) else {
            panic!("accepted")
        };
        assert_eq!(what, "operators in a function");
    }

    #[test]
    fn values_that_calls_and_blocks_carry_count() {
        let four = "(i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)";
        let drops = "(drop) (drop) (drop) (drop)";
        let calls = format!("{four} {} {drops}", "(call $wide)".repeat(30_000));
        assert!(matches!(effort(&calls), Err(LoadError::TooComplex { what: "operators in a function", .. })));
        let blocks = |ty: &str, values: &str, drops: &str| {
            effort(&format!("(local {}) {values} {} {drops}", "i32 ".repeat(96), format!("(block {ty})").repeat(695)))
        };
        assert_eq!(blocks("", "", "").unwrap(), Effort::Full);
        assert_eq!(blocks("(type $wide)", four, drops).unwrap(), Effort::Plain);
    }
}
