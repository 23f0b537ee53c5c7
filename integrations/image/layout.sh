#!/usr/bin/env bash
# Makes a container image of one static binary, as an OCI layout, without a container engine: layout.sh BINARY VERSION FOLDER
#
# The same binary gives the same bytes. All times are SOURCE_DATE_EPOCH. The image has nothing but the binary, and runs as
# a user that is not root.
set -euo pipefail
export LC_ALL=C

binary="$1" version="$2" folder="$3"
epoch="${SOURCE_DATE_EPOCH:-0}"
created="$(date --utc --date="@$epoch" +%Y-%m-%dT%H:%M:%SZ)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
rm -rf "$folder"
mkdir -p "$work/root/usr/bin" "$work/root/work" "$folder/blobs/sha256"

digest() { sha256sum "$1" | cut -d ' ' -f 1; }

# Moves a file to the blobs, and sets `sha` and `size`.
keep() {
    sha="$(digest "$1")"
    size="$(stat --format %s "$1")"
    mv "$1" "$folder/blobs/sha256/$sha"
}

install -m 0755 "$binary" "$work/root/usr/bin/seaworthy"
tar --sort=name --format=ustar --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' \
    -C "$work/root" -cf "$work/layer" .
layer="$(digest "$work/layer")"
gzip --no-name --best "$work/layer"
keep "$work/layer.gz"
layer_sha="$sha" layer_size="$size"

printf '%s' "{\"created\":\"$created\",\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"User\":\"65532:65532\",\
\"Env\":[\"PATH=/usr/bin\"],\"Entrypoint\":[\"/usr/bin/seaworthy\"],\"WorkingDir\":\"/work\",\"Labels\":{\
\"org.opencontainers.image.title\":\"seaworthy\",\"org.opencontainers.image.version\":\"$version\",\
\"org.opencontainers.image.licenses\":\"Apache-2.0\",\
\"org.opencontainers.image.source\":\"https://github.com/seaworthy-policies/seaworthy\"}},\
\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$layer\"]},\
\"history\":[{\"created\":\"$created\",\"created_by\":\"seaworthy $version\"}]}" > "$work/config"
keep "$work/config"
config_sha="$sha" config_size="$size"

printf '%s' "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\
\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:$config_sha\",\"size\":$config_size},\
\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:$layer_sha\",\
\"size\":$layer_size}]}" > "$work/manifest"
keep "$work/manifest"

printf '%s' "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[{\
\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:$sha\",\"size\":$size,\
\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"},\
\"annotations\":{\"org.opencontainers.image.ref.name\":\"$version\"}}]}" > "$folder/index.json"
printf '%s' '{"imageLayoutVersion":"1.0.0"}' > "$folder/oci-layout"
echo "sha256:$sha"
