//! What is refused before anything runs, and by what name.

use engine::RefusalError;
use protocol::contract::{KUBEWARDEN_SECTION, RULE_SECTION};
use sandbox::{Limits, LoadError, rule, sections};

use crate::host::{Host, assemble, assemble_bare, guest, section};

/// A guest with one more thing in it.
fn with(field: &str) -> String {
    format!(
        r#"(module {field} (memory (export "memory") 1)
             (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 0)))"#
    )
}

fn refusal(text: &str) -> LoadError {
    Host::new(Limits::default()).load(text).expect_err(text)
}

#[test]
fn an_import_from_elsewhere_is_refused_by_name() {
    for (module, name, kind) in [
        ("env", "abort", "(func)"),
        ("wapc", "__guest_call_home", "(func (param i32 i32))"),
        ("wasi_snapshot_preview1", "sock_open", "(func (param i32 i32 i32) (result i32))"),
        ("wasi_unstable", "fd_write", "(func (param i32 i32 i32 i32) (result i32))"),
        ("wapc", "__guest_request", "(global i32)"),
        ("env", "memory", "(memory 1)"),
        ("env", "__indirect_function_table", "(table 1 funcref)"),
        ("", "", "(func)"),
    ] {
        let field = format!("(import \"{module}\" \"{name}\" {kind})");
        // An imported memory would be the module's second.
        let text = if kind.starts_with("(memory") {
            format!(
                "(module {field} (export \"memory\" (memory 0)) (func (export \"__guest_call\") (param i32 i32) (result i32) (i32.const 0)))"
            )
        } else {
            with(&field)
        };
        let refused = RefusalError::ForeignImport { module: module.into(), name: name.into() };
        assert_eq!(refusal(&text), refused.into());
    }
}

#[test]
fn an_import_or_export_of_another_type_is_refused_with_both() {
    let wrong = |name: &str, expected: &str, found: &str| LoadError::WrongType {
        name: name.into(),
        expected: expected.into(),
        found: found.into(),
    };
    assert_eq!(
        refusal(&with(r#"(import "wapc" "__guest_request" (func (param i32 i64)))"#)),
        wrong("__guest_request", "(i32, i32)", "(i32, i64)")
    );
    assert_eq!(
        refusal(&with(r#"(import "wasi_snapshot_preview1" "fd_seek" (func (param i32 i32) (result f64)))"#)),
        wrong("fd_seek", "(i32, i64, i32, i32) -> i32", "(i32, i32) -> f64")
    );
    assert_eq!(refusal(&with(r#"(func (export "wapc_init") (param i32))"#)), wrong("wapc_init", "()", "(i32)"));
    assert_eq!(
        refusal(
            r#"(module (memory (export "memory") 1) (func (export "__guest_call") (param i32) (result i32) (i32.const 0)))"#
        ),
        wrong("__guest_call", "(i32, i32) -> i32", "(i32) -> i32")
    );
    assert_eq!(
        refusal(r#"(module (memory (export "__guest_call") 1) (func (export "memory")))"#),
        wrong("__guest_call", "func", "memory")
    );
    assert_eq!(refusal(r#"(module (memory 1) (func (export "memory")))"#), wrong("memory", "memory", "func"));
}

#[test]
fn a_missing_export_is_named() {
    assert_eq!(refusal(r#"(module (memory (export "memory") 1))"#), RefusalError::MissingExport("__guest_call").into());
    let call = r#"(module (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 0)))"#;
    assert_eq!(refusal(call), RefusalError::MissingExport("memory").into());
}

#[test]
fn every_import_of_the_contract_is_there() {
    let fields = r#"
      (import "wapc" "__guest_request" (func (param i32 i32)))
      (import "wapc" "__guest_response" (func (param i32 i32)))
      (import "wapc" "__guest_error" (func (param i32 i32)))
      (import "wapc" "__host_call" (func (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
      (import "wapc" "__host_response_len" (func (result i32)))
      (import "wapc" "__host_response" (func (param i32)))
      (import "wapc" "__host_error_len" (func (result i32)))
      (import "wapc" "__host_error" (func (param i32)))
      (import "wapc" "__console_log" (func (param i32 i32)))
      (import "wasi_snapshot_preview1" "fd_fdstat_get" (func (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_seek" (func (param i32 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "path_open" (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))"#;
    assert!(Host::new(Limits::default()).load(&with(fields)).is_ok());
}

#[test]
fn what_is_no_module_is_refused() {
    let host = Host::new(Limits::default());
    let good = assemble(guest!("good"));
    let component = b"\0asm\x0d\0\x01\0".to_vec();
    let mut flipped = good.clone();
    flipped[30] ^= 0xff;
    for wasm in [vec![], b"not wasm".to_vec(), component, good[..good.len() / 2].to_vec(), flipped] {
        assert!(host.load_bytes(&wasm).is_err(), "{wasm:?}");
    }
    // Each byte in turn: refused, or a module that does no harm.
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] = changed[at].wrapping_add(1);
        if let Ok(module) = host.load_bytes(&changed) {
            let _ = host.call(&module, "validate", b"{}", &crate::host::Deny);
        }
    }
}

#[test]
fn a_module_larger_than_its_limit_is_refused_unread() {
    let mut large = assemble(guest!("good"));
    large.extend(section("padding", &vec![0; 1 << 20]));
    let strict = Host::new(Limits { module_bytes: 1 << 20, ..Limits::default() });
    let refused = RefusalError::TooLarge { size: large.len(), limit: 1 << 20 };
    assert_eq!(strict.load_bytes(&large).unwrap_err(), refused.into());
    assert!(Host::new(Limits::default()).load_bytes(&large).is_ok());
}

/// A module with these custom sections and no others, as [`sections`] and as a load see it: they always agree.
fn with_sections(limits: &Limits, customs: &[(&str, &[u8])]) -> Result<(), LoadError> {
    let mut wasm = assemble_bare(guest!("good"));
    for (name, data) in customs {
        wasm.extend(section(name, data));
    }
    let read = sections(&wasm, limits).map(|_| ());
    assert_eq!(Host::new(*limits).load_bytes(&wasm).map(|_| ()), read);
    read
}

const V1: &[u8] = br#"{"protocolVersion":"v1"}"#;

#[test]
fn metadata_that_is_missing_twice_there_or_huge_is_refused_by_name() {
    let limits = Limits::default();
    assert_eq!(with_sections(&limits, &[("name", b"")]), Err(RefusalError::NoMetadata.into()));
    assert_eq!(
        with_sections(&limits, &[(KUBEWARDEN_SECTION, V1), (KUBEWARDEN_SECTION, V1)]),
        Err(RefusalError::DuplicateSection(KUBEWARDEN_SECTION).into())
    );
    let huge = [V1, &[b' '; 1 << 20]].concat();
    for section in [KUBEWARDEN_SECTION, RULE_SECTION] {
        assert_eq!(
            with_sections(&limits, &[(section, &huge)]),
            Err(RefusalError::SectionTooLarge { section, size: huge.len(), limit: 1 << 20 }.into())
        );
    }
    let lifted = Limits { section_bytes: 2 << 20, ..limits };
    assert_eq!(with_sections(&lifted, &[(KUBEWARDEN_SECTION, &huge)]), Ok(()));
}

#[test]
fn metadata_that_says_what_it_should_not_is_refused_by_name() {
    let nested = "[".repeat(100_000);
    for (section, data) in [
        (KUBEWARDEN_SECTION, &b"not json"[..]),
        (KUBEWARDEN_SECTION, b"{}"),
        (KUBEWARDEN_SECTION, b"[]"),
        (KUBEWARDEN_SECTION, br#"{"protocolVersion":"v2"}"#),
        (KUBEWARDEN_SECTION, br#"{"protocolVersion":1}"#),
        (KUBEWARDEN_SECTION, nested.as_bytes()),
        (RULE_SECTION, b"\xff\xfe"),
        (RULE_SECTION, b"{}"),
    ] {
        match with_sections(&Limits::default(), &[(section, data)]) {
            Err(LoadError::Refused(RefusalError::BadSection { section: named, .. })) => assert_eq!(named, section),
            other => panic!("{section}: {other:?}"),
        }
    }
}

#[test]
fn a_policy_of_somebody_elses_is_loaded_by_its_kubewarden_metadata_alone() {
    Host::new(Limits::default()).load(guest!("good")).unwrap();
    let read = sections(&assemble(guest!("good")), &Limits::default()).unwrap();
    assert!(read.rule.is_none());
    assert_eq!(read.kubewarden.unwrap()["protocolVersion"], "v1");
}

#[test]
fn a_module_that_ends_too_early_is_none_wherever_it_ends() {
    let limits = Limits::default();
    let mut wasm = assemble_bare(guest!("good"));
    let bare = wasm.len();
    wasm.extend(section(KUBEWARDEN_SECTION, V1));
    for end in 0..wasm.len() {
        let cause = sections(&wasm[..end], &limits).unwrap_err();
        // Between two sections it is whole, but for its metadata.
        let LoadError::Refused(cause) = cause else { panic!("{end}: {cause}") };
        assert!(matches!(cause, RefusalError::Invalid(_) | RefusalError::NoMetadata), "{end}: {cause}");
        assert!(end <= bare || matches!(cause, RefusalError::Invalid(_)), "{end}: {cause}");
    }
    assert_eq!(rule(&wasm, &limits), Ok(None));
    let mut lying = wasm.clone();
    lying.extend(section(RULE_SECTION, b"[]"));
    assert!(matches!(
        rule(&lying, &limits),
        Err(LoadError::Refused(RefusalError::BadSection { section: RULE_SECTION, .. }))
    ));
}
