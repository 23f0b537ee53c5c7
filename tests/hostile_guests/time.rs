//! Endless loops end at the deadline, wherever they are.

use std::thread;
use std::time::{Duration, Instant};

use engine::{CallError, HostCall, HostCalls, ModuleError, Runtime};
use sandbox::{Budget, Limits, Run, SwitchedOff};

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
fn a_deadline_comes_before_a_later_end_of_the_run() {
    let host = host(DEADLINE);
    let module = host.load(guest!("loop_in_call")).unwrap();
    let time = Some(Duration::from_secs(3600));
    let run = host.sandbox.run_within(Budget { time, ..Budget::default() });
    assert_eq!(run.call(&module, "validate", b"{}", &Deny), Err(ModuleError::Deadline(DEADLINE)));
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

#[test]
fn a_module_that_keeps_missing_its_deadline_is_switched_off_for_the_run() {
    let host = host(DEADLINE);
    let [module, logs] = [guest!("loop_in_call"), guest!("logs_and_loops")].map(|guest| host.load(guest).unwrap());
    let run = host.sandbox.run_within(Budget::default());
    let ask = |run: &Run<'_>, module| run.call(module, "validate", b"{}", &Deny).unwrap_err();
    for _ in 0..3 {
        assert_eq!(ask(&run, &module), ModuleError::Deadline(DEADLINE));
    }
    let started = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(ask(&run, &module), ModuleError::SwitchedOff(3));
    }
    assert!(started.elapsed() < DEADLINE * 10);
    let off = SwitchedOff { module: "guest".into(), refused: 1_000 };
    assert_eq!(run.switched_off(), [off]);
    host.others_go_on();
    // Another run begins anew, and what a guest writes before changes nothing.
    let run = host.sandbox.run_within(Budget { missed_deadlines: 1, ..Budget::default() });
    assert!(matches!(ask(&run, &logs), ModuleError::Logged { .. }));
    assert_eq!(ask(&run, &logs), ModuleError::SwitchedOff(1));
    // With the defence lifted it goes on missing them.
    let run = host.sandbox.run_within(Budget { missed_deadlines: u32::MAX, ..Budget::default() });
    for _ in 0..5 {
        assert_eq!(ask(&run, &module), ModuleError::Deadline(DEADLINE));
    }
    assert!(run.switched_off().is_empty());
}

#[test]
fn a_run_ends_with_its_time_and_blames_no_module() {
    let host = host(Duration::from_secs(3600));
    let [loops, good] = [guest!("loop_in_call"), guest!("good")].map(|guest| host.load(guest).unwrap());
    let time = DEADLINE * 2;
    let run = host.sandbox.run_within(Budget { time: Some(time), missed_deadlines: 1 });
    assert_eq!(run.call(&good, "validate", b"{}", &Deny).unwrap().bytes, b"good");
    let started = Instant::now();
    for module in [&loops, &loops, &good] {
        assert_eq!(run.call(module, "validate", b"{}", &Deny), Err(ModuleError::RunTime(time)));
    }
    assert!(started.elapsed() < time * 10);
    assert_eq!((run.out_of_time(), run.switched_off()), (3, Vec::new()));
    let unlimited = host.sandbox.run_within(Budget::default());
    assert!(unlimited.call(&good, "validate", b"{}", &Deny).is_ok());
}
