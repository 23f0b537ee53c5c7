//! What a module may ask of its host, and who answers: the gate that every host call passes, closed by default.
//!
//! A capability is a path of namespace and operation, `oci/v1/manifest_digest`. A module may use one that its metadata
//! declares and the configuration allows; Kubernetes look-ups it may make of the kinds that it declares. Whoever answers
//! ([`Route`]) is asked only what came through, and need not look again.
//!
//! The patterns are Kubewarden's: `*`, `oci/*`, `oci/v2/*`, or one operation. The module must not know what any
//! operation does.

use std::borrow::Cow;

use protocol::{LookUp, api_group, contract};
use serde::Deserialize;

use crate::call::{CallError, Denial, HostCall, HostCalls};
use crate::spelling::suggestion;

/// Every operation of Kubewarden's contract, as namespace and operation. A policy may declare any of them; whether
/// somebody answers is another matter.
pub const OPERATIONS: [(&str, &str); 13] = [
    (contract::OCI, "v1/verify"),
    (contract::OCI, contract::VERIFY),
    (contract::OCI, "v1/manifest_digest"),
    (contract::OCI, "v1/oci_manifest"),
    (contract::OCI, "v1/oci_manifest_config"),
    ("net", "v1/dns_lookup_host"),
    ("crypto", "v1/is_certificate_trusted"),
    (contract::KUBERNETES, contract::GET_RESOURCE),
    (contract::KUBERNETES, contract::LIST_BY_NAMESPACE),
    (contract::KUBERNETES, contract::LIST_ALL),
    (contract::KUBERNETES, "can_i"),
    ("cache", "get"),
    ("cache", "set"),
];

/// A set of capabilities, by patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(Vec<String>);

/// Why something is no pattern of capabilities.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapabilityError {
    /// A `*` that is not the whole last step.
    #[error("`{0}`: `*` is allowed only at the end, behind a `/`")]
    Wildcard(String),
    /// A path that begins well and is no operation; all below it would be.
    #[error("`{0}` is not an operation; did you mean `{0}/*`?")]
    Incomplete(String),
    /// Nothing that there is.
    #[error("there is no capability `{0}`{hint}", hint = suggested(.0))]
    Unknown(String),
}

fn suggested(pattern: &str) -> String {
    let known: Vec<String> = OPERATIONS.iter().map(|(space, name)| format!("{space}/{name}")).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    suggestion(pattern, &known)
}

impl Capabilities {
    /// The set that these patterns describe together.
    ///
    /// # Errors
    /// The first pattern that is not valid.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, CapabilityError> {
        let mut set = Self::default();
        for pattern in patterns {
            set.add(pattern.as_ref().trim())?;
        }
        Ok(set)
    }

    /// All that there are.
    #[must_use]
    pub fn all() -> Self {
        Self(vec!["*".to_owned()])
    }

    /// The look-ups of objects, which can be answered from the input alone.
    #[must_use]
    pub fn look_ups() -> Self {
        Self(LOOK_UPS.iter().map(|name| format!("{}/{name}", contract::KUBERNETES)).collect())
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether an operation is part of it.
    #[must_use]
    pub fn contains(&self, namespace: &str, operation: &str) -> bool {
        let covers = |pattern: &String| match pattern.strip_suffix('*') {
            Some("") => true,
            Some(prefix) => {
                prefix.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| {
                    // Of `oci/` nothing is left, of `oci/v1/` the version.
                    operation.starts_with(rest)
                })
            }
            None => pattern.split_once('/') == Some((namespace, operation)),
        };
        self.0.iter().any(covers)
    }

    /// The patterns, as they were given.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn add(&mut self, pattern: &str) -> Result<(), CapabilityError> {
        let (is_wild, fixed) = match pattern.strip_suffix("/*") {
            Some(prefix) => (true, prefix),
            None => (pattern == "*", pattern),
        };
        if pattern != "*" {
            if fixed.contains('*') {
                return Err(CapabilityError::Wildcard(pattern.to_owned()));
            }
            let is_below = |path: &str| path.strip_prefix(fixed).is_some_and(|rest| rest.starts_with('/'));
            let paths = || OPERATIONS.iter().map(|(namespace, operation)| format!("{namespace}/{operation}"));
            let is_branch = paths().any(|path| is_below(&path));
            if !is_branch && (is_wild || !paths().any(|path| path == fixed)) {
                return Err(CapabilityError::Unknown(pattern.to_owned()));
            }
            if is_branch && !is_wild {
                return Err(CapabilityError::Incomplete(pattern.to_owned()));
            }
        }
        self.0.push(pattern.to_owned());
        Ok(())
    }
}

/// A kind that may be looked up, by group and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind, singular.
    pub kind: String,
}

/// What one module may ask: what its metadata declares, as far as the configuration allows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The kinds that it declares to look up.
    kinds: Vec<Allowed>,
    /// What it declares besides look-ups.
    declared: Capabilities,
    allowed: Capabilities,
}

/// What a look-up's payload says of the kind.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

impl Grant {
    /// What declares to look up these kinds, and to use these capabilities. Nothing is allowed yet.
    #[must_use]
    pub fn declaring(kinds: &[LookUp], declared: Capabilities) -> Self {
        let kind = |it: &LookUp| Allowed { group: api_group(&it.api_version).to_owned(), kind: it.kind.clone() };
        Self { kinds: kinds.iter().map(kind).collect(), declared, allowed: Capabilities::default() }
    }

    /// The same, where these are allowed as well.
    #[must_use]
    pub fn allowing(mut self, allowed: Capabilities) -> Self {
        self.allowed = self.allowed.and(allowed);
        self
    }

    /// Whether an operation is both declared and allowed, whatever it asks for.
    #[must_use]
    pub fn covers(&self, namespace: &str, operation: &str) -> bool {
        let has_kinds = !is_look_up(namespace, operation) || !self.kinds.is_empty();
        has_kinds && self.declares(namespace, operation) && self.allowed.contains(namespace, operation)
    }

    /// Whether an operation is declared. Kinds declare all look-ups, unless some of them are declared by name: policies
    /// that are older than host capabilities name none.
    fn declares(&self, namespace: &str, operation: &str) -> bool {
        let are_named = || LOOK_UPS.iter().any(|name| self.declared.contains(contract::KUBERNETES, name));
        self.declared.contains(namespace, operation) || is_look_up(namespace, operation) && !are_named()
    }

    /// Lets a call through.
    ///
    /// # Errors
    /// A [`Denial`].
    pub fn permit(&self, call: HostCall<'_>) -> Result<(), CallError> {
        let HostCall { binding, namespace, operation, .. } = call;
        let refuse = |why: Denial| Err(CallError::Denied(why));
        if binding != contract::BINDING {
            return refuse(Denial::NoBinding(binding.to_owned()));
        }
        if (namespace, operation) == LOG {
            return Ok(());
        }
        if !OPERATIONS.contains(&(namespace, operation)) {
            return refuse(Denial::NoOperation(call.path()));
        }
        if !self.declares(namespace, operation) {
            return refuse(Denial::Undeclared(call.path()));
        }
        if is_look_up(namespace, operation) {
            let asked: Kind<'_> = call.read()?;
            let group = api_group(&asked.api_version);
            if !self.kinds.iter().any(|known| known.kind == asked.kind && known.group == group) {
                let (api_version, kind) = (asked.api_version.into_owned(), asked.kind.into_owned());
                return refuse(Denial::UndeclaredKind { api_version, kind });
            }
        }
        if self.allowed.contains(namespace, operation) {
            return Ok(());
        }
        refuse(Denial::Withheld(call.path()))
    }
}

/// The operations that ask for objects of a kind.
const LOOK_UPS: [&str; 3] = [contract::GET_RESOURCE, contract::LIST_BY_NAMESPACE, contract::LIST_ALL];

fn is_look_up(namespace: &str, operation: &str) -> bool {
    namespace == contract::KUBERNETES && LOOK_UPS.contains(&operation)
}

/// A module's log, which is the sandbox's business; a host must answer, and a module may always call it.
const LOG: (&str, &str) = ("tracing", "log");

/// Answers what came through the gate: the seam for all that lies beyond the input, a cluster, a registry, a recorded
/// session.
pub trait Route: Sync {
    /// The answer as JSON. `input` answers look-ups from what was given to judge, and nothing else.
    ///
    /// # Errors
    /// Why there is no answer; the guest sees its text.
    fn route(&self, call: HostCall<'_>, input: &dyn HostCalls) -> Result<Vec<u8>, CallError>;

    /// What whoever answers look-ups [`lacks`](HostCalls::lacks). Who notes or records all look-ups knows of nothing, so that
    /// each is asked.
    fn lacks(&self, kinds: &[LookUp], _input: &dyn HostCalls) -> Vec<bool> {
        vec![false; kinds.len()]
    }
}

/// There is nothing beyond the input.
#[derive(Clone, Copy, Debug)]
pub struct InputAlone;

impl Route for InputAlone {
    fn route(&self, call: HostCall<'_>, input: &dyn HostCalls) -> Result<Vec<u8>, CallError> {
        input.call(call)
    }

    fn lacks(&self, kinds: &[LookUp], input: &dyn HostCalls) -> Vec<bool> {
        input.lacks(kinds)
    }
}

/// A module's host: the gate, and whoever answers behind it.
pub(crate) struct Gate<'a, I> {
    pub(crate) grant: &'a Grant,
    pub(crate) route: &'a dyn Route,
    pub(crate) input: I,
}

impl<I: HostCalls> HostCalls for Gate<'_, I> {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        self.grant.permit(call)?;
        if (call.namespace, call.operation) == LOG {
            return Ok(Vec::new());
        }
        self.route.route(call, &self.input)
    }

    fn lacks(&self, kinds: &[LookUp]) -> Vec<bool> {
        let may_ask = LOOK_UPS.iter().all(|name| self.grant.covers(contract::KUBERNETES, name));
        if may_ask { self.route.lacks(kinds, &self.input) } else { vec![false; kinds.len()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities(patterns: &[&str]) -> Capabilities {
        Capabilities::new(patterns).unwrap()
    }

    fn call<'a>(namespace: &'a str, operation: &'a str, payload: &'a str) -> HostCall<'a> {
        HostCall { binding: contract::BINDING, namespace, operation, payload: payload.as_bytes() }
    }

    /// A request that each operation would be asked with.
    fn payload(namespace: &str) -> &'static str {
        if namespace == contract::KUBERNETES { r#"{"api_version":"v1","kind":"Pod"}"# } else { "\"example.com/a:1\"" }
    }

    fn pods() -> Vec<LookUp> {
        vec![LookUp { api_version: "v1".into(), kind: "Pod".into(), reads: Vec::new() }]
    }

    #[test]
    fn patterns_are_those_of_kubewarden() {
        for (patterns, path, expected) in [
            (&["*"][..], ("oci", "v1/verify"), true),
            (&["oci/*"], ("oci", "v2/verify"), true),
            (&["oci/*"], ("net", "v1/dns_lookup_host"), false),
            (&["oci/v2/*"], ("oci", "v2/verify"), true),
            (&["oci/v2/*"], ("oci", "v1/verify"), false),
            (&["oci/v1/verify"], ("oci", "v1/verify"), true),
            (&["oci/v1/verify"], ("oci", "v2/verify"), false),
            (&["oci/*", "kubernetes/can_i"], ("kubernetes", "can_i"), true),
            (&[], ("kubernetes", "can_i"), false),
        ] {
            assert_eq!(capabilities(patterns).contains(path.0, path.1), expected, "{patterns:?} {path:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_what_was_meant() {
        for (pattern, said) in [
            ("oci*", "`*` is allowed only at the end, behind a `/`"),
            ("*/oci", "`*` is allowed only"),
            ("oci/v1/oci_*", "`*` is allowed only"),
            ("oci", "did you mean `oci/*`?"),
            ("oci/v1", "did you mean `oci/v1/*`?"),
            ("oci/v9/*", "there is no capability `oci/v9/*`"),
            ("oci/v1/manifest_digests", "did you mean `oci/v1/manifest_digest`?"),
            ("", "there is no capability"),
            ("oci/v1/verify/*", "there is no capability"),
        ] {
            let refused = Capabilities::new(&[pattern]).unwrap_err().to_string();
            assert!(refused.contains(said), "{pattern}: {refused}");
        }
    }

    #[test]
    fn every_operation_is_denied_unless_it_is_declared_and_allowed() {
        for (namespace, operation) in OPERATIONS {
            let path = format!("{namespace}/{operation}");
            let call = call(namespace, operation, payload(namespace));
            let (kinds, both) = (pods(), capabilities(&[&path]));
            let neither = Grant::default();
            let declared = Grant::declaring(&kinds, both.clone());
            let allowed = Grant::default().allowing(both.clone());
            for grant in [&neither, &declared, &allowed] {
                let refused = grant.permit(call).unwrap_err().to_string();
                assert!(refused.starts_with(contract::LOOK_UP_NOT_ALLOWED), "{path}: {refused}");
                assert!(!grant.covers(namespace, operation), "{path}");
            }
            let granted = declared.clone().allowing(both);
            assert!(granted.permit(call).is_ok(), "{path}");
            assert!(granted.covers(namespace, operation), "{path}");
            // A neighbour's leave is not this one's.
            for (other_space, other) in OPERATIONS.into_iter().filter(|other| *other != (namespace, operation)) {
                let neighbour = declared.clone().allowing(capabilities(&[&format!("{other_space}/{other}")]));
                assert!(neighbour.permit(call).is_err(), "{path} by {other}");
            }
        }
    }

    #[test]
    fn only_declared_kinds_are_looked_up() {
        let grant = Grant::declaring(&pods(), Capabilities::default()).allowing(Capabilities::look_ups());
        for (payload, is_permitted) in [
            (r#"{"api_version":"v1","kind":"Pod"}"#, true),
            (r#"{"api_version":"/v1","kind":"Pod","namespace":null}"#, true),
            (r#"{"api_version":"v1","kind":"Secret"}"#, false),
            (r#"{"api_version":"metrics.k8s.io/v1","kind":"Pod"}"#, false),
            (r#"{"kind":"Pod"}"#, false),
            ("", false),
        ] {
            assert_eq!(grant.permit(call("kubernetes", "get_resource", payload)).is_ok(), is_permitted, "{payload}");
        }
        let named = Grant::declaring(&pods(), capabilities(&["kubernetes/get_resource"]));
        let named = named.allowing(Capabilities::look_ups());
        assert!(named.covers("kubernetes", "get_resource") && !named.covers("kubernetes", "list_resources_all"));
    }

    #[test]
    fn what_is_not_known_is_denied_and_a_log_never_is() {
        let everything = Grant::declaring(&pods(), capabilities(&["*"])).allowing(capabilities(&["*"]));
        for (namespace, operation) in [("kubernetes", "delete_resource"), ("", ""), ("tracing", "other"), ("oci", "v3")]
        {
            assert!(everything.permit(call(namespace, operation, "{}")).is_err(), "{namespace} {operation}");
        }
        let other = HostCall { binding: "other", ..call("oci", "v1/verify", "{}") };
        assert!(everything.permit(other).is_err());
        assert!(Grant::default().permit(call("tracing", "log", "{}")).is_ok());
    }
}
