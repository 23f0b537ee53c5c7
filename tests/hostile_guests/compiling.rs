//! A module that would keep the compiler busy is compiled the plain way, or refused.
//!
//! With the estimate off, the first guest here takes the optimising register allocator 5 to 10 s on this code's first machine,
//! and one of 500 loops over 500 variables was stopped after four minutes: too long for a test to watch.

use std::time::Duration;

use sandbox::{CompileLimits, Limits, LoadError};

use crate::host::{Host, guest};

/// Nested loops, each of which may change each of some variables.
fn loops(nested: usize, variables: usize) -> String {
    let changes: String =
        (2..variables + 2).map(|at| format!("(local.set {at} (i32.add (local.get {at}) (i32.const 1)))")).collect();
    format!(
        r#"(module (memory (export "memory") 1)
             (func (export "__guest_call") (param i32 i32) (result i32) (local {})
               {} {changes} {}
               (local.get 2)))"#,
        "i32 ".repeat(variables),
        "(loop ".repeat(nested),
        "(br_if 0 (local.get 0)) )".repeat(nested),
    )
}

fn host(compile: CompileLimits) -> Host {
    Host::new(Limits { compile, ..Limits::default() })
}

#[test]
fn a_small_module_that_is_hard_to_compile_is_compiled_the_plain_way() {
    assert!(host(CompileLimits::default()).load(&loops(200, 200)).is_ok());
}

#[test]
fn a_module_that_would_take_for_ever_is_refused_and_says_why() {
    let refused = host(CompileLimits::default()).load(&loops(1_500, 1_500)).unwrap_err();
    assert!(matches!(refused, LoadError::TooComplex { what: "merges in a function", .. }), "{refused}");
}

#[test]
fn each_bound_is_what_refuses() {
    let usual = CompileLimits::default();
    for (strict, what) in [
        (CompileLimits { functions: 0, ..usual }, "functions"),
        (CompileLimits { signature_values: 2, ..usual }, "values in a signature"),
        (CompileLimits { function_operators: 300, ..usual }, "operators in a function"),
        (CompileLimits { operators: 300, ..usual }, "operators"),
        (CompileLimits { function_merges: 5_000, ..usual }, "merges in a function"),
        (CompileLimits { merges: 5_000, ..usual }, "merges"),
    ] {
        let sandbox = sandbox::Sandbox::new(Limits { compile: strict, ..Limits::default() }, 1).unwrap();
        match sandbox.load("loops", &crate::host::assemble(&loops(60, 60))) {
            Err(LoadError::TooComplex { what: named, .. }) => assert_eq!(named, what),
            other => panic!("{what}: {other:?}"),
        }
    }
    assert!(host(usual).load(&loops(60, 60)).is_ok());
}

#[test]
fn compiling_ends_with_its_time() {
    let time = Duration::from_millis(1);
    let limits = Limits { compile: CompileLimits { time, ..CompileLimits::default() }, ..Limits::default() };
    let sandbox = sandbox::Sandbox::new(limits, 1).unwrap();
    let hard = crate::host::assemble(&loops(300, 300));
    assert_eq!(sandbox.load("loops", &hard).unwrap_err(), LoadError::CompileTime(time));
    assert!(host(CompileLimits::default()).load(guest!("good")).is_ok());
}
