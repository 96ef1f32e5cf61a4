# SPDX-License-Identifier: GPL-3.0-or-later
"""Which recovery points stay, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from ..model import (
    DATABASE,
    LANDED,
    PURPOSE,
    RECOVERY,
    RECOVERY_POINT,
    RETAIN,
    STAGE,
    VERIFIED,
    Database,
    RecoveryPoint,
)
from ..naming import Lineage, own_lineage
from .policy import Policy, Standing, standings, why_not_wanted, why_wanted

OVERTAKEN = "overtaken by a newer one that landed"
RECOVERED = "a database that was recovered from it stands here"
UNDECLARED = "no retention is declared"
# A source site needs no retention: the DR site keeps the history.
SOURCE_POLICY = Policy()

Named = tuple[Lineage, RecoveryPoint]


@dataclass(frozen=True, slots=True)
class Retention:
    """What the recovery points of an account are judged by."""

    prefix: str
    account: str
    now: datetime
    policy_of: Callable[[RecoveryPoint], Policy | None]  # None: nobody declared one
    dr_accounts: frozenset[str] = frozenset()  # what a source published must land in all of them; when empty, in any
    refused: Mapping[str, str] = field(default_factory=dict)  # by ARN or name: what DR sites say of what did not land
    released: frozenset[str] = frozenset()  # names whose protection is lifted
    recovered: frozenset[str] = frozenset()  # names of those from which databases were recovered that stand here


@dataclass(frozen=True, slots=True)
class Ruling:
    """What happens to one recovery point, and why."""

    point: RecoveryPoint
    reason: str
    keep: bool = True


def ours(points: Iterable[RecoveryPoint], prefix: str) -> list[Named]:
    """Our recovery points by database, newest first."""
    named = [(own_lineage(point.name, point.tags, prefix), point) for point in points]
    mine = [(lineage, point) for lineage, point in named if lineage is not None]
    return sorted(mine, key=lambda one: (one[0].digest, one[0].original, one[1].arn), reverse=True)


def judge(points: Iterable[RecoveryPoint], retention: Retention) -> list[Ruling]:
    """A ruling for each of our recovery points: published copies of the account's own databases, or landed ones."""
    rulings: list[Ruling] = []
    for _digest, group in groupby(ours(points, retention.prefix), key=lambda one: one[0].digest):
        rulings += judge_database(list(group), retention)
    return rulings


def undeclared(rulings: Iterable[Ruling]) -> int:
    """Count the databases of which recovery points stay because no retention is declared."""
    return len({(one.point.database_kind, one.point.database) for one in rulings if one.reason == UNDECLARED})


def judge_database(rows: list[Named], retention: Retention) -> list[Ruling]:
    """Verdicts for the recovery points of one database. What leaves anyway protects nothing, and has no standing."""
    finished = [one for one in rows if one[1].is_available and not is_leaving(one[1], retention)]
    is_source = any(is_published_by(retention.account, point) for _lineage, point in rows)
    protected = source_reasons(finished, retention) if is_source else dr_reasons(finished, retention.recovered)
    ranks = standings(lineage for lineage, _point in finished)
    return [
        Ruling(point, reason)
        if (reason := why_held(point) or protected.get(point.arn))
        else weigh(point, lineage, ranks, retention, is_source=is_source)
        for lineage, point in rows
    ]


def is_leaving(point: RecoveryPoint, retention: Retention) -> bool:
    """Whether it does not count for the others: an intermediate, or what is released and not held."""
    return STAGE in point.tags or (point.name in retention.released and why_held(point) is None)


def is_published_by(account: str, point: RecoveryPoint) -> bool:
    """Whether the database is the account's own: then the snapshot is a published copy, else one that landed."""
    return point.tags.get(DATABASE, "").split(":")[4:5] == [account]


def weigh(
    point: RecoveryPoint, lineage: Lineage, ranks: Mapping[Lineage, Standing], retention: Retention, *, is_source: bool
) -> Ruling:
    """The ruling on a recovery point that nothing protects."""
    if point.name in retention.released:
        return Ruling(point, "released by name", keep=False)
    policy = retention.policy_of(point) or (SOURCE_POLICY if is_source else None)
    if policy is None:
        return Ruling(point, UNDECLARED)
    if not point.is_available:
        return Ruling(point, f"{point.status}: nothing can be restored from it", keep=False)
    if reason := why_wanted(policy, ranks[lineage], lineage.original, retention.now):
        return Ruling(point, reason)
    reason = why_not_wanted(policy)
    # At the source, what has not landed is protected until a newer one has.
    is_overtaken = is_source and not has_landed(point, retention.dr_accounts)
    return Ruling(point, f"{OVERTAKEN}; {reason}" if is_overtaken else reason, keep=False)


def why_held(point: RecoveryPoint) -> str | None:
    """What stands above every policy, and above a release."""
    if point.is_in_progress or point.status in ("deleting", "deleted"):
        return point.status
    if RETAIN in point.tags:
        return f"it has a {RETAIN} tag"
    if STAGE in point.tags:
        return "an intermediate: the module that made it removes it"
    return None


def recovered_from(databases: Iterable[Database]) -> frozenset[str]:
    """The names of the recovery points from which recoveries restored the databases that stand here.

    They hold what was right when the original was not; who restores one anew must find it.
    """
    kept = [one.tags for one in databases if one.tags.get(PURPOSE) == RECOVERY and RECOVERY_POINT in one.tags]
    return frozenset(tags[RECOVERY_POINT] for tags in kept)


def dr_reasons(finished: list[Named], recovered: frozenset[str] = frozenset()) -> dict[str, str]:
    """What the DR site never deletes: the newest landed recovery point of a database and the last verified one.

    Nor what a database was recovered from, as long as that stands.
    """
    landed = [point for _lineage, point in finished if is_under_own_key(point)]
    verified = [point for point in landed if VERIFIED in point.tags]
    reasons = {point.arn: RECOVERED for _lineage, point in finished if point.name in recovered}
    reasons |= {point.arn: "the last verified one" for point in verified[:1]}
    return reasons | {point.arn: "the newest that landed" for point in landed[:1]}


def is_under_own_key(point: RecoveryPoint) -> bool:
    """Else it is lost together with the account that owns its key, and protects nothing."""
    key = point.kms_key_id or ""
    return not key.startswith("arn:") or key.split(":")[4] == point.account


def source_reasons(finished: list[Named], retention: Retention) -> dict[str, str]:
    """What the source never deletes: the newest published copy that landed, and whatever is newer and has not yet.

    The newest of all is always among them. What is older and has not landed was overtaken: nobody waits for it.
    """
    reasons: dict[str, str] = {}
    for _lineage, point in finished:
        if has_landed(point, retention.dr_accounts):
            return reasons | {point.arn: "the newest that landed"}
        said = retention.refused.get(point.arn) or retention.refused.get(point.name)
        reasons[point.arn] = "it has not landed" + (f": {said}" if said else "")
    return reasons


def has_landed(point: RecoveryPoint, dr_accounts: frozenset[str]) -> bool:
    """Whether it is marked as landed for each of these accounts; without any, for whichever."""
    if dr_accounts:
        return all(point.has_landed_in(account) for account in dr_accounts)
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
