//! How a guest comes up, and what it finds: waPC's start functions, and a WASI with nothing in it.

use engine::ModuleError;
use sandbox::Limits;

use crate::host::{Host, guest};

#[test]
fn start_functions_are_called_once_and_in_order() {
    let reply = Host::new(Limits::default()).run(guest!("starts")).unwrap();
    assert_eq!(reply.log, "n\ni\ns\nw\n");
}

#[test]
fn a_command_that_exits_well_goes_on_and_one_that_does_not_does_not() {
    let host = Host::new(Limits::default());
    assert!(host.run(guest!("exits_with_0")).is_ok());
    assert_eq!(host.run(guest!("exits_with_3")), Err(ModuleError::Trap("it exited with code 3".into())));
    assert_eq!(host.run(guest!("exits_in_call")), Err(ModuleError::Trap("it exited with code 0".into())));
}

#[test]
fn wasi_has_nothing_in_it_and_is_the_same_each_time() {
    let host = Host::new(Limits::default());
    let told = host.run(guest!("asks_wasi")).unwrap().bytes;
    assert_eq!(told, host.run(guest!("asks_wasi")).unwrap().bytes);
    assert_eq!(told[..16], [0; 16], "arguments and environment");
    let clock = |at: usize| u64::from_le_bytes(told[at..at + 8].try_into().unwrap());
    assert_eq!((clock(16), clock(24)), (1_000_001_000, 1_000_002_000));
    assert_ne!(told[32..48], [0xee; 16], "random bytes");
    assert_eq!(told[48..], [8, 8, 8, 52], "errors");
}
