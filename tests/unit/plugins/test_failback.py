# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the role failback. Their decisions are tested with the core."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.filter.failback import FilterModule

FILTERS = FilterModule().filters()
SOURCES = [{"inventory_hostname": "production", "lifeboat_account_id": 111111111111, "lifeboat_region": "us-west-2"}]
TAGS = {
    "lifeboat:managed-by": "lifeboat",
    "lifeboat:purpose": "recovery",
    "lifeboat:database": "arn:aws:rds:us-west-2:111111111111:db:orders",
}
ORDERS = {
    "database": "orders", "kind": "instance", "arn": "arn:aws:rds:us-east-1:222222222222:db:orders", "cluster": None,
    "engine": "postgres", "status": "available", "tags": TAGS,
}  # fmt: skip
STANDING = {"production_dr": {"databases": [ORDERS]}}


def test_the_legs_of_one_play_are_those_of_the_next() -> None:
    legs = FILTERS["failback_plan"](STANDING, SOURCES, "lifeboat", "failback")
    assert [(one["source"], one["target"]) for one in legs] == [("production", "orders-failback")]
    assert FILTERS["failback_free"](legs, {"databases": []}, "failback") == legs


def test_databases_are_named_as_modules_take_them() -> None:
    for databases in ("orders", ["orders"], ""):
        legs = FILTERS["failback_plan"](STANDING, SOURCES, "lifeboat", "failback", databases)
        assert [one["database"] for one in legs] == ["orders"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("failback_plan", ({}, SOURCES, "lifeboat", "failback")),
        ("failback_free", ([], STANDING["production_dr"], "failback")),
        ("failback_time", ("noon",)),
    ],
)
def test_what_is_wrong_is_a_filters_error_with_the_remedy(name: str, arguments: Any) -> None:
    if name == "failback_free":
        leg = FILTERS["failback_plan"](STANDING, SOURCES, "lifeboat", "failback", (), {"orders": "orders"})
        arguments = (leg, *arguments[1:])
    with pytest.raises(AnsibleFilterError, match=r"Cannot .*: .*\. .*\."):
        FILTERS[name](*arguments)


def test_an_id_is_a_time() -> None:
    assert FILTERS["failback_time"]("20261123t140000") == "2026-11-23T14:00:00Z"
