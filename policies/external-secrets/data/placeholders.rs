// The words of texts that somebody is to replace. A value is such a text where all its words are here, and at least one
// is of the first list.
//
// Source: the placeholders in the manuals and example manifests of 40 public repositories.
(
    &[
        "change", "changeit", "changeme", "dummy", "example", "fixme", "goes", "here", "insert", "placeholder", "put",
        "redacted", "replace", "replaceme", "setme", "tbd", "todo", "your", "yours",
    ],
    &[
        "a", "access", "admin", "an", "and", "ant", "demo", "live", "only", "proj", "read", "api", "app", "before", "by", "client", "credential", "credentials", "databases",
        "database", "db", "deploy", "deploying", "for", "from", "generate", "generated", "github", "in", "is", "it", "key",
        "me", "my", "new", "of", "own", "pass", "password", "please", "prod", "production", "real", "root", "secret",
        "secure", "some", "string", "strong", "super", "test", "that", "the", "this", "to", "token", "url", "use", "user",
        "username", "value", "webhook", "with", "ghp", "gho", "glpat", "sk", "xoxb", "base", "encoded", "random",
    ],
)
