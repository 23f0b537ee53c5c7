//! Memory and tables end at their caps, and the process does not grow beyond them.

use std::fs;

use engine::{ModuleError, RefusalError};
use sandbox::{Limits, LoadError};

use crate::host::{Host, guest, in_own_process};

const MIB: usize = 1 << 20;

fn host(memory_bytes: usize) -> Host {
    Host::new(Limits { memory_bytes, ..Limits::default() })
}

#[test]
fn memory_ends_at_its_cap_taken_at_once_or_by_pages() {
    let host = host(64 * MIB);
    for guest in [guest!("grow_at_once"), guest!("grow_by_pages")] {
        assert_eq!(host.run(guest), Err(ModuleError::Memory(64 * MIB)));
    }
}

#[test]
fn with_the_cap_lifted_the_same_guest_gets_its_memory() {
    assert!(host(128 * MIB).run(guest!("grow_at_once")).is_ok());
    assert_eq!(host(128 * MIB).run(guest!("grow_by_pages")), Err(ModuleError::Memory(128 * MIB)));
}

#[test]
fn a_guest_that_copes_with_a_denial_answers() {
    assert_eq!(host(64 * MIB).run(guest!("grow_and_cope")).unwrap().bytes, b"coped");
}

#[test]
fn a_module_that_starts_with_too_much_memory_is_refused() {
    let refused = host(64 * MIB).load(guest!("memory_too_large")).unwrap_err();
    assert_eq!(refused, LoadError::Memory { size: 64 << 20 | 64 << 10, limit: 64 * MIB });
    assert!(host(65 * MIB).run(guest!("memory_too_large")).is_ok());
}

#[test]
fn data_that_do_not_fit_are_a_trap() {
    assert!(matches!(host(64 * MIB).run(guest!("data_outside_memory")), Err(ModuleError::Trap(_))));
}

#[test]
fn several_memories_a_shared_one_or_a_64_bit_one_are_refused() {
    for memory in ["(memory 1)", "(memory 1 2 shared)", "(memory i64 1)"] {
        let exported = memory.replace("(memory", "(memory (export \"memory\")");
        let text = format!(
            "(module {exported} (memory 1) (func (export \"__guest_call\") (param i32 i32) (result i32) (i32.const 1)))"
        );
        // One memory too many for the first, each of the others wrong on its own.
        let text = if memory == "(memory 1)" { text } else { text.replace(" (memory 1) ", " ") };
        assert!(matches!(host(64 * MIB).load(&text), Err(LoadError::Refused(RefusalError::Invalid(_)))), "{memory}");
    }
}

#[test]
fn a_table_ends_at_its_cap() {
    let host = Host::new(Limits::default());
    assert!(matches!(host.run(guest!("table_grows")), Err(ModuleError::Resources(_))));
    assert!(matches!(host.load(guest!("table_too_large")), Err(LoadError::Tables(_))));
    let lifted = Host::new(Limits { table_elements: 1_000_001, ..Limits::default() });
    assert!(lifted.run(guest!("table_grows")).is_ok());
    assert!(lifted.load(guest!("table_too_large")).is_ok());
}

#[test]
fn tables_end_at_their_number() {
    let text = |count| {
        let tables = "(table 1 funcref)".repeat(count);
        format!(
            r#"(module (memory (export "memory") 1) {tables} (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 0)))"#
        )
    };
    let host = Host::new(Limits { tables: 4, ..Limits::default() });
    assert_eq!(host.run(&text(4)), Err(ModuleError::NoReply));
    assert!(matches!(host.load(&text(5)), Err(LoadError::Tables(_))));
    let lifted = Host::new(Limits { tables: 5, ..Limits::default() });
    assert_eq!(lifted.run(&text(5)), Err(ModuleError::NoReply));
}

/// By how many bytes memory bombs made this process larger, at its largest.
fn growth_over(bombs: usize, memory_bytes: usize) -> usize {
    let host = host(memory_bytes);
    let module = host.load(guest!("grow_by_pages")).unwrap();
    let before = resident("VmRSS:");
    for _ in 0..bombs {
        let bomb = host.call(&module, "validate", b"{}", &crate::host::Deny);
        assert_eq!(bomb, Err(ModuleError::Memory(memory_bytes)));
    }
    resident("VmHWM:").saturating_sub(before)
}

/// A line of this process's memory, in bytes.
pub fn resident(field: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_end_matches("kB").trim().parse::<usize>().unwrap() << 10
}

const CAP: usize = 16 * MIB;

#[test]
#[cfg(target_os = "linux")]
fn a_thousand_memory_bombs_in_a_row_cost_one_cap() {
    in_own_process("memory::a_thousand_memory_bombs_in_a_row_cost_one_cap", None, || {
        let grown = growth_over(1_000, CAP);
        assert!(grown < CAP / 10 * 11, "{grown}");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn with_the_cap_lifted_the_process_grows_beyond_it() {
    in_own_process("memory::with_the_cap_lifted_the_process_grows_beyond_it", None, || {
        let grown = growth_over(10, 2 * CAP);
        assert!(grown > CAP / 10 * 11, "{grown}");
    });
}
