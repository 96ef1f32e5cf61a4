# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.filter.recovery import (
    FilterModule,
    recovery_endpoints,
    recovery_runbook,
    recovery_table,
)

Row = dict[str, Any]

STEP: Row = {
    "database": "orders",
    "name": "orders-dr",
    "kind": "instance",
    "restored_kind": "instance",
    "status": "restored",
    "reason": "it runs",
    "engine": "postgres",
    "engine_version": "16.4",
    "host": "orders-dr.example",
    "port": 5432,
    "database_name": "shop",
    "master_username": "master",
    "region": "us-east-1",
    "recovery_point": "point",
    "recovery_point_arn": "arn",
    "original_time": "2026-11-23T13:00:00Z",
    "database_tags": {"team": "shop"},
}
WAYS: Row = {
    "credentials": {"orders-dr": {"username": "master", "password": "hidden-word", "kind": "password"}},
    "steps": [{"name": "orders-dr", "status": "set", "secret_arn": "arn:secret"}],
}
ABOUT: Row = {
    "site": "production_dr",
    "account": "222222222222",
    "region": "us-east-1",
    "profile": "",
    "credentials": "managed",
    "check_host": "bastion",
    "hook": "",
}


def test_the_hook_learns_where_a_database_listens_and_no_password() -> None:
    (one,) = recovery_endpoints({"steps": [STEP]}, WAYS)
    assert (one["name"], one["identifier"], one["kind"]) == ("orders", "orders-dr", "instance")
    assert (one["host"], one["port"], one["secret_arn"]) == ("orders-dr.example", 5432, "arn:secret")
    assert one["database_tags"] == {"team": "shop"}
    assert "hidden-word" not in str(one)


@pytest.mark.parametrize("status", ["restoring", "failed"])
def test_what_does_not_run_listens_nowhere(status: str) -> None:
    assert recovery_endpoints({"steps": [{**STEP, "status": status}]}, WAYS) == []


def test_an_earlier_secret_is_named_and_a_missing_one_is_not() -> None:
    (before,) = recovery_endpoints({"steps": [{**STEP, "secret_arn": "arn:before"}]}, {})
    (none,) = recovery_endpoints({"steps": [STEP]}, {})
    assert (before["secret_arn"], none["secret_arn"]) == ("arn:before", None)


def test_people_read_a_line_for_each_database() -> None:
    lines = recovery_table(recovery_endpoints({"steps": [STEP]}, WAYS))
    assert lines == [
        "database  becomes    engine         listens at              secret",
        "orders    orders-dr  postgres 16.4  orders-dr.example:5432  arn:secret",
    ]


def test_the_run_book_has_the_checks_of_each_database() -> None:
    checks = [{"check": "rows", "table": "orders", "minimum": 1}]
    planned = {"began": "2026-11-23T14:00:00Z", "steps": [{**STEP, "status": "failed", "reason": "no class"}, {}]}
    text = recovery_runbook(planned, {"orders": {"checks": checks}}, **ABOUT, warnings=["mind the gap"])
    assert text.startswith("# Recover in production_dr")
    assert "## 1. orders" in text and "mind the gap" in text
    assert text.endswith("\n")


def test_the_filters_have_their_names() -> None:
    assert set(FilterModule().filters()) == {"recovery_endpoints", "recovery_runbook", "recovery_table"}
