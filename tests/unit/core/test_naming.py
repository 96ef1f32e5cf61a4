# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import MANAGED_BY, ORIGIN
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import (
    check_prefix,
    digest_of,
    is_of_unknown_origin,
    lineage_of,
    name_for,
    own_lineage,
    parse,
    restored_name,
)
from tests.builders import DR, NOW, SOURCE, STRANGER, WEST, copied, database, hours_ago, landed

LEGAL = re.compile(r"^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,62}$")


@pytest.mark.parametrize(
    "identifier", ["orders", "a", "x" * 63, "my-very-long-" * 4 + "end", "Shop-DB", "a-b-" + "c" * 50]
)
def test_every_name_is_legal_and_parses_to_its_lineage(identifier: str) -> None:
    lineage = lineage_of(database(identifier).id, NOW)
    name = name_for("lifeboat", identifier, lineage)
    assert LEGAL.match(name)
    assert parse(name, "lifeboat", SOURCE) == lineage


def test_a_database_created_anew_under_an_old_name_is_another_one() -> None:
    old, new = database(resource_id="db-OLD").id, database(resource_id="db-NEW").id
    assert lineage_of(old, NOW).digest != lineage_of(new, NOW).digest


def test_fractions_of_a_second_do_not_tell_two_copies_apart() -> None:
    one = database().id
    assert lineage_of(one, NOW) == lineage_of(one, NOW + timedelta(microseconds=999_999))


def test_a_digest_tells_the_account_and_two_databases_apart() -> None:
    one, other = (lineage_of(database(resource_id=some).id, NOW) for some in ("db-A", "db-B"))
    assert parse(name_for("lifeboat", "orders", one), "lifeboat", SOURCE) == one
    assert one.digest[:4] == other.digest[:4]
    assert one.digest[4:] != other.digest[4:]


@pytest.mark.parametrize(
    "name",
    [
        "lifeboat-orders-20261123140000-tooshort",
        "lifeboat-orders-20261399140000-0123456789ab",
        "lifeboats-orders-20261123140000-0123456789ab",
        "orders-20261123140000-0123456789ab",
        "rds:orders-2026-11-23-14-00",
        "",
    ],
)
def test_names_that_are_not_ours_have_no_lineage(name: str) -> None:
    assert parse(name, "lifeboat", SOURCE) is None


@pytest.mark.parametrize("account", [STRANGER, None])
def test_a_name_that_does_not_fit_its_origin_has_no_lineage(account: str | None) -> None:
    assert parse(copied().name, "lifeboat", account) is None


def test_aws_names_the_origin_and_our_tag_only_where_it_names_ourselves() -> None:
    ours, theirs = f"arn:aws:rds:{WEST}:{DR}:snapshot:x", f"arn:aws:rds:{WEST}:{SOURCE}:snapshot:x"
    assert landed(source_arn=theirs, tags={ORIGIN: STRANGER}).origin_account == SOURCE
    assert landed(source_arn=ours).origin_account == SOURCE
    assert landed(source_arn=None).origin_account == SOURCE
    assert landed(source_arn=ours, tags={ORIGIN: STRANGER}).origin_account == STRANGER


@pytest.mark.parametrize("tag", [STRANGER, DR, "", "nobody"])
def test_a_snapshot_of_an_origin_that_does_not_fit_its_name_is_not_ours(tag: str) -> None:
    point = landed(source_arn=None, tags={ORIGIN: tag})
    assert own_lineage(point, "lifeboat") is None
    assert is_of_unknown_origin(point, "lifeboat")
    assert point.database_arn is None
    assert not is_of_unknown_origin(landed(), "lifeboat")


def test_a_name_of_another_prefix_is_not_ours() -> None:
    name = name_for("lifeboat-staging", "orders", lineage_of(database().id, NOW))
    assert parse(name, "lifeboat-prod", SOURCE) is None


@pytest.mark.parametrize("tags", [{}, {MANAGED_BY: "another"}, {MANAGED_BY: "lifeboat-2"}])
def test_a_name_like_ours_without_our_tag_is_not_ours(tags: dict[str, str]) -> None:
    assert own_lineage(copied(), "lifeboat") == lineage_of(database().id, hours_ago(1))
    assert own_lineage(replace(copied(), tags={ORIGIN: SOURCE, **tags}), "lifeboat") is None


def test_our_tag_on_a_name_of_somebody_else_makes_it_not_ours() -> None:
    assert own_lineage(copied(name="nightly"), "lifeboat") is None


@pytest.mark.parametrize("prefix", ["", "-a", "a-", "A", "1a", "a--b", "a_b", "a" * 21])
def test_a_prefix_that_names_cannot_start_with_is_refused(prefix: str) -> None:
    with pytest.raises(LifeboatError, match="Set prefix to at most 20"):
        check_prefix(prefix)


def test_the_longest_restored_name_leaves_room_for_a_member() -> None:
    name = restored_name("a" * 20, "d" * 24, "x" * 63, digest_of("1", "r", "db-X"))
    assert LEGAL.match(f"{name}-1")
