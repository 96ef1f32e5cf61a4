# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and make parameter groups, read option groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from .._core.option_groups import OptionGroup
from .._core.recipe import ParameterGroup
from . import rows
from .connection import Connection
from .errors import AwsRefusal, refusals
from .rows import SPELLINGS, Row


class Groups(Connection):
    """The parameter groups and option groups of a Region."""

    def option_groups(self) -> dict[str, OptionGroup]:
        """Map the option groups of this Region by name, with the options on which data depend."""
        found = self._pages("describe_option_groups", "OptionGroupsList")
        return {group.name: group for group in map(as_option_group, found)}

    def parameter_families(self, kind: str) -> dict[str, str]:
        """Map each parameter group of this Region to its family."""
        spelling = SPELLINGS[kind]
        group = spelling.parameter_group
        found = self._pages(f"describe_{spelling.parameters_operation}_groups", f"{group}s")
        return {row[f"{group}Name"]: row["DBParameterGroupFamily"] for row in found}

    def parameters(self, kind: str, group: str) -> dict[str, str] | None:
        """Read the parameters that somebody set in a parameter group. None when there is no such group."""
        spelling = SPELLINGS[kind]
        named = {f"{spelling.parameter_group}Name": group, "Source": "user"}
        try:
            found = list(self._pages(f"describe_{spelling.parameters_operation}s", "Parameters", **named))
        except AwsRefusal as refusal:
            if refusal.meaning == "missing":
                return None
            raise
        return {row["ParameterName"]: row["ParameterValue"] for row in found if "ParameterValue" in row}

    def parameter_groups(self, names: Iterable[str]) -> frozenset[str]:
        """Return which of these DB parameter groups exist here. It costs a call each: RDS has no filter for them."""
        return self._existing("describe_db_parameter_groups", "DBParameterGroupName", names)

    def cluster_parameter_groups(self, names: Iterable[str]) -> frozenset[str]:
        """Return which of these DB cluster parameter groups exist here, at a call each."""
        return self._existing("describe_db_cluster_parameter_groups", "DBClusterParameterGroupName", names)

    def _existing(self, operation: str, parameter: str, names: Iterable[str]) -> frozenset[str]:
        found = set()
        for name in names:
            try:
                with refusals(f"Cannot see the parameter group {name} in {self.region}"):
                    getattr(self._client("rds"), operation)(**{parameter: name})
                found.add(name)
            except AwsRefusal as refusal:
                if refusal.meaning != "missing":
                    raise
        return frozenset(found)

    def make_parameter_group(self, name: str, group: ParameterGroup, tags: Mapping[str, str]) -> None:
        """Make a parameter group with these contents, or complete one that a killed run left without them."""
        spelling = SPELLINGS[group.kind]
        key, client = {f"{spelling.parameter_group}Name": name}, self._client("rds")
        with refusals(f"Cannot make the parameter group {name} in {self.region}"):
            with suppress(client.exceptions.DBParameterGroupAlreadyExistsFault):
                getattr(client, f"create_{spelling.parameters_operation}_group")(
                    **key,
                    DBParameterGroupFamily=group.family,
                    Description="Parameters of a database that is protected here",
                    Tags=rows.tag_list(tags),
                )
            for chunk in parameter_chunks(group.parameters):
                getattr(client, f"modify_{spelling.parameters_operation}_group")(**key, Parameters=chunk)

    def delete_parameter_group(self, kind: str, name: str) -> None:
        """Delete a parameter group that nothing uses."""
        spelling = SPELLINGS[kind]
        with refusals(f"Cannot delete the parameter group {name} in {self.region}"):
            delete = getattr(self._client("rds"), f"delete_{spelling.parameters_operation}_group")
            delete(**{f"{spelling.parameter_group}Name": name})


def as_option_group(row: Row) -> OptionGroup:
    """Convert a row of DescribeOptionGroups."""
    options = row.get("Options", ())
    staying = frozenset(one["OptionName"] for one in options if one.get("Persistent") or one.get("Permanent"))
    return OptionGroup(row["OptionGroupName"], row.get("EngineName"), staying)


def parameter_chunks(parameters: Mapping[str, str]) -> list[list[dict[str, str]]]:
    """Cut parameters into lists for ModifyDBParameterGroup, which takes 20 at a time. Nothing uses the group yet."""
    every = [
        {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
        for name, value in sorted(parameters.items())
    ]
    return [every[start : start + 20] for start in range(0, len(every), 20)]
