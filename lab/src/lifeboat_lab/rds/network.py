# SPDX-License-Identifier: GPL-3.0-or-later
"""Find where databases are: DB subnet groups, and the subnets and security groups of moto's EC2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifeboat_lab.accounts import PARTITION
from lifeboat_lab.errors import AwsError

if TYPE_CHECKING:
    from lifeboat_lab.rds.database import Database
    from lifeboat_lab.rds.groups import SubnetGroup
    from lifeboat_lab.rds.world import Call, World

DEFAULT = "default"
# Where all endpoints are.
HOST = "127.0.0.1"


def check(world: World, call: Call) -> None:
    """Check that the named subnet group and security groups exist.

    :raises AwsError: when a named subnet group or security group does not exist.
    """
    find(world, call.params.get("DBSubnetGroupName"), call.account, call.region)
    for group in call.params.get("VpcSecurityGroupIds") or []:
        if not _ec2(call.account, call.region).get_security_group_from_id(group):
            raise AwsError("InvalidParameterValue", f"Invalid security group , groupId= {group}, groupName=.")


def find(world: World, name: str | None, account: str, region: str) -> SubnetGroup | None:
    """Return a DB subnet group that somebody made; None for the default one.

    :raises AwsError: when there is none.
    """
    plain = (name or DEFAULT).removeprefix(f"arn:{PARTITION}:rds:{region}:{account}:subgrp:").lower()
    if plain == DEFAULT:
        return None
    found = world.place(account, region).groups.subnets.get(plain)
    if found is None:
        raise AwsError("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.", 404)
    return found


def subnet_group(world: World, name: str | None, account: str, region: str) -> dict[str, Any]:
    """Build the row of a DB subnet group; without a name that of the default one, which always exists."""
    found = find(world, name, account, region)
    if found is None:
        subnets = list(_ec2(account, region).get_default_subnets().values())
        vpc, zones = subnets[0].vpc_id, {subnet.id: subnet.availability_zone for subnet in subnets}
    else:
        vpc, zones = found.vpc, found.subnets
    return {
        "DBSubnetGroupName": found.name if found else DEFAULT,
        "DBSubnetGroupDescription": found.description if found else DEFAULT,
        "VpcId": vpc,
        "SubnetGroupStatus": "Complete",
        "Subnets": [
            {
                "SubnetIdentifier": subnet,
                "SubnetAvailabilityZone": {"Name": zone},
                "SubnetOutpost": {},
                "SubnetStatus": "Active",
            }
            for subnet, zone in zones.items()
        ],
        "DBSubnetGroupArn": f"arn:{PARTITION}:rds:{region}:{account}:subgrp:{found.name if found else DEFAULT}",
        "SupportedNetworkTypes": ["IPV4"],
    }


def vpc_of(world: World, database: Database) -> str:
    """Return the VPC that a database is in."""
    name = database.data.options.get("DBSubnetGroupName")
    return str(subnet_group(world, name, database.account, database.region)["VpcId"])


def subnet(name: str, account: str, region: str) -> Any:
    """Return EC2's subnet of this id, or None."""
    return next((zone[name] for zone in _ec2(account, region).subnets.values() if name in zone), None)


def security_groups(ids: list[str] | None, vpc: str, account: str, region: str) -> list[dict[str, str]]:
    """Build the rows of a database's security groups; without any, of its VPC's default one."""
    if not ids:
        found = _ec2(account, region).get_default_security_group(vpc)
        ids = [found.id] if found else []
    return [{"VpcSecurityGroupId": group, "Status": "active"} for group in ids]


def vpc_of_security_group(name: str, account: str, region: str) -> str | None:
    """Return the VPC of a security group; None when there is no such group."""
    found = _ec2(account, region).get_security_group_from_id(name)
    return found.vpc_id if found else None


def check_vpc(call: Call, group: dict[str, Any], *, public: bool | None) -> None:
    """Check that security groups are in the subnet group's VPC, and that a public database has an internet gateway.

    :raises AwsError: when that is not so.
    """
    vpc = group["VpcId"]
    for name in call.params.get("VpcSecurityGroupIds") or []:
        if (other := vpc_of_security_group(name, call.account, call.region)) != vpc:
            raise AwsError(
                "InvalidParameterCombination",
                f"The DB instance and EC2 security group are in different VPCs. The DB instance is in {vpc} and the "
                f"EC2 security group is in {other}",
            )
    if public and not has_internet(vpc, call.account, call.region):
        raise AwsError(
            "InvalidVPCNetworkStateFault",
            f"Cannot create a publicly accessible database. {vpc} has no internet gateway attached.",
        )


def has_internet(vpc: str, account: str, region: str) -> bool:
    """Tell whether a VPC has an internet gateway. AWS's default VPC comes with one, moto's does not."""
    ec2 = _ec2(account, region)
    gateways = list(ec2.internet_gateways.values())
    return bool(ec2.vpcs[vpc].is_default) or any(gateway.vpc and gateway.vpc.id == vpc for gateway in gateways)


def is_public_by_default(world: World, database: Database) -> bool:
    """Tell whether a database without PubliclyAccessible is public: when it names no subnet group, or the default one
    (API Reference, CreateDBInstance)."""
    name = database.options.get("DBSubnetGroupName")
    alone = not name or name.lower() == DEFAULT
    return alone and has_internet(vpc_of(world, database), database.account, database.region)


def _ec2(account: str, region: str) -> Any:
    # Slow to import, and only needed once somebody looks at a row.
    from moto.ec2.models import ec2_backends

    return ec2_backends[account][region]
