#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Rehearse on the lab, drill in your own accounts, or keep a lab running.
#
# Usage: tools/run.sh rehearse|drill [options of ansible-playbook]
#        tools/run.sh lab [options of the lab]
#
# `rehearse` and `drill` end 0 when everything is verified, 1 when something failed, 2 when something could not be
# verified. `make rehearse` and `make drill` call this script, but make turns whatever is not 0 into 2.
#
# Reads VENV, the environment to use (.venv), and LIFEBOAT_EVIDENCE, where drills leave their evidence (evidence/).
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-}
shift || true
venv=${VENV:-.venv} bin=${VENV:-.venv}/bin

export LIFEBOAT_EVIDENCE=${LIFEBOAT_EVIDENCE:-$PWD/evidence}
# Ansible refuses to start in a locale that is not UTF-8, and ignores an ansible.cfg in a directory that all may write to.
export LC_ALL=C.UTF-8 ANSIBLE_CONFIG=$PWD/ansible.cfg ANSIBLE_COLLECTIONS_PATH=$PWD/$venv/collections
# Every task starts a Python, which would otherwise compile boto3 and Ansible anew.
unset PYTHONDONTWRITEBYTECODE

# Each names an AWS profile of the lab and the role behind it, which `playbooks/prepare.yml` makes.
roles=(
    --role production_publish=production/lifeboat-publish
    --role production_prune=production/lifeboat-prune
    --role production_dr_replicate=production_dr/lifeboat-replicate
    --role production_dr_prune=production_dr/lifeboat-prune
    --role production_dr_drill=production_dr/lifeboat-drill
    --role production_dr_recover=production_dr/lifeboat-recover
    --role production_dr_failback_publish=production_dr/failback-publish
    --role production_failback_replicate=production/failback-replicate
    --role production_dr_failback_prune=production_dr/failback-prune
    --role production_failback_prune=production/failback-prune
    --role production_failback_recover=production/failback-recover
    --role production_subscribe=production/lifeboat-subscribe
    --role production_dr_subscribe=production_dr/lifeboat-subscribe
    --role production_listen=production/lifeboat-listen
    --role production_dr_listen=production_dr/lifeboat-listen
)
# Runs what follows and ends with its verdict. A lab that does not start leaves none, so that is unverified, not failed.
judge=("$bin/python" tools/verdict.py --evidence "$LIFEBOAT_EVIDENCE" --)

case $what in
    rehearse)
        command=("${judge[@]}" "$bin/lifeboat-lab" run --shop --scale 1200 "${roles[@]}" --
            "$bin/ansible-playbook" playbooks/rehearse.yml -e lifeboat_poll_interval=1 "$@")
        ;;
    drill) command=("${judge[@]}" "$bin/ansible-playbook" playbooks/drill.yml "$@") ;;
    lab) command=("$bin/lifeboat-lab" serve --shop "${roles[@]}" "$@") ;;
    *)
        sed -n 's/^# \?//; 3,11p' "$0" >&2
        exit 2
        ;;
esac

# Without an environment nothing could be tried, which is not a verdict. One that is there is used as it is.
[ -e "$venv/ready" ] || make --silent "$venv/ready" VENV="$venv" || exit 2
exec "${command[@]}"
