// The last words of a Secret's keys whose values are no secrets by themselves: `type`, `DB_USER`, `server`, `enableOCI`.
//
// Sources: Argo CD's repository and cluster Secrets (argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup),
// the types of Secrets in Kubernetes (kubernetes.io/docs/concepts/configuration/secret), and the connection Secrets of
// CloudNativePG, Crossplane and the AWS, Azure and Google controllers.
[
    "address", "azurestorageaccountname", "bucket", "database", "db", "dbname", "email", "enable", "enabled", "endpoint", "environment", "host", "hostname", "hosts",
    "id", "insecure", "issuer", "login", "mode", "name", "namespace", "namespaces", "oci", "pgsslmode", "port", "project", "provider", "proxy",
    "region", "server", "tenant", "tls", "type", "uri", "url", "user", "username", "version", "zone",
]
