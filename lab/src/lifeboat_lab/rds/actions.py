# SPDX-License-Identifier: GPL-3.0-or-later
"""Map the RDS actions that the lab answers itself, and name those that it leaves to moto."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lifeboat_lab import wire
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import (
    certificates,
    cluster_restores,
    copies,
    creation,
    data_api,
    deletion,
    event_log,
    groups,
    listing,
    modification,
    offers,
    option_groups,
    orderable,
    parameter_groups,
    power,
    removal,
    replicas,
    restores,
    sharing,
    snapshots,
    subnet_groups,
    subscriptions,
    tags,
    versions,
)
from lifeboat_lab.rds.kinds import KINDS, Kind
from lifeboat_lab.rds.world import Call, World

Action = Callable[[World, Call], dict[str, Any]]


def _of_kinds() -> dict[str, Action]:
    found: dict[str, Action] = {}
    for kind in KINDS:
        found |= {
            f"Describe{kind.noun}s": partial(listing.describe_databases, kind=kind),
            f"Reboot{kind.noun}": partial(power.reboot, kind=kind),
            f"Stop{kind.noun}": partial(power.stop, kind=kind),
            f"Start{kind.noun}": partial(power.start, kind=kind),
            f"Describe{kind.snapshot}s": partial(listing.describe_snapshots, kind=kind),
            f"Create{kind.snapshot}": partial(snapshots.create, kind=kind),
            f"Copy{kind.snapshot}": partial(copies.copy, kind=kind),
            f"Delete{kind.snapshot}": partial(removal.delete, kind=kind),
            f"Describe{kind.snapshot}Attributes": partial(sharing.describe, kind=kind),
            f"Modify{kind.snapshot}Attribute": partial(sharing.modify, kind=kind),
            **_of_parameter_groups(kind),
        }
    return found


def _of_parameter_groups(kind: Kind) -> dict[str, Action]:
    noun = groups.parameter_group_noun(kind)
    prefix = noun.removesuffix("ParameterGroup")
    found: dict[str, Callable[..., dict[str, Any]]] = {
        f"Describe{noun}s": parameter_groups.describe,
        f"Create{noun}": parameter_groups.create,
        f"Copy{noun}": parameter_groups.copy,
        f"Modify{noun}": parameter_groups.modify,
        f"Reset{noun}": parameter_groups.reset,
        f"Delete{noun}": parameter_groups.delete,
        f"Describe{prefix}Parameters": parameter_groups.describe_parameters,
        f"DescribeEngineDefault{prefix.removeprefix('DB')}Parameters": parameter_groups.engine_defaults,
    }
    return {name: partial(action, kind=kind) for name, action in found.items()}


ACTIONS: dict[str, Action] = _of_kinds() | {
    "CreateDBInstance": creation.create_instance,
    "CreateDBCluster": creation.create_cluster,
    "CreateDBInstanceReadReplica": replicas.create,
    "PromoteReadReplica": replicas.promote,
    "DescribeGlobalClusters": replicas.describe_globals,
    "ModifyDBInstance": modification.modify_instance,
    "ModifyDBCluster": modification.modify_cluster,
    "DeleteDBInstance": deletion.delete_instance,
    "DeleteDBCluster": deletion.delete_cluster,
    "EnableHttpEndpoint": data_api.enable,
    "DisableHttpEndpoint": data_api.disable,
    "RestoreDBInstanceFromDBSnapshot": restores.restore_instance,
    "RestoreDBClusterFromSnapshot": cluster_restores.restore_cluster,
    "DescribeAccountAttributes": offers.account_attributes,
    "DescribeDBEngineVersions": versions.describe,
    "DescribeDBMajorEngineVersions": versions.describe_majors,
    "DescribeOrderableDBInstanceOptions": orderable.describe,
    "DescribeCertificates": certificates.describe,
    "CreateDBSubnetGroup": subnet_groups.create,
    "ModifyDBSubnetGroup": subnet_groups.modify,
    "DeleteDBSubnetGroup": subnet_groups.delete,
    "DescribeDBSubnetGroups": subnet_groups.describe,
    "CreateOptionGroup": option_groups.create,
    "CopyOptionGroup": option_groups.copy,
    "ModifyOptionGroup": option_groups.modify,
    "DeleteOptionGroup": option_groups.delete,
    "DescribeOptionGroups": option_groups.describe,
    "DescribeOptionGroupOptions": option_groups.describe_options,
    "DescribeEvents": event_log.describe,
    "DescribeEventCategories": event_log.describe_categories,
    "CreateEventSubscription": subscriptions.create,
    "ModifyEventSubscription": subscriptions.modify,
    "DeleteEventSubscription": subscriptions.delete,
    "DescribeEventSubscriptions": subscriptions.describe,
    "AddSourceIdentifierToSubscription": subscriptions.add_source,
    "RemoveSourceIdentifierFromSubscription": subscriptions.remove_source,
    "ListTagsForResource": tags.list_tags,
    "AddTagsToResource": tags.add_tags,
    "RemoveTagsFromResource": tags.remove_tags,
}

TAG_ACTIONS = ("ListTagsForResource", "AddTagsToResource", "RemoveTagsFromResource")

# moto knows more RDS actions, but those would look for databases where there are none.
MOTO_ACTIONS = frozenset(f"{verb}DBSecurityGroup" for verb in ("Create", "Modify", "Delete")) | {
    "DescribeDBSecurityGroups"
}


def answer(world: World, call_of: Callable[[dict[str, Any]], Call], action: str, form: Mapping[str, str]) -> Any:
    """Answer an RDS request, or return None when moto is to answer.

    :raises AwsError: when RDS refuses, or when nobody implements the action.
    """
    if action not in ACTIONS:
        if action in MOTO_ACTIONS:
            return None
        raise AwsError("InvalidAction", f"The lab does not implement the action {action}.")
    operation = wire.rds_model().operation_model(action)
    params = wire.parse(operation, form)
    if action in TAG_ACTIONS and not tags.is_ours(params):
        return None
    with world.lock:
        result = ACTIONS[action](world, call_of(params))
    return wire.render(operation, result)
