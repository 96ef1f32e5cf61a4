# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.publish import (
    PublishOptions,
    PublishWish,
    begin,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.replicate import (
    Offer,
    ReplicateOptions,
    ReplicateWish,
    plan_copies,
    read_offer,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.routes import Place
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import DatabaseId
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import (
    Lineage,
    check_apart,
    check_prefix,
    digest_of,
    intermediate_name,
    lineage_of,
    name_for,
    origin_of,
    parse,
    read_name,
    restored_name,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import check_drill_id
from tests.builders import DR, DR_KEY, EAST, NOW, SOURCE, WEST, automated, copied, database

# The names that RDS allows for DB cluster snapshots, which are stricter than those of DB snapshots.
LEGAL = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,62}")

ALPHABET = "abcz019-"


def words(longest: int) -> st.SearchStrategy[str]:
    """Draw texts like prefixes: lower-case letters, digits and single hyphens, often of maximum length."""
    short = st.text(ALPHABET, max_size=longest - 1).map(lambda text: re.sub("-+", "-", f"x{text}").rstrip("-"))
    return short | st.just("x" * longest) | st.just("x-" * ((longest - 1) // 2) + "x")


PREFIXES, DRILLS = words(20), words(24)
IDENTIFIERS = st.text(f"{ALPHABET}ABZ", min_size=1, max_size=63) | st.just("b" * 63) | st.text(max_size=80)
ZONES = st.sampled_from([timezone(timedelta(hours=hours)) for hours in (-11, -3.5, 0, 5.75, 14)])
MOMENTS = st.integers(0, 3 * 10**9).map(
    lambda seconds: datetime(2009, 1, 1, tzinfo=timezone.utc) + timedelta(0, seconds)
)
TIMES = st.builds(lambda moment, zone: moment.astimezone(zone), MOMENTS, ZONES)
DATABASES = st.builds(
    DatabaseId,
    account=st.sampled_from([SOURCE, DR]),
    region=st.sampled_from(["us-west-2", "eu-central-1"]),
    kind=st.sampled_from(["instance", "cluster"]),
    identifier=IDENTIFIERS,
    resource_id=st.sampled_from(["db-ABC", "db-ABD", "cluster-ABC"]),
)
LINEAGES = st.builds(lineage_of, DATABASES, TIMES)


@given(PREFIXES, DATABASES, TIMES)
def test_every_name_is_legal_and_carries_its_lineage(prefix: str, one: DatabaseId, original: datetime) -> None:
    lineage = lineage_of(one, original)
    name = name_for(prefix, one.identifier, lineage)
    assert LEGAL.fullmatch(name)
    assert parse(name, prefix, one.account) == lineage


@given(DATABASES, TIMES, ZONES)
def test_a_name_does_not_depend_on_where_or_by_which_clock_it_is_made(
    one: DatabaseId, original: datetime, zone: timezone
) -> None:
    same = original.astimezone(zone).replace(microsecond=0)
    assert name_for("lifeboat", one.identifier, lineage_of(one, original)) == name_for(
        "lifeboat", one.identifier, lineage_of(one, same)
    )


@given(DATABASES, DATABASES, TIMES)
def test_different_databases_never_share_a_name(one: DatabaseId, other: DatabaseId, original: datetime) -> None:
    identity = [(each.account, each.region, each.resource_id) for each in (one, other)]
    assume(identity[0] != identity[1])
    names = {name_for("lifeboat", "same", lineage_of(each, original)) for each in (one, other)}
    assert len(names) == 2


@given(DATABASES, TIMES, TIMES)
def test_different_times_never_share_a_name(one: DatabaseId, first: datetime, second: datetime) -> None:
    assume(first != second)
    names = {name_for("lifeboat", one.identifier, lineage_of(one, time)) for time in (first, second)}
    assert len(names) == 2


@given(IDENTIFIERS, st.integers(0, 9999))
def test_the_dr_site_gives_a_recovery_point_the_name_that_its_source_gave_it(identifier: str, hours: int) -> None:
    """It does so even if AWS dropped all tags on the way."""
    one = database(identifier, resource_id="db-X")
    point = automated(identifier, hours, resource_id="db-X")
    options = PublishOptions("lifeboat", Place(SOURCE, WEST), WEST, is_shared=True, tags={})
    published = begin(one, [point], PublishWish("automated", timedelta(days=1)), options, NOW).offered
    assert published is not None
    arn = f"arn:aws:rds:us-west-2:{SOURCE}:snapshot:{published.name}"
    shared = replace(copied(identifier, hours, name=published.name, arn=arn, resource_id="db-X"), tags={})
    there = ReplicateOptions("lifeboat", frozenset({SOURCE}), Place(DR, EAST))
    offer = read_offer(shared, there, {})
    assert isinstance(offer, Offer)
    (replicated,) = plan_copies(offer, ReplicateWish(DR_KEY), there)
    assert (replicated.name, replicated.origin) == (published.name, published.origin)


CHANGES = st.sampled_from(["{}", "{}\n", "\n{}", "{}-", "{}0", "-{}", " {}", "X{}", "{}-x", "lifeboat{}"])


@given(st.text() | st.builds(str.format, CHANGES, st.builds(name_for, PREFIXES, IDENTIFIERS, LINEAGES)), PREFIXES)
def test_no_name_is_read_that_is_not_a_legal_one_of_that_prefix(name: str, prefix: str) -> None:
    lineage = parse(name, prefix, SOURCE)
    assert lineage is None or (name.startswith(f"{prefix}-") and name.endswith(f"-{lineage}"))
    changed = f"{prefix}-{name}"
    assert parse(f"{changed}\n", prefix, SOURCE) is None


@given(st.text(max_size=30))
def test_a_prefix_that_is_accepted_makes_legal_names(prefix: str) -> None:
    try:
        check_prefix(prefix)
    except LifeboatError:
        return
    lineage = Lineage(origin_of("1", "r", "x"), datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert LEGAL.fullmatch(name_for(prefix, "orders", lineage))


@given(PREFIXES, DRILLS, DATABASES)
def test_a_restored_database_and_its_member_have_legal_names(prefix: str, drill: str, one: DatabaseId) -> None:
    digest = digest_of(one.account, one.region, one.resource_id)
    name = restored_name(check_prefix(prefix), check_drill_id(drill), one.identifier, digest)
    assert LEGAL.fullmatch(name)
    assert LEGAL.fullmatch(f"{name}-1")
    assert name == restored_name(prefix, drill, one.identifier, digest)


@given(PREFIXES, PREFIXES, DATABASES, TIMES)
def test_of_two_directions_neither_reads_a_name_of_the_other(
    one: str, other: str, database: DatabaseId, time: datetime
) -> None:
    """A database may have any name, even the other prefix."""
    try:
        check_apart(one, other)
    except LifeboatError:
        assume(False)
    for identifier in (database.identifier, f"{other}-{database.identifier}", f"{one}-{other}"):
        lineage = lineage_of(database, time)
        for name in (name_for(one, identifier, lineage), intermediate_name(one, identifier, lineage)):
            assert (parse(name, one, database.account), parse(name, other, database.account)) == (lineage, None)


@given(PREFIXES, PREFIXES, DATABASES, TIMES)
def test_prefixes_that_could_be_taken_for_each_other_are_refused(
    one: str, rest: str, database: DatabaseId, time: datetime
) -> None:
    longer = f"{one}-{rest}"
    assert read_name(name_for(longer, database.identifier, lineage_of(database, time)), one) is not None
    for pair in ((one, longer), (longer, one), (one, one)):
        with pytest.raises(LifeboatError):
            check_apart(*pair)
