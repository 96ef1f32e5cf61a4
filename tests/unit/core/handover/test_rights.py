# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.filter import rights as filters
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.rights import roles_of, with_statements

Row = dict[str, Any]
EVERY = ["publish", "replicate", "drill", "recover", "subscribe", "listen"]


def statement(sid: str | None, principal: Any = "*", **more: Any) -> Row:
    return {**({"Sid": sid} if sid else {}), "Principal": principal, **more}


@pytest.mark.parametrize(
    ("work", "sides", "roles"),
    [
        pytest.param(EVERY, ["source"], ["publish", "subscribe", "listen"], id="source"),
        pytest.param(EVERY, ["dr"], ["replicate", "drill", "recover", "subscribe", "listen"], id="dr"),
        pytest.param(EVERY, ["source", "dr"], EVERY, id="both"),
        pytest.param(EVERY, [], ["subscribe", "listen"], id="neither"),
        pytest.param(["recover", "publish"], ["dr"], ["recover"], id="some work"),
    ],
)
def test_a_site_gets_the_roles_that_it_has_a_use_for(work: list[str], sides: list[str], roles: list[str]) -> None:
    assert roles_of(work, sides) == roles


def test_statements_of_others_stay_and_ours_are_written_anew() -> None:
    policy = {"Id": "theirs", "Statement": [statement(None), statement("Theirs"), statement("Ours", Action="old")]}
    found = with_statements(policy, [statement("Ours", Action="new")])
    assert found == {
        "Version": "2012-10-17",
        "Id": "theirs",
        "Statement": [statement(None), statement("Theirs"), statement("Ours", Action="new")],
    }


def test_the_version_of_a_policy_stays() -> None:
    assert with_statements({"Version": "2008-10-17"}, [])["Version"] == "2008-10-17"


def test_a_policy_whose_only_statement_is_not_in_a_list_keeps_it() -> None:
    found = with_statements({"Statement": statement("Theirs")}, [statement("Ours")])
    assert [one["Sid"] for one in found["Statement"]] == ["Theirs", "Ours"]


def test_a_statement_that_names_nobody_is_removed() -> None:
    """AWS refuses it; and who is not on the list any more loses what an earlier run gave."""
    policy = {"Statement": [statement("Ours", {"AWS": ["arn:aws:iam::123456789012:root"]})]}
    assert with_statements(policy, [statement("Ours", {"AWS": []})])["Statement"] == []


@pytest.mark.parametrize(
    ("store", "bucket", "start"),
    [
        pytest.param("s3://manifests/a/b/", "manifests", "a/b/", id="prefix"),
        pytest.param("s3://manifests", "manifests", "", id="whole bucket"),
        pytest.param("/srv/lifeboat", "", "", id="directory"),
        pytest.param("", "", "", id="none"),
    ],
)
def test_the_place_of_a_store_is_its_bucket_and_the_start_of_its_keys(store: str, bucket: str, start: str) -> None:
    assert filters.place_in_s3(store) == {"bucket": bucket, "start": start}


@pytest.mark.parametrize("store", ["s3:/manifests", "s3://UPPER/x", "lifeboat"])
def test_a_malformed_store_is_refused(store: str) -> None:
    with pytest.raises(AnsibleFilterError, match="Set store to"):
        filters.place_in_s3(store)


def test_the_filters_have_the_names_that_the_role_uses() -> None:
    assert set(filters.FilterModule().filters()) == {"age_guards", "place_in_s3", "roles_of", "with_statements"}
