// Words that make of a secret's name the name of something about it: `TOKEN_URL`, `PASSWORD_FILE`, `secretName`.
//
// Source: the names of settings that hold no secret in the manifests of 40 public repositories, read one by one.
[
    "algo", "algorithm", "audience", "backend", "cache", "class", "cmd", "command", "connector", "count", "dir",
    "directory", "disabled", "domain", "duration", "enable", "enabled", "encoder", "encoding", "encryption", "endpoint",
    "engine", "env", "expiration", "expires", "expiry", "field", "file", "format", "grant", "hashing", "header", "hint",
    "host", "id", "interval", "issuer", "key", "keys", "kind", "label", "length", "lifetime", "limit", "location",
    "login", "manager", "map", "max", "method", "min", "mode", "mount", "name", "names", "namespace", "path", "paths",
    "pattern", "policy", "port", "prefix", "provider", "ref", "regex", "region", "required", "reset", "rotation",
    "server", "service", "size", "store", "strategy", "suffix", "template", "timeout", "ttl", "type", "uri", "url",
    "user", "username", "validation", "version", "volume",
]
