# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.modules import recovery_point_info
from tests.builders import DR, EAST, SOURCE, STRANGER, WEST, automated, copied, database, hours_ago, landed

Row = dict[str, Any]


@pytest.fixture
def run(options: Any) -> Any:
    def run(site: Mock, *, check_mode: bool = False, **given: Any) -> dict[str, Row]:
        given = {"account_id": site.account, **given}
        result = recovery_point_info.run(options(recovery_point_info, **given), site, check_mode=check_mode)
        assert result["changed"] is False
        return {one["database"]: one for one in result["databases"]}

    return run


def test_the_newest_at_each_place_is_shown_with_its_age(run: Any, site: Any) -> None:
    points = [automated(hours=1), automated(hours=25), copied(hours=25), copied(hours=49)]
    orders = run(site(databases=[database()], points=points))["orders"]
    assert {place: (one["name"], one["age_seconds"]) for place, one in orders["newest"].items()} == {
        f"{SOURCE}/{WEST}/automated": (automated(hours=1).name, 3600),
        f"{SOURCE}/{WEST}/manual": (copied(hours=25).name, 25 * 3600),
    }
    assert (orders["age_seconds"], orders["protected"], orders["reason"]) == (3600, True, None)


def test_an_age_counts_from_the_original_snapshot_and_not_from_its_copy(run: Any, site: Any) -> None:
    point = landed(hours=5, created=hours_ago(1), original=None)
    newest = run(site(DR, EAST, points=[point]))["orders"]["newest"][f"{DR}/{EAST}/manual"]
    assert (newest["original_time"], newest["age_seconds"]) == (iso(hours_ago(5)), 5 * 3600)


@pytest.mark.parametrize(
    ("points", "rpo", "protected", "reason"),
    [
        pytest.param([automated(hours=1)], 3600, True, None, id="just within the objective"),
        pytest.param([automated(hours=2)], 3600, False, "the objective is 3600 s", id="too old"),
        pytest.param([automated(hours=900)], None, True, None, id="no objective"),
        pytest.param([], None, False, "no finished recovery point here", id="none at all"),
        pytest.param([automated(status="creating")], None, False, "no finished recovery point here", id="not finished"),
        pytest.param([automated(status="failed")], None, False, "no finished recovery point here", id="broken"),
    ],
)
def test_what_is_unprotected_has_a_reason(
    run: Any, site: Any, points: Any, rpo: int | None, protected: bool, reason: str | None
) -> None:
    orders = run(site(databases=[database()], points=points), rpo=rpo)["orders"]
    assert orders["protected"] is protected
    assert (orders["reason"] is None) if reason is None else (reason in orders["reason"])


def test_what_is_being_made_is_in_flight(run: Any, site: Any) -> None:
    orders = run(site(databases=[database()], points=[automated(), copied(status="copying")]))["orders"]
    assert orders["in_flight"] == [copied().name]


def test_a_database_that_is_gone_is_shown_by_what_is_left_of_it(run: Any, site: Any) -> None:
    found = run(site(databases=[database()], points=[copied("billing")]))
    assert {name: one["exists"] for name, one in found.items()} == {"billing": False, "orders": True}


def test_a_database_created_anew_under_an_old_name_is_another_one(options: Any, site: Any) -> None:
    source = site(databases=[database(resource_id="db-NEW")], points=[automated(hours=1)])
    result = recovery_point_info.run(options(recovery_point_info), source, check_mode=False)
    assert [(one["exists"], one["protected"]) for one in result["databases"]] == [(True, False), (False, True)]


def test_the_member_of_a_cluster_is_no_database_of_its_own(run: Any, site: Any) -> None:
    databases = [database("shop", "cluster", members=("shop-1",)), database("shop-1", cluster="shop")]
    assert set(run(site(databases=databases))) == {"shop"}


def test_a_copy_that_landed_and_what_is_shared_are_one_database(run: Any, site: Any) -> None:
    shared = replace(copied(hours=1), tags={})
    dr = site(DR, EAST, points=[landed(hours=25)], shared={WEST: [shared]})
    orders = run(dr, source_regions=[WEST], source_accounts=[SOURCE])["orders"]
    assert {place: one["age_seconds"] for place, one in orders["newest"].items()} == {
        f"{SOURCE}/{WEST}/manual": 3600,
        f"{DR}/{EAST}/manual": 25 * 3600,
    }


def test_what_a_stranger_shares_does_not_count(run: Any, site: Any) -> None:
    """Anybody may share a snapshot with ours, under any name."""
    stranger = replace(copied(), account=STRANGER, arn=copied().arn.replace(SOURCE, STRANGER))
    dr = site(DR, EAST, shared={WEST: [stranger]})
    assert run(dr, source_regions=[WEST], source_accounts=[SOURCE]) == {}


def test_check_mode_shows_the_same(run: Any, site: Any, writes: Any) -> None:
    source = site(databases=[database()], points=[automated()])
    assert run(source) == run(source, check_mode=True)
    assert writes(source) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"account_id": DR}, "these credentials belong to account 111111111111", id="wrong account"),
        pytest.param({"source_accounts": ["all"]}, "is not a 12-digit account ID", id="no account"),
    ],
)
def test_bad_input_stops_the_call_before_anything_is_read(run: Any, site: Any, given: Row, message: str) -> None:
    source = site(databases=[database()])
    with pytest.raises(LifeboatError, match=message):
        run(source, **given)
    assert [name for name, _arguments, _named in source.mock_calls] == ["check_account"]


def test_source_regions_without_source_accounts_are_refused(
    site: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As documented: nothing that is shared would count, and every database would look unprotected."""
    dr = site(DR, EAST, shared={WEST: [copied()]})
    monkeypatch.setattr(Site, "connect", lambda _module: dr)
    with patch_module_args({"account_id": DR, "source_regions": [WEST]}), pytest.raises(SystemExit):
        recovery_point_info.main()
    result = json.loads(capsys.readouterr().out)
    assert result.get("failed")
    assert "source_accounts" in result["msg"]
