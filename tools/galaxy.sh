#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Build the collection's archive, install it into an empty place and read every module's documentation there.
#
# Usage: tools/galaxy.sh VENV
set -euo pipefail

bin=$PWD/$1/bin
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
trap 'exit 130' INT TERM HUP

"$bin/ansible-galaxy" collection build --output-path "$place" . > "$place/log" || {
    cat "$place/log"
    exit 1
}
archive=$(echo "$place"/*.tar.gz)
belongs='^(([A-Z_]+\.md|COPYING|REUSE.toml|MANIFEST.json|FILES.json)$|(LICENSES|changelogs|docs|extensions|meta|playbooks|plugins|roles)/)'
strays=$(tar -tzf "$archive" | grep -vE "$belongs" || true)
if [ -n "$strays" ]; then
    printf 'Not part of a collection, so build_ignore in galaxy.yml should name it:\n%s\n' "$strays"
    exit 1
fi

# Away from this checkout and its settings. Python still finds it, which is why galaxy would take the archive for
# installed already, and why the documentation's file name is looked at below.
cd "$place"
unset ANSIBLE_CONFIG
export ANSIBLE_COLLECTIONS_PATH=$place/collections
"$bin/ansible-galaxy" collection install "$archive" --force --no-deps --offline -p collections > log || {
    cat log
    exit 1
}
modules=("$place"/collections/ansible_collections/lifeboat/rds/plugins/modules/*.py)
names=("${modules[@]##*/}")
names=("${names[@]%.py}")
"$bin/ansible-doc" --json -t module "${names[@]/#/lifeboat.rds.}" > documentation.json
for module in "${modules[@]}"; do
    grep -qF "\"$module\"" documentation.json || {
        echo "ansible-doc cannot read ${module##*/}"
        exit 1
    }
done
echo "$(basename "$archive"): $(tar -tzf "$archive" | grep -vc '/$') files, ${#modules[@]} modules documented."
