# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop databases whose key cannot be used any more; they wait for it for seven days (aws_rds.md 9)."""

from __future__ import annotations

from lifeboat_lab import keys
from lifeboat_lab.rds import servers
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.world import World

# The KMS actions after which a key may not work any more.
CAUSES = frozenset({"DeleteImportedKeyMaterial", "DisableKey", "ScheduleKeyDeletion"})


def key_works(world: World, found: Database) -> bool:
    return found.key in (None, keys.AWS_OWNED) or world.keys.works(world.keys.by_arn(str(found.key)))


def review(world: World) -> None:
    """Look at all databases after a key has changed. None of them comes back by itself."""
    with world.lock:
        for found in world.databases():
            concerned = found.cluster is None and found.gone is None and found.locked is None
            if concerned and not world.accounts.is_dark(found.account, found.region) and not key_works(world, found):
                _lock(world, found)


def _lock(world: World, found: Database) -> None:
    found.locked = world.now()
    servers.adjust(world, found)
    for each in found.members if found.is_cluster else (found,):
        world.events.emit("RDS-EVENT-0419", each, database=each.identifier)
