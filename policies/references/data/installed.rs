// Objects of tools that are installed by their own means, and that others refer to: Argo CD, Linkerd. Of a pod it is the
// value of a label: the Prometheus operator.
[
    ("ConfigMap", "argocd-"),
    ("Secret", "argocd-"),
    ("ServiceAccount", "argocd-"),
    ("Service", "argocd-"),
    ("Pod", "prometheus"),
    ("Pod", "alertmanager"),
    ("ConfigMap", "linkerd-"),
    ("Secret", "linkerd-"),
    ("ServiceAccount", "linkerd-"),
]
