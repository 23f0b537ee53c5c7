#![no_std]
use sdk::prelude::*;

mod gateway;
mod ingress;
mod service;

policy! {
    /// What can be reached from outside the cluster is meant to be, and is encrypted.
    ///
    /// | kind | must not have |
    /// |---|---|
    /// | Service | `type: NodePort` (the setting `allow_node_ports`); `externalIPs`; a forbidden TCP port, also as `targetPort` (`forbidden_ports`: 22) |
    /// | Service of type `LoadBalancer` | everybody as a client: it has source ranges other than `/0` and its halves, is internal by an annotation of its cloud, or asks for private addresses only |
    /// | any workload | `hostPort` other than 0 (`allow_host_ports`), unless it is bound to the node itself; a forbidden TCP port |
    /// | Ingress | a host without TLS; a host that is a wildcard or missing (`allow_wildcard_hosts`); a host and path that another Ingress of its class serves too |
    /// | Gateway (`gateway.networking.k8s.io`) | an `HTTP` listener whose hostname no listener with TLS serves; a wildcard hostname is advice, since routes narrow it down, and so is a listener with TLS that names no certificate |
    ///
    /// TLS of an Ingress counts host by host. A wildcard in `tls.hosts` covers one label, an entry without hosts covers
    /// all, and one without `secretName` means the controller's own certificate. Certificates that annotations of GKE,
    /// AWS, Azure, OpenShift, Traefik or NGINX name count too. Canary Ingresses are no duplicates.
    ///
    /// The AWS Load Balancer Controller makes internal load balancers unless `aws-load-balancer-scheme` says otherwise.
    /// For another cloud, list its annotation in the setting `internal_annotations`.
    ///
    /// ## Why
    ///
    /// Most services are for other services. A port that is open to the internet by accident, a host served in plain text
    /// and a route that two teams claim are found by somebody else first.
    ///
    /// ## Fix
    ///
    /// Use `type: ClusterIP` behind an Ingress or a Gateway with TLS. Give a load balancer `loadBalancerSourceRanges`, or
    /// the annotation that makes it internal. Where a whole cluster's entry is meant, waive the finding for that object.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 443}]}
    /// ```
    ///
    /// ```yaml,fail
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   tls: [{hosts: ["*.example.com"], secretName: wildcard}]
    ///   rules:
    ///     - host: a.shop.example.com
    ///       http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, annotations: {networking.gke.io/load-balancer-type: Internal}}
    /// spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 443}]}
    /// ```
    ///
    /// ```yaml,pass
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   tls: [{hosts: ["*.example.com"], secretName: wildcard}]
    ///   rules:
    ///     - host: shop.example.com
    ///       http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
    /// ```
    pub struct Exposure {
        /// Whether a Service may have the type `NodePort`.
        allow_node_ports: bool = false,
        /// Whether a container may have a `hostPort`.
        allow_host_ports: bool = false,
        /// Whether an Ingress may serve a wildcard host, or every host.
        allow_wildcard_hosts: bool = false,
        /// TCP ports that no Service and no container may have.
        forbidden_ports: Vec<u32> = [22],
        /// Annotations that make a load balancer internal, besides those of the known clouds: `example.com/internal=true`.
        internal_annotations: Vec<String> = [],
    }
    severity: High,
    section: Security,
    since: "0.1.0",
    applies_to: [
        Workloads,
        "v1/Service",
        "networking.k8s.io/v1/Ingress",
        "extensions/v1beta1/Ingress",
        "gateway.networking.k8s.io/v1/Gateway",
    ],
    reads: [
        "metadata.annotations",
        "containers.ports",
        "spec.type",
        "spec.ports",
        "spec.externalIPs",
        "spec.loadBalancerClass",
        "spec.loadBalancerIP",
        "spec.loadBalancerSourceRanges",
        "spec.ingressClassName",
        "spec.backend",
        "spec.defaultBackend",
        "spec.rules",
        "spec.tls",
        "spec.listeners",
    ],
    looks_up: [
        "networking.k8s.io/v1/Ingress": [
            "metadata.annotations",
            "spec.ingressClassName",
            "spec.rules",
        ],
    ],
}

impl Rule for Exposure {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        match (object.group(), object.kind()) {
            ("", "Service") => service::check(self, object, findings),
            ("networking.k8s.io" | "extensions", "Ingress") => {
                return ingress::check(self, object, request.world(), findings);
            }
            ("gateway.networking.k8s.io", "Gateway") => gateway::check(self, object, findings),
            _ => self.check_workload(request.workload()?, findings),
        }
        Ok(())
    }
}

impl Exposure {
    fn check_workload(&self, workload: Workload<'_>, findings: &mut Findings) {
        for container in workload.containers(&[Class::App, Class::Sidecar, Class::Init]) {
            for port in container.get("ports").items() {
                let host = port.get("hostPort");
                let is_local = port.get("hostIP").str().is_some_and(|ip| ip.starts_with("127.") || ip == "::1");
                if host.integer().is_some_and(|host| host != 0) && !is_local && !self.allow_host_ports {
                    let message = "a port of the node is open to whoever reaches the node, past every Service";
                    findings.fail(host, message, fix::remove(host));
                }
                self.check_port(port, port.get("containerPort"), findings);
            }
        }
    }

    /// Finds a forbidden port in a number beside its protocol.
    fn check_port(&self, port: Field<'_>, number: Field<'_>, findings: &mut Findings) {
        let is_tcp = port.get("protocol").str().is_none_or(|protocol| protocol == "TCP");
        let Some(open) = number.integer().filter(|_| is_tcp) else { return };
        if self.forbidden_ports.iter().any(|forbidden| i64::from(*forbidden) == open) {
            if open == 22 {
                let message = "port 22 is ssh: a login that Kubernetes neither sees nor limits";
                let fix = "remove the port, and look into a container with `kubectl exec`; where ssh is the service, as for \
                           git, take 22 out of the setting `forbidden_ports`";
                findings.fail(number, message, fix);
            } else {
                findings.fail(number, format!("the setting `forbidden_ports` has port {open}"), "another port");
            }
        }
    }
}

/// Whether a host is a wildcard, or none, which is every host.
fn is_wildcard(host: &str) -> bool {
    host.is_empty() || host.starts_with('*')
}

/// Whether a name with a wildcard for its first label, or without, covers a host.
fn covers(name: &str, host: &str) -> bool {
    let of_one_label = || {
        let parent = name.strip_prefix("*.")?;
        host.split_once('.').map(|(label, rest)| label != "*" && rest.eq_ignore_ascii_case(parent))
    };
    name.eq_ignore_ascii_case(host) || of_one_label() == Some(true)
}
