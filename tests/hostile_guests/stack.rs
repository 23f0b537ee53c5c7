//! Deep recursion and every other trap are one rule's error.

use std::thread;

use engine::ModuleError;
use sandbox::Limits;

use crate::host::{Host, guest};

#[test]
fn a_trap_is_the_rules_error_and_says_which() {
    let host = Host::new(Limits::default());
    for (guest, why) in [
        (guest!("recursion"), "call stack exhausted"),
        (guest!("recursion_of_40000"), "call stack exhausted"),
        (guest!("unreachable"), "unreachable"),
        (guest!("divides_by_zero"), "divide by zero"),
        (guest!("reads_outside_memory"), "out of bounds memory access"),
        (guest!("calls_null"), "uninitialized element"),
    ] {
        match host.run(guest) {
            Err(ModuleError::Trap(cause)) => assert!(cause.contains(why), "{cause:?} does not say {why:?}"),
            other => panic!("{why}: {other:?}"),
        }
    }
}

#[test]
fn with_the_stack_lifted_the_same_recursion_ends_well() {
    let deep = || {
        let limits = Limits { stack_bytes: 2 << 20, ..Limits::default() };
        Host::new(limits).run(guest!("recursion_of_40000")).unwrap();
    };
    thread::Builder::new().stack_size(16 << 20).spawn(deep).unwrap().join().unwrap();
}
