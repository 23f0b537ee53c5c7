//! What a guest answers is bounded, and its word for it.

use engine::ModuleError;
use sandbox::Limits;

use crate::host::{Deny, Host, guest};

fn said(limits: Limits, acts: &str) -> Result<Vec<u8>, ModuleError> {
    let host = Host::new(limits);
    let module = host.load(guest!("replies")).unwrap();
    host.call(&module, acts, b"{}", &Deny).map(|reply| reply.bytes)
}

#[test]
fn a_reply_larger_than_its_limit_is_an_error_and_not_copied() {
    let host = Host::new(Limits::default());
    let too_large = ModuleError::ReplyTooLarge { size: (1 << 20) + 1, limit: 1 << 20 };
    assert_eq!(host.run(guest!("reply_too_large")), Err(too_large));
    let lifted = Host::new(Limits { reply_bytes: (1 << 20) + 1, ..Limits::default() });
    assert_eq!(lifted.run(guest!("reply_too_large")).unwrap().bytes.len(), (1 << 20) + 1);
}

#[test]
fn a_guest_that_says_nothing_has_not_answered() {
    assert_eq!(said(Limits::default(), "1"), Err(ModuleError::NoReply));
    assert_eq!(said(Limits::default(), "0"), Err(ModuleError::NoReply));
}

#[test]
fn only_a_call_that_returns_1_has_answered() {
    assert_eq!(said(Limits::default(), "r1").unwrap(), b"first");
    assert_eq!(said(Limits::default(), "r0"), Err(ModuleError::NoReply));
    assert_eq!(said(Limits::default(), "r2"), Err(ModuleError::NoReply));
}

#[test]
fn the_last_reply_counts_and_may_be_empty() {
    assert_eq!(said(Limits::default(), "rs1").unwrap(), b"second");
    assert_eq!(said(Limits::default(), "rz1").unwrap(), b"");
}

#[test]
fn bytes_that_are_no_text_are_handed_on_as_they_are() {
    assert_eq!(said(Limits::default(), "b1").unwrap(), b"\xff\xfe\0{");
}

#[test]
fn an_error_counts_unless_the_call_was_a_success_with_a_reply() {
    let mistake = || Err(ModuleError::Guest("mistake".into()));
    assert_eq!(said(Limits::default(), "e0"), mistake());
    assert_eq!(said(Limits::default(), "e1"), mistake());
    assert_eq!(said(Limits::default(), "re0"), mistake());
    assert_eq!(said(Limits::default(), "er1").unwrap(), b"first");
}

#[test]
fn an_error_is_cut_and_made_text() {
    let message = |limits| match said(limits, "l0") {
        Err(ModuleError::Guest(message)) => message.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(message(Limits::default()), 4 << 10);
    assert_eq!(message(Limits { message_bytes: 1 << 20, ..Limits::default() }), 10_000);
    assert_eq!(said(Limits::default(), "x0"), Err(ModuleError::Guest("\u{fffd}\u{fffd}\0{".into())));
}
