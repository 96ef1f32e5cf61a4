# SPDX-License-Identifier: GPL-3.0-or-later
"""A drill and a recovery never get the same name, whatever databases are called, and nothing removes a recovery."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import Database, RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import Lineage, parse
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.ownership import (
    belongs_to,
    is_left_behind,
    is_made_for,
    require_own,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import RestoreOptions, Target
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target_plan import plan_target
from tests.builders import NOW, SOURCE, database, landed, of_cluster

LETTERS = "abcdefghijklmnopqrstuvwxyz"
words = st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,9}){0,3}", fullmatch=True)
prefixes = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?", fullmatch=True)
ids = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8})?", fullmatch=True)
kinds = st.sampled_from(["instance", "cluster"])
patterns = st.none() | words | st.builds("{}-{{database}}".format, words) | st.builds("{{database}}-{}".format, words)


def point_of(identifier: str, kind: str) -> RecoveryPoint:
    point = landed(identifier)
    return of_cluster(point) if kind == "cluster" else point


def planned(point: RecoveryPoint, prefix: str, run: str, purpose: str, restore_as: str | None = None) -> Target:
    lineage = parse(point.name, "lifeboat", SOURCE)
    assert isinstance(lineage, Lineage)
    options = RestoreOptions(prefix, run, "private", ("sg-1",), "db.r6g.large", None, NOW)
    return plan_target(lineage, point, replace(options, purpose=purpose, restore_as=restore_as))  # type: ignore[arg-type]


def recovered(point: RecoveryPoint, prefix: str, run: str, restore_as: str | None) -> Target:
    try:
        return planned(point, prefix, run, "recovery", restore_as)
    except LifeboatError:
        assume(False)
        raise


def made_of(target: Target) -> Database:
    return database(target.name, target.kind, tags=target.tags)


@given(words, words, kinds, kinds, prefixes, ids, ids, patterns)
def test_a_recovery_never_bears_the_name_of_a_drills_database(
    one: str, other: str, kind: str, drilled: str, prefix: str, run: str, drill: str, restore_as: str | None
) -> None:
    kept = recovered(point_of(one, kind), prefix, run, restore_as)
    gone = planned(point_of(other, drilled), prefix, drill, "drill")
    assert not {name for _kind, name in kept.keys} & {name for _kind, name in gone.keys}
    assert all(len(name) <= 63 for _kind, name in kept.keys)


@given(words, kinds, prefixes, ids, ids, patterns)
def test_an_adopted_recovery_is_the_same_whatever_its_run_was_called(
    identifier: str, kind: str, prefix: str, first: str, second: str, restore_as: str | None
) -> None:
    point = point_of(identifier, kind)
    begun, again = (recovered(point, prefix, run, restore_as) for run in (first, second))
    assert (begun.key, begun.original) == (again.key, again.original)
    require_own([again], {begun.key: made_of(begun)})


@given(words, kinds, prefixes, ids, patterns)
def test_a_drill_neither_adopts_nor_removes_a_recovery(
    identifier: str, kind: str, prefix: str, run: str, restore_as: str | None
) -> None:
    point = point_of(identifier, kind)
    kept, drill = recovered(point, prefix, run, restore_as), planned(point, prefix, run, "drill")
    assert not is_made_for(made_of(kept), drill)
    assert not is_made_for(made_of(drill), kept)
    tags = {**kept.tags, "lifeboat:drill-id": run, "lifeboat:expires": "2020-01-01T00:00:00Z"}
    one = database(kept.name, tags=tags)
    assert not belongs_to(one, prefix, run) and not is_left_behind(one, prefix, NOW)


@given(words, prefixes, ids)
def test_what_drills_names_begin_with_is_refused(identifier: str, prefix: str, run: str) -> None:
    with pytest.raises(LifeboatError):
        planned(landed(identifier), prefix, run, "recovery", f"{prefix}-{identifier}")
