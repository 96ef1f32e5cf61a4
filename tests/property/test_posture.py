# SPDX-License-Identifier: GPL-3.0-or-later
"""One site that says no is enough, a silent site never means yes, and the order of the sites does not matter."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.last_drills import Drilled, Drills
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.overrides import PerDatabase
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.metrics import read_metrics
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.posture import Expected, document, read_site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.posture_metrics import posture_metrics
from tests.builders import DR, EAST, SOURCE, STRANGER, WEST, hours_ago
from tests.postures import dark, digest_by_name, dr_site, row, seen_at_dr, source_site
from tests.schemas import complaints

Row = dict[str, Any]

NAMES = ("orders", "billing", "users")
AGES = st.none() | st.integers(0, 200_000)
SIDES = {
    "production": (source_site, row, {"account_id": SOURCE, "region": WEST, "dr_accounts": [DR, STRANGER]}),
    "production_dr": (dr_site, seen_at_dr, {"account_id": DR, "region": EAST}),
    "other_dr": (dr_site, seen_at_dr, {"account_id": STRANGER, "region": "eu-central-1"}),
}


@st.composite
def sites(draw: st.DrawFn) -> list[Row]:
    found = []
    for name, (site, seen, place) in SIDES.items():
        rows = []
        for database in draw(st.sets(st.sampled_from(NAMES))):
            protected, age, rpo = draw(st.booleans()), draw(AGES), draw(AGES)
            facts = {"protected": protected, "reason": None if protected else "because", "age_seconds": age, "rpo": rpo}
            unknown = draw(st.booleans()) and seen is seen_at_dr
            nowhere = {"database_arn": None, "region": None} if unknown else {}
            rows.append(seen(database, **facts, **nowhere))
        one = site(*rows, name=name, **place)
        found.append(dark(one) if draw(st.booleans()) else one)
    return [*found, dr_site(name="awake", account_id="444444444444")]


DRILLS = st.lists(
    st.builds(
        Drilled,
        place=st.sampled_from([f"{DR}/{EAST}", f"{STRANGER}/eu-central-1"]),
        started=st.integers(0, 500).map(hours_ago),
        verdict=st.sampled_from(["verified", "failed", "unverified"]),
        document=st.just("drill"),
        evidence=st.uuids().map(lambda one: f"{one}.json"),
        digest=st.sampled_from([digest_by_name(name) for name in NAMES]),
    ),
    max_size=6,
)


def posture(rows: list[Row], drilled: list[Drilled]) -> Row:
    drills = Drills()
    for one in drilled:
        drills.add(one)
    return document(map(read_site, rows), drills, PerDatabase(Expected(max_drill_age=100 * 3600)), {})


def says(site: Row, name: str) -> bool | None:
    rows = (site["result"] or {"databases": []})["databases"]
    return next((one["protected"] for one in rows if one["digest"] == digest_by_name(name)), None)


@given(sites())
def test_nothing_is_protected_of_which_one_site_says_no(rows: list[Row]) -> None:
    for one in posture(rows, [])["databases"]:
        said = [says(site, one["database"]) for site in rows]
        assert (one["protected"] is False) == (False in said)


@given(sites())
def test_nothing_is_protected_of_which_a_site_that_would_know_is_silent(rows: list[Row]) -> None:
    places = {"production": SOURCE, "production_dr": DR, "other_dr": STRANGER}
    silent = {site["name"] for site in rows if site["problem"]}
    for one in posture(rows, [])["databases"]:
        if one["protected"]:
            assert "production" not in silent or one["account_id"] is None
            assert not [name for name in silent - {"production"} if places[name] in one["dr_accounts"]]


@given(sites(), DRILLS)
def test_every_database_that_is_not_verified_says_why(rows: list[Row], drilled: list[Drilled]) -> None:
    found = posture(rows, drilled)
    assert all(bool(one["reason"]) == (one["verdict"] != "verified") for one in found["databases"])
    assert all(one["protected"] for one in found["databases"] if one["verdict"] == "verified")
    states = [one["protected"] for one in found["databases"]]
    assert (states.count(False), states.count(None)) == (found["unprotected"], found["unknown"])


@given(st.data(), sites(), DRILLS)
def test_neither_the_order_of_sites_nor_that_of_drills_matters(
    data: st.DataObject, rows: list[Row], drilled: list[Drilled]
) -> None:
    found = posture(rows, drilled)
    assert complaints(found) == []
    assert posture(data.draw(st.permutations(rows)), data.draw(st.permutations(drilled))) == found


@given(sites(), DRILLS)
def test_the_metrics_of_any_posture_are_taken(rows: list[Row], drilled: list[Drilled]) -> None:
    found = posture_metrics(posture(rows, drilled), DR, EAST)
    read = read_metrics(found)
    assert len({(one.name, one.dimensions) for one in read}) == len(read)
