# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Region must have before something can be restored there: the class for the version, groups, keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..model import Key
from .target import Target

WantedClass = tuple[str, str, str]  # engine, version, class


@dataclass(frozen=True, slots=True)
class ClassOffer:
    """What AWS offers of one engine, version and class."""

    exists: bool
    iam: bool = False


@dataclass(frozen=True, slots=True)
class Available:
    """What there is in a Region of what some targets need."""

    classes: Mapping[WantedClass, ClassOffer] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    refused_keys: Mapping[str, str] = field(default_factory=dict)  # and why they cannot be seen
    option_groups: frozenset[str] = frozenset()
    parameter_groups: frozenset[str] = frozenset()
    cluster_parameter_groups: frozenset[str] = frozenset()


def wanted_class(target: Target) -> WantedClass:
    return target.engine, target.engine_version, target.instance_class


def named(values: Iterable[str | None]) -> list[str]:
    """What is asked for, once each."""
    return sorted({value for value in values if value})


def obstacles(target: Target, available: Available) -> list[str]:
    """Why a target cannot be restored here, and what to do; nothing when it can."""
    return [*class_obstacles(target, available), *key_obstacles(target, available), *group_obstacles(target, available)]


def class_obstacles(target: Target, available: Available) -> Iterator[str]:
    offer = available.classes[wanted_class(target)]
    what = f"{target.instance_class} with {target.engine} {target.engine_version}"
    if not offer.exists:
        yield (
            f"{target.region} offers no {what}. Name a class that it offers in db_instance_class or overrides;"
            " if there is none, upgrade the original database: its version is no longer offered."
        )
    elif target.iam and not offer.iam:
        yield f"{what} has no IAM database authentication. Leave iam_authentication out for it."


def key_obstacles(target: Target, available: Available) -> Iterator[str]:
    arn = target.key_of_point or ""
    if arn in available.refused_keys:
        yield f"its key {arn} cannot be seen: {available.refused_keys[arn]}. Let this role use it."
    elif arn in available.keys and not available.keys[arn].is_enabled:
        yield f"its key {arn} is {available.keys[arn].state}. Enable it."


def group_obstacles(target: Target, available: Available) -> Iterator[str]:
    for what, name, known in (
        ("option group", target.option_group, available.option_groups),
        ("DB parameter group", target.parameter_group, available.parameter_groups),
        ("DB cluster parameter group", target.cluster_parameter_group, available.cluster_parameter_groups),
    ):
        if name and name not in known:
            yield f"{target.region} has no {what} {name}. Create it, or name another one."
