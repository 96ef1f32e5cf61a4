# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipe: how a database was configured, which a restore must be told because snapshots do not contain it.

Parameter groups cannot be copied to another account (aws_rds.md, 1.8). So the published manifest has their contents,
and the DR account has parameter groups named after their contents. A tag of the DR copy has the rest and these names,
so a restore needs nothing from the source account.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .model import Configuration, Database, Kind, RecoveryPoint
from .words import printable

RECIPE = "lifeboat:recipe"
NO_RECIPE = (
    "cannot be recovered as it was: no recipe came with its newest recovery point. Give both sides a store"
    " (lifeboat_store). Until then a recovery needs a class: set lifeboat_fallback_class"
)
DIGEST = 12  # hexadecimal digits in the name of a parameter group
# The words of the tag and the settings that they stand for. The tag has pairs WORD=VALUE, without spaces in either.
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
WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """The parameters that somebody set in a parameter group."""

    kind: Kind
    family: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The configuration of a database, and the contents of its parameter groups except the default ones."""

    configuration: Configuration
    groups: tuple[ParameterGroup, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """Build its part of the published manifest.

        It omits the groups' names, which mean nothing in another account.
        """
        one = self.configuration
        told = {name: getattr(one, name) for name in WORDS.values() if not name.endswith("parameter_group")}
        groups = [{"kind": g.kind, "family": g.family, "parameters": dict(g.parameters)} for g in self.groups]
        return {**{name: value for name, value in told.items() if value is not None}, "parameter_groups": groups}


def configuration_of_database(database: Database, members: Mapping[str, Database]) -> Configuration:
    """Gather the configuration of a database.

    For a cluster, its writer has the class and the instances' parameter group.

    :param members: instances by their identifier.
    """
    writer = members.get(database.members[0]) if database.members else None
    if writer is None:
        return database.configuration
    own = writer.configuration
    return replace(database.configuration, instance_class=own.instance_class, parameter_group=own.parameter_group)


def custom_groups(configuration: Configuration) -> list[tuple[Kind, str]]:
    """List the kinds and names of the parameter groups that may have changes. Nobody can change a default group."""
    named: list[tuple[Kind, str | None]] = [
        ("instance", configuration.parameter_group),
        ("cluster", configuration.cluster_parameter_group),
    ]
    return [(kind, name) for kind, name in named if name and not name.startswith("default.")]


def read_recipe(document: Mapping[str, Any]) -> Recipe:
    """Read what as_document wrote.

    :raises ValueError: when a field is missing or has a wrong type.
    """
    try:
        groups = tuple(
            ParameterGroup(one["kind"], text(one["family"]), {text(k): text(v) for k, v in one["parameters"].items()})
            for one in document["parameter_groups"]
        )
        known = {name: document[name] for name in WORDS.values() if document.get(name) is not None}
        told = {name: read_word(name, value) for name, value in known.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"recipe: {error}") from error
    if any(one.kind not in ("instance", "cluster") for one in groups):
        raise ValueError("recipe: the kind of a parameter group must be instance or cluster")
    if len({one.kind for one in groups}) < len(groups):  # each would take a part of the quota
        raise ValueError("recipe: a database has at most one parameter group of each kind")
    return Recipe(Configuration(**told), groups)


def read_word(name: str, value: Any) -> Any:
    """Convert the value of one setting to the type that Configuration has.

    :raises ValueError: when it is not a number or a text, where one is expected.
    """
    if name == "multi_az":
        return str(value).lower() in ("yes", "true") or None
    if name not in NUMBERS:
        return text(value)
    if isinstance(value, bool) or not WHOLE.fullmatch(str(value)):
        raise ValueError(f"recipe: {name} is {printable(value, 60)}, and must be a whole number")
    return int(value)


def text(value: Any) -> str:
    """Read a text.

    :raises ValueError: when it is anything else.
    """
    if not isinstance(value, str):
        raise ValueError(f"recipe: {printable(value, 60)} is not a text")
    return value


def group_name(prefix: str, group: ParameterGroup) -> str:
    """Build the name of a parameter group from its contents.

    So equal contents share a group, and no group ever needs to be changed.
    """
    contents = json.dumps([group.kind, group.family, sorted(group.parameters.items())])
    family = re.sub("[^a-z0-9]+", "-", group.family.lower()).strip("-")
    return f"{prefix}-{family}-{hashlib.sha256(contents.encode()).hexdigest()[:DIGEST]}"


def is_group_name(name: str, prefix: str) -> bool:
    """Tell whether a name is one that group_name builds."""
    return re.fullmatch(rf"{re.escape(prefix)}-[a-z0-9-]+-[0-9a-f]{{{DIGEST}}}", name) is not None


def with_groups(recipe: Recipe, prefix: str) -> Configuration:
    """Return the configuration with the names that its parameter groups have in the DR account."""
    names = {one.kind: group_name(prefix, one) for one in recipe.groups}
    return replace(
        recipe.configuration,
        parameter_group=names.get("instance"),
        cluster_parameter_group=names.get("cluster"),
    )


def as_tag(configuration: Configuration) -> str:
    """Write the tag's value, for example ``class=db.r6g.large storage=gp3``.

    RDS allows 256 characters; names are short.
    """
    told = {word: getattr(configuration, name) for word, name in WORDS.items()}
    return " ".join(f"{word}={'yes' if value is True else value}" for word, value in told.items() if value is not None)


def configuration_of(point: RecoveryPoint) -> Configuration | None:
    """Read the configuration of the database from the tag of a recovery point. Returns None without a readable tag."""
    pairs = [part.partition("=") for part in point.tags.get(RECIPE, "").split()]
    try:
        told = {WORDS[word]: read_word(WORDS[word], value) for word, _sign, value in pairs if word in WORDS and value}
    except ValueError:  # not a tag of ours
        return None
    return Configuration(**told) if told else None


def tells_class(point: RecoveryPoint) -> bool:
    """Tell whether a recovery point says what a recovery cannot do without: the class of the original."""
    told = configuration_of(point)
    return told is not None and bool(told.instance_class or told.serverless)


def unused_groups(names: Iterable[str], points: Iterable[RecoveryPoint], prefix: str) -> list[str]:
    """List those of our parameter groups that no recovery point names."""
    found = [one for one in map(configuration_of, points) if one]
    used = {name for one in found for name in (one.parameter_group, one.cluster_parameter_group)}
    return sorted(name for name in names if is_group_name(name, prefix) and name not in used)
