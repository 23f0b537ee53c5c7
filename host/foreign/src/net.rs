//! Kubewarden's capability `net`: names of hosts are resolved as this machine resolves them.

use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use engine::{CallError, HostCall};
use serde_json::json;

/// How long a name may take. The system's resolver has no such limit, and a policy's own time runs on.
const PATIENCE: Duration = Duration::from_secs(3);

/// Answers `v1/dns_lookup_host`: a host's name as a JSON string gives `{"ips": [...]}`, each address once.
///
/// # Errors
/// The payload is no name, or the name has no address, or none came in time.
pub fn lookup_host(call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
    let host: String = serde_json::from_slice(call.payload).map_err(|cause| CallError::invalid(NoHost(cause)))?;
    let ips = resolve(&host).map_err(|cause| CallError::failed(ResolveError { host, cause }))?;
    let ips: Vec<String> = ips.iter().map(ToString::to_string).collect();
    serde_json::to_vec(&json!({ "ips": ips })).map_err(CallError::failed)
}

#[derive(Debug, thiserror::Error)]
#[error("the host is not readable: {0}")]
struct NoHost(#[source] serde_json::Error);

#[derive(Debug, thiserror::Error)]
#[error("{host} cannot be resolved: {cause}")]
struct ResolveError {
    host: String,
    #[source]
    cause: io::Error,
}

/// The addresses in the resolver's order. It is asked in a thread of its own, which is left behind if it takes too long.
fn resolve(host: &str) -> io::Result<Vec<IpAddr>> {
    let (done, result) = mpsc::channel();
    let name = host.to_owned();
    let thread = thread::Builder::new().name("resolver".into()).spawn(move || {
        // If the receiver is gone, the result is not needed.
        let _ = done.send((name.as_str(), 0).to_socket_addrs().map(|found| found.map(|at| at.ip()).collect()));
    });
    thread?;
    match result.recv_timeout(PATIENCE) {
        Ok(found) => found.map(each_once),
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer in {} s", PATIENCE.as_secs()))),
    }
}

/// Resolvers name an address once for each kind of socket.
fn each_once(found: Vec<IpAddr>) -> Vec<IpAddr> {
    let mut ips = Vec::new();
    for ip in found {
        if !ips.contains(&ip) {
            ips.push(ip);
        }
    }
    ips
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(payload: &str) -> HostCall<'_> {
        HostCall {
            binding: "kubewarden",
            namespace: "net",
            operation: "v1/dns_lookup_host",
            payload: payload.as_bytes(),
        }
    }

    #[test]
    fn addresses_are_their_own_names_and_come_once() {
        for (host, ips) in [("\"127.0.0.1\"", r#"{"ips":["127.0.0.1"]}"#), ("\"::1\"", r#"{"ips":["::1"]}"#)] {
            assert_eq!(String::from_utf8(lookup_host(call(host)).unwrap()).unwrap(), ips);
        }
    }

    #[test]
    fn an_address_that_comes_again_is_left_out() {
        let [one, other] = ["127.0.0.1", "::1"].map(|ip| ip.parse::<IpAddr>().unwrap());
        assert_eq!(each_once(vec![one, other, one]), [one, other]);
    }

    #[test]
    fn what_is_no_name_is_an_error() {
        for payload in ["", "{}", "5", "\"\"", "\"no name\\u0000\"", "\"-.invalid\""] {
            assert!(lookup_host(call(payload)).is_err(), "{payload}");
        }
    }
}
