//! Endless loops end at the deadline, wherever they are.

use std::thread;
use std::time::{Duration, Instant};

use engine::{CallError, HostCall, HostCalls, ModuleError, Runtime};
use sandbox::Limits;

use crate::host::{Deny, Host, guest};

const DEADLINE: Duration = Duration::from_millis(50);

const LOOPS: [(&str, &str); 7] = [
    ("loop_in_call", guest!("loop_in_call")),
    ("loop_in_start", guest!("loop_in_start")),
    ("loop_in_wapc_init", guest!("loop_in_wapc_init")),
    ("loop_in_initialize", guest!("loop_in_initialize")),
    ("loop_in_start_section", guest!("loop_in_start_section")),
    ("loop_over_bytes", guest!("loop_over_bytes")),
    ("loop_by_tail_call", guest!("loop_by_tail_call")),
];

fn host(deadline: Duration) -> Host {
    Host::new(Limits { deadline, ..Limits::default() })
}

#[test]
fn an_endless_loop_ends_at_the_deadline_wherever_it_is() {
    let host = host(DEADLINE);
    for (name, guest) in LOOPS {
        assert_eq!(host.run(guest), Err(ModuleError::Deadline(DEADLINE)), "{name}");
    }
}

#[test]
fn with_the_deadline_lifted_a_loop_goes_on() {
    let lifted = DEADLINE * 20;
    let host = host(lifted);
    let started = Instant::now();
    assert_eq!(host.run(guest!("loop_in_call")), Err(ModuleError::Deadline(lifted)));
    assert!(started.elapsed() >= lifted);
}

#[test]
fn a_moment_given_comes_before_a_later_deadline() {
    let host = host(Duration::from_secs(3600));
    let module = host.load(guest!("loop_in_call")).unwrap();
    let until = host.sandbox.until(Instant::now() + DEADLINE);
    assert!(
        matches!(until.call(&module, "validate", b"{}", &Deny), Err(ModuleError::Deadline(left)) if left <= DEADLINE)
    );
    host.others_go_on();
}

#[test]
fn a_deadline_comes_before_a_later_moment_given() {
    let host = host(DEADLINE);
    let module = host.load(guest!("loop_in_call")).unwrap();
    let until = host.sandbox.until(Instant::now() + Duration::from_secs(3600));
    assert_eq!(until.call(&module, "validate", b"{}", &Deny), Err(ModuleError::Deadline(DEADLINE)));
}

/// A host that takes its time.
struct Slow;

impl HostCalls for Slow {
    fn call(&self, _: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        thread::sleep(DEADLINE * 2);
        Ok(b"{}".to_vec())
    }
}

#[test]
fn time_that_look_ups_take_counts() {
    let [strict, lifted] = [DEADLINE, DEADLINE * 100].map(|deadline| {
        let host = host(deadline);
        let module = host.load(guest!("looks_up")).unwrap();
        host.call(&module, "get_resource", b"{}", &Slow)
    });
    assert_eq!(strict, Err(ModuleError::Deadline(DEADLINE)));
    assert_eq!(lifted.unwrap().bytes, b"1{}");
}
