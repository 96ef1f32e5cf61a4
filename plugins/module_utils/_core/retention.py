# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Which recovery points stay, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from .model import DATABASE, LANDED, RETAIN, VERIFIED, RecoveryPoint
from .naming import Lineage, parse


@dataclass(frozen=True, slots=True)
class Policy:
    """How long recovery points stay: at least ``keep`` of each database, and all that are younger than ``max_age``."""

    keep: int = 1
    max_age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to one recovery point, and why."""

    point: RecoveryPoint
    reason: str
    keep: bool = True


Named = tuple[Lineage, RecoveryPoint]


def ours(points: Iterable[RecoveryPoint], prefix: str) -> list[Named]:
    """Our recovery points by database, newest first: both our tag and our name, or it is not ours to judge."""
    named = [(parse(point.name, prefix), point) for point in points if point.is_owned_by(prefix)]
    mine = [(lineage, point) for lineage, point in named if lineage is not None]
    return sorted(mine, key=lambda one: (one[0].digest, one[0].original), reverse=True)


def judge(points: Iterable[RecoveryPoint], prefix: str, policy: Policy, account: str, now: datetime) -> list[Verdict]:
    """A verdict for each of our recovery points: published copies of the account's own databases, or landed ones."""
    verdicts: list[Verdict] = []
    for _digest, group in groupby(ours(points, prefix), key=lambda one: one[0].digest):
        rows = list(group)
        protected = source_reasons(rows) if is_published_by(account, rows[0][1]) else dr_reasons(rows)
        finished = [point.arn for _lineage, point in rows if point.is_available]
        verdicts += [verdict(one, protected, finished, policy, now) for one in rows]
    return verdicts


def is_published_by(account: str, point: RecoveryPoint) -> bool:
    """Whether the database is the account's own: then the snapshot is a published copy, else one that landed."""
    return point.tags.get(DATABASE, "").split(":")[4:5] == [account]


def verdict(one: Named, protected: Mapping[str, str], finished: list[str], policy: Policy, now: datetime) -> Verdict:
    lineage, point = one
    if reason := why_kept(point, protected):
        return Verdict(point, reason)
    if point.is_bad:
        return Verdict(point, f"{point.status}: nothing can be restored from it", keep=False)
    if point.arn in finished[: policy.keep]:
        return Verdict(point, f"one of the newest {policy.keep}")
    if policy.max_age is None:
        return Verdict(point, "superseded by newer ones", keep=False)
    if now - lineage.original < policy.max_age:
        return Verdict(point, f"younger than {policy.max_age.days} days")
    return Verdict(point, f"older than {policy.max_age.days} days", keep=False)


def why_kept(point: RecoveryPoint, protected: Mapping[str, str]) -> str | None:
    """What stands above every policy."""
    if point.is_in_progress or point.status in ("deleting", "deleted"):
        return point.status
    if RETAIN in point.tags:
        return f"it has a {RETAIN} tag"
    return protected.get(point.arn)


def dr_reasons(rows: list[Named]) -> dict[str, str]:
    """What the DR site never deletes: the newest landed recovery point of a database and the last verified one."""
    landed = [point for _lineage, point in rows if point.is_available and is_under_own_key(point)]
    verified = [point for point in landed if VERIFIED in point.tags]
    reasons = {point.arn: "the last verified one" for point in verified[:1]}
    return reasons | {point.arn: "the newest that landed" for point in landed[:1]}


def is_under_own_key(point: RecoveryPoint) -> bool:
    """Else it is lost together with the account that owns its key, and protects nothing."""
    key = point.kms_key_id or ""
    return not key.startswith("arn:") or key.split(":")[4] == point.account


def source_reasons(rows: list[Named]) -> dict[str, str]:
    """What the source never deletes: a published copy that has not landed, the newest that has, and the newest one."""
    finished = [point for _lineage, point in rows if point.is_available]
    landed = [point for point in finished if has_landed(point)]
    reasons = {point.arn: "it has not landed" for point in finished if not has_landed(point)}
    reasons |= {point.arn: "the newest that landed" for point in landed[:1]}
    return reasons | {point.arn: "the newest published copy" for point in finished[:1]}


def has_landed(point: RecoveryPoint) -> bool:
    return any(tag.startswith(f"{LANDED}:") for tag in point.tags)


def retirements(
    points: Iterable[RecoveryPoint], prefix: str, own: str, landed: Mapping[str, Mapping[str, str]]
) -> list[tuple[RecoveryPoint, str, str]]:
    """The copies that this account published, that landed and are not marked so: with the DR account and the time."""
    published = [point for _lineage, point in ours(points, prefix) if is_published_by(own, point)]
    return [
        (point, account, times[point.name])
        for account, times in sorted(landed.items())
        for point in published
        if point.name in times and point.is_available and not point.has_landed_in(account)
    ]


def with_marks(points: Iterable[RecoveryPoint], retired: Mapping[str, Iterable[str]]) -> list[RecoveryPoint]:
    """The recovery points as they are once the retired ones are marked."""
    marks = {arn: {f"{LANDED}:{account}": "now" for account in accounts} for arn, accounts in retired.items()}
    return [replace(point, tags={**point.tags, **marks.get(point.arn, {})}) for point in points]
