# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source account is gone, and the shop is put in its place at the DR site: real rows, kept and protected."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import Lab
from tests.integration.play import EAST, Run, play
from tests.lab.helpers import cluster, connect, instance

TABLES = {"billing": "invoices", "catalog": "products", "events": "events", "orders": "orders"}
NAMES = sorted(TABLES)


@pytest.fixture(scope="module", autouse=True)
def lost(lab: Lab, evidence: Path) -> Iterator[None]:
    """Everything has landed, and the source account answers no more."""
    done = play(lab, "protect.yml", evidence=evidence)
    assert done.code == 0, done.output
    lab.admin("POST", "dark", {"account": "production", "dark": True})
    yield


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tasks of a user: they leave what they got, and fail where they are told to."""
    folder = tmp_path_factory.mktemp("hook")
    (folder / "hook.yml").write_text(
        "- ansible.builtin.copy:\n"
        "    content: '{{ recover_endpoints | to_json }}'\n"
        "    dest: '{{ hook_leaves }}'\n"
        "    mode: '0600'\n"
        "- ansible.builtin.fail: {msg: the DNS says no}\n"
        "  when: hook_fails | default(false)\n",
        encoding="utf-8",
    )
    return folder


def rows_of(lab: Lab, name: str) -> int:
    """How many rows the recovered database has, read with the password that RDS keeps."""
    rds = lab.client("production_dr", "rds", EAST)
    row = cluster(rds, name) if name == "events" else instance(rds, name)
    at = row["Endpoint"] if name != "events" else {"Address": row["Endpoint"], "Port": row["Port"]}
    secrets = lab.client("production_dr", "secretsmanager", EAST)
    found = json.loads(secrets.get_secret_value(SecretId=row["MasterUserSecret"]["SecretArn"])["SecretString"])
    reached = {"Endpoint": at, "MasterUsername": found["username"]}
    with connect(reached, name, found["password"]) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {TABLES[name]}").fetchone()[0])


def test_all_databases_run_in_the_place_of_the_lost_ones(
    lab: Lab, run: Callable[..., Run], evidence: Path, hook: Path
) -> None:
    left = hook / "left.json"
    done = run("recover.yml", "-e", f"recover_hook={hook / 'hook.yml'}", "-e", f"hook_leaves={left}")
    assert done.code == 0, done.output
    assert {name: rows_of(lab, name) for name in NAMES} == dict.fromkeys(NAMES, 3600)
