// What a value begins with that says where the secret is, instead of what it is.
//
// Sources: Bank-Vaults, vals, 1Password, Berglas, names of AWS resources (Secrets Manager, KMS), Argo CD Vault Plugin,
// Spring Boot (`file:`, `env:`), Kyverno and Alloy (`env:`), and how JavaScript, Python, Go, Terraform and Helm name
// variables.
[
    "vault:", "ref+", "op://", "berglas://", "sm://", "gcp:secretmanager:", "arn:aws",
    "secretref:", "secret://", "file:", "env:", "env.", "avp:", "process.env", "import.meta.env", "os.environ",
    "os.getenv", "var.", "local.", "data.", "module.", "secrets.", "vars.", "sys.env", "Values.", ".Values.",
]
