# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at DB subnet groups, and at the routes and security groups of their VPCs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._core.restoring.isolation import Network, SecurityGroup
from .connection import Connection
from .errors import refusals
from .rows import Row


class Networks(Connection):
    """The networks in which databases may be restored."""

    def networks(self, subnet_groups: Iterable[str]) -> dict[str, Network]:
        """Look at DB subnet groups, with the routes and security groups of their VPCs. Each VPC is read once."""
        groups = {name: self._subnet_group(name) for name in sorted(set(subnet_groups))}
        vpcs = {group["VpcId"] for group in groups.values()}
        tables = {vpc: self._of_vpc(vpc, "describe_route_tables", "RouteTables") for vpc in vpcs}
        security = {vpc: self._of_vpc(vpc, "describe_security_groups", "SecurityGroups") for vpc in vpcs}
        return {
            name: as_network(name, group, tables[group["VpcId"]], security[group["VpcId"]])
            for name, group in groups.items()
        }

    def network(self, subnet_group: str) -> Network:
        """Look at one DB subnet group, and which of its subnets can be reached from the internet."""
        group = self._subnet_group(subnet_group)
        tables = self._of_vpc(group["VpcId"], "describe_route_tables", "RouteTables")
        return as_network(subnet_group, group, tables)

    def _subnet_group(self, name: str) -> Mapping[str, Any]:
        with refusals(f"Cannot use the DB subnet group {name} in {self.region}"):
            return self._client("rds").describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]

    def _of_vpc(self, vpc: str, operation: str, key: str) -> list[Mapping[str, Any]]:
        with refusals(f"Cannot list {key} of {vpc} in {self.region}"):
            of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
            pages = self._client("ec2").get_paginator(operation).paginate(Filters=of_vpc)
            return [row for page in pages for row in page[key]]


def as_network(name: str, group: Row, tables: list[Row], security_groups: Iterable[Row] = ()) -> Network:
    """Convert a row of DescribeDBSubnetGroups, with what EC2 shows of its VPC."""
    subnets = [subnet["SubnetIdentifier"] for subnet in group["Subnets"]]
    groups = tuple(map(as_security_group, security_groups))
    return Network(name, group["VpcId"], tuple(subnets), tuple(public_subnets(subnets, tables)), groups)


def public_subnets(subnets: list[str], tables: list[Row]) -> list[str]:
    """List the subnets whose route table leads to an internet gateway. A subnet without a table uses the main one."""
    by_subnet = {
        association.get("SubnetId", "main" if association.get("Main") else None): table
        for table in tables
        for association in table.get("Associations", ())
    }
    return [subnet for subnet in subnets if leads_outside(by_subnet.get(subnet, by_subnet.get("main", {})))]


def leads_outside(table: Row) -> bool:
    return any(str(route.get("GatewayId", "")).startswith("igw-") for route in table.get("Routes", ()))


def as_security_group(row: Row) -> SecurityGroup:
    """Convert a row of DescribeSecurityGroups: which addresses its ingress rules let in."""
    sources = [
        block[key]
        for rule in row.get("IpPermissions", ())
        for blocks, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"))
        for block in rule.get(blocks, ())
    ]
    return SecurityGroup(row["GroupId"], row["GroupName"], tuple(sources))
