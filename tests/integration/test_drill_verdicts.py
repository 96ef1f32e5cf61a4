# SPDX-License-Identifier: GPL-3.0-or-later
"""Each way to fail gives its verdict, and what passed is marked; what somebody wrote into a row is shown harmlessly."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from lifeboat_lab import Lab
from tests.integration.play import (
    EAST,
    ROOT,
    WEST,
    Run,
    forget_calls,
    left_in_dr,
    newest_evidence,
    play,
    snapshots,
    writes,
)

Row = dict[str, Any]

FORWARD = Path(__file__).parent / "forward"
# What a hostile customer calls himself: quotes, markup, terminal sequences, a template, a megabyte.
HOSTILE = "'\";--</td><script>\x1b[2J\r\n\u202e{{ lookup('pipe', 'touch owned-by-a-row') }}" + "x" * 1_000_000
ROWS: Row = {"check": "rows", "table": "canary", "minimum": 1}


@pytest.fixture(scope="module", autouse=True)
def protected(lab: Lab, evidence: Path) -> None:
    write_hostile_row(lab)
    lab.admin("POST", "shop", {"do": "beat", "account": "production"})
    lab.admin("POST", "automated-snapshots", {"account": "production"})
    done = play(lab, "protect.yml", evidence=evidence)
    assert done.code == 0, done.output


def write_hostile_row(lab: Lab) -> None:
    """Into orders, and a view that cannot be read without the database repeating it in its error."""
    rds = lab.client("production", "rds", WEST)
    rds.modify_db_instance(DBInstanceIdentifier="orders", MasterUserPassword="for-this-test", ApplyImmediately=True)
    rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier="orders", WaiterConfig={"Delay": 1})
    (row,) = rds.describe_db_instances(DBInstanceIdentifier="orders")["DBInstances"]
    at = {"host": row["Endpoint"]["Address"], "port": row["Endpoint"]["Port"], "dbname": "orders"}
    with psycopg.connect(**at, user=row["MasterUsername"], password="for-this-test") as connection:
        connection.execute("CREATE TABLE customers (name text)")
        connection.execute("INSERT INTO customers VALUES (%s)", [HOSTILE])
        connection.execute("CREATE VIEW births AS SELECT name::timestamptz AS born FROM customers")


@pytest.fixture(scope="module")
def drill(lab: Lab, evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Run, Row]]:
    """Run a drill with these definitions and return its evidence."""

    def drill(definitions: Any, *arguments: str) -> tuple[Run, Row]:
        path = tmp_path_factory.mktemp("definitions") / "vars.yml"
        path.write_text(yaml.safe_dump({"lifeboat_databases": definitions}))
        done = play(lab, "drill.yml", "-e", f"@{path}", *arguments, evidence=evidence)
        return done, newest_evidence(evidence) if list(evidence.glob("*.json")) else {}

    return drill


def of(document: Row, name: str) -> Row:
    return next(one for one in document["databases"] if one["name"] == name)


def marks(lab: Lab) -> dict[str, str]:
    """Map the databases with a recovery point that is marked as verified to the mark."""
    found = [row for row in snapshots(lab, "production_dr", EAST) if row.get("TagList")]
    return {row["Of"]: tag["Value"] for row in found for tag in row["TagList"] if tag["Key"] == "lifeboat:verified"}


# -- refused before anything is created -------------------------------------------------------------------------------


def test_a_typo_stops_the_drill_before_anything_is_asked_of_aws(lab: Lab, drill: Any, evidence: Path) -> None:
    forget_calls(lab)
    before = list(evidence.glob("*.json"))
    done, _evidence = drill({"orders": {"rpoo": 86400, "checks": [ROWS]}})
    assert done.code == 2
    assert "Cannot use lifeboat_databases.orders: unknown setting 'rpoo'. Did you mean 'rpo'?" in done.output
    assert lab.calls() == []
    assert list(evidence.glob("*.json")) == before


def test_a_site_that_could_not_be_looked_at_is_unverified_and_says_once_why(drill: Any) -> None:
    profiles = json.dumps({"lifeboat_profiles": {"drill": "nobody", "tell": "production_dr_replicate"}})
    done, document = drill({"*": {"checks": [ROWS]}}, "-e", profiles)
    assert (done.code, document["verdict"], document["databases"]) == (2, "unverified", [])
    (problem,) = document["problems"]
    assert problem["reason"].startswith("Cannot open a session (profile nobody, of lifeboat_profiles.drill): ")
    assert done.output.count("fatal: [production_dr]: FAILED!") == 2, "the step that failed, and the end of the run"
    assert "The drill ended unverified." in done.output


def test_databases_whose_data_nobody_looks_at_are_not_created(lab: Lab, drill: Any) -> None:
    forget_calls(lab)
    done, document = drill({"*": {"checks": [{"check": "tables", "tables": ["canary"]}]}})
    assert (done.code, document["verdict"]) == (2, "unverified")
    assert {one["verdict"] for one in document["databases"]} == {"unverified"}
    assert all("accept_unverified: true" in one["reason"] for one in document["databases"])
    assert document["clocks"]["started"].startswith("AWS")
    assert writes(lab) == []


def test_a_database_that_nobody_has_fails_the_drill_before_anything_is_created(lab: Lab, drill: Any) -> None:
    forget_calls(lab)
    done, document = drill({"*": {"checks": [ROWS]}}, "-e", "drill_databases=odrers")
    assert (done.code, document["verdict"], document["databases"]) == (2, "failed", [])
    assert "Correct the name" in document["problems"][0]["reason"]
    assert writes(lab) == []


# -- what was looked at and is wrong ----------------------------------------------------------------------------------

GONE = {"check": "tables", "tables": ["orders", "gone"]}
DIM = {"check": "canary", "table": "canary", "column": "word", "where": {"id": 1}, "expected": "dim-bay"}
STALE = {"check": "freshness", "table": "heartbeat", "column": "at", "max_age": 60, "at": "2099-01-01T00:00:00Z"}
SLOW = {"check": "query", "query": "SELECT count(*) FROM canary, pg_sleep(60)", "expected": [[1]]}
# A reason tells all failures, so one database can have two.
DAMAGED = {
    "orders": {"rpo": 1, "rto": 7200, "owner": "the shop", "checks": [GONE, ROWS]},
    "billing": {"rpo": 86400, "rto": 1, "checks": [DIM]},
    "catalog": {"rpo": 86400, "rto": 7200, "checks": [STALE]},
    "events": {"checks": [ROWS]},
}
REFUSED = {
    "*": {"checks": [ROWS]},
    "orders": {"checks": [ROWS, SLOW]},
    "events": {"checks": [], "accept_unverified": True},
}


@pytest.fixture(scope="module")
def refused(lab: Lab, drill: Any) -> Row:
    """AWS has no room for billing and cannot use the key of catalog; a query never ends; nobody looks at events."""
    about = {"kind": "error", "account": "production_dr", "action": "RestoreDBInstanceFromDBSnapshot", "status": 400}
    lab.admin("POST", "faults", {**about, "code": "InsufficientDBInstanceCapacity", "message": "no room"})
    lab.admin("POST", "faults", {**about, "code": "KMSKeyNotAccessibleFault", "message": "no key"})
    before = marks(lab)
    done, document = drill(REFUSED)
    assert done.code == 2, done.output
    assert done.output.count("Set db_instance_class to another class") == 1, "a failure is told once"
    assert done.output.count("fatal: [production_dr]: FAILED!") == 1, "at the end of the run"
    return document | {"marked": marks(lab) != before, "left": left_in_dr(lab)}


@pytest.fixture(scope="module")
def damaged(lab: Lab, drill: Any) -> Row:
    """Something is wrong with the data of each, or an objective is missed; the restore of events fails."""
    fault = {"kind": "restore-ends", "status": "incompatible-restore", "account": "production_dr"}
    lab.admin("POST", "faults", {**fault, "action": "RestoreDBClusterFromSnapshot"})
    before = marks(lab)
    done, document = drill(DAMAGED)
    assert done.code == 2, done.output
    return document | {"marked": marks(lab) != before, "left": left_in_dr(lab)}


@pytest.mark.parametrize(
    ("drilled", "name", "verdict", "said"),
    [
        pytest.param("damaged", "orders", "failed", "gone", id="a table is missing"),
        pytest.param("damaged", "billing", "failed", "does not hold the expected value", id="another canary"),
        pytest.param("damaged", "catalog", "failed", "s old, more than 60 s", id="stale data"),
        pytest.param("damaged", "orders", "failed", "is over the objective of 1 s", id="the RPO is missed"),
        pytest.param("damaged", "billing", "failed", "is over the objective of 1 s", id="the RTO is missed"),
        pytest.param("refused", "events", "unverified", "its definition says accept_unverified", id="accepted"),
        pytest.param("damaged", "events", "failed", "incompatible-restore", id="the restore failed"),
        pytest.param("refused", "billing", "failed", "Set db_instance_class to another class", id="no capacity"),
        pytest.param("refused", "catalog", "failed", "Enable the key", id="a key that cannot be used"),
        pytest.param("refused", "orders", "unverified", "statement timeout", id="a statement that never ends"),
    ],
)
def test_each_way_to_fail_gives_its_verdict_and_says_why(
    drilled: str, name: str, verdict: str, said: str, request: pytest.FixtureRequest
) -> None:
    document = request.getfixturevalue(drilled)
    one = of(document, name)
    assert (one["verdict"], document["verdict"]) == (verdict, "failed")
    assert said in one["reason"]
    assert "dim-bay" not in json.dumps(document)
    assert (document["marked"], document["left"]) == (False, [])


def test_a_missed_objective_is_told_with_the_number(damaged: Row) -> None:
    orders, billing = of(damaged, "orders"), of(damaged, "billing")
    assert (orders["objectives"]["rpo"], orders["owner"]) == (1, "the shop")
    assert orders["rpo_seconds"] > 1
    assert "RPO " in orders["reason"]
    assert billing["rto_validated_seconds"] >= billing["rto_connect_seconds"] > 1
    assert "RTO " in billing["reason"]


# -- what somebody wrote into a row -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(lab: Lab, drill: Any) -> Row:
    """Look at the row of orders. Nobody declared a check for the others."""
    births = {"check": "freshness", "table": "births", "column": "born", "max_age": 60, "relation": "view"}
    forget_calls(lab)
    done, document = drill({"orders": {"checks": [births]}}, "-vvv")
    assert (done.code, document["verdict"]) == (2, "unverified")
    return document | {"output": done.output, "writes": writes(lab)}


def test_what_is_in_a_row_is_shown_harmlessly_wherever_it_is(hostile: Row) -> None:
    output, document = hostile["output"], {name: hostile[name] for name in hostile if name != "output"}
    assert of(document, "orders")["verdict"] == "unverified"
    assert "<script>" in of(document, "orders")["reason"], "the row's text is in the reason"
    shown = json.dumps(document, ensure_ascii=False)
    assert shown.isprintable()
    assert len(shown) < 50_000
    assert not set("\x1b\u202e") & set(output)
    assert "x" * 1000 not in output
    assert not (ROOT / "owned-by-a-row").exists(), "no text from a row is a template"


@pytest.mark.parametrize("name", ["billing", "catalog", "events"])
def test_what_nobody_looks_at_is_not_restored_and_stops_no_other(hostile: Row, name: str) -> None:
    one = of(hostile, name)
    assert (one["verdict"], "accept_unverified: true" in one["reason"]) == ("unverified", True)
    assert [action for action in hostile["writes"] if action.startswith("Restore")] == [
        "RestoreDBInstanceFromDBSnapshot"
    ]


# -- where the checks run, and what they leave ------------------------------------------------------------------------


def test_a_mark_that_cannot_be_left_fails_the_run_and_not_the_verdict(lab: Lab, drill: Any) -> None:
    """Else nobody hears that prune may delete what was verified."""
    lab.admin("POST", "faults", {"kind": "access-denied", "account": "production_dr", "action": "AddTagsToResource"})
    before = marks(lab)
    done, document = drill({"*": {"checks": [ROWS]}}, "-e", "drill_databases=orders")
    assert (done.code, document["verdict"], marks(lab)) == (2, "verified", before)
    assert "Cannot tag arn:aws:rds:" in done.output


@pytest.fixture
def forwards(tmp_path: Path) -> Iterator[list[str]]:
    given = {
        "drill_forward_open": str(FORWARD / "open.yml"),
        "drill_forward_close": str(FORWARD / "close.yml"),
        # A Python of its own: the warm one would leave its fork behind when the forward is closed.
        "forward_python": sys.executable,
        "forward_script": str(FORWARD / "forwarder.py"),
        "forward_folder": str(tmp_path),
    }
    yield ["-e", json.dumps(given)]


def test_the_checks_go_through_the_port_forwards_that_the_play_opens(
    lab: Lab, run: Callable[..., Run], forwards: list[str], tmp_path: Path, evidence: Path
) -> None:
    done = run("drill.yml", *forwards)
    assert done.code == 0, done.output
    document = newest_evidence(evidence)
    ports = {path.stem: int(path.read_text()) for path in tmp_path.glob("*.port")}
    assert set((tmp_path / "connections").read_text().split()) == set(ports), "each was used"
    assert sorted(one["reached"]["port"] for one in document["databases"]) == sorted(ports.values())
    assert all(one["reached"]["forwarded"] and one["checked_on"] for one in document["databases"])
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path).encode() in read(path)]
    assert sorted(marks(lab)) == ["billing", "catalog", "events", "orders"], "what passed is marked"


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended
        return b""
