// Containers that webhooks add to pods: service meshes, agents. An annotation may name one that no manifest has.
[
    "istio-proxy", "istio-init", "istio-validation", "linkerd-proxy", "linkerd-init", "linkerd-network-validator",
    "envoy-sidecar", "consul-dataplane", "kuma-sidecar", "kuma-init", "aws-appmesh-proxy", "daprd", "vault-agent",
    "vault-agent-init", "cloud-sql-proxy", "gke-gcsfuse-sidecar", "datadog-agent-injected", "otc-container",
    "opentelemetry-auto-instrumentation", "tailscale", "fluent-bit",
]
