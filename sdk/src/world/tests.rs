use alloc::string::ToString;
use core::cell::Cell;

use super::*;

const DECLARED: &[Declared] = &[Declared { api_version: "v1", kind: "Service", reads: &["spec"] }];

struct Answers(Result<&'static str, &'static str>);

impl Host for Answers {
    fn call(&self, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        self.0.map(|json| json.as_bytes().to_vec()).map_err(ToString::to_string)
    }
}

#[test]
fn what_is_malformed_elsewhere_is_said_at_the_root_and_names_its_place() {
    let memory = Memory::new();
    let host = Answers(Ok(r#"{"items": [{"metadata": {"name": "web"}, "spec": {"selector": [], "type": 1}}]}"#));
    let world = World::new(&memory, &host, Completeness::Complete, DECLARED);
    for service in world.list("v1", "Service", None).unwrap() {
        assert_eq!(service.get("spec.selector").entries().count(), 0);
        assert_eq!(service.get("spec.type").str(), None);
        assert_eq!(service.get("spec.type").str(), None);
    }
    let found: Vec<_> =
        memory.take_malformed().into_findings().into_iter().map(|found| (found.path, found.message)).collect();
    let said = |what: &str| ("$".to_string(), what.to_string());
    assert_eq!(
        found,
        [
            said("spec.selector of Service web: this is a list, where Kubernetes takes a map"),
            said("spec.type of Service web: this is a number, where Kubernetes takes a string"),
        ]
    );
}

#[test]
fn what_may_not_be_asked_is_unknown() {
    for cause in [
        "look-up not allowed: v1 Service",
        "Policy has not been granted access to Kubernetes v1/Service resources. The violation has been reported.",
        "Policy has not been granted access to the 'kubernetes/get_resource' host capability.",
    ] {
        let (memory, host) = (Memory::new(), Answers(Err(cause)));
        let world = World::new(&memory, &host, Completeness::Complete, DECLARED);
        assert!(matches!(world.list_all("v1", "Service"), Err(Undecided::Unknown(_))), "{cause}");
        // Whoever goes on without it may not call anything missing.
        assert_eq!(world.must_be_complete("Service"), Err(Undecided::Unknown(cause.to_string())));
    }
}

#[test]
fn no_such_kind_is_no_object_and_no_error() {
    for cause in [
        "not found",
        "Callback evaluation failure: not found",
        "Cannot find resource keda.sh/v1alpha1/ScaledObject",
        "Callback evaluation failure: Cannot find v1/Service named 'web' inside of namespace 'Some(\"shop\")'",
        "error finding resource keda.sh/v1alpha1 / ScaledObject: ApiError: \"404 page not found\\n\"",
        "ApiError: services \"web\" not found: NotFound (ErrorResponse { status: \"Failure\" })",
    ] {
        let (memory, host) = (Memory::new(), Answers(Err(cause)));
        let world = World::new(&memory, &host, Completeness::Complete, DECLARED);
        assert!(world.list_all("v1", "Service").unwrap().is_empty(), "{cause}");
        assert!(world.get("v1", "Service", None, "web").unwrap().is_none(), "{cause}");
    }
}

/// Has no kind of `keda.sh`, for this reason, and counts the questions.
struct Lacks(&'static str, Cell<u32>);

impl Host for Lacks {
    fn call(&self, _: &str, _: &str, request: &[u8]) -> Result<Vec<u8>, String> {
        self.1.set(self.1.get() + 1);
        let is_lacking = holds(core::str::from_utf8(request).unwrap(), "keda.sh");
        if is_lacking { Err(self.0.to_string()) } else { Ok(br#"{"items": [{}]}"#.to_vec()) }
    }
}

#[test]
fn a_group_that_is_not_served_is_asked_for_once() {
    const DECLARED: &[Declared] = &[
        Declared { api_version: "keda.sh/v1alpha1", kind: "ScaledObject", reads: &[] },
        Declared { api_version: "keda.sh/v1alpha1", kind: "ScaledJob", reads: &[] },
        Declared { api_version: "v1", kind: "Service", reads: &[] },
    ];
    let group = "Callback evaluation failure: error finding resource keda.sh/v1alpha1 / ScaledObject: ApiError: \
                 \"404 page not found\\n\"";
    // The group may have other kinds.
    let kind = "Callback evaluation failure: Cannot find resource keda.sh/v1alpha1/ScaledObject";
    for (cause, asked) in [(group, 2), (kind, 4)] {
        let (memory, host) = (Memory::new(), Lacks(cause, Cell::new(0)));
        let world = World::new(&memory, &host, Completeness::Admission, DECLARED);
        assert!(world.list_all("keda.sh/v1alpha1", "ScaledObject").unwrap().is_empty(), "{cause}");
        assert!(world.list_all("keda.sh/v1alpha1", "ScaledJob").unwrap().is_empty(), "{cause}");
        assert_eq!(world.list_all("v1", "Service").unwrap().len(), 1, "{cause}");
        assert!(world.get("keda.sh/v1alpha1", "ScaledJob", None, "web").unwrap().is_none(), "{cause}");
        assert_eq!(host.1.get(), asked, "{cause}");
    }
}

#[test]
fn what_the_host_says_is_absent_is_asked_for_only_where_nothing_was_asked_before() {
    const DECLARED: &[Declared] = &[
        Declared { api_version: "v1", kind: "Secret", reads: &[] },
        Declared { api_version: "v1", kind: "Service", reads: &[] },
        Declared { api_version: "v1", kind: "ConfigMap", reads: &[] },
    ];
    for (absent, asked) in [("", 6), ("000", 6), ("110", 4), ("1", 6), ("111", 2)] {
        let (memory, host) = (Memory::new(), Lacks("not found", Cell::new(0)));
        let world = World::new(&memory, &host, Completeness::Complete, DECLARED).lacking(absent);
        let of = |kind| world.list("v1", kind, None).unwrap().len();
        let found = ["Secret", "Service", "ConfigMap"].map(of);
        assert_eq!(
            found,
            [0, 1, 2].map(|it| usize::from(it == 0 || absent.as_bytes().get(it) != Some(&b'1'))),
            "{absent}"
        );
        assert_eq!(world.get("v1", "Service", None, "web").unwrap().is_some(), absent.as_bytes().get(1) != Some(&b'1'));
        assert_eq!(world.list_all("v1", "ConfigMap").unwrap().len(), found[2], "{absent}");
        // What is listed anywhere comes with how much could not be read.
        let wanted = Wanted::default();
        assert_eq!(world.list_of("v1", "Secret", Within::Anywhere, wanted).unwrap().0.len(), 1, "{absent}");
        assert_eq!(host.1.get(), asked, "{absent}");
    }
}

#[test]
fn a_look_up_that_fails_is_an_error_but_at_admission_where_it_is_unknown() {
    for (completeness, is_unknown) in
        [(Completeness::Complete, false), (Completeness::Partial, false), (Completeness::Admission, true)]
    {
        let (memory, host) = (Memory::new(), Answers(Err("connection refused")));
        let world = World::new(&memory, &host, completeness, DECLARED);
        let failed = world.list_all("v1", "Service").err().unwrap();
        assert_eq!(matches!(failed, Undecided::Unknown(_)), is_unknown, "{failed:?}");
        assert_eq!(matches!(failed, Undecided::Error(_)), !is_unknown, "{failed:?}");
    }
    let (memory, host) = (Memory::new(), Answers(Ok("{}")));
    let world = World::new(&memory, &host, Completeness::Admission, DECLARED);
    assert!(matches!(world.list_all("v1", "Pod"), Err(Undecided::Error(_))), "not declared");
}
