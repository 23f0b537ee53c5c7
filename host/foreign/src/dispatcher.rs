//! Who answers what: the route behind the gate.

use engine::{CallError, HostCall, HostCalls, Route};
use protocol::{LookUp, contract};

use crate::{certificate, net};

/// Answers every operation of Kubewarden's contract, as far as there is somebody to ask.
#[derive(Clone, Copy, Default)]
pub struct Dispatcher<'a> {
    /// Answers `kubernetes` instead of the input, and `can_i`, which no input answers.
    pub cluster: Option<&'a (dyn HostCalls + Sync)>,
    /// Answers `oci`.
    pub registry: Option<&'a (dyn HostCalls + Sync)>,
}

impl Route for Dispatcher<'_> {
    fn route(&self, call: HostCall<'_>, input: &dyn HostCalls) -> Result<Vec<u8>, CallError> {
        match (call.namespace, call.operation) {
            (contract::KUBERNETES, "can_i") => {
                ask(self.cluster, call, "only a cluster answers it; `--cluster` asks the one of your kubeconfig")
            }
            (contract::KUBERNETES, _) => match self.cluster {
                Some(cluster) => cluster.call(call),
                None => input.call(call),
            },
            (contract::OCI, _) => ask(self.registry, call, "no registry is reached from here"),
            ("net", "v1/dns_lookup_host") => net::lookup_host(call),
            ("crypto", "v1/is_certificate_trusted") => certificate::is_trusted(call),
            ("cache", _) => Err(call.unanswered("nothing is kept from one evaluation to the next")),
            _ => Err(call.unanswered("nobody here answers it")),
        }
    }

    fn lacks(&self, kinds: &[LookUp], input: &dyn HostCalls) -> Vec<bool> {
        self.cluster.map_or_else(|| input.lacks(kinds), |cluster| cluster.lacks(kinds))
    }
}

fn ask(
    whom: Option<&(dyn HostCalls + Sync)>,
    call: HostCall<'_>,
    otherwise: &'static str,
) -> Result<Vec<u8>, CallError> {
    whom.map_or_else(|| Err(call.unanswered(otherwise)), |whom| whom.call(call))
}

#[cfg(test)]
mod tests {
    use engine::OPERATIONS;

    use super::*;

    /// Says who was asked.
    struct Named(&'static str);

    impl HostCalls for Named {
        fn call(&self, _: HostCall<'_>) -> Result<Vec<u8>, CallError> {
            Ok(self.0.into())
        }
    }

    fn answer(dispatcher: Dispatcher<'_>, namespace: &str, operation: &str) -> String {
        let payload = if namespace == "net" { &b"\"127.0.0.1\""[..] } else { b"{}" };
        let call = HostCall { binding: contract::BINDING, namespace, operation, payload };
        let answer = dispatcher.route(call, &Named("input"));
        answer.map_or_else(|refusal| refusal.to_string(), |answer| String::from_utf8_lossy(&answer).into_owned())
    }

    #[test]
    fn every_operation_is_asked_of_whoever_knows() {
        let (cluster, registry) = (Named("cluster"), Named("registry"));
        let all = Dispatcher { cluster: Some(&cluster), registry: Some(&registry) };
        for (namespace, operation) in OPERATIONS {
            let (with, without) = match (namespace, operation) {
                ("kubernetes", "can_i") => ("cluster", "only a cluster answers it"),
                ("kubernetes", _) => ("cluster", "input"),
                ("oci", _) => ("registry", "no registry is reached"),
                ("net", _) => ("{\"ips\":[\"127.0.0.1\"]}", "{\"ips\":[\"127.0.0.1\"]}"),
                ("crypto", _) => ("not readable", "not readable"),
                _ => ("nothing is kept", "nothing is kept"),
            };
            for (dispatcher, expected) in [(all, with), (Dispatcher::default(), without)] {
                let answer = answer(dispatcher, namespace, operation);
                assert!(answer.contains(expected), "{namespace}/{operation}: {answer}");
            }
        }
        assert!(answer(all, "oci/", "").contains("nobody here answers it"));
    }
}
