// The endings of files of source code, in which a bare word is a variable and no value.
//
// Source: github-linguist 9 (lib/linguist/languages.yml), the languages that people put into ConfigMaps.
[
    "c", "cc", "cjs", "cpp", "cs", "cue", "erl", "ex", "exs", "go", "groovy", "h", "hcl", "html", "java", "jq", "js",
    "jsonnet", "jsx", "kt", "libsonnet", "lua", "mjs", "php", "pl", "ps1", "py", "rb", "rego", "rs", "scala", "star",
    "swift", "tf", "ts", "tsx", "vcl",
]
