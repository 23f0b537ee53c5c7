#!/usr/bin/env bash
# Makes what is released of a static binary: dist.sh BINARY FOLDER
#
# An archive with completions and man pages, a container image as an OCI layout, the manifest of the kubectl plugin, and
# checksums of all. The same binary and SOURCE_DATE_EPOCH give the same bytes.
set -euo pipefail
export LC_ALL=C

binary="$(realpath "$1")"
folder="$2"
here="$(cd "$(dirname "$0")/.." && pwd)"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-0}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"

version="$("$binary" --version | cut -d ' ' -f 2)"
mkdir -p "$work/completions" "$work/man"
install -m 0755 "$binary" "$work/seaworthy"
cp "$here/LICENSE" "$here/README.md" "$work"
for shell in bash zsh fish; do
    "$binary" completions "$shell" > "$work/completions/seaworthy.$shell"
done
"$binary" man "$work/man"

archive="seaworthy-x86_64-linux.tar.gz"
tar --sort=name --format=ustar --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' \
    -C "$work" -cf - LICENSE README.md completions man seaworthy | gzip --no-name --best > "$folder/$archive"

"$here/integrations/image/layout.sh" "$binary" "$version" "$work/image" > "$folder/image.digest"
tar --sort=name --format=ustar --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' \
    -C "$work/image" -cf "$folder/seaworthy-image.oci.tar" blobs index.json oci-layout

sha256="$(sha256sum "$folder/$archive" | cut -d ' ' -f 1)"
sed -e "s/@VERSION@/$version/g" -e "s/@SHA256@/$sha256/g" "$here/integrations/krew/seaworthy.yaml" > "$folder/seaworthy.yaml"

cd "$folder"
rm -f SHA256SUMS
find . -maxdepth 1 -type f -printf '%P\n' | sort | xargs sha256sum > "$work/sums"
mv "$work/sums" SHA256SUMS
cat SHA256SUMS
