# SPDX-License-Identifier: GPL-3.0-or-later
"""The passwords of a drill are nowhere, not for a moment: neither printed nor written, nor in the process list."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from lifeboat_lab import Lab
from tests.integration.play import DR, EAST, Run, left_in_dr, newest_evidence, snapshots
from tests.machine import missing

pytestmark = pytest.mark.usefixtures("protected")

RECORDER = Path(__file__).parent / "recorder"
CANARY = "bright-harbour-7431"


@dataclass
class Watch:
    """Looks again and again at processes and files, for what must not be in them."""

    made: Path
    places: list[Path]
    seen: set[str] = field(default_factory=set)
    looks: int = 0

    def passwords(self) -> list[str]:
        return self.made.read_text().split()

    def look(self) -> None:
        self.looks += 1
        words = [word.encode() for word in self.passwords()]
        for path in [*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ"), *self.files()]:
            try:
                content = path.read_bytes()
            except OSError:  # it is gone
                continue
            if any(word in content for word in words):
                self.seen.add(str(path))

    def files(self) -> Iterator[Path]:
        # Ansible removes folders meanwhile, at which os.walk goes on.
        for place in self.places:
            for folder, _folders, names in os.walk(place):
                yield from (path for path in map(Path(folder).joinpath, names) if path.is_file())

    @contextmanager
    def watching(self) -> Iterator[None]:
        over = threading.Event()

        def run() -> None:
            while not over.wait(0.02):
                self.look()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.look()


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evidence: Path) -> Watch:
    """Everything that Ansible writes goes where it is looked at."""
    made, temp = tmp_path / "made", tmp_path / "temp"
    made.touch()
    temp.mkdir()
    for name in ("TMPDIR", "ANSIBLE_LOCAL_TEMP", "ANSIBLE_REMOTE_TEMP", "ANSIBLE_HOME"):
        monkeypatch.setenv(name, str(temp))
    monkeypatch.setenv("ANSIBLE_LOG_PATH", str(temp / "ansible.log"))
    monkeypatch.setenv("PYTHONPATH", str(RECORDER))
    monkeypatch.setenv("MADE_PASSWORDS", str(made))
    return Watch(made, [temp, evidence])


def test_no_password_is_anywhere_while_a_drill_runs_or_after_it(
    run: Callable[..., Run], lab: Lab, watch: Watch, evidence: Path
) -> None:
    with watch.watching():
        done = run("drill.yml", "-vvvv", "--diff", "-e", "drill_databases=orders,events")
    assert done.code == 0, done.output
    assert (len(watch.passwords()), watch.looks > 20) == (2, True), "there was something to find, and time to find it"
    assert watch.seen == set()
    assert [word for word in [*watch.passwords(), CANARY] if word in done.output] == []
    texts = "".join(path.read_text(errors="replace") for path in watch.files())
    assert str(newest_evidence(evidence)["drill_id"]) in texts, "the log and the evidence are among what was looked at"
    assert CANARY not in texts
    assert left_in_dr(lab) == []


def test_a_password_that_rds_manages_is_nowhere_either(run: Callable[..., Run], lab: Lab, evidence: Path) -> None:
    done = run("drill.yml", "-vvv", "-e", "drill_credentials=managed")
    assert done.code == 0, done.output
    assert newest_evidence(evidence)["verdict"] == "verified"
    read = lab.calls(action="GetSecretValue")
    assert len(read) == 4, "one secret for each database, the cluster's member has none"
    assert '"password"' not in done.output and "SecretString" not in done.output
    assert CANARY not in done.output
    assert left_in_dr(lab) == []
    vault = lab.client("production_dr", "secretsmanager", "us-east-1")
    assert vault.list_secrets()["SecretList"] == [], "the secrets went with the databases"


@pytest.fixture
def open_to_tokens(lab: Lab) -> Iterator[dict[str, Any]]:
    """Make a database of the drill d9 in which a clerk enters with tokens."""
    rds, name = lab.client("production_dr", "rds", EAST), "lifeboat-d9-orders"
    (point,) = [row["Name"] for row in snapshots(lab, "production_dr", EAST) if row["Of"] == "orders"]
    tags = {"lifeboat:managed-by": "lifeboat", "lifeboat:purpose": "drill", "lifeboat:drill-id": "d9"}
    try:
        rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=name,
            DBSnapshotIdentifier=point,
            EnableIAMDatabaseAuthentication=True,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
    except rds.exceptions.ClientError as refused:
        assert "Debian" in str(refused)
        missing("These PostgreSQL programs do not take tokens; Debian's do: it needs the package postgresql")
    waiter = rds.get_waiter("db_instance_available")
    waiter.wait(DBInstanceIdentifier=name, WaiterConfig={"Delay": 1})
    rds.modify_db_instance(DBInstanceIdentifier=name, MasterUserPassword="for-this-test", ApplyImmediately=True)
    waiter.wait(DBInstanceIdentifier=name, WaiterConfig={"Delay": 1})
    (row,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    at = {"host": row["Endpoint"]["Address"], "port": row["Endpoint"]["Port"], "dbname": "orders"}
    with psycopg.connect(**at, user=row["MasterUsername"], password="for-this-test") as connection:
        connection.execute("CREATE USER clerk")
        connection.execute("GRANT rds_iam TO clerk")
    yield at
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    rds.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier=name, WaiterConfig={"Delay": 1})


def test_a_token_of_the_drills_role_lets_the_named_user_in_and_changes_nothing(
    lab: Lab, run: Callable[..., Run], open_to_tokens: dict[str, Any], tmp_path: Path
) -> None:
    """Here the test reads what a playbook would hand to the checks. The role may log in as whom prepare was told."""
    done = run("prepare.yml", "-e", "lifeboat_drill_iam_username=clerk", "--limit", "production_dr")
    assert done.code == 0, done.output
    ask = {"account_id": DR, "drill_id": "d9", "mode": "iam", "username": "clerk"}
    site = {"profile": "{{ lifeboat_profiles.drill }}", "region": "{{ lifeboat_region }}"}
    tasks = [
        {"lifeboat.rds.database_credentials": {**ask, **site}, "register": "made", "no_log": True},
        {"ansible.builtin.copy": {"content": "{{ made | to_json }}", "dest": str(tmp_path / "made")}, "no_log": True},
    ]
    (tmp_path / "token.yml").write_text(
        yaml.safe_dump([{"hosts": "production_dr", "gather_facts": False, "tasks": tasks}])
    )
    done = run(str(tmp_path / "token.yml"))
    assert done.code == 0, done.output
    made = json.loads((tmp_path / "made").read_text())
    way = made["credentials"]["lifeboat-d9-orders"]
    assert (way["username"], way["kind"], made["changed"]) == ("clerk", "iam", False)
    tls = {"sslmode": "verify-full", "sslrootcert": lab.env()["LAB_CA"]}
    with psycopg.connect(**open_to_tokens, user=way["username"], password=way["password"], **tls) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("clerk",)
