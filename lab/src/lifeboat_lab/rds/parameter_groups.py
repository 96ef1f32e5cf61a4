# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer the operations on DB parameter groups and DB cluster parameter groups, which are twins."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import groups, known_groups, names, paging
from lifeboat_lab.rds.families import CLUSTER_FAMILIES, INSTANCE_FAMILIES
from lifeboat_lab.rds.groups import ParameterGroup
from lifeboat_lab.rds.kinds import INSTANCE, Kind
from lifeboat_lab.rds.parameters import Parameter, of_engine
from lifeboat_lab.rds.world import Call, World

MOST_AT_ONCE = 20
USER, SYSTEM, ENGINE = "user", "system", "engine-default"


def describe(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer DescribeDBParameterGroups, DescribeDBClusterParameterGroups."""
    if name := call.params.get(f"{groups.parameter_group_noun(kind)}Name"):
        found = [known_groups.parameter_group(world, call.account, call.region, name, kind)]
    else:
        found = known_groups.all_parameter_groups(world.place(call.account, call.region), kind)
    page, marker = paging.page(found, call.params, lambda each: each.name)
    return {f"{groups.parameter_group_noun(kind)}s": [_row(each) for each in page], "Marker": marker}


def create(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer CreateDBParameterGroup, CreateDBClusterParameterGroup."""
    family = call.params["DBParameterGroupFamily"]
    _check_family(family, kind)
    found = _new(world, call, kind, f"{groups.parameter_group_noun(kind)}Name", "Description")
    found.family = family
    return {groups.parameter_group_noun(kind): _row(found)}


def copy(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer CopyDBParameterGroup, CopyDBClusterParameterGroup: default ones cannot be copied."""
    noun = groups.parameter_group_noun(kind)
    source = _own(world, call, kind, f"Source{noun}Identifier")
    found = _new(world, call, kind, f"Target{noun}Identifier", f"Target{noun}Description")
    found.family, found.values = source.family, dict(source.values)
    return {noun: _row(found)}


def modify(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer ModifyDBParameterGroup, ModifyDBClusterParameterGroup: all of it or nothing."""
    found = _own(world, call, kind, f"{groups.parameter_group_noun(kind)}Name")
    wanted = _given(found, call)
    for parameter, given in wanted:
        if not parameter.admits(str(given.get("ParameterValue"))):
            raise AwsError(
                "InvalidParameterValue",
                f"Value: {given.get('ParameterValue')} is outside of range: {parameter.allowed} for parameter: "
                f"{parameter.name}",
            )
    found.values |= {each.name: (str(given["ParameterValue"]), _method(each, given)) for each, given in wanted}
    return {f"{groups.parameter_group_noun(kind)}Name": found.name}


def reset(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer ResetDBParameterGroup, ResetDBClusterParameterGroup: these parameters, or all."""
    found = _own(world, call, kind, f"{groups.parameter_group_noun(kind)}Name")
    if call.params.get("Parameters"):
        if call.params.get("ResetAllParameters"):
            raise AwsError("InvalidParameterCombination", "Give Parameters or ResetAllParameters, not both.")
        for parameter, _given_one in _given(found, call):
            found.values.pop(parameter.name, None)
    else:
        found.values.clear()
    return {f"{groups.parameter_group_noun(kind)}Name": found.name}


def delete(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer DeleteDBParameterGroup, DeleteDBClusterParameterGroup."""
    found = _own(world, call, kind, f"{groups.parameter_group_noun(kind)}Name")
    if any(known_groups.users(world, found)):
        raise AwsError(
            "InvalidDBParameterGroupState", f"One or more database instances are still members of {found.name}."
        )
    del world.place(call.account, call.region).groups.parameters_of(kind)[found.name]
    return {}


def describe_parameters(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer DescribeDBParameters, DescribeDBClusterParameters."""
    name = call.params[f"{groups.parameter_group_noun(kind)}Name"]
    found = known_groups.parameter_group(world, call.account, call.region, name, kind)
    page, marker = _page(call, found)
    return {"Parameters": page, "Marker": marker}


def engine_defaults(_world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer DescribeEngineDefaultParameters, DescribeEngineDefaultClusterParameters."""
    family = call.params["DBParameterGroupFamily"]
    _check_family(family, kind)
    page, marker = _page(call, ParameterGroup(call.account, call.region, "", "", kind=kind, family=family))
    return {"EngineDefaults": {"DBParameterGroupFamily": family, "Parameters": page, "Marker": marker}}


def _page(call: Call, group: ParameterGroup) -> tuple[list[dict[str, Any]], str | None]:
    source = call.params.get("Source")
    if source not in (None, USER, SYSTEM, ENGINE):
        raise AwsError("InvalidParameterValue", f"Invalid source: {source}. It is user, system or engine-default.")
    rows = [_parameter(group, each) for each in _all(group).values()]
    rows = [each for each in rows if source in (None, each["Source"])]
    rows = paging.filtered(rows, call.params, {"parameter-name": lambda each: [each["ParameterName"]]})
    return paging.page(rows, call.params, lambda each: each["ParameterName"])


def _all(group: ParameterGroup) -> dict[str, Parameter]:
    return of_engine(INSTANCE_FAMILIES[group.family])


def _parameter(group: ParameterGroup, known: Parameter) -> dict[str, Any]:
    value, method = group.values.get(known.name) or (known.default or None, "pending-reboot")
    source = USER if known.name in group.values else SYSTEM if known.default else ENGINE
    return {
        "ParameterName": known.name,
        "ParameterValue": value,
        "Description": known.about,
        "Source": source,
        "ApplyType": "static" if known.is_static else "dynamic",
        "DataType": known.type,
        "AllowedValues": known.allowed or None,
        "IsModifiable": known.modifiable,
        "ApplyMethod": method,
        "SupportedEngineModes": ["provisioned"] if group.kind is not INSTANCE else None,
    }


def _row(found: ParameterGroup) -> dict[str, Any]:
    noun = groups.parameter_group_noun(found.kind)
    return {
        f"{noun}Name": found.name,
        "DBParameterGroupFamily": found.family,
        "Description": found.description,
        f"{noun}Arn": found.arn,
    }


def _check_family(family: str, kind: Kind) -> None:
    if family not in (INSTANCE_FAMILIES if kind is INSTANCE else CLUSTER_FAMILIES):
        raise AwsError("InvalidParameterValue", f"ParameterGroupFamily {family} is not a valid parameter group family")


def _new(world: World, call: Call, kind: Kind, parameter: str, description: str) -> ParameterGroup:
    known = world.place(call.account, call.region).groups.parameters_of(kind)
    name = names.identifier(call.params[parameter], parameter, 255)
    if name in known:
        raise AwsError("DBParameterGroupAlreadyExists", f"Parameter group {name} already exists")
    quota = "parameter_groups" if kind is INSTANCE else "cluster_parameter_groups"
    known_groups.check_quota(world, "DBParameterGroupQuotaExceeded", quota, len(known))
    tags = names.tags(call.params.get("Tags"))
    known[name] = ParameterGroup(call.account, call.region, name, call.params[description], tags, kind)
    return known[name]


def _own(world: World, call: Call, kind: Kind, parameter: str) -> ParameterGroup:
    found = known_groups.parameter_group(world, call.account, call.region, call.params[parameter], kind)
    if found.is_default:
        raise AwsError(
            "InvalidDBParameterGroupState",
            f"{found.name} is a default parameter group. It cannot be changed, deleted or copied.",
        )
    return found


def _given(group: ParameterGroup, call: Call) -> list[tuple[Parameter, dict[str, Any]]]:
    """Return the parameters that a request names, with what it says of them.

    :raises AwsError: when one of them cannot be changed like that.
    """
    given = call.params["Parameters"]
    if len(given) > MOST_AT_ONCE:
        raise AwsError("InvalidParameterValue", f"At most {MOST_AT_ONCE} parameters can be changed in one request.")
    known, found = _all(group), []
    for each in given:
        parameter = known.get(str(each.get("ParameterName")))
        if parameter is None:
            raise AwsError("InvalidParameterValue", f"Could not find parameter with name: {each.get('ParameterName')}")
        if not parameter.modifiable:
            raise AwsError("InvalidParameterValue", f"The parameter {parameter.name} cannot be modified.")
        if parameter.is_static and _method(parameter, each) == "immediate":
            raise AwsError("InvalidParameterCombination", "cannot use immediate apply method for static parameter")
        found.append((parameter, each))
    return found


def _method(parameter: Parameter, given: dict[str, Any]) -> str:
    method = given.get("ApplyMethod") or ("pending-reboot" if parameter.is_static else "immediate")
    if method not in ("immediate", "pending-reboot"):
        raise AwsError("InvalidParameterValue", f"Invalid apply method: {method}")
    return str(method)
