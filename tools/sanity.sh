#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Run ansible-test sanity over this checkout, with the Ansible of one virtual environment.
#
# Usage: tools/sanity.sh VENV [ansible-test sanity arguments, for example --test validate-modules]
set -euo pipefail

venv=$PWD/$1
shift
python=$venv/bin/python
site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# ansible-test keeps its own environments in the home directory: give it one that goes when the virtual
# environment goes, with the user's pip settings and pip's cache, as it passes no PIP_ variable on.
home=$venv/home
mkdir -p "$home/.ansible/test/cache" "$home/.config" "$home/.cache"
ln -sfn "${XDG_CONFIG_HOME:-$HOME/.config}/pip" "$home/.config/pip"
ln -sfn "${XDG_CACHE_HOME:-$HOME/.cache}/pip" "$home/.cache/pip"

# It would fetch get-pip from a host of its own. Where that is out of reach nothing works, so it finds a
# stand-in that installs the same version from the package index in use.
pip=$(sed -n "s/^ *pip='\([0-9.]*\)',/\1/p" "$site/ansible_test/_internal/python_requirements.py")
standin=$home/.ansible/test/cache/get_pip_${pip//./_}.py
if [ ! -e "$standin" ]; then
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$home/.ansible/test/cache" "pip==$pip"
    cat > "$standin" <<EOF
import pathlib, runpy, sys
wheel = str(next(pathlib.Path(__file__).parent.glob("pip-$pip-*.whl")))
sys.path.insert(0, wheel)
sys.argv[1:] = ["install", "--quiet", "--disable-pip-version-check", wheel]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
EOF
fi

# It refuses a checkout that does not lie in an ansible_collections tree, and a link to one: copy what git sees
# (outside of this repository, or it would ask git about files that are ignored), and put the dependency beside it.
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$tree/ansible_collections/lifeboat/rds"
git ls-files -z --cached --others --exclude-standard |
    tar --null --ignore-failed-read --files-from - -cf - 2>/dev/null |
    tar -C "$tree/ansible_collections/lifeboat/rds" -xf -
ln -s "$site/ansible_collections/amazon" "$tree/ansible_collections/amazon"

cd "$tree/ansible_collections/lifeboat/rds"
HOME=$home PATH=$venv/bin:$PATH "$venv/bin/ansible-test" sanity --local --python "$version" "$@"
