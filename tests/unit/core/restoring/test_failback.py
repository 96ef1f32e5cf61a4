# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import (
    DATABASE,
    MANAGED_BY,
    PURPOSE,
    RECOVERY_POINT,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of, name_for
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.failback import (
    Leg,
    plan,
    read_id,
    require_free,
)
from tests.builders import DR, EAST, NOW, SOURCE, STRANGER, WEST, database

Row = dict[str, Any]
PREFIXES = ("lifeboat", "failback")
SOURCES = [
    {"inventory_hostname": "production", "lifeboat_account_id": SOURCE, "lifeboat_region": WEST},
    {"inventory_hostname": "staging", "lifeboat_account_id": STRANGER, "lifeboat_region": WEST},
]
NOW_ID = "20261123t140000"


def arn(name: str = "orders", kind: str = "instance", account: str = SOURCE, region: str = WEST) -> str:
    return f"arn:aws:rds:{region}:{account}:{'db' if kind == 'instance' else 'cluster'}:{name}"


def row(name: str = "orders", kind: str = "instance", account: str = DR, region: str = EAST, **more: Any) -> Row:
    """Build a database as database_info describes it."""
    facts = {"cluster": None, "engine": "postgres", "status": "available", "tags": {}, **more}
    return {"database": name, "kind": kind, "arn": arn(name, kind, account, region), **facts}


def recovered(name: str = "orders", kind: str = "instance", original: str | None = None, **more: Any) -> Row:
    tags = {MANAGED_BY: "lifeboat", PURPOSE: "recovery", DATABASE: original or arn(name, kind)}
    return row(name, kind, tags={**tags, **more.pop("tags", {})}, **more)


def planned(*rows: Row, wanted: Any = (), names: Any = None, prefixes: tuple[str, str] = PREFIXES) -> list[Leg]:
    return plan({"production_dr": rows}, SOURCES, prefixes, wanted, names)


def failed_back(name: str, kind: str = "instance", prefix: str = "failback") -> Row:
    """Build a database that a failback at NOW restored at the source."""
    point = name_for(prefix, "orders", lineage_of(database().id, NOW))
    tags = {MANAGED_BY: prefix, PURPOSE: "recovery", RECOVERY_POINT: point}
    return row(name, kind, SOURCE, WEST, tags=tags)


def test_what_a_recovery_restored_goes_back_to_where_its_original_lived() -> None:
    (orders, sales) = planned(recovered(), recovered("sales", original=arn("sales", account=STRANGER)))
    assert (orders.dr, orders.source, orders.database, orders.target) == (
        "production_dr", "production", "orders", "orders-failback",
    )  # fmt: skip
    assert sales.source == "staging"


def test_what_else_stands_there_stays() -> None:
    others = [
        row("billing"),
        row("drilled", tags={MANAGED_BY: "lifeboat", PURPOSE: "drill"}),
        recovered("other-installation", tags={MANAGED_BY: "other"}),
        recovered("events-1", cluster="events"),
    ]
    assert [one.database for one in planned(recovered(), *others)] == ["orders"]


def test_the_name_at_the_source_is_that_of_the_original_and_can_be_another_one() -> None:
    legs = planned(recovered("orders-east", original=arn()), recovered("sales"), names={"sales": "sales"})
    assert [one.target for one in legs] == ["orders-failback", "sales"]


def test_some_can_be_named() -> None:
    assert [one.database for one in planned(recovered(), recovered("sales"), wanted=["Sales"])] == ["sales"]


@pytest.mark.parametrize(
    ("rows", "options", "says"),
    [
        pytest.param([], {}, "there is no recovered database at production_dr", id="nothing"),
        pytest.param([recovered()], {"wanted": ["ordres"]}, r"\(recovered ones: orders\)", id="unknown"),
        pytest.param([row(), recovered("sales")], {"wanted": ["orders"]}, "has no tag lifeboat:purpose", id="no tag"),
        pytest.param([recovered(tags={DATABASE: "orders"})], {}, "does not name the original", id="no original"),
        pytest.param(
            [recovered(original=arn(account="444444444444"))], {}, "account 444444444444, us-west-2, which",
            id="original account not in the inventory",
        ),
        pytest.param([recovered(original=arn(region=EAST))], {}, "not a source site", id="another Region"),
        pytest.param([recovered(status="stopped")], {}, "it is stopped. Wait until it is available", id="not usable"),
        pytest.param([recovered("o" * 55)], {}, "Set another name for it in failback_names", id="too long"),
        pytest.param(
            [recovered("o" * 53, "cluster")], {}, "of at most 61 lower-case", id="too long for the member of a cluster"
        ),
        pytest.param([recovered()], {"names": {"orders": "-x"}}, "is not an identifier", id="illegal"),
        pytest.param([recovered()], {"names": {"orders": "failback-x"}}, "starts with failback-", id="as ours"),
        pytest.param(
            [recovered(), recovered("orders-2", original=arn())], {}, "becomes orders-failback at production as well",
            id="two of one original",
        ),
        pytest.param(
            [recovered(), recovered("orders", "cluster", original=arn("orders", "cluster", STRANGER))], {},
            "is orders at production_dr as well", id="two of one name",
        ),
        pytest.param([recovered()], {"prefixes": ("lifeboat", "lifeboat-back")}, "side by side", id="prefixes alike"),
    ],
)  # fmt: skip
def test_what_cannot_go_back_is_refused_with_the_remedy(rows: list[Row], options: Row, says: str) -> None:
    with pytest.raises(LifeboatError, match=says):
        planned(*rows, **options)


@pytest.mark.parametrize(
    ("standing", "failback_id", "says"),
    [
        pytest.param([], "", None, id="nothing stands there"),
        pytest.param([row("orders", account=SOURCE)], "", None, id="the original stands there"),
        pytest.param([row("orders-failback")], "", "and no failback restored it. Set another name", id="taken"),
        pytest.param([failed_back("orders-failback")], NOW_ID, None, id="this failback goes on"),
        pytest.param(
            [failed_back("orders-failback")],
            "",
            f"the failback {NOW_ID} restored it. Set failback_id to {NOW_ID} to go on with that one",
            id="older",
        ),
        pytest.param(
            [failed_back("orders-failback", prefix="lifeboat")], NOW_ID, "no failback restored it", id="a recovery"
        ),
        pytest.param([row("orders-failback", "cluster")], "", None, id="of the other kind"),
    ],
)
def test_a_name_in_use_at_the_source_is_refused(standing: list[Row], failback_id: str, says: str | None) -> None:
    legs = planned(recovered())
    if says is None:
        assert require_free(legs, standing, "failback", failback_id) == legs
    else:
        with pytest.raises(LifeboatError, match=says):
            require_free(legs, standing, "failback", failback_id)


def test_the_name_of_a_clusters_member_must_be_free_as_well() -> None:
    legs = planned(recovered("events", "cluster"))
    with pytest.raises(LifeboatError, match="db:events-failback-1 exists there already"):
        require_free(legs, [row("events-failback-1")], "failback")


def test_an_id_is_the_time_that_the_snapshots_stand_for() -> None:
    assert read_id(NOW_ID) == "2026-11-23T14:00:00Z"
    with pytest.raises(LifeboatError, match="it is not a time such as"):
        read_id("yesterday")
