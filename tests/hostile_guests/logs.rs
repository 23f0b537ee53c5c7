//! A log is bounded, and is kept as it came: who shows it escapes it.

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
