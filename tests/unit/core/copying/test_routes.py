# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the table of routes, and the cases that have no route.

The table was made from the documents of AWS, not from the planner. S is the source account in its Region r1. D is the
DR account in r2, or in r1 where the topology says so.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.routes import (
    Place,
    Start,
    Steps,
    Unsupported,
)
from tests.builders import route

TABLE = json.loads((Path(__file__).parent / "route_table.json").read_text(encoding="utf-8"))
ENGINES = {
    "rds-instance": ("instance", "postgres"),
    "aurora": ("cluster", "aurora-postgresql"),
    "multi-az-db-cluster": ("cluster", "postgres"),
}
ENCRYPTION = {"none": "none", "aws/rds (AWS managed)": "aws-managed"}
ACTIONS = {"RESTORE": "restore", "SNAPSHOT": "take", "DELETE": "remove", "COPY": "copy", "SHARE": "share"}
S, D = "111111111111", "222222222222"
REGIONS = {"r1": "us-west-2", "r2": "us-east-1"}


def start_of(row: dict[str, Any]) -> Start:
    kind, engine = ENGINES[row["engine"]]
    return Start(kind, engine, row["origin"], ENCRYPTION.get(row["encryption"], "customer"))  # type: ignore[arg-type]


def dr_of(row: dict[str, Any]) -> Place:
    return {
        "A": Place(S, REGIONS["r2"]),
        "B": Place(D, REGIONS["r1"]),
        "C": Place(D, REGIONS["r2"]),
    }[row["topology"][0]]


def read(step: str) -> tuple[str, str, str, frozenset[str]]:
    """Read a line of the table: account, Region, action, and the allowed choices of the key."""
    place, action = re.match(r"([SD]/r[12]) (\w+)", step).groups()  # type: ignore[union-attr]
    account, region = place.split("/")
    allowed = {"unchanged"}
    if "[opt." in step:
        allowed = {"unchanged", "optional"}
    elif "key=" in step:
        allowed = {"customer"}
    return {"S": S, "D": D}[account], REGIONS[region], ACTIONS[action], frozenset(allowed)


def is_like(steps: Steps, lines: list[str]) -> bool:
    wanted = [read(line) for line in lines]
    found = [(step.by, step.region, step.action) for step in steps]
    return found == [one[:3] for one in wanted] and all(
        step.under in one[3] for step, one in zip(steps, wanted, strict=True)
    )


def test_the_table_is_whole() -> None:
    assert [row["id"] for row in TABLE] == list(range(1, 73))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['id']}")
def test_a_row_is_planned_as_the_table_has_it(row: dict[str, Any]) -> None:
    """Publishing in the own Region gives one of the row's two forms.

    In the DR Region it gives one only where supported.
    """
    forms = [row["steps"], *([row["fallback"]["steps"]] if row["fallback"] else [])]
    dr = dr_of(row)
    here = route(start_of(row), Place(S, REGIONS["r1"]), dr)
    there = route(start_of(row), Place(S, REGIONS["r1"]), dr, publish_in=dr.region)
    assert not isinstance(here, Unsupported)
    assert not isinstance(there, Unsupported)
    assert any(is_like(here, form) for form in forms), here
    assert any(is_like(there, form) for form in forms), there
    hops = [sum(step.action == "copy" for step in steps) for steps in (here, there)]
    assert min(hops) == row["copy_hops"]


@pytest.mark.parametrize("row", [row for row in TABLE if row["topology"].startswith("C")], ids=lambda row: row["id"])
def test_where_aws_refuses_the_single_step_the_dr_site_takes_two_of_its_own(row: dict[str, Any]) -> None:
    one = route(start_of(row), Place(S, REGIONS["r1"]), dr_of(row))
    two = route(start_of(row), Place(S, REGIONS["r1"]), dr_of(row), single_step=False)
    assert not isinstance(one, Unsupported)
    assert not isinstance(two, Unsupported)
    assert two[: len(one) - 1] == one[:-1], "the source does the same"
    assert [(step.by, step.region) for step in two[-2:]] == [(D, REGIONS["r1"]), (D, REGIONS["r2"])]
    assert two[-1].under == one[-1].under


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["id"])
def test_a_route_explains_itself_in_one_sentence_a_step(row: dict[str, Any]) -> None:
    steps = route(start_of(row), Place(S, REGIONS["r1"]), dr_of(row))
    assert not isinstance(steps, Unsupported)
    assert len({step.reason for step in steps}) == len(steps), "each has its own"
    assert all(". " not in step.reason and not step.reason.endswith(".") for step in steps)


@pytest.mark.parametrize("topology", ["A: same", "B: other", "C: other"])
def test_what_is_under_a_key_that_aws_owns_is_rekeyed_as_under_aws_rds(topology: str) -> None:
    row = {"engine": "aurora", "origin": "automated", "topology": topology}
    owned, managed = (
        route(Start("cluster", "aurora-mysql", "automated", one), Place(S, REGIONS["r1"]), dr_of(row))  # type: ignore[arg-type]
        for one in ("aws-owned", "aws-managed")
    )
    assert not isinstance(owned, Unsupported)
    assert not isinstance(managed, Unsupported)
    assert [(step.action, step.under) for step in owned] == [(step.action, step.under) for step in managed]


@pytest.mark.parametrize("origin", ["automated", "awsbackup"])
def test_what_aws_backup_made_goes_the_way_of_automated_ones(origin: str) -> None:
    steps = route(Start("instance", "postgres", origin, "customer"), Place(S, REGIONS["r1"]), Place(D, REGIONS["r2"]))
    assert [step.action for step in steps] == ["copy", "share", "copy"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("start", "source", "dr", "reason"),
    [
        pytest.param({"options": {"TDE"}, "engine": "oracle-ee"}, "us-west-2", "us-east-1", "TDE", id="TDE"),
        pytest.param(
            {"options": {"Timezone"}, "engine": "sqlserver-ee"}, "us-west-2", "us-east-1", "Timezone", id="tz"
        ),
        pytest.param({}, "us-west-2", "us-gov-west-1", "different partitions", id="partition"),
        pytest.param({}, "cn-north-1", "cn-northwest-1", "or one is in China", id="China"),
        pytest.param({"engine": "custom-sqlserver-ee"}, "us-west-2", "us-east-1", "RDS Custom", id="RDS Custom"),
    ],
)
def test_what_aws_supports_on_no_route_is_a_reason_and_a_remedy(
    start: dict[str, Any], source: str, dr: str, reason: str
) -> None:
    facts = {"kind": "instance", "engine": "postgres", "origin": "automated", "encryption": "none", **start}
    found = route(
        Start(**{**facts, "options": frozenset(facts.get("options", ()))}),
        Place(S, source),
        Place(D, dr),
        publish_in=dr,
    )
    assert isinstance(found, Unsupported)
    assert reason in found.reason
    assert found.remedy


def test_tde_stays_inside_the_account_and_oracles_timezone_may_leave_it() -> None:
    tde = Start("instance", "oracle-ee", "manual", "customer", frozenset({"TDE"}))
    zone = Start("instance", "oracle-ee", "manual", "customer", frozenset({"Timezone"}))
    here = Place(S, REGIONS["r1"])
    assert not isinstance(route(tde, here, Place(S, REGIONS["r2"])), Unsupported)
    assert not isinstance(route(zone, here, Place(D, REGIONS["r2"])), Unsupported)
