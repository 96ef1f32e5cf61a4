# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.filter.inventory import (
    FilterModule,
    overrides,
    publishing_for,
    recovery_overrides,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.overrides import read_overrides, settings_for
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.selection import Candidate
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.sites import by_site, publishing_regions

Row = dict[str, Any]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        pytest.param({"rpo": 60, "rto": 9, "checks": []}, [{"databases": ["orders"], "rpo": 60}], id="one setting"),
        pytest.param({"rpo": 0}, [{"databases": ["orders"], "rpo": 0}], id="zero is something"),
        pytest.param({"rto": 9}, [], id="nothing of these"),
        pytest.param({"rpo": None, "engines": ["mysql"]}, [], id="null is nothing"),
        pytest.param({}, [], id="empty"),
        pytest.param(None, [], id="empty in YAML"),
        pytest.param(
            {"rpo": 60, "match_tags": {"tier": "gold"}, "engines": ["mysql"], "kinds": []},
            [{"databases": ["orders"], "match_tags": {"tier": "gold"}, "engines": ["mysql"], "kinds": [], "rpo": 60}],
            id="narrowed",
        ),
    ],
)
def test_an_entry_that_says_something_becomes_an_override(definition: Any, expected: list[Row]) -> None:
    assert overrides({"orders": definition}, "rpo") == expected


def test_the_order_of_the_inventory_stays() -> None:
    assert [one["databases"] for one in overrides({"z*": {"keep": 1}, "a": {"keep": 2}}, "keep")] == [["z*"], ["a"]]


def test_several_settings_come_together() -> None:
    definition = {"source": "take", "interval": 3600, "kms_key_id": "alias/x", "rpo": 1}
    (one,) = overrides({"orders": definition}, "source", "interval", "kms_key_id", "option_group")
    assert one == {"databases": ["orders"], "source": "take", "interval": 3600, "kms_key_id": "alias/x"}


def test_a_module_reads_what_the_filter_writes() -> None:
    said = overrides({"*": {"rpo": 9}, "shop-*": {"rpo": 5, "engines": ["mysql"]}, "shop-a": {"rpo": 3}}, "rpo")
    found = [
        settings_for(Candidate(name, "instance", engine, {}, None), {"rpo": None}, read_overrides(said))["rpo"]
        for name, engine in (("x", "mysql"), ("shop-b", "mysql"), ("shop-b", "postgres"), ("shop-a", "postgres"))
    ]
    assert found == [9, 5, 9, 3]


@pytest.mark.parametrize("definitions", [["orders"], "orders", {"orders": 3600}])
def test_definitions_that_are_not_a_dictionary_of_dictionaries_are_refused(definitions: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="dictionary of dictionaries"):
        overrides(definitions, "rpo")


def test_no_setting_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="name the settings"):
        overrides({"orders": {"rpo": 60}})


@pytest.mark.parametrize(
    ("accounts", "publishes"),
    [
        pytest.param(["222222222222"], True, id="for it alone"),
        pytest.param(["333333333333", "222222222222"], True, id="for several"),
        pytest.param([222222222222], True, id="a number, since YAML had no quotes"),
        pytest.param(["333333333333"], False, id="for another one"),
        pytest.param([], False, id="for nobody"),
        pytest.param(None, False, id="empty in YAML"),
    ],
)
def test_a_source_publishes_for_the_accounts_that_it_names(accounts: Any, publishes: bool) -> None:
    host = {"inventory_hostname": "production", "lifeboat_dr_accounts": accounts}
    assert publishing_for([host], "222222222222") == (["production"] if publishes else [])


def test_a_source_that_names_nobody_publishes_for_nobody() -> None:
    assert publishing_for([{"inventory_hostname": "production"}], "222222222222") == []


def test_the_filters_have_the_names_that_roles_use() -> None:
    assert FilterModule().filters() == {
        "by_site": by_site,
        "overrides": overrides,
        "publishing_for": publishing_for,
        "publishing_regions": publishing_regions,
        "recovery_overrides": recovery_overrides,
    }


def test_only_what_stands_under_recovery_holds_of_a_recovery() -> None:
    definitions = {
        "*": {"db_instance_class": "db.t4g.medium", "rpo": 60},
        "shop-*": {"engines": ["mysql"], "recovery": {"db_instance_class": "db.r6g.large", "restore_as": None}},
        "orders": {"recovery": {"restore_as": "{database}-dr", "multi_az": False}},
        "quiet": None,
    }
    assert recovery_overrides(definitions) == [
        {"databases": ["shop-*"], "engines": ["mysql"], "db_instance_class": "db.r6g.large"},
        {"databases": ["orders"], "restore_as": "{database}-dr", "multi_az": False},
    ]


def test_recoveries_are_not_read_from_what_is_not_a_dictionary() -> None:
    with pytest.raises(AnsibleFilterError, match="dictionary of dictionaries"):
        recovery_overrides(["orders"])  # type: ignore[arg-type]
