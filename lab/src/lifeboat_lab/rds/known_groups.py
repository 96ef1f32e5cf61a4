# SPDX-License-Identifier: GPL-3.0-or-later
"""Find an account's groups, with those that AWS makes, and check which database may have which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lifeboat_lab.accounts import PARTITION
from lifeboat_lab.engines import offer
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import network
from lifeboat_lab.rds.families import CLUSTER_FAMILIES, INSTANCE_FAMILIES, MAJORS
from lifeboat_lab.rds.groups import Group, OptionGroup, ParameterGroup, SubnetGroup, parameter_group_noun
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE, Kind

if TYPE_CHECKING:
    from lifeboat_lab.rds.database import Database
    from lifeboat_lab.rds.world import Place, World


def plain_name(name: str, arn_type: str, place: Place) -> str:
    """Return the name behind a name or an ARN of this place. Another place's ARN stays whole and matches nothing."""
    prefix = f"arn:{PARTITION}:rds:{place.region}:{place.account}:{arn_type}:"
    return name.removeprefix(prefix).lower()


def option_group(world: World, account: str, region: str, name: str) -> OptionGroup:
    """Return an option group, default ones included, by name or ARN.

    :raises AwsError: when there is none.
    """
    place = world.place(account, region)
    plain = plain_name(name, "og", place)
    found = place.groups.options.get(plain) or _default_option_groups(place).get(plain)
    if found is None:
        raise AwsError("OptionGroupNotFoundFault", f"Specified OptionGroupName: {name} not found.", 404)
    return found


def option_group_for(
    world: World, account: str, region: str, name: str | None, engine: str, version: str, vpc: str | None = None
) -> OptionGroup:
    """Return the option group for a database or snapshot of this engine; without a name the default one.

    :raises AwsError: when there is none, or it is for another engine, major version or VPC.
    """
    if not name:
        return _default_option_group(world.place(account, region), engine, offer(engine).series(version))
    found = option_group(world, account, region, name)
    if (found.engine, found.major) != (engine, offer(engine).series(version)):
        raise AwsError(
            "InvalidParameterCombination",
            f"The option group {found.name} is for {found.engine} {found.major} and cannot be used with {engine} "
            f"{version}.",
        )
    linked = vpc_of(world, found)
    if vpc and linked not in (None, vpc):
        raise AwsError(
            "InvalidParameterCombination", f"The option group {found.name} can only be used in the VPC {linked}."
        )
    return found


def vpc_of(world: World, group: OptionGroup) -> str | None:
    """Return the VPC that a database has linked a group to (RDS User Guide, working with option groups)."""
    if group.vpc or group.is_default:
        return group.vpc
    return next((network.vpc_of(world, found) for found in users(world, group)), None)


def parameter_group(world: World, account: str, region: str, name: str, kind: Kind = INSTANCE) -> ParameterGroup:
    """Return a parameter group, default ones included, by name or ARN.

    :raises AwsError: when there is none.
    """
    place = world.place(account, region)
    plain = plain_name(name, "pg" if kind is INSTANCE else "cluster-pg", place)
    found = place.groups.parameters_of(kind).get(plain) or default_parameter_groups(place, kind).get(plain)
    if found is None:
        raise AwsError("DBParameterGroupNotFound", f"{parameter_group_noun(kind)} not found: {name}", 404)
    return found


def check_parameter_group(
    world: World, account: str, region: str, name: str | None, engine: str, version: str, kind: Kind = INSTANCE
) -> None:
    """Check that a database of this engine can have this parameter group. No name means the default one.

    :raises AwsError: when there is none, or it is of another family.
    """
    if not name:
        return
    try:
        found = parameter_group(world, account, region, name, kind)
    except AwsError as error:
        if kind is INSTANCE:
            raise
        # Operations on clusters have another error code (API Reference, CreateDBCluster).
        raise AwsError("DBClusterParameterGroupNotFound", error.message, 404) from None
    family = offer(engine).parameter_family(version)
    if found.family != family:
        raise AwsError(
            "InvalidParameterCombination",
            f"The parameter group {found.name} with DBParameterGroupFamily {found.family} can't be used for this "
            f"{kind.name}. Use a parameter group with DBParameterGroupFamily {family}.",
        )


def users(world: World, group: Group) -> Iterator[Database]:
    """Yield the databases that use a group."""
    place = world.place(group.account, group.region)
    for kind in (INSTANCE, CLUSTER):
        for found in place.databases[kind.name].values():
            if group.name in _used_by(found, group):
                yield found


def _used_by(found: Database, group: Group) -> set[str]:
    option = {"subgrp": "DBSubnetGroupName", "og": "OptionGroupName"}.get(group.arn_type)
    if option is None:
        of_its_kind = isinstance(group, ParameterGroup) and group.kind is found.kind
        option = f"{parameter_group_noun(found.kind)}Name" if of_its_kind else ""
    return {str(found.options.get(option)).lower()}


def default_parameter_groups(place: Place, kind: Kind) -> dict[str, ParameterGroup]:
    known = INSTANCE_FAMILIES if kind is INSTANCE else CLUSTER_FAMILIES
    noun = "parameter group" if kind is INSTANCE else "cluster parameter group"
    return {
        f"default.{family}": ParameterGroup(
            place.account, place.region, f"default.{family}", f"Default {noun} for {family}", kind=kind, family=family
        )
        for family in known
    }


def _default_option_group(place: Place, engine: str, major: str) -> OptionGroup:
    name, about = offer(engine).option_group(major), f"Default option group for {engine} {major}"
    return OptionGroup(place.account, place.region, name, about, engine=engine, major=major)


def _default_option_groups(place: Place) -> dict[str, OptionGroup]:
    found = [_default_option_group(place, engine, major) for engine, majors in MAJORS.items() for major in majors]
    return {each.name: each for each in found}


def all_option_groups(place: Place) -> list[OptionGroup]:
    return [*_default_option_groups(place).values(), *place.groups.options.values()]


def all_parameter_groups(place: Place, kind: Kind) -> list[ParameterGroup]:
    return [*default_parameter_groups(place, kind).values(), *place.groups.parameters_of(kind).values()]


def check_quota(world: World, code: str, name: str, count: int) -> None:
    """Check that one more is allowed.

    :raises AwsError: when there may be no more of them.
    """
    most: Any = world.settings.quotas[name]
    if count >= most:
        raise AwsError(code, f"Cannot create more than {most} {name.replace('_', ' ')}.")


def by_arn(world: World, arn: str, account: str, region: str) -> Group:
    """Return a group of the caller's own by ARN.

    :raises AwsError: when there is none.
    """
    arn_type = arn.split(":", 6)[5]
    if arn_type == "og":
        return option_group(world, account, region, arn)
    if arn_type == "subgrp":
        return network.find(world, arn, account, region) or SubnetGroup(account, region, network.DEFAULT, "")
    return parameter_group(world, account, region, arn, INSTANCE if arn_type == "pg" else CLUSTER)
