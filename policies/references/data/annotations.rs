// Annotations of a pod that name its containers or its volumes: the key, or its beginning where it ends with `/`; what it
// names; and where the name stands.
//
// Sources: kubernetes.io/docs/reference/labels-annotations-taints, the manuals of the OpenTelemetry operator, Velero, Vault's
// agent injector and the cluster autoscaler.
[
    ("kubectl.kubernetes.io/default-container", Named::Container),
    ("kubectl.kubernetes.io/default-logs-container", Named::Container),
    ("container.apparmor.security.beta.kubernetes.io/", Named::Container),
    ("container.seccomp.security.alpha.kubernetes.io/", Named::Container),
    ("instrumentation.opentelemetry.io/container-names", Named::Container),
    ("instrumentation.opentelemetry.io/java-container-names", Named::Container),
    ("instrumentation.opentelemetry.io/nodejs-container-names", Named::Container),
    ("instrumentation.opentelemetry.io/python-container-names", Named::Container),
    ("instrumentation.opentelemetry.io/dotnet-container-names", Named::Container),
    ("instrumentation.opentelemetry.io/go-container-names", Named::Container),
    ("vault.hashicorp.com/agent-inject-containers", Named::Container),
    ("pre.hook.backup.velero.io/container", Named::Container),
    ("post.hook.backup.velero.io/container", Named::Container),
    ("post.hook.restore.velero.io/container", Named::Container),
    ("backup.velero.io/backup-volumes", Named::Volume),
    ("backup.velero.io/backup-volumes-excludes", Named::Volume),
    ("cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes", Named::Volume),
]
