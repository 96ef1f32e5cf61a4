# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the attacker does with one whole source account, the other source fares as without the attacker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.manifest import published_manifest
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from tests.fleet.fleet import STRANGER, Fleet
from tests.fleet.hostile.world import MINE, Attack, Move, live

MONTH = timedelta(days=30)
MOVES: dict[str, Move] = {}


def move(make: Move) -> Move:
    """Enter a move into the table, under its name."""
    MOVES[make.__name__] = make
    return make


# -- names ------------------------------------------------------------------------------------------------------------


@move
def names_its_snapshot_like_the_victims(attack: Attack) -> None:
    attack.share(*(one.name for one in attack.victims))


@move
def names_an_instance_like_the_victims_recovery_point(attack: Attack) -> None:
    for one in attack.victims:
        attack.create(one.name)
        attack.share(one.name, of=one.name)


@move
def names_an_instance_like_a_stand_in_of_the_victims(attack: Attack) -> None:
    for one in attack.victims:
        stand_in = one.name.replace("lifeboat-", "lifeboat-standin-", 1)[:63]
        attack.create(stand_in)
        attack.share(one.name, of=stand_in)


@move
def names_an_instance_like_the_victims_database(attack: Attack) -> None:
    attack.create("customer-key-instance-00000")
    attack.share(attack.name_at(timedelta(0)), of="customer-key-instance-00000")


@move
def takes_the_next_name_of_the_victims(attack: Attack) -> None:
    tomorrow = f"{attack.now + timedelta(days=1):%Y%m%d%H%M%S}"
    digests = {one.name[-12:] for one in attack.victims}
    attack.share(*(f"lifeboat-next-{tomorrow}-{digest}" for digest in sorted(digests)))


@move
def invents_names_that_nobody_could_read(attack: Attack) -> None:
    attack.share("lifeboat-x", "lifeboat-20261399000000-0123456789ab", "lifeboat-99999999999999-vvvvvvvvvvvv")


# -- times ------------------------------------------------------------------------------------------------------------


@move
def comes_from_the_future(attack: Attack) -> None:
    attack.share(*(attack.name_at(timedelta(days=-365 * years)) for years in (1, 50)))


@move
def names_new_snapshots_for_the_ends_of_past_months(attack: Attack) -> None:
    attack.share(*(attack.name_at(month * MONTH) for month in range(1, 13)))


@move
def shares_many_of_today(attack: Attack) -> None:
    attack.share(*(attack.name_at(timedelta(minutes=minute)) for minute in range(10)))


# -- manifests --------------------------------------------------------------------------------------------------------


def entries(attack: Attack, **more: object) -> list[dict[str, object]]:
    """Describe the victims' recovery points as the attacker would like them to be."""
    return [
        {
            "account": STRANGER.account,
            "region": STRANGER.region,
            "kind": "cluster" if one.is_cluster else "instance",
            "identifier": MINE,
            "resource_id": attack.database.resource_id,
            "original_time": attack.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "name": one.name,
            "arn": one.arn,
            "engine": "postgres",
            "engine_version": "16.4",
            "encrypted": True,
            "kms_key_id": None,
            "size_gib": 1,
            **more,
        }
        for one in attack.victims
    ]


def tell(attack: Attack, **more: object) -> None:
    attack.manifests.append(published_manifest(STRANGER.account, STRANGER.region, entries(attack, **more)))


@move
def describes_the_victims_snapshots_as_its_own(attack: Attack) -> None:
    tell(attack)


@move
def describes_the_victims_databases(attack: Attack) -> None:
    tell(attack, account="111111111111")


@move
def says_that_what_the_victims_share_has_landed(attack: Attack) -> None:
    tell(attack, account="111111111111", landed_in=["222222222222"])


@move
def says_that_the_victims_are_to_be_restored_otherwise(attack: Attack) -> None:
    tell(attack, account="111111111111", database_tags={"retain": "", "lifeboat:origin": STRANGER.account})


@move
def makes_many_databases_of_one(attack: Attack) -> None:
    """Each has an invented resource ID, and a snapshot that is named for it."""
    one, points = attack.database, []
    invented = [replace(one, resource_id=f"db-{number}") for number in range(38)]
    names = [attack.name_at(timedelta(0), each) for each in invented]
    attack.share(*names)
    for each, name in zip(invented, names, strict=True):
        arn = f"arn:aws:rds:{STRANGER.region}:{STRANGER.account}:snapshot:{name}"
        stamp = iso(datetime.strptime(f"{name[-27:-13]}Z", "%Y%m%d%H%M%S%z"))
        told = {"resource_id": each.resource_id, "name": name, "arn": arn, "original_time": stamp}
        points += entries(attack, **told)[:1]
    attack.manifests.append(published_manifest(STRANGER.account, STRANGER.region, points))


# -- shares -----------------------------------------------------------------------------------------------------------


@move
def shares_with_everybody(attack: Attack) -> None:
    attack.share(attack.name_at(timedelta(0)), account="all")


@move
def takes_its_share_back_and_deletes_the_snapshot(attack: Attack) -> None:
    name = attack.name_at(timedelta(0))
    attack.share(name)
    attack.rds.delete_db_snapshot(DBSnapshotIdentifier=name)


@move
def deletes_its_database(attack: Attack) -> None:
    attack.share(attack.name_at(timedelta(0)))
    attack.rds.delete_db_instance(DBInstanceIdentifier=MINE, SkipFinalSnapshot=True)


@move
def shares_forty_of_the_victims_database(attack: Attack) -> None:
    digest = attack.victims[0].name[-12:]
    attack.share(*(f"lifeboat-n{number}-{attack.now:%Y%m%d%H%M%S}-{digest}" for number in range(40)))


@pytest.fixture(scope="session")
def in_peace(fleet: Fleet) -> Callable[[], object]:
    """Return what becomes of the honest source without an attacker, which is lived once."""
    return cache(lambda: live(fleet, None))


@pytest.mark.parametrize("name", MOVES)
def test_the_honest_source_fares_as_without_the_attacker(
    fleet: Fleet, in_peace: Callable[[], object], name: str
) -> None:
    peace, war = in_peace(), live(fleet, MOVES[name])
    assert replace(war, warnings=[]) == replace(peace, warnings=[])
    assert len(war.warnings) <= 6, "one for each reason, however many there are"


def test_there_is_something_to_lose(in_peace: Callable[[], object]) -> None:
    peace = in_peace()
    assert [state for _arn, state in peace.states] == ["protected"] * 2
    assert {hours for _arn, hours, _status in peace.landed} == {24, 48}
    assert [{status for _database, status in day} for day in peace.steps] == [{"landed"}] * 3
