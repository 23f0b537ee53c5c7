//! Every pointer and every length of every import, at all edges: inside the guest's memory, or a trap.
//!
//! There is no run with this defence off: behind a slice that is not checked lies undefined behaviour. That the check is what
//! traps is seen from the other side: the same guest with the same import goes on wherever the slice does lie in its memory.

use engine::{CallError, HostCall, HostCalls, ModuleError};
use sandbox::Limits;

use crate::host::Host;

/// The guest's memory, in bytes.
const MEMORY: u64 = 0x1_0000;

const EDGES: [u32; 16] = [
    0,
    1,
    7,
    8,
    0xfff8,
    0xfffe,
    0xffff,
    0x1_0000,
    0x1_0001,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_0000,
    0xffff_fff8,
    0xffff_fffe,
    0xffff_ffff,
];

/// A place in an import's parameters where a slice is named.
#[derive(Clone, Copy)]
enum Slice {
    /// A pointer, and a length in the parameter after it.
    Measured(usize),
    /// A pointer to so many bytes.
    Fixed(usize, u64),
    /// A pointer, and a number of pairs of 8 bytes in the parameter after it.
    Pairs(usize),
}

impl Slice {
    fn parameters(self) -> Vec<usize> {
        match self {
            Self::Measured(at) | Self::Pairs(at) => vec![at, at + 1],
            Self::Fixed(at, _) => vec![at],
        }
    }

    fn lies_in_memory(self, arguments: &[u32]) -> bool {
        let argument = |at: usize| u64::from(arguments[at]);
        let (at, size) = match self {
            Self::Measured(at) => (at, argument(at + 1)),
            Self::Fixed(at, size) => (at, size),
            Self::Pairs(at) => (at, argument(at + 1) * 8),
        };
        argument(at) + size <= MEMORY
    }
}

/// An import, good arguments for it, and where slices are among them.
struct Import {
    module: &'static str,
    name: &'static str,
    result: bool,
    arguments: &'static [u32],
    slices: &'static [Slice],
}

const WASI: &str = "wasi_snapshot_preview1";

#[rustfmt::skip]
const IMPORTS: [Import; 14] = [
    Import { module: "wapc", name: "__guest_request", result: false, arguments: &[0, 0x100], slices: &[Slice::Fixed(0, 8), Slice::Fixed(1, PAYLOAD)] },
    Import { module: "wapc", name: "__guest_response", result: false, arguments: &[0, 1], slices: &[Slice::Measured(0)] },
    Import { module: "wapc", name: "__guest_error", result: false, arguments: &[0, 1], slices: &[Slice::Measured(0)] },
    Import { module: "wapc", name: "__console_log", result: false, arguments: &[0, 1], slices: &[Slice::Measured(0)] },
    Import { module: "wapc", name: "__host_call", result: true, arguments: &[0x4000, 1, 0x4000, 1, 0x4000, 1, 0x4000, 1],
             slices: &[Slice::Measured(0), Slice::Measured(2), Slice::Measured(4), Slice::Measured(6)] },
    Import { module: "wapc", name: "__host_response", result: false, arguments: &[0], slices: &[Slice::Fixed(0, ANSWER.len() as u64)] },
    Import { module: "wapc", name: "__host_error", result: false, arguments: &[0], slices: &[Slice::Fixed(0, 0)] },
    Import { module: WASI, name: "args_sizes_get", result: true, arguments: &[0, 0], slices: &[Slice::Fixed(0, 4), Slice::Fixed(1, 4)] },
    Import { module: WASI, name: "environ_sizes_get", result: true, arguments: &[0, 0], slices: &[Slice::Fixed(0, 4), Slice::Fixed(1, 4)] },
    Import { module: WASI, name: "args_get", result: true, arguments: &[0, 0], slices: &[] },
    Import { module: WASI, name: "environ_get", result: true, arguments: &[0, 0], slices: &[] },
    Import { module: WASI, name: "clock_res_get", result: true, arguments: &[0, 0], slices: &[Slice::Fixed(1, 8)] },
    Import { module: WASI, name: "random_get", result: true, arguments: &[0, 1], slices: &[Slice::Measured(0)] },
    // Vectors in memory that is all zeros name slices of no bytes.
    Import { module: WASI, name: "fd_write", result: true, arguments: &[1, 0x4000, 1, 0x100], slices: &[Slice::Pairs(1), Slice::Fixed(3, 4)] },
];

/// Bytes of the payload: eight arguments.
const PAYLOAD: u64 = 32;

const ANSWER: &[u8] = b"an answer of the host";

/// Answers every look-up.
struct Answer;

impl HostCalls for Answer {
    fn call(&self, _: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        Ok(ANSWER.to_vec())
    }
}

impl Import {
    /// A guest that takes the import's arguments from its payload, after one look-up.
    fn guest(&self) -> String {
        let parameters = "i32 ".repeat(self.arguments.len());
        let result = if self.result { "(result i32)" } else { "" };
        let arguments: String =
            (0..self.arguments.len()).map(|at| format!("(i32.load (i32.const {}))", 0x8000 + 4 * at)).collect();
        let drop = if self.result { "(drop)" } else { "" };
        format!(
            r#"(module
                 (import "{}" "{}" (func $import (param {parameters}) {result}))
                 (import "wapc" "__guest_request" (func $request (param i32 i32)))
                 (import "wapc" "__guest_response" (func $response (param i32 i32)))
                 (import "wapc" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
                 (memory (export "memory") 1)
                 (func (export "__guest_call") (param i32 i32) (result i32)
                   (call $request (i32.const 0x7000) (i32.const 0x8000))
                   (drop (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                     (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
                   (call $import {arguments}) {drop}
                   (call $response (i32.const 0) (i32.const 0))
                   (i32.const 1)))"#,
            self.module, self.name,
        )
    }
}

#[test]
fn a_slice_of_any_import_lies_in_memory_or_is_a_trap() {
    let host = Host::new(Limits::default());
    for import in &IMPORTS {
        let module = host.load(&import.guest()).unwrap();
        let (mut inside, mut outside) = (0, 0);
        let mut check = |arguments: &[u32]| {
            let mut payload = arguments.iter().flat_map(|argument| argument.to_le_bytes()).collect::<Vec<_>>();
            payload.resize(PAYLOAD as usize, 0);
            let fits = import.slices.iter().all(|slice| slice.lies_in_memory(arguments));
            match host.call(&module, "validate", &payload, &Answer) {
                Ok(_) if fits => inside += 1,
                // A slice inside may still say what is no text.
                Err(ModuleError::Trap(cause)) if fits => {
                    assert!(cause.contains("utf-8"), "{} {arguments:?}: {cause}", import.name)
                }
                Err(ModuleError::Trap(cause)) if cause.contains("do not lie in its memory") => outside += 1,
                other => panic!("{} {arguments:?}, inside {fits}: {other:?}", import.name),
            }
        };
        check(import.arguments);
        for slice in import.slices {
            let at = slice.parameters();
            for pointer in EDGES {
                let mut arguments = import.arguments.to_vec();
                arguments[at[0]] = pointer;
                check(&arguments);
                for length in EDGES {
                    if let Some(at) = at.get(1) {
                        arguments[*at] = length;
                        check(&arguments);
                    }
                }
            }
        }
        assert!(inside > 0, "{}", import.name);
        assert!(import.slices.is_empty() || outside > 0, "{}", import.name);
    }
}

#[test]
fn vectors_that_name_slices_outside_memory_are_a_trap() {
    let host = Host::new(Limits::default());
    for pointer in EDGES {
        for length in EDGES {
            let text = format!(
                r#"(module
                     (import "wapc" "__guest_response" (func $response (param i32 i32)))
                     (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
                     (memory (export "memory") 1)
                     (func (export "__guest_call") (param i32 i32) (result i32)
                       (i32.store (i32.const 0) (i32.const {pointer}))
                       (i32.store (i32.const 4) (i32.const {length}))
                       (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                       (call $response (i32.const 0) (i32.const 0))
                       (i32.const 1)))"#
            );
            let fits = u64::from(pointer) + u64::from(length) <= MEMORY;
            match host.run(&text) {
                Ok(_) if fits => {}
                Err(ModuleError::Trap(_)) if !fits => {}
                other => panic!("{pointer} {length}: {other:?}"),
            }
        }
    }
}

#[test]
fn the_clock_of_wasi_is_checked_too() {
    let host = Host::new(Limits::default());
    for pointer in EDGES {
        let text = format!(
            r#"(module
                 (import "wapc" "__guest_response" (func $response (param i32 i32)))
                 (import "{WASI}" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
                 (memory (export "memory") 1)
                 (func (export "__guest_call") (param i32 i32) (result i32)
                   (drop (call $clock (i32.const 0) (i64.const 0) (i32.const {pointer})))
                   (call $response (i32.const 0) (i32.const 0))
                   (i32.const 1)))"#
        );
        assert_eq!(host.run(&text).is_ok(), u64::from(pointer) + 8 <= MEMORY, "{pointer}");
    }
}
