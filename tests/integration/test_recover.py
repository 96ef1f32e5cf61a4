# SPDX-License-Identifier: GPL-3.0-or-later
"""The source account is gone, and the shop is put in its place at the DR site: real rows, kept and protected."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from lifeboat_lab import Lab
from lifeboat_lab.testing import cluster, connect, instance, until
from tests.integration.play import DR, EAST, SOURCE, Run, forget_calls, left_in_dr, newest_evidence, play, writes

TABLES = {"billing": "invoices", "catalog": "products", "events": "events", "orders": "orders"}
NAMES = sorted(TABLES)
ROWS = 3000
AWS = Path(sys.prefix, "awscli", "bin", "aws")
HOOK = """\
- ansible.builtin.copy:
    content: "{{ recover_endpoints | to_json }}"
    dest: "{{ hook_leaves }}"
    mode: "0600"
- ansible.builtin.fail:
    msg: The DNS says no.
  when: hook_fails | default(false)
"""


@pytest.fixture(scope="module", autouse=True)
def lost(lab: Lab, evidence: Path) -> None:
    """Everything has landed, and the source account answers no more."""
    done = play(lab, "protect.yml", evidence=evidence)
    assert done.code == 0, done.output
    lab.admin("POST", "dark", {"account": "production", "dark": True})


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the hook leaves what it got."""
    return tmp_path_factory.mktemp("hook") / "left.json"


@pytest.fixture(scope="module")
def hook(left: Path) -> list[str]:
    """Tasks of a user, as arguments: they leave what they got, and fail where they are told to."""
    path = left.parent / "hook.yml"
    path.write_text(HOOK, encoding="utf-8")
    return ["-e", f"recover_hook={path}", "-e", f"hook_leaves={left}"]


@pytest.fixture
def rds(lab: Lab) -> Any:
    return lab.client("production_dr", "rds", EAST)


def row_of(rds: Any, name: str) -> dict[str, Any]:
    """Find an instance or a cluster, with the endpoint in one shape."""
    if not name.startswith("events"):
        return instance(rds, name)
    row = cluster(rds, name)
    return row | {"Endpoint": {"Address": row["Endpoint"], "Port": row["Port"]}}


def rows_in(lab: Lab, name: str, table: str) -> int:
    """How many rows a recovered database has, read with the password that RDS keeps."""
    row = row_of(lab.client("production_dr", "rds", EAST), name)
    secrets = lab.client("production_dr", "secretsmanager", EAST)
    secret = secrets.get_secret_value(SecretId=row["MasterUserSecret"]["SecretArn"])["SecretString"]
    with connect(row, password=json.loads(secret)["password"], database=row.get("DatabaseName")) as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return int(found[0]) if found else 0


def verdicts(evidence: Path) -> set[str]:
    return {one["verdict"] for one in newest_evidence(evidence)["databases"]}


# -- before anything runs ---------------------------------------------------------------------------------------------

# What each of some sites is told, and what its run says.
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": (
        {"recover_databases": "order"},
        "nothing there matches it .there are: billing, catalog, events, orders",
    ),
    "too_early": ({"recover_at": "2020-01-01T00:00:00Z"}, "The oldest is of 2"),
    "ours": ({"recover_restore_as": "lifeboat-{database}"}, "belong to temporary databases, which are removed again"),
    "one_name": ({"recover_restore_as": "shop"}, "would get the same name"),
    "no_backups": ({"recover_backup_retention_period": 0}, "a recovery keeps backups for 1 to 35 days"),
    "the_source": (
        {"recover_account_id": SOURCE, "recover_source_accounts": []},
        f"belong to account {DR}",
    ),
}


@dataclass
class Refused:
    """How check mode ended at each of the sites, and what was written meanwhile."""

    code: int
    said: dict[str, str]
    writes: list[str]
    made: list[str]


@dataclass
class Planned:
    """What check mode printed, wrote and made."""

    done: Run
    runbook: str
    writes: list[str]
    made: list[str]


@pytest.fixture(scope="module")
def planned(lab: Lab, evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Planned:
    forget_calls(lab)
    path = tmp_path_factory.mktemp("plan") / "run-book.md"
    words = ("--check", "-e", f"recover_runbook={path}", "-e", "recover_hook=/etc/switch.yml")
    done = play(lab, "recover.yml", *words, evidence=evidence)
    assert done.code == 0, done.output
    return Planned(done, path.read_text(encoding="utf-8"), writes(lab), left_in_dr(lab))


@pytest.fixture(scope="module")
def refused(lab: Lab, evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Refused:
    """Run check mode at as many sites as there are mistakes, all of them the same account."""
    profiles = dict.fromkeys(("recover", "tell"), "production_dr_recover")
    site = {"lifeboat_account_id": DR, "lifeboat_region": EAST, "lifeboat_profiles": profiles}
    hosts = {name: site | told for name, (told, _message) in REFUSED.items()}
    inventory = tmp_path_factory.mktemp("refused") / "hosts.yml"
    inventory.write_text(json.dumps({"lifeboat_dr": {"hosts": hosts}}), encoding="utf-8")
    forget_calls(lab)
    words = ("-i", "inventory", "-i", str(inventory), "--check", "--limit", ",".join(hosts))
    done = play(lab, "recover.yml", *words, evidence=evidence)
    pieces = re.findall(r"^fatal: \[(\w+)\]: (.*?)(?=^\S+: \[|\Z)", done.output, re.MULTILINE | re.DOTALL)
    return Refused(done.code, {name: " ".join(said.split()) for name, said in pieces}, writes(lab), left_in_dr(lab))


def test_check_mode_writes_the_run_book_and_nothing_at_aws(planned: Planned) -> None:
    assert (planned.writes, planned.made) == ([], [])
    text = planned.runbook
    for name in NAMES:
        assert re.search(rf"^## \d. {name}$", text, re.MULTILINE), text
        assert f"of {TABLES[name]}" in text
    for word in ("drills is used", "restore-db-cluster-from-snapshot", "events-1", "db.r6g.large", "/etc/switch.yml"):
        assert word in text
    assert "bright-harbour" not in text, "what a canary must be is a secret of the data"
    assert "## 1. billing" in planned.done.output


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_before_anything_is_made(refused: Refused, name: str) -> None:
    assert (refused.code, refused.writes, refused.made) == (2, [], [])
    assert re.search(REFUSED[name][1], refused.said[name]), refused.said


# -- one after the other ----------------------------------------------------------------------------------------------


@dataclass
class Recovered:
    """What was seen after the first attempt, whose hook failed, and after the second one."""

    first: Run
    first_verdicts: set[str]
    first_made: list[str]
    first_left: list[Any]
    left: list[Any]
    writes: list[str]
    document: dict[str, Any]


@pytest.fixture(scope="module")
def recovered(planned: Planned, refused: Refused, lab: Lab, evidence: Path, hook: list[str], left: Path) -> Recovered:
    """Recover one database with a hook that fails, then everything."""
    first = play(
        lab, "recover.yml", "-e", "recover_databases=orders", *hook, "-e", '{"hook_fails": true}', evidence=evidence
    )
    seen = verdicts(evidence), left_in_dr(lab), read(left)
    forget_calls(lab)
    done = play(lab, "recover.yml", *hook, evidence=evidence)
    assert done.code == 0, done.output
    return Recovered(first, *seen, read(left), writes(lab), newest_evidence(evidence))


def read(left: Path) -> list[Any]:
    """Read what the hook left, and remove it."""
    found: list[Any] = json.loads(left.read_text(encoding="utf-8"))
    left.unlink()
    return found


def test_a_hook_that_fails_fails_the_run_and_keeps_the_database(recovered: Recovered) -> None:
    assert recovered.first.code == 2
    said = recovered.first.on_one_line()
    assert "The DNS says no. The databases are kept: correct it and run this again." in said
    assert (recovered.first_verdicts, recovered.first_made) == ({"verified"}, ["orders"])
    assert [one["name"] for one in recovered.first_left] == ["orders"]


def test_all_databases_run_in_the_place_of_the_lost_ones(recovered: Recovered, lab: Lab) -> None:
    """What the run before had recovered is adopted; the hook that failed runs again."""
    assert {name: rows_in(lab, name, TABLES[name]) for name in NAMES} == dict.fromkeys(NAMES, ROWS)
    assert [one["name"] for one in recovered.left] == NAMES
    assert sorted(one for one in recovered.writes if one.startswith("Restore")) == [
        "RestoreDBClusterFromSnapshot",
        "RestoreDBInstanceFromDBSnapshot",
        "RestoreDBInstanceFromDBSnapshot",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_production_needs(recovered: Recovered, rds: Any, name: str) -> None:
    row = row_of(rds, name)
    assert row["DeletionProtection"] and row["CopyTagsToSnapshot"]
    assert row["BackupRetentionPeriod"] == 7
    tags = {tag["Key"]: tag["Value"] for tag in row["TagList"]}
    assert (tags["lifeboat:purpose"], tags["app"]) == ("recovery", "shop")
    assert tags["lifeboat:database"].startswith("arn:aws:rds:us-west-2:111111111111:")
    assert "lifeboat:expires" not in tags
    one = instance(rds, "events-1") if name == "events" else row
    assert (one["PubliclyAccessible"], one["AutoMinorVersionUpgrade"]) == (False, True)
    assert one["DBInstanceClass"] == ("db.r6g.large" if name == "events" else "db.t3.micro")


def test_the_evidence_says_that_it_was_a_recovery(recovered: Recovered) -> None:
    written = recovered.document
    assert (written["document"], written["verdict"]) == ("recovery", "verified")
    assert {one["teardown"]["status"] for one in written["databases"]} == {"kept"}


def test_a_second_run_changes_no_database_and_rotates_no_password(
    recovered: Recovered, lab: Lab, run: Callable[..., Run], hook: list[str], left: Path, rds: Any
) -> None:
    before = [row_of(rds, name) for name in NAMES]
    forget_calls(lab)
    now = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    done = run("recover.yml", "-e", f"recover_at={now}", *hook)
    assert done.code == 0, done.output
    assert set(writes(lab)) == {"AddTagsToResource"}, "recovery points are marked as verified"
    assert [row_of(rds, name) for name in NAMES] == before
    assert [one["name"] for one in read(left)] == NAMES


def test_the_endpoints_are_shown_and_no_secret_is(
    recovered: Recovered, lab: Lab, run: Callable[..., Run], rds: Any
) -> None:
    done = run("recover.yml", "-e", "recover_databases=orders", "-vvv")
    row = row_of(rds, "orders")
    line = rf"orders +orders +postgres \S+ +\S+:{row['Endpoint']['Port']} +arn:aws:secretsmanager"
    assert re.search(line, done.output), done.output
    secrets = lab.client("production_dr", "secretsmanager", EAST)
    secret = secrets.get_secret_value(SecretId=row["MasterUserSecret"]["SecretArn"])["SecretString"]
    assert json.loads(secret)["password"] not in done.output


def test_a_name_that_somebody_else_has_is_refused(
    recovered: Recovered, lab: Lab, run: Callable[..., Run], rds: Any
) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier="theirs", Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
        MasterUsername="me", MasterUserPassword="a-new-password",
    )  # fmt: skip
    forget_calls(lab)
    done = run("recover.yml", "-e", "recover_databases=orders", "-e", "recover_restore_as=theirs")
    assert done.code == 2
    assert "Set restore_as to another name" in " ".join(done.output.split())
    assert writes(lab) == []


def test_without_proof_the_database_is_kept_and_the_hook_does_not_run(
    recovered: Recovered, lab: Lab, run: Callable[..., Run], hook: list[str], left: Path, evidence: Path
) -> None:
    wrong = {"catalog": {"checks": [{"check": "rows", "table": "products", "minimum": 9999}]}}
    arguments = {"recover_databases": ["catalog"], "recover_restore_as": "{database}-2", "lifeboat_databases": wrong}
    done = run("recover.yml", "-e", json.dumps(arguments), *hook)
    assert done.code == 2
    assert "did not run: the recovery is failed. The databases are kept." in " ".join(done.output.split())
    assert verdicts(evidence) == {"failed"}
    assert not left.exists()
    assert rows_in(lab, "catalog-2", "products") == ROWS


def test_neither_the_reaper_nor_a_drill_removes_a_recovery(
    recovered: Recovered, lab: Lab, run: Callable[..., Run]
) -> None:
    before = left_in_dr(lab)
    assert run("reap.yml").code == 0
    assert run("drill.yml", "-e", "drill_databases=orders").code == 0
    assert left_in_dr(lab) == before


# -- by hand ----------------------------------------------------------------------------------------------------------


def test_the_commands_of_the_run_book_do_the_same_by_hand(
    recovered: Recovered, lab: Lab, run: Callable[..., Run], rds: Any, tmp_path: Path
) -> None:
    """With the same rights; what waits half a minute between two looks is looked at oftener here."""
    path, chosen = tmp_path / "run-book.md", {"recover_databases": ["orders", "events"]}
    arguments = json.dumps(chosen | {"recover_restore_as": "{database}-by-hand", "recover_runbook": str(path)})
    assert run("recover.yml", "--check", "-e", arguments).code == 0
    # Version 1 of the CLI knows its own address of RDS in this Region better than the profile's.
    aws = f"{AWS} --endpoint-url {lab.url}"
    commands = re.findall(r"^aws .*?[^\\]$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(commands) == 5 + 7
    for command in commands:
        if " wait " not in command:
            done = subprocess.run(
                ["bash", "-c", command.replace("aws", aws, 1)],
                env=lab.env(), capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == 0, command + done.stderr
        until(lambda: all(is_available(one) for one in rds.describe_db_instances()["DBInstances"]))
        until(lambda: all(one["Status"] == "available" for one in rds.describe_db_clusters()["DBClusters"]))
    for name in ("orders", "events"):
        made = row_of(rds, f"{name}-by-hand")
        assert (made["DeletionProtection"], made["BackupRetentionPeriod"]) == (True, 7)
        assert {"Key": "lifeboat:purpose", "Value": "recovery"} in made["TagList"]
        assert rows_in(lab, f"{name}-by-hand", name) == ROWS


def is_available(row: dict[str, Any]) -> bool:
    return bool(row["DBInstanceStatus"] in ("available", "storage-initialization"))
