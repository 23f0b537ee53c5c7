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

options=(--format human)
split "$INPUT_ARGUMENTS"
# For the bash of macOS, 3.2, an empty array is not set.
options+=(${lines[@]+"${lines[@]}"})
# People read the report in the log; what GitHub reads follows it.
annotations="$(mktemp)"
trap 'rm -f "$annotations"' EXIT
[ "$INPUT_ANNOTATIONS" != true ] || options+=(--output "github=$annotations")
[ "$INPUT_SUMMARY" != true ] || [ -z "${GITHUB_STEP_SUMMARY:-}" ] || options+=(--output step-summary)
if [ -n "$INPUT_SARIF" ]; then
    # On a runner that keeps its folders, an earlier run may have left one.
    rm -f -- "$INPUT_SARIF"
    mkdir -p -- "$(dirname -- "$INPUT_SARIF")"
    options+=(--output "sarif=$INPUT_SARIF")
fi
split "$INPUT_PATH"

code=0
# The report quotes what strangers wrote: the runner takes nothing in it for a command.
stop="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
echo "::stop-commands::$stop"
# Behind `--` nothing is an option.
seaworthy check "${options[@]}" -- ${lines[@]+"${lines[@]}"} || code=$?
echo "::$stop::"
cat "$annotations"

{
    echo "exit-code=$code"
    [ ! -f "$INPUT_SARIF" ] || echo "sarif=${INPUT_SARIF//[$'\r\n']/}"
} >> "$GITHUB_OUTPUT"
if [ "$code" = 1 ] && [ "$INPUT_FAIL" = false ]; then
    exit 0
fi
exit "$code"
