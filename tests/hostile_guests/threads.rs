//! Hostile and good guests on many threads at once, more of them than there are slots.

use std::thread;
use std::time::Duration;

use engine::ModuleError;
use sandbox::Limits;

use crate::host::{Deny, Host, guest};

#[test]
fn more_threads_than_slots_each_get_their_own_answer() {
    let deadline = Duration::from_millis(20);
    let host = Host::with_slots(Limits { deadline, memory_bytes: 1 << 20, ..Limits::default() }, 3);
    let guests = ["loop_in_call", "grow_by_pages", "unreachable", "counts"].map(|name| {
        let text = match name {
            "loop_in_call" => guest!("loop_in_call"),
            "grow_by_pages" => guest!("grow_by_pages"),
            "unreachable" => guest!("unreachable"),
            _ => guest!("counts"),
        };
        host.load(text).unwrap()
    });
    thread::scope(|scope| {
        for thread in 0..8 {
            let (host, guests) = (&host, &guests);
            scope.spawn(move || {
                for round in 0..12 {
                    let which = (thread + round) % 4;
                    let answer = engine::Runtime::call(&host.sandbox, &guests[which], "validate", b"{}", &Deny);
                    match which {
                        0 => assert_eq!(answer, Err(ModuleError::Deadline(deadline))),
                        1 => assert_eq!(answer, Err(ModuleError::Memory(1 << 20))),
                        2 => assert!(matches!(answer, Err(ModuleError::Trap(_)))),
                        _ => assert_eq!(answer.unwrap().bytes, [1, 1, 1]),
                    }
                }
            });
        }
    });
    host.others_go_on();
}

#[test]
fn a_sandbox_and_its_modules_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<sandbox::Sandbox>();
    shared::<sandbox::Module>();
}
