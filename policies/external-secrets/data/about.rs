// Words that make of a secret's name the name of something about it: `TOKEN_URL`, `PASSWORD_FILE`, `secretName`.
//
// Sources: the names of settings that hold no secret in the manifests of 40 public repositories, read one by one, and
// what rules of passwords are about: `PASSWORD_ROUNDS`, `PASSWORD_HISTORY`.
[
    "age", "algo", "algorithm", "annotations", "attempts", "audience", "backend", "cache", "class", "cmd", "command",
    "complexity", "connector", "count", "days", "dir", "directory", "disabled", "domain", "duration", "enable",
    "enabled", "encoder", "encoding", "encryption", "endpoint", "engine", "env", "expiration", "expires", "expiry",
    "field", "file", "format", "from", "grant", "hasher", "hashers", "hashing", "header", "hint", "history", "host",
    "hours", "id", "interval", "issuer", "iterations", "key", "keys", "kind", "label", "labels", "length", "lifetime",
    "limit", "location", "lockout", "login", "manager", "map", "max", "method", "min", "minutes", "mode", "mount",
    "name", "names", "namespace", "output", "path", "paths", "pattern", "period", "policy", "port", "prefix",
    "provider", "ref", "regex", "region", "reload", "required", "reset", "retries", "rotation", "rounds", "seconds",
    "server", "service", "size", "source", "store", "strategy", "strength", "suffix", "sync", "template", "timeout",
    "ttl", "type", "uri", "url", "user", "username", "validation", "version", "volume", "watch",
]
