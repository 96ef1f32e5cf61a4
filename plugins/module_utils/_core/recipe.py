# SPDX-License-Identifier: GPL-3.0-or-later
"""How a database was configured: what a restore must be told, since no snapshot carries it.

Parameter groups never travel (aws_rds.md, 1.8). So their contents go in the published manifest, and live in the DR
account as parameter groups that are named after their contents. A tag of the DR copy holds the rest, and their names:
a restore needs nothing of the source account.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .model import Configuration, Database, Kind, RecoveryPoint

RECIPE = "lifeboat:recipe"
DIGEST = 12  # hex digits in the name of a parameter group
# The words of the tag: a key and a value, no spaces in either.
WORDS = {
    "class": "instance_class",
    "storage": "storage_type",
    "iops": "iops",
    "throughput": "throughput",
    "serverless": "serverless",
    "options": "option_group",
    "parameters": "parameter_group",
    "cluster-parameters": "cluster_parameter_group",
    "multi-az": "multi_az",
}
NUMBERS = ("iops", "throughput")


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """The parameters that somebody set, of one kind of parameter group."""

    kind: Kind
    family: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The configuration of a database, and what is in its parameter groups where they are not the default ones."""

    configuration: Configuration
    groups: tuple[ParameterGroup, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """Its form in the published manifest; the groups' names mean nothing elsewhere."""
        one = self.configuration
        told = {name: getattr(one, name) for name in WORDS.values() if not name.endswith("parameter_group")}
        groups = [{"kind": g.kind, "family": g.family, "parameters": dict(g.parameters)} for g in self.groups]
        return {**{name: value for name, value in told.items() if value is not None}, "parameter_groups": groups}


def configuration_of_database(database: Database, members: Mapping[str, Database]) -> Configuration:
    """Of a cluster, its writer has the class and the parameters of the instances.

    :param members: instances by their identifier.
    """
    writer = members.get(database.members[0]) if database.members else None
    if writer is None:
        return database.configuration
    own = writer.configuration
    return replace(database.configuration, instance_class=own.instance_class, parameter_group=own.parameter_group)


def custom_groups(configuration: Configuration) -> list[tuple[Kind, str]]:
    """The kinds and names of the parameter groups in which there may be something: nobody can change a default one."""
    named: list[tuple[Kind, str | None]] = [
        ("instance", configuration.parameter_group),
        ("cluster", configuration.cluster_parameter_group),
    ]
    return [(kind, name) for kind, name in named if name and not name.startswith("default.")]


def read_recipe(document: Mapping[str, Any]) -> Recipe:
    """The inverse of as_document.

    :raises ValueError: when it is no such document.
    """
    try:
        groups = tuple(
            ParameterGroup(one["kind"], str(one["family"]), {str(k): str(v) for k, v in one["parameters"].items()})
            for one in document["parameter_groups"]
        )
        known = {name: document[name] for name in WORDS.values() if document.get(name) is not None}
        told = {name: read_word(name, value) for name, value in known.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"recipe: {error}") from error
    if any(one.kind not in ("instance", "cluster") for one in groups):
        raise ValueError("recipe: a parameter group is of an instance or a cluster")
    return Recipe(Configuration(**told), groups)


def read_word(name: str, value: Any) -> Any:
    """A setting as a configuration has it.

    :raises ValueError: when it is none.
    """
    if name == "multi_az":
        return str(value).lower() in ("yes", "true") or None
    return int(value) if name in NUMBERS else str(value)


def group_name(prefix: str, group: ParameterGroup) -> str:
    """The name of a parameter group by its contents: equal contents share one, and another one never changes it."""
    text = json.dumps([group.kind, group.family, sorted(group.parameters.items())])
    family = re.sub("[^a-z0-9]+", "-", group.family.lower()).strip("-")
    return f"{prefix}-{family}-{hashlib.sha256(text.encode()).hexdigest()[:DIGEST]}"


def is_group_name(name: str, prefix: str) -> bool:
    return re.fullmatch(rf"{re.escape(prefix)}-[a-z0-9-]+-[0-9a-f]{{{DIGEST}}}", name) is not None


def with_groups(recipe: Recipe, prefix: str) -> Configuration:
    """The configuration with the names that its parameter groups have in the DR account."""
    names = {one.kind: group_name(prefix, one) for one in recipe.groups}
    return replace(
        recipe.configuration,
        parameter_group=names.get("instance"),
        cluster_parameter_group=names.get("cluster"),
    )


def as_tag(configuration: Configuration) -> str:
    """The value of the tag, for example ``class=db.r6g.large storage=gp3``. At most 256 characters: names are short."""
    told = {word: getattr(configuration, name) for word, name in WORDS.items()}
    return " ".join(f"{word}={'yes' if value is True else value}" for word, value in told.items() if value is not None)


def configuration_of(point: RecoveryPoint) -> Configuration | None:
    """What the tag of a recovery point says of its database's configuration; None without one that can be read."""
    pairs = [part.partition("=") for part in point.tags.get(RECIPE, "").split()]
    try:
        told = {WORDS[word]: read_word(WORDS[word], value) for word, _sign, value in pairs if word in WORDS and value}
    except ValueError:  # somebody else wrote it
        return None
    return Configuration(**told) if told else None


def unused_groups(names: Iterable[str], points: Iterable[RecoveryPoint], prefix: str) -> list[str]:
    """Our parameter groups that no recovery point names any more."""
    found = [one for one in map(configuration_of, points) if one]
    used = {name for one in found for name in (one.parameter_group, one.cluster_parameter_group)}
    return sorted(name for name in names if is_group_name(name, prefix) and name not in used)
