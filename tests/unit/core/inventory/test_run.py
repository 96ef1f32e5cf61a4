# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.run import (
    Run,
    half_filled,
    misspelt_environment,
    misspelt_host,
    old_core,
    told_once,
    unknown_variable,
    wrong_with,
)

GROUPS = {"lifeboat_source": ["shop"], "lifeboat_dr": ["shop_dr"], "bastions": ["bastion"]}
ALL = ["shop", "shop_dr", "bastion"]
GOOD = Run(wanted=["shop", "shop_dr"], within=ALL, groups=GROUPS)
DRILL = replace(GOOD, wanted=["shop_dr"])


def said(run: Run, *, accepts_none: bool = False) -> str:
    return " ".join(str(one) for one in wrong_with(run, accepts_none=accepts_none))


def test_a_run_that_touches_a_site_may_begin() -> None:
    assert said(GOOD) == ""
    assert DRILL.sites == ["shop_dr"]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        pytest.param(
            replace(DRILL, within=["shop"], limit="shop"), "--limit shop leaves no site.*are: shop_dr", id="limit"
        ),
        pytest.param(Run([], ["localhost"], {}), "nothing in lifeboat_source or lifeboat_dr.*-i", id="no inventory"),
        pytest.param(Run([], ALL, {"lifeboat_source": ALL}), "nothing in lifeboat_dr", id="one group is missing"),
        pytest.param(Run([], ALL, GROUPS), "nothing in lifeboat_hosts", id="a pattern that matches nothing"),
        pytest.param(Run(ALL, ALL, GROUPS, ignores_hosts=True), "Cannot use lifeboat_hosts", id="hosts nobody reads"),
        pytest.param(Run([], ALL, {"lifeboat_sources": ALL}), "Did you mean lifeboat_source[?]", id="a plural"),
        pytest.param(Run([], ALL, {"lifeboat_sorce": ALL}), "Did you mean lifeboat_source[?]", id="a letter"),
        pytest.param(Run([], ALL, {"lifeboat_drs": ALL}), "Did you mean lifeboat_dr[?]", id="a plural of dr"),
        pytest.param(Run([], ALL, {"lifebaot_dr": ALL}), "Did you mean lifeboat_dr[?]", id="the prefix"),
        pytest.param(replace(GOOD, tags=["nonsense"]), "--tags nonsense none .* no tags: leave it out", id="a tag"),
        pytest.param(replace(GOOD, tags=["tagged"]), "none of its tasks runs", id="all that has tags"),
        pytest.param(replace(GOOD, skipped=["all"]), "--skip-tags all", id="everything is skipped"),
    ],
)
def test_a_run_that_would_do_nothing_is_refused_with_the_reason(run: Run, words: str) -> None:
    assert re.search(words, said(run)), said(run)


@pytest.mark.parametrize("group", ["lifeboat_source_emea", "lifeboat_eu", "lifeboat_dev", "sources", "lifeboat_tools"])
def test_groups_that_are_only_like_ours_are_the_users_own(group: str) -> None:
    assert said(replace(GOOD, groups={**GROUPS, group: ["bastion"]})) == ""


def test_a_group_of_sites_may_be_named_almost_as_ours() -> None:
    assert said(replace(GOOD, groups={**GROUPS, "lifeboat_sources": ["shop"]})) == ""


def test_a_misspelt_group_is_refused_although_the_other_side_has_sites() -> None:
    groups = {"lifeboat_sources": ["shop"], "lifeboat_dr": ["shop_dr"]}
    assert "Unknown group lifeboat_sources" in said(replace(DRILL, groups=groups))


def test_no_site_can_be_accepted() -> None:
    assert said(replace(DRILL, within=["shop"], limit="shop"), accepts_none=True) == ""
    assert said(Run([], ["localhost"], {}), accepts_none=True) == ""


@pytest.mark.parametrize(
    ("tags", "skipped", "left_out"),
    [
        pytest.param(["all"], [], False, id="everything"),
        pytest.param(["recovery"], [], False, id="ours"),
        pytest.param(["tagged"], [], False, id="all that has tags"),
        pytest.param(["web"], [], True, id="that of other plays"),
        pytest.param(["untagged"], [], True, id="all that has none"),
        pytest.param(["all"], ["recovery"], True, id="ours is skipped"),
    ],
)
def test_who_imports_our_plays_under_a_tag_may_leave_them_out(
    tags: list[str], skipped: list[str], left_out: bool
) -> None:
    run = replace(GOOD, tags=tags, skipped=skipped, own_tags=frozenset({"recovery"}))
    assert run.is_left_out is left_out


@pytest.mark.parametrize(
    ("version", "is_old"), [("2.18.7", True), ("2.9", True), ("2.19.0b1", False), ("2.21.5", False), ("3.0", False)]
)
def test_an_ansible_that_was_never_tested_is_refused_with_the_command(version: str, is_old: bool) -> None:
    found = old_core(version)
    assert (found is not None) is is_old
    assert not found or (version in str(found) and "pip install 'ansible-core>=2.19'" in str(found))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({}, None, id="as it should be"),
        pytest.param({"lifeboat_account_id": object()}, None, id="encrypted"),
        pytest.param({"lifeboat_account_id": None}, "it has no lifeboat_account_id", id="no account"),
        pytest.param({"lifeboat_region": None}, "it has no lifeboat_region", id="no Region"),
    ],
)
def test_a_site_needs_an_account_and_a_region(changes: dict[str, Any], problem: str | None) -> None:
    found = [
        str(one) for one in half_filled({"lifeboat_account_id": "1" * 12, "lifeboat_region": "eu-west-1"} | changes)
    ]
    assert len(found) == (problem is not None)
    assert not found or str(problem) in found[0]


def test_the_message_names_the_sites_that_it_is_about() -> None:
    sites = [f"s{number}" for number in range(9)]
    assert told_once({"A.": [], "B.": ["s1"], "C.": sites[:7], "D.": sites}, sites) == [
        "A.",
        "At s1: B.",
        "At s0, s1, s2, s3, s4 and 2 more: C.",
        "At all sites: D.",
    ]
    assert told_once({"B.": ["s1"]}, ["s1"]) == ["At s1: B."]


def test_an_unknown_variable_has_a_remedy_in_any_case() -> None:
    assert str(unknown_variable("lifeboat_regoin", "lifeboat_region")).endswith("Did you mean lifeboat_region?")
    assert "lifeboat_own_names" in str(unknown_variable("lifeboat_team", None))
    assert "lifeboat_own_names" in str(unknown_variable("awx_job", "awx_jobs"))


@pytest.mark.parametrize(
    ("environment", "enabled", "meant"),
    [
        pytest.param("prodution", None, "production", id="a letter is missing"),
        pytest.param("tst", ["prd", "stg"], None, id="short words"),
        pytest.param("production2", None, None, id="another number"),
        pytest.param("production", None, None, id="protected"),
        pytest.param(None, None, None, id="left out"),
        pytest.param("development", None, None, id="another one"),
        pytest.param("liev", ["live", "test"], "live", id="of the user's own"),
        pytest.param("production", ["live"], None, id="not enabled"),
        pytest.param("prod", None, "production", id="the beginning"),
        pytest.param("PRODUCTION", None, "production", id="capital letters"),
        pytest.param("prod", ["prod-eu", "live"], None, id="a part of another one"),
        pytest.param("st", None, None, id="too short to say"),
    ],
)
def test_an_environment_that_is_almost_a_protected_one_is_refused(
    environment: str | None, enabled: list[str] | None, meant: str | None
) -> None:
    found = [str(one) for one in misspelt_environment(environment, enabled)]
    assert [one.endswith(f"Did you mean {meant}?") for one in found] == ([True] if meant else [])


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("bastoin", "bastion", id="two letters are swapped"),
        pytest.param("bastion", None, id="it is there"),
        pytest.param("10.0.0.7", None, id="an address"),
        pytest.param("shop2", "shop", id="a digit too many"),
        pytest.param("dr", None, id="too short to tell"),
        pytest.param(None, None, id="left out"),
    ],
)
def test_a_check_host_that_is_almost_one_of_the_inventory_is_refused(name: str | None, meant: str | None) -> None:
    found = [str(one) for one in misspelt_host(name, ["shop", "db", "bastion"])]
    assert [one.endswith(f"Did you mean {meant}?") for one in found] == ([True] if meant else [])
