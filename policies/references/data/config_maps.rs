// ConfigMaps that the platform puts into namespaces, and their keys: kube-controller-manager's root-ca-cert-publisher,
// OpenShift's service CA, Istio's citadel, trust-manager's default bundle.
[
    ("kube-root-ca.crt", "ca.crt"),
    ("openshift-service-ca.crt", "service-ca.crt"),
    ("istio-ca-root-cert", "root-cert.pem"),
    ("linkerd-identity-trust-roots", "ca-bundle.crt"),
]
