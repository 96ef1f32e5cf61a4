# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a database may be restored: not in the account of its original, and not where the internet can reach it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from ..errors import LifeboatError
from ..model import RecoveryPoint


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """The facts about a VPC security group that isolation depends on."""

    id: str
    name: str
    sources: tuple[str, ...] = ()  # the CIDR blocks that its ingress rules allow


@dataclass(frozen=True, slots=True)
class Network:
    """The facts about a DB subnet group, and the security groups of its VPC, that isolation depends on."""

    subnet_group: str
    vpc_id: str
    subnets: tuple[str, ...]
    public_subnets: tuple[str, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()


def check_accounts(account: str, sources: Iterable[str], points: Iterable[RecoveryPoint]) -> None:
    """Check that nothing is restored in the account of a source site, where the originals are.

    :param sources: the accounts of the source sites. Those in the tags of the recovery points are checked as well.
    :raises LifeboatError: when this account is one of them.
    """
    if account in {*sources, *(point.origin_account for point in points)}:
        raise LifeboatError(
            f"Cannot restore in account {account}",
            why="it is a source account, and databases are not restored beside their originals",
            remedy="Restore at the DR site: correct the profile and account_id, or source_accounts",
        )


def check_isolation(network: Network) -> None:
    """Check that the internet cannot reach a database in this subnet group.

    :raises LifeboatError: when the group has a public subnet.
    """
    if network.public_subnets:
        raise LifeboatError(
            f"Cannot restore into the DB subnet group {network.subnet_group}",
            why=f"its subnet {network.public_subnets[0]} has a route to an internet gateway",
            remedy="Set db_subnet_group_name to a group of private subnets only",
        )


def doubts(network: Network) -> list[str]:
    """Warn about a subnet group with a public subnet.

    A recovery may use one, since its network is that of production.
    """
    remedy = "Databases restored there get no public address."
    return [f"{network.subnet_group} has a public subnet, {one}. {remedy}" for one in network.public_subnets[:1]]


def chosen_groups(network: Network, wanted: Iterable[str]) -> list[str]:
    """Find the IDs of the wanted security groups, which may be given by ID or by name.

    :raises LifeboatError: when one is not in the VPC of the network, or allows access from everywhere.
    """
    known = {key: group for group in network.security_groups for key in (group.name, group.id)}
    return [checked_group(one, known.get(one), network).id for one in wanted]


def checked_group(wanted: str, group: SecurityGroup | None, network: Network) -> SecurityGroup:
    """Check one security group (see chosen_groups)."""
    if group is None:
        raise LifeboatError(
            f"Cannot use the security group {wanted}",
            why=f"{network.vpc_id}, the VPC of {network.subnet_group}, has no such group",
            remedy="Set vpc_security_group_ids to groups of that VPC",
        )
    for source in group.sources:
        if ip_network(source, strict=False).prefixlen == 0:
            raise LifeboatError(
                f"Cannot use the security group {wanted}",
                why=f"one of its ingress rules allows access from everywhere ({source})",
                remedy="Remove that rule, or choose a group that admits only those who need the databases",
            )
    return group
