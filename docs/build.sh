#!/bin/sh
# Builds the site of the documentation: docs/build.sh SEAWORTHY SOURCES SITE MDBOOK.
#
# The sources of the book are laid out as the repository is, so that links between its pages are the same in both.
set -eu
seaworthy=$1 sources=$2 site=$3 mdbook=$4
cd "$(dirname "$0")/.."

rm -rf "$sources" "$site"
mkdir -p "$sources/src/docs" "$sources/src/rules"
cp docs/book.toml "$sources/"
cp README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md CHANGELOG.md "$sources/src/"
cp docs/*.md docs/*.json docs/*.png "$sources/src/docs/"
mv "$sources/src/docs/SUMMARY.md" "$sources/src/"

checklist=$sources/src/rules/README.md
"$seaworthy" rules --format markdown > "$checklist"
sed -n 's/^| \[\([a-z0-9-]*\)\](.*/\1/p' "$checklist" | while read -r rule; do
	"$seaworthy" explain "$rule" --format markdown > "$sources/src/rules/$rule.md"
	echo "- [$rule](rules/$rule.md)" >> "$sources/src/SUMMARY.md"
done

"$mdbook" build "$sources" --dest-dir "$site"
# The address of a checklist's page is `rules/`; mdBook makes of each README.md an index.html.
test -e "$site/rules/index.html"
