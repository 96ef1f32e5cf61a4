# SPDX-License-Identifier: GPL-3.0-or-later
"""How databases are configured: read at the source, kept at the DR site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from .._aws.errors import AwsRefusal
from .._core.copying.plan import Copy, Rows
from .._core.model import MANAGED_BY, Database, Kind
from .._core.recipe import (
    RECIPE,
    ParameterGroup,
    Recipe,
    configuration_of_database,
    custom_groups,
    group_name,
)
from .reconcile import Work

Group = tuple[Kind, str]
WHY = "it keeps the parameters of the database"


def recipes_of(databases: Iterable[Database], here: Iterable[Database], work: Work) -> dict[str, Recipe]:
    """Return the recipe of each database by its ARN. A database whose parameters cannot be read is left out."""
    members = {one.id.identifier: one for one in here if one.cluster}
    found = {one.id.arn: configuration_of_database(one, members) for one in databases}
    groups = [group for configuration in found.values() for group in custom_groups(configuration)]
    contents = read_groups(groups, work)
    return {
        arn: Recipe(configuration, tuple(contents[group] for group in custom_groups(configuration)))
        for arn, configuration in found.items()
        if all(group in contents for group in custom_groups(configuration))
    }


def read_groups(groups: Iterable[Group], work: Work) -> dict[Group, ParameterGroup]:
    """Read what somebody set in these parameter groups: one list for each kind, a page or two for each group."""
    wanted, found = sorted(set(groups)), {}
    try:
        families = {kind: work.site.parameter_families(kind) for kind in sorted({kind for kind, _name in wanted})}
        for kind, name in wanted:
            parameters = work.site.parameters(kind, name)
            if parameters is not None and name in families[kind]:
                found[kind, name] = ParameterGroup(kind, families[kind][name], parameters)
    except AwsRefusal as refusal:  # protecting the data matters more than the configuration
        work.report.warnings.append(f"The DR site does not learn the whole configuration: {refusal}")
    return found


def keep_groups(copies: list[Copy], recipes: Mapping[str, Recipe], rows: Rows, work: Work) -> list[Copy]:
    """Create the parameter groups of what is about to be copied. A copy whose groups cannot be created names none.

    :param recipes: by the name of the recovery point.
    """
    new = [copy for copy in copies if copy.key not in rows and copy.name in recipes and RECIPE in copy.tags]
    wanted = {group_name(work.prefix, group): (group, copy) for copy in new for group in recipes[copy.name].groups}
    failed = {name for name, (group, copy) in sorted(wanted.items()) if not keep(name, group, copy, work)}
    lost = {
        copy.name for copy in new for group in recipes[copy.name].groups if group_name(work.prefix, group) in failed
    }
    return [without_recipe(copy) if copy.name in lost else copy for copy in copies]


def keep(name: str, group: ParameterGroup, copy: Copy, work: Work) -> bool:
    """Create a parameter group, unless it is there. Return whether the DR site has it."""
    try:
        if work.site.parameters(group.kind, name) == dict(group.parameters):
            return True
        if not work.check_mode:
            work.site.make_parameter_group(name, group, {MANAGED_BY: work.prefix})
    except AwsRefusal as refusal:
        work.report.warnings.append(f"The configuration of {copy.identifier} is not kept: {refusal}")
        return False
    work.report.change(name, None, {"family": group.family, "parameters": dict(group.parameters)})
    about = {"database": copy.identifier, "kind": group.kind, "name": name, "region": work.site.region}
    work.report.step("configured", reason=WHY, changed=True, **about)
    return True


def without_recipe(copy: Copy) -> Copy:
    return replace(copy, tags={key: value for key, value in copy.tags.items() if key != RECIPE})
