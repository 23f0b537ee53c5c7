//! Small modules that would cost much to compile, each of one kind, as large as the estimate lets through: what is let
//! through ends within the time and memory that the defaults promise.

use std::time::{Duration, Instant};

use sandbox::{CompileLimits, Limits, LoadError, undefended};

use crate::host::{Host, assemble, in_own_process};
use crate::memory::resident;

/// A module with these fields that would be a policy.
fn module(fields: &str) -> Vec<u8> {
    assemble(&format!(
        r#"(module {fields} (memory (export "memory") 1)
             (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))"#
    ))
}

fn each(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

/// So many functions of a type with so many values, each of which may be called from outside.
fn wide(count: usize, width: usize, values: &str, body: &str) -> Vec<u8> {
    let names = each(count, |number| format!("$f{number} "));
    let functions = each(count, |number| format!("(func $f{number} (type $wide) {body})"));
    let values = format!("{values} {}", "i64 ".repeat(width));
    module(&format!("(type $wide (func ({values}))) {functions} (elem declare func {names})"))
}

/// So many operators, in functions of some ten thousand.
fn straight(count: usize, operators: usize, text: &str) -> Vec<u8> {
    let body = text.repeat(10_000 / operators);
    module(&format!(
        "(table 1 funcref) (type $call (func (param i64 i64) (result i64))) {}",
        format!("(func (local $a i64) (local $b i64) (local $v v128) {body})").repeat(count / 10_000)
    ))
}

/// Types of so many values, each another one.
fn types(count: usize, width: usize) -> Vec<u8> {
    let one = |number: usize| {
        let bits = (0..16).map(|bit| if number >> bit & 1 == 1 { "i32 " } else { "i64 " });
        format!("(type (func (param {}{})))", bits.collect::<String>(), "i64 ".repeat(width - 16))
    };
    module(&each(count, one))
}

type Bomb = (&'static str, fn(usize) -> Vec<u8>);

/// What costs much to compile, by how much of it there is.
const BOMBS: [Bomb; 7] = [
    ("wide parameters", |count| wide(count / 100, 100, "param", "")),
    ("wide results", |count| wide(count / 100, 100, "result", "unreachable")),
    ("wide types", |count| types(count / 100, 100)),
    ("functions", |count| module(&"(func)".repeat(count / 50))),
    ("stores", |count| straight(count, 3, "(i64.store (i32.const 8) (local.get $a))")),
    ("indirect calls", |count| {
        let call = "(local.set $a (call_indirect (type $call) (local.get $a) (local.get $b) (i32.const 0)))";
        straight(count, 8, call)
    }),
    ("loops", |count| {
        let function = format!("(func (local {}) {}{})", "i32 ".repeat(400), "(loop ".repeat(400), ")".repeat(400));
        module(&function.repeat(count / 40_000))
    }),
];

/// The largest of a kind that the estimate lets through, to a quarter.
fn largest((name, make): Bomb, limits: &Limits) -> Vec<u8> {
    let mut count = 100_000;
    let mut taken = make(count);
    assert_eq!(undefended::estimate(&taken, limits), Ok(()), "{name}");
    loop {
        count += count / 4;
        let larger = make(count);
        match undefended::estimate(&larger, limits) {
            Ok(()) => taken = larger,
            Err(LoadError::TooComplex { .. }) => return taken,
            Err(other) => panic!("{name}: {other}"),
        }
    }
}

/// One after the other in one process: what an abandoned compiler goes on to take counts as well.
#[test]
#[cfg(target_os = "linux")]
fn whatever_is_let_through_ends_in_time_and_memory() {
    in_own_process("bombs::whatever_is_let_through_ends_in_time_and_memory", None, || {
        let limits = Limits::default();
        let host = Host::new(limits);
        for bomb in BOMBS {
            let wasm = largest(bomb, &limits);
            // The peak is this one's alone.
            std::fs::write("/proc/self/clear_refs", "5").unwrap();
            let (before, started) = (resident("VmRSS:"), Instant::now());
            let loaded = host.load_bytes(&wasm).map(|_| ());
            let (took, grown) = (started.elapsed(), resident("VmHWM:").saturating_sub(before));
            println!("{}: {} KiB, {took:?}, {} MiB, {loaded:?}", bomb.0, wasm.len() >> 10, grown >> 20);
            assert!(took < limits.compile.time + Duration::from_secs(5), "{}: {took:?}", bomb.0);
            assert!(grown < 512 << 20, "{}: {} MiB", bomb.0, grown >> 20);
            assert!(matches!(loaded, Ok(()) | Err(LoadError::CompileTime(_))), "{}: {loaded:?}", bomb.0);
        }
    });
}

#[test]
fn a_small_module_of_wide_signatures_is_refused_and_would_take_long() {
    let wasm = wide(10_000, 1_000, "param", "");
    assert!(wasm.len() < 200 << 10, "{}", wasm.len());
    let limits = Limits::default();
    let wide = undefended::estimate(&wasm, &limits).unwrap_err();
    assert!(matches!(wide, LoadError::TooComplex { what: "values in a signature", .. }), "{wide}");
    // They count in sum as well.
    let compile = CompileLimits { signature_values: 2_000, ..limits.compile };
    let many = undefended::estimate(&wasm, &Limits { compile, ..limits }).unwrap_err();
    assert!(matches!(many, LoadError::TooComplex { what: "operators", .. }), "{many}");
}

#[test]
fn with_the_defence_down_wide_signatures_are_compiled_into_megabytes() {
    let time = Duration::from_secs(60);
    let compile = CompileLimits { signature_values: 2_000, operators: u64::MAX, time, ..CompileLimits::default() };
    let sandbox = sandbox::Sandbox::new(Limits { compile, ..Limits::default() }, 1).unwrap();
    let wasm = wide(300, 1_000, "param", "");
    let code = sandbox.precompile(&wasm).unwrap();
    assert!(code.len() > 1_000 * wasm.len(), "{} of {}", code.len(), wasm.len());
}
