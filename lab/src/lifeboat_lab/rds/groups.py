# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold subnet, parameter and option groups as values; known_groups.py finds them."""

from __future__ import annotations

from dataclasses import dataclass, field

from lifeboat_lab.accounts import PARTITION
from lifeboat_lab.rds.kinds import INSTANCE, Kind
from lifeboat_lab.rds.options import Fact, fact

ARN_TYPES = frozenset({"subgrp", "pg", "cluster-pg", "og"})


@dataclass(eq=False)
class Group:
    """What all kinds of groups share."""

    account: str
    region: str
    name: str
    description: str
    tags: dict[str, str] = field(default_factory=dict)

    arn_type = ""

    @property
    def arn(self) -> str:
        return f"arn:{PARTITION}:rds:{self.region}:{self.account}:{self.arn_type}:{self.name}"

    @property
    def is_default(self) -> bool:
        """Tell whether RDS made it. Only such names have these characters."""
        return self.name.startswith(("default.", "default:"))


@dataclass(eq=False)
class SubnetGroup(Group):
    """A DB subnet group. Later changes of its subnets in EC2 do not matter, as on AWS."""

    vpc: str = ""
    # Their Availability Zones by subnet.
    subnets: dict[str, str] = field(default_factory=dict)

    arn_type = "subgrp"


@dataclass(eq=False)
class ParameterGroup(Group):
    """A DB parameter group or a DB cluster parameter group."""

    kind: Kind = INSTANCE
    family: str = ""
    # What was set, and when it applies.
    values: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        self.arn_type = "pg" if self.kind is INSTANCE else "cluster-pg"
        return super().arn


@dataclass
class Option:
    """An option of an option group, with what was chosen for it."""

    name: str
    port: int | None = None
    version: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    security_groups: list[str] = field(default_factory=list)


@dataclass(eq=False)
class OptionGroup(Group):
    """An option group of one engine's major version."""

    engine: str = ""
    major: str = ""
    options: dict[str, Option] = field(default_factory=dict)
    # The VPC of its options' security groups, the only one in which it may be used then.
    vpc: str | None = None
    copied_from: OptionGroup | None = None
    copied: float | None = None

    arn_type = "og"

    def facts(self) -> list[Fact]:
        return [fact(self.engine, self.major, name) for name in self.options]


@dataclass
class Groups:
    """The groups that an account made in a Region. Default ones exist without being here."""

    subnets: dict[str, SubnetGroup] = field(default_factory=dict)
    parameters: dict[str, ParameterGroup] = field(default_factory=dict)
    cluster_parameters: dict[str, ParameterGroup] = field(default_factory=dict)
    options: dict[str, OptionGroup] = field(default_factory=dict)

    def parameters_of(self, kind: Kind) -> dict[str, ParameterGroup]:
        return self.parameters if kind is INSTANCE else self.cluster_parameters


def parameter_group_noun(kind: Kind) -> str:
    return "DBParameterGroup" if kind is INSTANCE else "DBClusterParameterGroup"
