//! Relations are hints: a host that knows them sends only what is related, and one that does not, such as Kubewarden's
//! policy-server, sends whole lists. Every rule decides alike either way, and cost grows with what is found.

use std::cell::Cell;

use engine::{Bundle, CallError, HostCall, HostCalls, ModuleError, Reply, Rule, Runtime};
use protocol::contract;
use seaworthy_tests::native::{Library, Native};
use seaworthy_tests::{cases, generate, input, native, report, report_of_change};
use serde_json::Value;

use crate::{judged, take};

/// Runs rules as native code and watches their look-ups.
#[derive(Default)]
struct Watched {
    /// For a host that knows neither relations nor which kinds are absent: each hint is taken out.
    is_unaware: bool,
    /// Bytes that the rules were sent.
    sent: Cell<usize>,
}

impl Watched {
    fn unaware() -> Self {
        Self { is_unaware: true, ..Self::default() }
    }
}

struct Watch<'a>(&'a Watched, &'a dyn HostCalls);

impl HostCalls for Watch<'_> {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        let Self(watched, host) = self;
        let mut payload: Value = serde_json::from_slice(call.payload).expect("a look-up is JSON");
        if watched.is_unaware {
            payload.as_object_mut().expect("a look-up is an object").remove("related");
        }
        let answer = host.call(HostCall { payload: payload.to_string().as_bytes(), ..call });
        watched.sent.set(watched.sent.get() + answer.as_ref().map_or(0, Vec::len));
        answer
    }
}

impl Runtime for Watched {
    type Module = Library;

    fn call(
        &self,
        module: &Library,
        operation: &str,
        payload: &[u8],
        host: &dyn HostCalls,
    ) -> Result<Reply, ModuleError> {
        let mut payload = payload.to_vec();
        let hint = format!(",\"{}\":\"", contract::ABSENT).into_bytes();
        if self.is_unaware
            && let Some(start) = payload.windows(hint.len()).rposition(|text| text == hint)
        {
            payload.truncate(start);
            payload.push(b'}');
        }
        Native.call(module, operation, &payload, &Watch(self, host))
    }
}

#[test]
fn every_case_is_decided_alike_with_whole_lists() {
    let mut libraries = native(&[]).1.into_rules();
    for case in &cases::all() {
        let new = input("case.yaml", &case.yaml);
        let old = case.old.as_ref().map(|old| input("old.yaml", old));
        let report = |runtime: &Watched, bundle: &Bundle<Library>| {
            report_of_change(runtime, bundle, (old.as_ref(), &new), case.completeness)
        };
        let library = take(&mut libraries, &case.rule);
        let library = if case.settings.is_null() { library } else { library.with_settings(&case.settings) };
        let (library, related) = judged(library, |bundle| report(&Watched::default(), bundle));
        let (library, whole) = judged(library, |bundle| report(&Watched::unaware(), bundle));
        assert_eq!(related, whole, "{}: {}\n{}", case.rule, case.name, case.yaml);
        libraries.push(library.with_settings(&Value::Object(serde_json::Map::new())));
    }
}

#[test]
fn generated_worlds_are_decided_alike_with_whole_lists() {
    let libraries = native(&[]).1;
    let mut verdicts = String::new();
    for seed in 0..20 {
        let input = input("world.yaml", &generate::world::related(seed));
        let world = engine::Completeness::Complete;
        let related = report(&Native, &libraries, &input, world);
        assert_eq!(related, report(&Watched::unaware(), &libraries, &input, world), "world {seed}");
        verdicts += &related;
    }
    for verdict in ["\"pass\"", "\"fail\"", "\"not-applicable\""] {
        assert!(verdicts.contains(verdict), "the worlds show {verdict}");
    }
}

/// How many bytes these rules are sent for a world.
fn sent(rules: Vec<Rule<Library>>, world: &str) -> (Vec<Rule<Library>>, usize) {
    let (watched, bundle) = (Watched::default(), Bundle::new(rules));
    report(&watched, &bundle, &input("world.yaml", world), engine::Completeness::Complete);
    (bundle.into_rules(), watched.sent.get())
}

/// A rule is sent at most 2.2 times as much for twice as large a world.
fn assert_linear(name: &str, worlds: [String; 2]) {
    let (rules, one) = sent(native(&[name]).1.into_rules(), &worlds[0]);
    let (_, two) = sent(rules, &worlds[1]);
    assert!(one > 0 && two * 10 <= one * 22, "{name} is sent {one} bytes, and {two} for twice as many objects");
}

/// ClusterRoles, each of which aggregates those that `to` says of it.
fn roles(number: usize, to: impl Fn(usize) -> String) -> String {
    let role = |index: usize| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n\
             metadata: {{name: role-{index}, labels: {{of: all, role: role-{index}}}}}\n\
             aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {}}}]}}\n\
             rules: [{{apiGroups: [''], resources: [configmaps], verbs: [get]}}]\n---\n",
            to(index)
        )
    };
    (0..number).map(role).collect()
}

#[test]
fn what_is_sent_grows_with_roles_that_aggregate_each_other_and_not_with_their_square() {
    let worlds = |to: &dyn Fn(usize) -> String| [400, 800].map(|number| roles(number, to));
    assert_linear("least-privilege-rbac", worlds(&|_| "{of: all}".to_owned()));
    assert_linear("least-privilege-rbac", worlds(&|index| format!("{{role: role-{}}}", index + 1)));
}

#[test]
fn what_is_sent_does_not_grow_with_policies_that_verify_no_image() {
    let world = |number: usize| {
        let each = |index: usize| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: web-{index}}}\n\
                 spec: {{containers: [{{name: app, image: 'example.com/web:1.4.2'}}]}}\n---\n\
                 apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: policy-{index}}}\n\
                 spec: {{rules: [{{name: a, match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}, validate: {{message: b}}}}]}}\n---\n"
            )
        };
        (0..number).map(each).collect()
    };
    assert_linear("signed-image", [world(100), world(200)]);
}

#[test]
fn what_rules_are_sent_grows_with_the_services_of_a_namespace_and_not_with_their_square() {
    let worlds = [40, 80].map(|number| input("services.yaml", &generate::namespace(number)));
    for rule in native(&[]).1.into_rules() {
        let (name, bundle) = (rule.metadata.name.clone(), Bundle::new(vec![rule]));
        let [one, two] = worlds.each_ref().map(|world| {
            let watched = Watched::default();
            report(&watched, &bundle, world, engine::Completeness::Complete);
            watched.sent.get()
        });
        assert!(two * 10 <= one * 21, "{name} is sent {one} bytes for 40 services, {two} for 80");
    }
}
