# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.names import OF_AWX, unknown_names
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.variables import TOLD
from ansible_collections.lifeboat.rds.plugins.module_utils._core.nearness import distance, hint


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("lifeboat_max_age_day", "lifeboat_max_age_days", id="a letter is missing"),
        pytest.param("lifeboat_regionn", "lifeboat_region", id="a letter is doubled"),
        pytest.param("lifeboat_regoin", "lifeboat_region", id="two letters are swapped"),
        pytest.param("lifebaot_region", "lifeboat_region", id="in the prefix"),
        pytest.param("lifeboatregion", "lifeboat_region", id="without an underscore"),
        pytest.param("lifeboat_dr_account", "lifeboat_dr_accounts", id="one of several"),
        pytest.param("lifeboat_profile", "lifeboat_profiles", id="one profile"),
        pytest.param("lifeboat_kms_key", "lifeboat_kms_key_id", id="a part of the name"),
        pytest.param("lifeboat_drill_subnets", "lifeboat_drill_subnet_group", id="half of it"),
        pytest.param("lifeboat_colour", None, id="nothing like it"),
        pytest.param("lifeboat-max-age-days", "lifeboat_max_age_days", id="hyphens"),
        pytest.param("LIFEBOAT_MAX_AGE_DAYS", "lifeboat_max_age_days", id="capital letters"),
        pytest.param("lifeboatMaxAgeDays", "lifeboat_max_age_days", id="words without underscores"),
        pytest.param("publish-accept-unprotected", "publish_accept_unprotected", id="hyphens of a role"),
        pytest.param("recoverDatabases", "recover_databases", id="capital letters of a role"),
        pytest.param("lifeboat_recover_databases", "recover_databases", id="of recover, with our prefix"),
        pytest.param("lifeboat_prune_keeep", "prune_keep", id="of prune, with our prefix and a slip"),
        pytest.param("recover_db", "recover_databases", id="databases, abbreviated"),
        pytest.param("prune_databases", None, id="databases of a role that takes none"),
        pytest.param("recover_database", "recover_databases", id="of recover"),
        pytest.param("drill_database", "drill_databases", id="of drill"),
        pytest.param("publish_database", "publish_databases", id="of publish"),
        pytest.param("recovery_databases", "recover_databases", id="the prefix as a noun"),
        pytest.param("prune_aply", "prune_apply", id="of prune"),
        pytest.param("awx_job_setting", "awx_job_settings", id="of awx"),
        pytest.param("on_event_hapened", "on_event_happened", id="a prefix of two words"),
    ],
)
def test_a_misspelt_name_is_found_with_what_was_meant(name: str, meant: str | None) -> None:
    assert unknown_names([name]) == [(name, meant)]


@pytest.mark.parametrize(
    "name",
    [
        *("ansible_connection", "inventory_hostname", "hostvars", "groups", "playbook_dir", "environment"),
        *("status_code", "status_report", "subscription_plan", "awx_url", "awx_token", "publish_date", "drill_bit"),
        *("recover_from", "prepare_hosts_file", "prune_images", "reap_children", "conclude", "drill", "posture"),
        *("awx_status", "awx_start", "prepare_state", "publish_storage", "publish_force", "subscription_status"),
        *("__drill_id", "__recover_databasse", "tower_job_id", "tower_user_name", "my_lifeboat", "boat"),
        *("lifeboat_region", "recover_databases", *TOLD, *sorted(OF_AWX)),
    ],
)
def test_other_names_are_nobodys_business(name: str) -> None:
    assert unknown_names([name]) == []


def test_names_that_are_the_users_own_are_accepted() -> None:
    names = ["lifeboat_team", "recovery_databases", "lifeboat_regoin"]
    assert unknown_names(names, own=["lifeboat_team", "recovery_databases"]) == [("lifeboat_regoin", "lifeboat_region")]


def test_what_is_no_text_is_no_name() -> None:
    assert unknown_names([1, None, "lifeboat_x"]) == [("lifeboat_x", None)]  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [
        ("rpo", "rpo", 0),
        ("rop", "rpo", 1),
        ("rp", "rpo", 1),
        ("rppo", "rpo", 1),
        ("rpx", "rpo", 1),
        ("", "rp", 2),
        ("ca", "abc", 3),  # a letter that was swapped is not changed again
        ("keep", "daily", 3),  # more than 2
    ],
)
def test_the_distance_is_in_letters(one: str, other: str, letters: int) -> None:
    assert distance(one, other, 2) == distance(other, one, 2) == letters


def test_a_hint_prefers_few_letters_to_long_parts_in_common() -> None:
    assert hint("rop", ["rto", "rpo", "checks"]) == "rpo"
    assert hint("subnets", ["drill_subnet_group", "subnet_group"]) == "subnet_group"
    assert hint("week", ["keep", "weekly"]) == "weekly"
    assert hint("zzz", ["rpo"]) is None
    assert hint("x", ["rpo", "at"]) is None
