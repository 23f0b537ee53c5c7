//! Where the address space is limited, fewer run at once; never none.
#![cfg(target_os = "linux")]

use engine::ModuleError;
use sandbox::Limits;

use crate::host::{Host, guest, in_own_process};

fn goes_on(slots: usize) -> Host {
    let host = Host::with_slots(Limits::default(), slots);
    assert_eq!(host.run(guest!("grow_by_pages")), Err(ModuleError::Memory(64 << 20)));
    assert!(matches!(host.run(guest!("reads_outside_memory")), Err(ModuleError::Trap(_))));
    host
}

#[test]
fn in_8_gb_one_guest_runs_at_a_time() {
    in_own_process("address_space::in_8_gb_one_guest_runs_at_a_time", Some(8_000_000), || {
        let host = goes_on(64);
        assert_eq!(host.sandbox.slots(), 1);
        assert!(host.sandbox.shortage().unwrap().contains("1 rules run at once instead of 64"));
    });
}

#[test]
fn in_3_gb_memories_are_compact() {
    in_own_process("address_space::in_3_gb_memories_are_compact", Some(3_000_000), || {
        let host = goes_on(4);
        assert_eq!(host.sandbox.slots(), 4);
        assert!(host.sandbox.shortage().unwrap().contains("compiled anew"));
    });
}

#[test]
fn where_there_is_room_there_is_no_shortage() {
    in_own_process("address_space::where_there_is_room_there_is_no_shortage", None, || {
        let host = goes_on(64);
        assert_eq!((host.sandbox.slots(), host.sandbox.shortage()), (64, None));
    });
}
