# SPDX-License-Identifier: GPL-3.0-or-later
"""DB subnet groups and security groups: moto's, shown in the rows of our databases."""

from __future__ import annotations

from typing import Any

from lab.accounts import PARTITION
from lab.errors import AwsError


def check(params: dict[str, Any], account: str, region: str) -> None:
    """:raises AwsError: when a named subnet group or security group does not exist."""
    name = params.get("DBSubnetGroupName")
    if name and name.lower() != "default" and name.lower() not in _groups(account, region):
        raise AwsError("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.", 404)
    for group in params.get("VpcSecurityGroupIds") or []:
        if not _security_group(account, region, group):
            raise AwsError("InvalidParameterValue", f"Invalid security group , groupId= {group}, groupName=.")


def subnet_group(name: str | None, account: str, region: str) -> dict[str, Any]:
    """A DB subnet group as RDS shows it; without a name the default one, which is never absent."""
    found = _groups(account, region).get((name or "default").lower())
    if found is None:
        return _default(account, region)
    return {
        "DBSubnetGroupName": found.name,
        "DBSubnetGroupDescription": found.description,
        "VpcId": found.vpc_id,
        "SubnetGroupStatus": "Complete",
        "Subnets": found.subnets,
        "DBSubnetGroupArn": f"arn:{PARTITION}:rds:{region}:{account}:subgrp:{found.name}",
    }


def security_groups(ids: list[str] | None, vpc: str, account: str, region: str) -> list[dict[str, str]]:
    """The security groups of a database; without any, the default one of its VPC."""
    if not ids:
        found = _ec2(account, region).get_default_security_group(vpc)
        ids = [found.id] if found else []
    return [{"VpcSecurityGroupId": group, "Status": "active"} for group in ids]


def _default(account: str, region: str) -> dict[str, Any]:
    subnets = list(_ec2(account, region).get_default_subnets().values())
    return {
        "DBSubnetGroupName": "default",
        "DBSubnetGroupDescription": "default",
        "VpcId": subnets[0].vpc_id,
        "SubnetGroupStatus": "Complete",
        "Subnets": [
            {
                "SubnetIdentifier": subnet.id,
                "SubnetAvailabilityZone": {"Name": subnet.availability_zone},
                "SubnetStatus": "Active",
            }
            for subnet in subnets
        ],
        "DBSubnetGroupArn": f"arn:{PARTITION}:rds:{region}:{account}:subgrp:default",
    }


def _groups(account: str, region: str) -> dict[str, Any]:
    # Slow to import, and only needed once somebody looks at a row.
    from moto.rds.models import rds_backends

    return rds_backends[account][region].subnet_groups


def _ec2(account: str, region: str) -> Any:
    from moto.ec2.models import ec2_backends

    return ec2_backends[account][region]


def _security_group(account: str, region: str, group: str) -> Any:
    return _ec2(account, region).get_security_group_from_id(group)
