# SPDX-License-Identifier: GPL-3.0-or-later
"""Tie replicas to what they replicate, and show both as RDS does (RDS API Reference, DBInstance and DBCluster)."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE
from lifeboat_lab.rds.world import World

KINDS_BY_ARN = {"db": INSTANCE, "cluster": CLUSTER}


def check_arn(arn: str) -> str:
    """Return the ARN of a database.

    :raises AwsError: when it is not one.
    """
    words = arn.split(":", 6)
    if len(words) != 7 or words[5] not in KINDS_BY_ARN:
        raise AwsError("InvalidParameterValue", f"Invalid source: {arn}. It must be the ARN of a database.")
    return arn


def attach(world: World, found: Database, arn: str) -> None:
    """Make a database the replica of another one, which may be out of the lab's sight."""
    words = check_arn(arn).split(":", 6)
    kind = KINDS_BY_ARN[words[5]]
    found.source_arn = arn
    known = {account.id for account in world.accounts.all}
    source = world.place(words[4], words[3]).databases[kind.name].get(words[6]) if words[4] in known else None
    if source is not None:
        found.source = source
        source.replicas.append(found)


def detach(found: Database) -> None:
    """Make a replica a database of its own."""
    if found.source is not None:
        found.source.replicas.remove(found)
    found.source, found.source_arn = None, ""


def shown(world: World, found: Database) -> dict[str, Any]:
    """Build the members of a row that tell what it replicates, and what replicates it."""
    return _shown_of_cluster(world, found) if found.is_cluster else _shown_of_instance(found)


def _shown_of_instance(found: Database) -> dict[str, Any]:
    source = found.replicates
    is_near = source.startswith(":".join(found.arn.split(":", 5)[:5]) + ":")
    named = source.rpartition(":")[2] if is_near else source
    is_of_cluster = ":cluster:" in source
    return {
        "ReadReplicaSourceDBInstanceIdentifier": named if source and not is_of_cluster else None,
        "ReadReplicaSourceDBClusterIdentifier": named if is_of_cluster else None,
        "ReadReplicaDBInstanceIdentifiers": [_named(found, each) for each in found.replicas if not each.is_cluster],
    }


def _shown_of_cluster(world: World, found: Database) -> dict[str, Any]:
    is_silent = found.global_cluster and not world.settings.rules["global_secondaries_name_source"]
    return {
        "ReplicationSourceIdentifier": None if is_silent else found.replicates or None,
        "ReadReplicaIdentifiers": [each.arn for each in found.replicas],
        "GlobalClusterIdentifier": found.global_cluster or None,
    }


def _named(source: Database, replica: Database) -> str:
    """Return how a source names its replica: by its ARN if that is in another Region."""
    return replica.identifier if replica.region == source.region else replica.arn
