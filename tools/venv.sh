#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Build a virtual environment in which this checkout is the collection lifeboat.rds.
#
# Usage: tools/venv.sh main|other|eda DIR
#   main   from python3 (or $PYTHON): the environment that everything uses
#   other  the other supported line of Ansible: Python 3.12 or later beside 3.11, and the other way round
#   eda    ansible-rulebook with the Ansible that it runs, which has its source for SQS on Python 3.12 or later only
#
# Writes DIR/ready last, so that what was interrupted is never taken for complete.
set -euo pipefail

role=$1 dir=$2

# The first of the named commands that is a working Python of one of the versions. A version manager's shim
# exists on PATH also for versions that it would refuse to run, so each candidate has to answer.
find_python() {
    local versions=$1 candidate
    shift
    for candidate in "$@"; do
        if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] not in '$versions'.split())" 2> /dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# The named versions on PATH, then where pyenv keeps those that it does not put there.
candidates() {
    local version pyenv
    pyenv=$(pyenv root 2> /dev/null || echo "$HOME/.pyenv")
    for version in "$@"; do
        echo "python$version" "$pyenv/versions/$version".*/bin/python3
    done
}

older="3.11"
newer="3.13 3.12 3.14"

main_python() {
    # shellcheck disable=SC2046,SC2086  # lists of words
    find_python "$older $newer" ${PYTHON:-python3 $(candidates $older $newer)} || {
        echo "Lifeboat needs Python 3.11 or newer (up to 3.14): install one, or name it: make PYTHON=/path/to/python3" >&2
        exit 1
    }
}

other_python() {
    local wanted=$older main=.venv/bin/python
    # Both may be built at once.
    [ -e .venv/ready ] || main=$(main_python)
    if find_python "$older" "$main" > /dev/null; then wanted=$newer; fi
    python_for "the other line of Ansible" "$wanted"
}

eda_python() {
    python_for "the rulebook" "3.13 3.12 3.14"
}

python_for() {
    local what=$1 wanted=$2
    # shellcheck disable=SC2046,SC2086  # lists of words
    find_python "$wanted" $(candidates $wanted) || {
        printf '\n*** No Python %s here: %s is NOT checked.\n\n' "${wanted// / or }" "$what" >&2
        # On a developer's machine that is an inconvenience, in CI a check that silently went away.
        [ -z "${CI:-}" ] || exit 1
    }
}

python=$("${role}_python")
[ -n "$python" ] || exit 0

# Twice, as what was interrupted may still be writing.
trap 'rm -rf "$dir" 2> /dev/null || { sleep 1; rm -rf "$dir"; }' EXIT
trap 'exit 130' INT TERM HUP
rm -rf "$dir"
echo "Building $dir with $("$python" --version): a minute or two, once."
"$python" -m venv "$dir" || {
    echo "Could not build a virtual environment. Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
}
# `ansible` is 30,000 files, of which few are used: compiling those on first use instead saves most of the time.
packages=(-r requirements.txt)
[ "$role" != eda ] || packages=(--no-deps -r requirements-eda.txt)
"$dir/bin/pip" install -qq --disable-pip-version-check --no-compile "${packages[@]}"
# The lab is a distribution of its own; here it runs from this checkout. All that it needs is in requirements.txt.
[ "$role" = eda ] ||
    "$dir/bin/pip" install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable ./lab

# Beside amazon.aws, where Python finds it as well as Ansible does. `collections` gives that place a name
# without a version of Python in it, for ansible.cfg.
site=$("$dir/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir "$site/ansible_collections/lifeboat" "$dir/collections"
ln -s "$PWD" "$site/ansible_collections/lifeboat/rds"
ln -s "$site/ansible_collections" "$dir/collections/ansible_collections"

touch "$dir/ready"
trap - EXIT
