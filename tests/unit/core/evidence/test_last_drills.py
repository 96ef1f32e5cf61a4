# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.last_drills import drilled_in, why_foreign
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from tests.builders import DR, EAST, NOW, hours_ago

Row = dict[str, Any]

ORDERS: Row = {
    "name": "orders",
    "kind": "instance",
    "lineage": "20261123120000-5f0c2a9b7d31",
    "verdict": "verified",
    "rpo_seconds": 37,
    "rto_validated_seconds": 3.2,
}


def evidence(*rows: Any, **changes: Any) -> Row:
    return {
        "document": "drill",
        "version": 1,
        "drill_id": "d1",
        "started": iso(hours_ago(1)),
        "finished": iso(NOW),
        "site": {"account_id": DR, "region": EAST},
        "databases": list(rows),
        **changes,
    }


@pytest.mark.parametrize(
    ("document", "why"),
    [
        pytest.param(evidence(), None, id="a drill"),
        pytest.param(evidence(document="recovery"), None, id="a recovery"),
        pytest.param(evidence(started=iso(hours_ago(-0.05))), None, id="begun while the sites were looked at"),
        pytest.param([], "is not evidence", id="a list"),
        pytest.param("text", "is not evidence", id="a text"),
        pytest.param({"name": "package"}, "is not evidence", id="another program's"),
        pytest.param(evidence(document="posture"), "is not evidence", id="another of our documents"),
        pytest.param(evidence(version=2), "version is 2", id="newer"),
        pytest.param(evidence(version="1"), "version is 1", id="a version that is no number"),
        pytest.param(evidence(started="yesterday"), "when it began", id="no time"),
        pytest.param(evidence(started="2026-11-23T13:00:00"), "when it began", id="no zone"),
        pytest.param(evidence(started=None), "when it began", id="no beginning"),
        pytest.param(evidence(site="here"), "where", id="no site"),
        pytest.param(evidence(databases=None), "with which databases", id="no databases"),
        pytest.param(evidence(started=iso(hours_ago(-1))), "after AWS's time", id="from the future, so never old"),
    ],
)
def test_only_evidence_that_this_release_reads_counts(document: Any, why: str | None) -> None:
    found = why_foreign(document, NOW)
    assert found is None if why is None else why in str(found)


def test_a_row_tells_the_database_by_its_lineage() -> None:
    (one,) = drilled_in(evidence(ORDERS), "d1-1.json")
    assert (one.digest, one.place, one.started) == ("5f0c2a9b7d31", f"{DR}/{EAST}", hours_ago(1))
    assert (one.rpo, one.rto, one.evidence, one.drill_id) == (37, 3.2, "d1-1.json", "d1")


@pytest.mark.parametrize("lineage", [None, "", "5f0c2a9b7d31", "20261123120000-XYZ", 7])
def test_without_a_lineage_it_tells_a_name_only(lineage: Any) -> None:
    (one,) = drilled_in(evidence(ORDERS | {"lineage": lineage}), "d1-1.json")
    assert (one.digest, one.name, one.kind) == (None, "orders", "instance")


@pytest.mark.parametrize("row", [None, "orders", {}, ORDERS | {"verdict": "good"}, ORDERS | {"verdict": ["verified"]}])
def test_rows_that_make_no_sense_are_left_out(row: Any) -> None:
    assert [one.name for one in drilled_in(evidence(row, ORDERS), "d1-1.json")] == ["orders"]


@pytest.mark.parametrize("value", [None, "soon", -1, float("nan"), float("inf"), [], True])
def test_values_that_are_not_numbers_count_as_unknown(value: Any) -> None:
    (one,) = drilled_in(evidence(ORDERS | {"rpo_seconds": value, "rto_validated_seconds": value}), "d1-1.json")
    assert (one.rpo, one.rto) == (None, None)
