# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer the operations on DB subnet groups."""

from __future__ import annotations

import re
from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import known_groups, names, network, paging
from lifeboat_lab.rds.groups import SubnetGroup
from lifeboat_lab.rds.world import Call, World

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._ -]{0,254}\Z")
FEWEST_ZONES = 2


def describe(world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeDBSubnetGroups."""
    if name := call.params.get("DBSubnetGroupName"):
        wanted = [name]
    else:
        wanted = [network.DEFAULT, *world.place(call.account, call.region).groups.subnets]
    page, marker = paging.page(wanted, call.params, str)
    return {"DBSubnetGroups": [_row(world, call, each) for each in page], "Marker": marker}


def create(world: World, call: Call) -> dict[str, Any]:
    """Answer CreateDBSubnetGroup."""
    name = _new_name(call.params["DBSubnetGroupName"])
    known = world.place(call.account, call.region).groups.subnets
    if name in known:
        raise AwsError("DBSubnetGroupAlreadyExists", f"The DB subnet group '{name}' already exists.")
    vpc, subnets = _subnets(world, call)
    known_groups.check_quota(world, "DBSubnetGroupQuotaExceeded", "subnet_groups", len(known))
    known[name] = SubnetGroup(
        call.account, call.region, name, call.params["DBSubnetGroupDescription"], names.tags(call.params.get("Tags")),
        vpc, subnets,
    )  # fmt: skip
    return {"DBSubnetGroup": _row(world, call, name)}


def modify(world: World, call: Call) -> dict[str, Any]:
    """Answer ModifyDBSubnetGroup: the subnets become those that are given."""
    found = _changeable(world, call)
    vpc, subnets = _subnets(world, call)
    if any(known_groups.users(world, found)):
        if vpc != found.vpc:
            raise AwsError("InvalidDBSubnetGroupStateFault", f"DB subnet group '{found.name}' is in use in its VPC.")
        if gone := sorted(set(found.subnets.values()) - set(subnets.values())):
            raise AwsError("SubnetAlreadyInUse", f"The DB subnets in {', '.join(gone)} are in use.")
    found.vpc, found.subnets = vpc, subnets
    found.description = call.params.get("DBSubnetGroupDescription") or found.description
    return {"DBSubnetGroup": _row(world, call, found.name)}


def delete(world: World, call: Call) -> dict[str, Any]:
    """Answer DeleteDBSubnetGroup."""
    found = _changeable(world, call)
    if user := next(known_groups.users(world, found), None):
        raise AwsError(
            "InvalidDBSubnetGroupStateFault",
            f"Cannot delete the subnet group '{found.name}' because at least one database instance: "
            f"{user.identifier} is still using it.",
        )
    del world.place(call.account, call.region).groups.subnets[found.name]
    return {}


def _row(world: World, call: Call, name: str) -> dict[str, Any]:
    return network.subnet_group(world, name, call.account, call.region)


def _new_name(wanted: str) -> str:
    if not _NAME.match(wanted) or wanted.lower() == network.DEFAULT:
        raise AwsError(
            "InvalidParameterValue",
            f"The parameter DBSubnetGroupName is not a valid identifier: {wanted}. It must begin with a letter, "
            "contain only letters, digits, periods, underscores, spaces and hyphens, and must not be 'default'.",
        )
    return wanted.lower()


def _changeable(world: World, call: Call) -> SubnetGroup:
    found = network.find(world, call.params["DBSubnetGroupName"], call.account, call.region)
    if found is None:
        raise AwsError("InvalidParameterValue", "The default DB subnet group cannot be changed or deleted.")
    return found


def _subnets(world: World, call: Call) -> tuple[str, dict[str, str]]:
    """Return the VPC and the Availability Zones of the wanted subnets.

    :raises AwsError: when they do not exist, or do not make a group.
    """
    wanted = list(dict.fromkeys(call.params["SubnetIds"]))
    found = [network.subnet(name, call.account, call.region) for name in wanted]
    if missing := [name for name, each in zip(wanted, found, strict=True) if each is None]:
        raise AwsError("InvalidParameterValue", f"Some input subnets in :[{', '.join(missing)}] are invalid.")
    if len({each.vpc_id for each in found}) > 1:
        raise AwsError("InvalidSubnet", "The requested subnets are not all in a common VPC.")
    if len(found) > world.settings.quotas["subnets_per_group"]:
        raise AwsError("DBSubnetQuotaExceededFault", "A DB subnet group cannot have that many subnets.")
    zones = sorted({each.availability_zone for each in found})
    if len(zones) < FEWEST_ZONES:
        raise AwsError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{', '.join(zones)}. Add subnets to cover at least {FEWEST_ZONES} AZs.",
        )
    return found[0].vpc_id, {each.id: each.availability_zone for each in found}
