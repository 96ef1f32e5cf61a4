# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.filter.status import FilterModule
from ansible_collections.lifeboat.rds.plugins.module_utils._core.recipe import NO_RECIPE
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.status_lines import (
    status_problems,
    status_table,
)

Row = dict[str, Any]


def covered(name: str, reason: str | None = None, **more: Any) -> Row:
    state = "protected" if reason is None else "unprotected"
    facts = {"kind": "instance", "age_seconds": 7200, "rpo": 86400, "in_flight": [], "state": state, "recipe": None}
    return {"database": name, "reason": reason, **facts, **more}


def test_what_is_unprotected_comes_first() -> None:
    databases = [covered("billing"), covered("orders", "nothing of it has landed", age_seconds=None)]
    databases += [covered("users", oldest={"age_seconds": 30 * 86400})]
    assert status_table({"databases": databases}) == [
        "database  kind      state        age  objective  back to  in flight",
        "orders    instance  UNPROTECTED       24 h",
        "billing   instance  protected    2 h  24 h",
        "users     instance  protected    2 h  24 h       720 h",
        "orders: nothing of it has landed",
        "1 of 3 unprotected",
    ]


def test_what_need_not_be_protected_is_listed_and_not_counted() -> None:
    databases = [
        covered("sandbox", "excluded: a sandbox", state="excluded"),
        covered("copy", "a replica of arn, and covered by it", state="replica"),
        covered("old", "gone", state="history"),
        covered("orders"),
    ]
    assert status_table({"databases": databases}) == [
        "database  kind      state      age  objective  back to  in flight",
        "orders    instance  protected  2 h  24 h",
        "sandbox   instance  excluded   2 h  24 h",
        "copy      instance  replica    2 h  24 h",
        "old       instance  history    2 h  24 h",
        "sandbox: excluded: a sandbox",
        "copy: a replica of arn, and covered by it",
        "old: gone",
        "0 of 1 unprotected, 1 excluded, 1 replicas, 1 gone",
    ]


def test_what_could_not_be_recovered_as_it_was_is_said_once() -> None:
    databases = [covered("billing", recipe=False), covered("orders", recipe=False), covered("users", recipe=True)]
    said = [line for line in status_table({"databases": databases}) if "recipe" in line]
    assert said == [f"billing, orders: {NO_RECIPE}"]


def test_a_database_without_an_objective_has_none() -> None:
    (_head, line, _sum) = status_table({"databases": [covered("orders", rpo=None, in_flight=["a", "b"])]})
    assert line.split() == ["orders", "instance", "protected", "2", "h", "2"]


def test_a_site_without_databases_has_no_table() -> None:
    assert status_table({"databases": []}) == ["0 of 0 unprotected"]


def test_quotas_are_in_the_sum() -> None:
    quotas = {"ManualSnapshots": {"used": 40, "max": 100}, "ManualClusterSnapshots": {"used": 3, "max": 50}}
    assert status_table({"databases": [], "quotas": quotas})[-1] == (
        "0 of 0 unprotected; 40 of 100 manual snapshots; 3 of 50 manual cluster snapshots"
    )


@pytest.mark.parametrize(
    ("share", "line"),
    [
        ({"accounts": ["all"], "public": True, "ours": False}, "PUBLIC: arn (not ours)"),
        ({"accounts": ["1", "2"], "public": False, "ours": True}, "SHARED with 1, 2: arn (ours)"),
    ],
)
def test_what_strangers_may_copy_is_named(share: Row, line: str) -> None:
    assert line in status_table({"databases": [], "foreign_shares": [{"arn": "arn", **share}]})


def test_the_run_fails_for_what_is_unprotected_and_for_foreign_shares() -> None:
    databases = [covered("billing"), covered("orders", "nothing of it has landed")]
    result = {"databases": databases, "foreign_shares": [{"name": "lifeboat-users"}]}
    assert status_problems(result) == [
        "orders is unprotected",
        "lifeboat-users is shared with others than the known accounts",
    ]
    assert status_problems({"databases": [covered("billing")]}) == []


def test_the_filters_have_the_names_that_the_role_uses() -> None:
    assert FilterModule().filters() == {"status_problems": status_problems, "status_table": status_table}
