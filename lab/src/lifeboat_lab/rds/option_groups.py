# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer the operations on option groups."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import known_groups, names, network, options, paging
from lifeboat_lab.rds.families import MAJORS
from lifeboat_lab.rds.groups import Option, OptionGroup
from lifeboat_lab.rds.options import Fact
from lifeboat_lab.rds.world import Call, World


def describe(world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeOptionGroups."""
    # Clients send empty words for what they leave out.
    name, engine, major = (
        call.params.get(each) or None for each in ("OptionGroupName", "EngineName", "MajorEngineVersion")
    )
    if name and (engine or major):
        raise AwsError("InvalidParameterCombination", "OptionGroupName cannot be given with an engine or a version.")
    if major and not engine:
        raise AwsError("InvalidParameterCombination", "MajorEngineVersion needs EngineName.")
    if name:
        found = [known_groups.option_group(world, call.account, call.region, name)]
    else:
        found = known_groups.all_option_groups(world.place(call.account, call.region))
    found = [each for each in found if engine in (None, each.engine) and major in (None, each.major)]
    page, marker = paging.page(found, call.params, lambda each: each.name)
    return {"OptionGroupsList": [row(world, each) for each in page], "Marker": marker}


def describe_options(_world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeOptionGroupOptions."""
    engine, major = call.params["EngineName"], call.params.get("MajorEngineVersion") or None
    _check_engine(engine, major)
    rows = [_offer(engine, number, fact) for number, fact in options.offered(engine, major)]
    page, marker = paging.page(rows, call.params, lambda each: f"{each['MajorEngineVersion']} {each['Name']}")
    return {"OptionGroupOptions": page, "Marker": marker}


def create(world: World, call: Call) -> dict[str, Any]:
    """Answer CreateOptionGroup: without options."""
    engine, major = call.params["EngineName"], call.params["MajorEngineVersion"]
    _check_engine(engine, major)
    found = _new(world, call, "OptionGroupName", "OptionGroupDescription")
    found.engine, found.major = engine, major
    return {"OptionGroup": row(world, found)}


def copy(world: World, call: Call) -> dict[str, Any]:
    """Answer CopyOptionGroup: in its own place."""
    source = known_groups.option_group(world, call.account, call.region, call.params["SourceOptionGroupIdentifier"])
    found = _new(world, call, "TargetOptionGroupIdentifier", "TargetOptionGroupDescription")
    take_over(found, source, world.now())
    return {"OptionGroup": row(world, found)}


def take_over(target: OptionGroup, source: OptionGroup, now: float) -> None:
    """Make a group a copy of another one."""
    target.engine, target.major, target.options = source.engine, source.major, deepcopy(source.options)
    target.copied_from, target.copied = source, now


def modify(world: World, call: Call) -> dict[str, Any]:
    """Answer ModifyOptionGroup."""
    found = _changeable(world, call)
    wanted = deepcopy(found.options)
    for name in call.params.get("OptionsToRemove") or []:
        _check_removal(world, found, name)
        del wanted[name]
    for about in call.params.get("OptionsToInclude") or []:
        wanted[about["OptionName"]] = _option(found, about)
    _check_together(found, wanted)
    found.vpc = _vpc(found, wanted)
    found.options = wanted
    return {"OptionGroup": row(world, found)}


def delete(world: World, call: Call) -> dict[str, Any]:
    """Answer DeleteOptionGroup: also snapshots use one (RDS User Guide, working with option groups)."""
    found = _changeable(world, call)
    place = world.place(call.account, call.region)
    kept = any(each.option_group == found.name for each in place.snapshots["instance"].values())
    if kept or any(known_groups.users(world, found)):
        raise AwsError(
            "InvalidOptionGroupStateFault", f"The option group '{found.name}' cannot be deleted because it is in use."
        )
    del place.groups.options[found.name]
    return {}


def row(world: World, found: OptionGroup) -> dict[str, Any]:
    """Build the row of an option group."""
    vpc = known_groups.vpc_of(world, found)
    source = found.copied_from
    shown: dict[str, Any] = {
        "OptionGroupName": found.name,
        "OptionGroupDescription": found.description,
        "EngineName": found.engine,
        "MajorEngineVersion": found.major,
        "Options": [_chosen(found, each) for each in found.options.values()],
        "AllowsVpcAndNonVpcInstanceMemberships": vpc is None,
        "VpcId": vpc,
        "OptionGroupArn": found.arn,
    }
    if source:
        shown |= {"SourceOptionGroup": source.arn, "SourceAccountId": source.account, "SourceRegion": source.region,
                  "CopyTimestamp": found.copied}  # fmt: skip
    return shown


def _new(world: World, call: Call, name_parameter: str, description: str) -> OptionGroup:
    known = world.place(call.account, call.region).groups.options
    name = names.identifier(call.params[name_parameter], name_parameter, 255)
    if name in known:
        raise AwsError("OptionGroupAlreadyExistsFault", f"An option group named {name} already exists.")
    known_groups.check_quota(world, "OptionGroupQuotaExceededFault", "option_groups", len(known))
    tags = names.tags(call.params.get("Tags"))
    known[name] = OptionGroup(call.account, call.region, name, call.params[description], tags)
    return known[name]


def _check_engine(engine: str, major: str | None) -> None:
    if engine not in MAJORS:
        raise AwsError("InvalidParameterValue", f"Invalid DB engine: {engine}")
    if major and major not in MAJORS[engine]:
        raise AwsError("InvalidParameterCombination", f"Cannot find major version {major} for {engine}")


def _changeable(world: World, call: Call) -> OptionGroup:
    found = known_groups.option_group(world, call.account, call.region, call.params["OptionGroupName"])
    if found.is_default:
        raise AwsError(
            "InvalidOptionGroupStateFault", f"{found.name} is a default option group and cannot be changed or deleted."
        )
    return found


def _check_removal(world: World, group: OptionGroup, name: str) -> None:
    """Check that an option may be removed: a permanent one never, a persistent one only when no database uses the group
    (RDS User Guide)."""
    if name not in group.options:
        raise AwsError("InvalidParameterValue", f"The option {name} is not in the option group {group.name}.")
    fact = options.fact(group.engine, group.major, name)
    if fact.permanent:
        raise AwsError("InvalidOptionGroupStateFault", f"The option {name} is permanent and cannot be removed.")
    if fact.persistent and any(known_groups.users(world, group)):
        raise AwsError(
            "InvalidOptionGroupStateFault",
            f"The option {name} is persistent and cannot be removed while databases use the option group {group.name}.",
        )


def _option(group: OptionGroup, about: dict[str, Any]) -> Option:
    """Build an option; what the request leaves out stays as it was, or becomes the default."""
    fact = options.fact(group.engine, group.major, about["OptionName"])
    before = group.options.get(fact.name, Option(fact.name, fact.port, next(iter(fact.versions), None)))
    settings = before.settings | {each["Name"]: each.get("Value") or "" for each in about.get("OptionSettings") or []}
    if unknown := set(settings) - {each.name for each in fact.settings}:
        raise AwsError("InvalidParameterValue", f"The option {fact.name} has no setting {', '.join(sorted(unknown))}.")
    if missing := [each.name for each in fact.settings if each.required and not settings.get(each.name)]:
        raise AwsError("InvalidParameterValue", f"The option {fact.name} needs the setting {', '.join(missing)}.")
    if about.get("Port") and fact.port is None:
        raise AwsError("InvalidParameterCombination", f"The option {fact.name} has no port.")
    version = about.get("OptionVersion") or before.version
    if version not in (None, *fact.versions):
        raise AwsError("InvalidParameterValue", f"The option {fact.name} has no version {version}.")
    members = about.get("VpcSecurityGroupMemberships")
    return Option(fact.name, about.get("Port") or before.port, version, settings,
                  before.security_groups if members is None else members)  # fmt: skip


def _check_together(group: OptionGroup, wanted: dict[str, Option]) -> None:
    for name in wanted:
        for other in options.fact(group.engine, group.major, name).conflicts:
            if other in wanted:
                raise AwsError("InvalidParameterCombination", f"The options {name} and {other} exclude each other.")


def _vpc(group: OptionGroup, wanted: dict[str, Option]) -> str | None:
    members = [name for each in wanted.values() for name in each.security_groups]
    vpcs = {network.vpc_of_security_group(name, group.account, group.region) for name in members}
    if None in vpcs or len(vpcs) > 1:
        raise AwsError("InvalidParameterValue", f"The security groups {', '.join(members)} are not of one VPC.")
    return next(iter(vpcs), None)


def _chosen(group: OptionGroup, option: Option) -> dict[str, Any]:
    fact = options.fact(group.engine, group.major, option.name)
    return {
        "OptionName": fact.name,
        "OptionDescription": fact.about,
        "Persistent": fact.persistent,
        "Permanent": fact.permanent,
        "Port": option.port,
        "OptionVersion": option.version,
        "OptionSettings": [
            {
                "Name": each.name,
                "Value": option.settings.get(each.name, each.default),
                "DefaultValue": each.default,
                "Description": each.about or each.name,
                "ApplyType": "DYNAMIC" if each.dynamic else "STATIC",
                "DataType": "STRING",
                "AllowedValues": each.allowed,
                "IsModifiable": True,
                "IsCollection": False,
            }
            for each in fact.settings
        ],
        "DBSecurityGroupMemberships": [],
        "VpcSecurityGroupMemberships": [
            {"VpcSecurityGroupId": name, "Status": "active"} for name in option.security_groups
        ],
    }


def _offer(engine: str, major: str, fact: Fact) -> dict[str, Any]:
    return {
        "Name": fact.name,
        "Description": fact.about,
        "EngineName": engine,
        "MajorEngineVersion": major,
        "PortRequired": fact.port is not None,
        "DefaultPort": fact.port,
        "OptionsDependedOn": [],
        "OptionsConflictsWith": list(fact.conflicts),
        "Persistent": fact.persistent,
        "Permanent": fact.permanent,
        "RequiresAutoMinorEngineVersionUpgrade": False,
        "VpcOnly": False,
        "SupportsOptionVersionDowngrade": False,
        "CopyableCrossAccount": fact.shareable,
        "OptionGroupOptionVersions": [
            {"Version": version, "IsDefault": version == fact.versions[0]} for version in fact.versions
        ],
        "OptionGroupOptionSettings": [
            {
                "SettingName": each.name,
                "SettingDescription": each.about or each.name,
                "DefaultValue": each.default,
                "ApplyType": "DYNAMIC" if each.dynamic else "STATIC",
                "AllowedValues": each.allowed,
                "IsModifiable": True,
                "IsRequired": each.required,
                "MinimumEngineVersionPerAllowedValue": [],
            }
            for each in fact.settings
        ],
    }
