#!/usr/bin/env bash
# Runs seaworthy check with what the workflow says, all of it in variables.
set -uo pipefail

# The lines of a text that are not empty, into the array `lines`.
split() {
    lines=()
    while IFS= read -r line; do
        line="${line%$'\r'}"
        [ -z "$line" ] || lines+=("$line")
    done <<< "$1"
}

options=()
split "$INPUT_ARGUMENTS"
options+=("${lines[@]}")
options+=(--format human)
# People read the report in the log; what GitHub reads follows it.
annotations="$(mktemp)"
trap 'rm -f "$annotations"' EXIT
[ "$INPUT_ANNOTATIONS" != true ] || options+=(--output "github=$annotations")
[ "$INPUT_SUMMARY" != true ] || [ -z "${GITHUB_STEP_SUMMARY:-}" ] || options+=(--output step-summary)
if [ -n "$INPUT_SARIF" ]; then
    options+=(--output "sarif=$INPUT_SARIF")
fi
split "$INPUT_PATH"

code=0
# Behind `--` nothing is an option.
seaworthy check "${options[@]}" -- "${lines[@]}" || code=$?
cat "$annotations"

{
    echo "exit-code=$code"
    [ ! -f "$INPUT_SARIF" ] || echo "sarif=${INPUT_SARIF//[$'\r\n']/}"
} >> "$GITHUB_OUTPUT"
if [ "$code" = 1 ] && [ "$INPUT_FAIL" = false ]; then
    exit 0
fi
exit "$code"
