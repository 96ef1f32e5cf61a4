# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a restored database may live: not beside its original, and where nobody outside reaches it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from ..errors import LifeboatError
from ..model import DATABASE, RecoveryPoint


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A VPC security group as far as isolation is concerned."""

    id: str
    name: str
    sources: tuple[str, ...] = ()  # the CIDR blocks that its ingress rules let in


@dataclass(frozen=True, slots=True)
class Network:
    """A DB subnet group as far as isolation is concerned, and the security groups of its VPC."""

    subnet_group: str
    vpc_id: str
    subnets: tuple[str, ...]
    public_subnets: tuple[str, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()


def check_accounts(account: str, sources: Iterable[str], points: Iterable[RecoveryPoint]) -> None:
    """What is restored must not come to stand where the originals are.

    :param sources: the accounts of the source sites; the tags of the recovery points name theirs as well.
    :raises LifeboatError: when this account is one of them.
    """
    if account in {*sources, *(part for point in points for part in point.tags.get(DATABASE, "").split(":")[4:5])}:
        raise LifeboatError(
            f"Cannot restore in account {account}",
            why="it is a source account: what is restored would stand beside the databases that it is to replace",
            remedy="Restore at the DR site: correct the profile and account_id, or source_accounts",
        )


def check_isolation(network: Network) -> None:
    """A restored database must be reachable by nobody outside.

    :raises LifeboatError: when the subnet group has a public subnet.
    """
    if network.public_subnets:
        raise LifeboatError(
            f"Cannot restore into the DB subnet group {network.subnet_group}",
            why=f"its subnet {network.public_subnets[0]} has a route to an internet gateway",
            remedy="Name a subnet group of private subnets only",
        )


def doubts(network: Network) -> list[str]:
    """What a recovery may do and yet should know: its network is that of production."""
    remedy = "What is restored there gets no public address."
    return [f"{network.subnet_group} has a public subnet, {one}. {remedy}" for one in network.public_subnets[:1]]


def chosen_groups(network: Network, wanted: Iterable[str]) -> list[str]:
    """The IDs of security groups of a network, given by ID or name.

    :raises LifeboatError: when one of them is not in the network's VPC, or lets the whole world in.
    """
    known = {key: group for group in network.security_groups for key in (group.name, group.id)}
    return [checked_group(one, known.get(one), network).id for one in wanted]


def checked_group(wanted: str, group: SecurityGroup | None, network: Network) -> SecurityGroup:
    if group is None:
        raise LifeboatError(
            f"Cannot use the security group {wanted}",
            why=f"{network.vpc_id}, the VPC of {network.subnet_group}, has no such group",
            remedy="Name a group of that VPC",
        )
    for source in group.sources:
        if ip_network(source, strict=False).prefixlen == 0:
            raise LifeboatError(
                f"Cannot use the security group {wanted}",
                why=f"one of its ingress rules lets in {source}, the whole world",
                remedy="Remove that rule, or name a group that lets in only who needs the databases",
            )
    return group
