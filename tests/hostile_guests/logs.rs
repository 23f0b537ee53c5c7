//! A log is bounded, and is kept as it came: who shows it escapes it.

use engine::ModuleError;
use sandbox::Limits;

use crate::host::{Host, guest};

#[test]
fn a_flood_of_10_mb_is_cut() {
    let log = |log_bytes| Host::new(Limits { log_bytes, ..Limits::default() }).run(guest!("log_flood")).unwrap().log;
    assert_eq!(log(64 << 10).len(), 64 << 10);
    // The half that came through waPC has its lines ended.
    assert_eq!(log(64 << 20).len(), 10_000 * 1_000 + 5_000);
}

#[test]
fn control_characters_are_kept_and_what_is_no_text_is_replaced() {
    let log = Host::new(Limits::default()).run(guest!("log_controls")).unwrap().log;
    assert_eq!(log, "\u{1b}[2J\0\r\u{fffd}\n");
}

#[test]
fn the_end_of_a_log_stands_behind_the_error() {
    let error = Host::new(Limits::default()).run(guest!("log_traps")).unwrap_err();
    assert!(error.to_string().ends_with("; its log ends with: panicked at \u{1b}[31msrc/lib.rs:7"), "{error}");
    let long = ModuleError::NoReply.after(&"ü".repeat(1000));
    assert_eq!(long.to_string(), format!("returned without an answer; its log ends with: {}", "ü".repeat(256)));
    assert_eq!(ModuleError::NoReply.after(" \n"), ModuleError::NoReply);
}
