#!/usr/bin/env bash
# Puts seaworthy on the PATH: the one that is there, or a release whose digest the caller knows.
set -euo pipefail

if command -v seaworthy >/dev/null; then
    seaworthy --version
    exit 0
fi
if [ -z "$INPUT_VERSION" ] || [ -z "$INPUT_SHA256" ]; then
    echo "::error::seaworthy is not on the PATH: install it in a step before, or give the inputs version and sha256"
    exit 2
fi
if [[ ! "$INPUT_VERSION" =~ ^v[0-9A-Za-z.-]+$ ]] || [[ ! "$INPUT_SHA256" =~ ^[0-9a-f]{64}$ ]]; then
    echo "::error::the input version is like v0.1.0, and sha256 has 64 hexadecimal digits"
    exit 2
fi
system="$(uname -sm)"
if [ "$system" != "Linux x86_64" ]; then
    echo "::error::there is no release for $system: install seaworthy in a step before"
    exit 2
fi
releases="${SEAWORTHY_RELEASES:-https://github.com/seaworthy-policies/seaworthy/releases/download}"
archive="seaworthy-x86_64-linux.tar.gz"
folder="$RUNNER_TEMP/seaworthy"
mkdir -p "$folder"
curl --fail --silent --show-error --location --retry 3 --output "$folder/$archive" "$releases/$INPUT_VERSION/$archive" || {
    echo "::error::$releases/$INPUT_VERSION/$archive cannot be fetched"
    exit 2
}
echo "$INPUT_SHA256  $folder/$archive" | sha256sum --check --quiet || {
    echo "::error::the archive of $INPUT_VERSION has another digest than the input sha256: it is not run"
    exit 2
}
tar -xzf "$folder/$archive" -C "$folder" seaworthy
echo "$folder" >> "$GITHUB_PATH"
"$folder/seaworthy" --version
