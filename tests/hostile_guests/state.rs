//! Nothing survives an evaluation.

use sandbox::{Limits, undefended};

use crate::host::{Deny, Host, guest};

#[test]
fn each_evaluation_is_the_first() {
    let host = Host::new(Limits::default());
    let module = host.load(guest!("counts")).unwrap();
    for _ in 0..20 {
        assert_eq!(host.call(&module, "validate", b"{}", &Deny).unwrap().bytes, [1, 1, 1]);
    }
}

#[test]
fn in_one_instance_a_second_evaluation_would_see_the_first() {
    let host = Host::new(Limits::default());
    let module = host.load(guest!("counts")).unwrap();
    let asked = undefended::ask_twice(&host.sandbox, &module, "validate", b"{}", &Deny).unwrap();
    assert_eq!(asked, [[1, 1, 1], [2, 2, 2]]);
}

#[test]
fn memory_is_all_zeros_whoever_had_the_slot_before() {
    // One slot, which each in turn must take.
    let host = Host::with_slots(Limits::default(), 1);
    let soils = host.load(guest!("soils")).unwrap();
    let probes = host.load(guest!("probes")).unwrap();
    for _ in 0..20 {
        host.sandbox_call(&soils);
        assert_eq!(host.sandbox_call(&probes), b"");
    }
}

#[test]
fn memory_that_another_guest_filled_has_its_own_image_again() {
    let host = Host::with_slots(Limits::default(), 1);
    let soils = host.load(guest!("soils")).unwrap();
    // The probe with an image: it finds its own bytes, and no others before them.
    let text = guest!("probes").replace("(memory (export", "(data (i32.const 0x8000) \"my bytes\") (memory (export");
    let probes = host.load(&text).unwrap();
    for _ in 0..20 {
        host.sandbox_call(&soils);
        assert_eq!(host.sandbox_call(&probes), b"my bytes");
    }
}

impl Host {
    /// Without the good guest in between, which would take the slot.
    fn sandbox_call(&self, module: &sandbox::Module) -> Vec<u8> {
        engine::Runtime::call(&self.sandbox, module, "validate", b"{}", &Deny).unwrap().bytes
    }
}
