#!/usr/bin/env bash
# Build the collection's archive, install it into an empty place and read every module's documentation there.
#
# Usage: tools/galaxy.sh VENV
set -euo pipefail

bin=$PWD/$1/bin
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

"$bin/ansible-galaxy" collection build --output-path "$place" . > "$place/build.log" || { cat "$place/build.log"; exit 1; }
archive=$(echo "$place"/*.tar.gz)
unwanted=$(tar -tzf "$archive" | grep -vE '^((COPYING|README.md|CHANGELOG.md|MANIFEST.json|FILES.json)$|(changelogs|docs|extensions|meta|playbooks|plugins|roles)/)' || true)
if [ -n "$unwanted" ]; then
    printf 'Not part of a collection, add to build_ignore in galaxy.yml:\n%s\n' "$unwanted"
    exit 1
fi

"$bin/ansible-galaxy" collection install "$archive" --no-deps --offline -p "$place/collections" > /dev/null
installed=$place/collections/ansible_collections/lifeboat/rds
cd "$place"
export ANSIBLE_COLLECTIONS_PATH=$place/collections
unset ANSIBLE_CONFIG
count=0
for module in "$installed"/plugins/modules/*.py; do
    name=lifeboat.rds.$(basename "$module" .py)
    # ansible-doc would also find this checkout: what it read must be the installed file.
    "$bin/ansible-doc" --json -t module "$name" | grep -qF "$module" || { echo "ansible-doc cannot read $name"; exit 1; }
    count=$((count + 1))
done
echo "$(basename "$archive"): $(tar -tzf "$archive" | grep -vc '/$') files, $count modules documented."
