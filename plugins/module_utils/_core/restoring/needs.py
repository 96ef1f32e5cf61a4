# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Region must have so that something can be restored there: class, groups and keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..model import Key
from ..words import engine_words
from .target import Target


class WantedClass(NamedTuple):
    """What a restore asks AWS for."""

    engine: str
    version: str | None  # None: any
    instance_class: str


@dataclass(frozen=True, slots=True)
class ClassOffer:
    """What AWS offers for one engine, version and class."""

    exists: bool
    iam: bool = False  # whether it supports IAM database authentication


@dataclass(frozen=True, slots=True)
class Available:
    """Those things that targets need and a Region has."""

    classes: Mapping[WantedClass, ClassOffer] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    refused_keys: Mapping[str, str] = field(default_factory=dict)  # why a key cannot be read, by its ARN
    option_groups: frozenset[str] = frozenset()
    parameter_groups: frozenset[str] = frozenset()
    cluster_parameter_groups: frozenset[str] = frozenset()


def wanted_class(target: Target) -> WantedClass:
    """Name the engine, version and class that a target needs."""
    return WantedClass(target.original.engine, target.original.engine_version, target.setup.instance_class)


def named(values: Iterable[str | None]) -> list[str]:
    """List the values that are set, each once."""
    return sorted({value for value in values if value})


def obstacles(target: Target, available: Available) -> list[str]:
    """List why a target cannot be restored here, each with the remedy. Empty when it can be."""
    return [*class_obstacles(target, available), *key_obstacles(target, available), *group_obstacles(target, available)]


def class_obstacles(target: Target, available: Available) -> Iterator[str]:
    """Report a class that this Region does not offer for the engine and version, or not with IAM authentication."""
    offer = available.classes[wanted_class(target)]
    what = f"{target.setup.instance_class} with {engine_words(target.original.engine, target.original.engine_version)}"
    if not offer.exists:
        yield (
            f"{target.original.region} does not offer {what}. Set db_instance_class (or overrides) to a class that it"
            " offers; if there is none, upgrade the original database: its version is no longer offered."
        )
    elif target.iam and not offer.iam:
        yield f"{what} does not support IAM database authentication. Do not set iam_authentication for it."


def key_obstacles(target: Target, available: Available) -> Iterator[str]:
    """Report a key of the recovery point that cannot be read or used."""
    arn = target.original.kms_key_id
    if arn is None:
        return
    if arn in available.refused_keys:
        yield f"its key {arn} cannot be read: {available.refused_keys[arn]}. Allow this role to use it."
    elif arn in available.keys and available.keys[arn].is_out_of_use:
        yield f"its key {arn} is {available.keys[arn].state}. Enable it."


def group_obstacles(target: Target, available: Available) -> Iterator[str]:
    """Report option groups and parameter groups that do not exist here."""
    for what, name, known in (
        ("option group", target.setup.option_group, available.option_groups),
        ("DB parameter group", target.setup.parameter_group, available.parameter_groups),
        ("DB cluster parameter group", target.setup.cluster_parameter_group, available.cluster_parameter_groups),
    ):
        if name and name not in known:
            yield f"{target.original.region} has no {what} {name}. Create it there, or set another one."
