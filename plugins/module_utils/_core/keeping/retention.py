# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides which recovery points are kept and which are deleted, each with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from ..arns import account_of
from ..model import (
    DRILL,
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
from ..naming import Lineage, is_of_unknown_origin, own_lineage, why_time_not_believed
from .floor import FLOOR, Floor, why_in_floor
from .marks import verified_at
from .policy import Policy, Standing, standings, why_not_wanted, why_wanted

OVERTAKEN = "overtaken by a newer one that landed"
RECOVERED = "a database that was recovered from it exists here"
DRILLED = "a drill's database that was restored from it exists here"
UNDECLARED = "no retention is declared"
UNKNOWN_ORIGIN = "nobody knows from which account it comes: neither its source nor our tag fits its name"
# A source site needs no declared retention, because the DR site keeps the history.
SOURCE_POLICY = Policy()

Named = tuple[Lineage, RecoveryPoint]


@dataclass(frozen=True, slots=True)
class Retention:
    """Hold all that decides which recovery points of an account stay."""

    prefix: str
    account: str
    now: datetime
    policy_of: Callable[[RecoveryPoint], Policy | None]  # None: no retention is declared for it
    # a published copy must land in all of them; if there are none, in any account
    dr_accounts: frozenset[str] = frozenset()
    # by ARN or name: why a DR site did not take a published copy
    refused: Mapping[str, str] = field(default_factory=dict)
    released: frozenset[str] = frozenset()  # names of recovery points that the user released
    # by name of a recovery point from which a database was restored that exists here: what that is
    recovered: Mapping[str, str] = field(default_factory=dict)
    floor_of: Callable[[RecoveryPoint], Floor] = lambda _point: FLOOR  # at a DR site


@dataclass(frozen=True, slots=True)
class Ruling:
    """The decision about one recovery point, with the reason."""

    point: RecoveryPoint
    reason: str
    keep: bool = True
    counts: bool = False  # whether it goes because of a declared retention, so that bound.py counts it


def ours(points: Iterable[RecoveryPoint], prefix: str) -> list[Named]:
    """List our recovery points, grouped by database, newest first. One without a time of AWS is never the newest."""
    named = [(own_lineage(point, prefix), point) for point in points]
    mine = [(lineage, point) for lineage, point in named if lineage is not None]
    return sorted(mine, key=lambda one: (one[0].origin, *recency(one), one[1].arn), reverse=True)


def recency(one: Named) -> tuple[bool, datetime]:
    """Order recovery points by their time. Those of which AWS shows none are older than all others."""
    return one[1].known_time is not None, one[0].original


def judge(points: Iterable[RecoveryPoint], retention: Retention) -> list[Ruling]:
    """Decide about each of our recovery points.

    They are either published copies of this account's own databases, or copies that landed here.
    """
    known = list(points)
    rulings = [Ruling(one, UNKNOWN_ORIGIN) for one in known if is_of_unknown_origin(one, retention.prefix)]
    for _origin, group in groupby(ours(known, retention.prefix), key=lambda one: one[0].origin):
        rulings += judge_database(list(group), retention)
    return rulings


def undeclared(rulings: Iterable[Ruling]) -> int:
    """Count the databases that keep recovery points because no retention is declared."""
    return len({(one.point.database_kind, one.point.database) for one in rulings if one.reason == UNDECLARED})


def judge_database(rows: list[Named], retention: Retention) -> list[Ruling]:
    """Decide about the recovery points of one database.

    Recovery points that are deleted in any case, or of which AWS does not show enough, do not count toward its
    retention, and protect no other.
    """
    available = [one for one in rows if one[1].is_available and not is_leaving(one[1], retention)]
    finished = [one for one in available if why_unknown(*one) is None]
    is_source = any(is_published_by(retention.account, point) for _lineage, point in rows)
    protected = source_reasons(finished, retention) if is_source else dr_reasons(finished, retention)
    ranks = ranks_of(finished)
    floor = {} if is_source else floor_reasons(finished, retention)
    return [
        Ruling(point, reason)
        if (reason := why_held(point) or protected.get(point.arn))
        else weigh(point, lineage, ranks, retention, floor.get(point.arn), is_source=is_source)
        for lineage, point in rows
    ]


def ranks_of(rows: Iterable[Named]) -> dict[Lineage, Standing]:
    """Rank recovery points of one database, of which AWS shows when they were made."""
    return standings((lineage, point.arrived) for lineage, point in rows if point.arrived)


def is_leaving(point: RecoveryPoint, retention: Retention) -> bool:
    """Tell whether a recovery point does not count toward the retention of its database.

    Intermediates do not count, nor released ones, unless something holds them.
    """
    return STAGE in point.tags or (point.name in retention.released and why_held(point) is None)


def is_published_by(account: str, point: RecoveryPoint) -> bool:
    """Tell whether this account published the snapshot, because its database is in the account.

    Otherwise it landed here. The tag that names the database has no say: at a DR site it comes from a manifest.
    """
    return point.origin_account == account


def weigh(
    point: RecoveryPoint,
    lineage: Lineage,
    ranks: Mapping[Lineage, Standing],
    retention: Retention,
    in_floor: str | None,
    *,
    is_source: bool,
) -> Ruling:
    """Decide about a recovery point that nothing protects but a policy, or the floor below it.

    :param in_floor: why it belongs to the floor, or None.
    """
    if point.name in retention.released:
        return Ruling(point, "released by name", keep=False)
    declared = retention.policy_of(point)
    policy = declared or (SOURCE_POLICY if is_source else None)
    if policy is None:
        return Ruling(point, UNDECLARED)
    if not point.is_available:
        return Ruling(point, f"{point.status}: nothing can be restored from it", keep=False)
    if unknown := why_unknown(lineage, point):
        return Ruling(point, unknown)
    if reason := why_wanted(policy, ranks[lineage], lineage.original, retention.now) or in_floor:
        return Ruling(point, reason)
    reason = why_not_wanted(policy)
    # At the source, a copy that has not landed is protected until a newer one has landed.
    is_overtaken = is_source and not has_landed(point, retention.dr_accounts)
    shown = f"{OVERTAKEN}; {reason}" if is_overtaken else reason
    counts = declared is not None and not (is_source and is_passing(point, retention.now))
    return Ruling(point, shown, keep=False, counts=counts)


def why_unknown(lineage: Lineage, point: RecoveryPoint) -> str | None:
    """Explain what AWS does not confirm of an available snapshot that decides about it, or return None if it does.

    Such a snapshot stays, and counts for no other.
    """
    if reason := why_time_not_believed(lineage, point):
        return reason
    if point.encrypted and point.kms_key_id is None:
        return "AWS does not say under which key it is"
    return None


def is_passing(point: RecoveryPoint, now: datetime) -> bool:
    """Tell whether a published copy is so young that it is rather on its way than kept.

    Of these, all but the newest may go at once, after a weekend in which the DR site took nothing.
    """
    return point.known_time is not None and now - point.known_time < FLOOR.min_age


def why_held(point: RecoveryPoint) -> str | None:
    """Find what holds a recovery point against every policy and every release, or return None when nothing does."""
    if point.is_in_progress or point.status in ("deleting", "deleted"):
        return point.status
    if RETAIN in point.tags:
        return f"it has a {RETAIN} tag"
    if STAGE in point.tags:
        return "an intermediate: the module that made it removes it"
    return None


def recovered_from(databases: Iterable[Database]) -> dict[str, str]:
    """Find the recovery points from which databases that exist here were restored, by name, each with the reason.

    Those of recoveries are kept, because they contain data from before the damage, and may be needed again. Those of
    drills are kept until the drill is over: AWS may still read them, and the drill marks them.
    """
    tags = [one.tags for one in databases if RECOVERY_POINT in one.tags]
    by_purpose = ((DRILL, DRILLED), (RECOVERY, RECOVERED))
    return {one[RECOVERY_POINT]: why for purpose, why in by_purpose for one in tags if one.get(PURPOSE) == purpose}


def dr_reasons(finished: list[Named], retention: Retention) -> dict[str, str]:
    """Find what the DR site never deletes, with the reason by ARN.

    That is the newest landed recovery point of a database, the last verified one, and those from which existing
    databases were restored.

    :param finished: the available recovery points of one database, newest first.
    """
    landed = [point for _lineage, point in finished if is_under_own_key(point)]
    recovered = retention.recovered
    reasons = {point.arn: recovered[point.name] for _lineage, point in finished if point.name in recovered}
    reasons |= verified_reasons(landed, retention)
    return reasons | {point.arn: "the newest that landed" for point in landed[:1]}


def verified_reasons(landed: Iterable[RecoveryPoint], retention: Retention) -> dict[str, str]:
    """Find the last verified recovery point of a database, and the one before while the mark of the last is young.

    A drill of today may have verified what was poisoned yesterday.

    :param landed: newest first.
    """
    reasons: dict[str, str] = {}
    for point in landed:
        if VERIFIED in point.tags:
            reasons[point.arn] = "verified before the last one" if reasons else "the last verified one"
            marked = verified_at(point)
            if marked is not None and retention.now - marked >= retention.floor_of(point).min_age:
                break
    return reasons


def floor_reasons(finished: list[Named], retention: Retention) -> dict[str, str]:
    """Find what belongs to the floor of a database, with the reason by ARN.

    :param finished: the available recovery points of one database, newest first.
    """
    landed = [one for one in finished if is_under_own_key(one[1])]
    ranks, last = ranks_of(landed), Standing(len(landed))
    why = {
        point.arn: why_in_floor(retention.floor_of(point), point, ranks.get(lineage, last).position, retention.now)
        for lineage, point in finished
    }
    return {arn: reason for arn, reason in why.items() if reason}


def is_under_own_key(point: RecoveryPoint) -> bool:
    """Tell whether a snapshot is under a key of its own account, or not encrypted.

    A snapshot under another account's key is lost together with that account, so it protects nothing.
    """
    key = point.kms_key_id
    return key is None or not key.startswith("arn:") or account_of(key) == point.account


def source_reasons(finished: list[Named], retention: Retention) -> dict[str, str]:
    """Find what the source never deletes, with the reason by ARN.

    That is the newest published copy that landed, and all newer ones, which have not landed yet. So the newest one of
    all is always protected. An older copy that has not landed is not protected: it has been overtaken.

    :param finished: the available recovery points of one database, newest first.
    """
    reasons: dict[str, str] = {}
    for _lineage, point in finished:
        if has_landed(point, retention.dr_accounts):
            return reasons | {point.arn: "the newest that landed"}
        said = retention.refused.get(point.arn) or retention.refused.get(point.name)
        reasons[point.arn] = "it has not landed" + (f": {said}" if said else "")
    return reasons


def has_landed(point: RecoveryPoint, dr_accounts: frozenset[str]) -> bool:
    """Tell whether it is marked as landed in each of these accounts, or in any account when the set is empty."""
    if dr_accounts:
        return all(point.has_landed_in(account) for account in dr_accounts)
    return any(tag.startswith(f"{LANDED}:") for tag in point.tags)


def retirements(
    points: Iterable[RecoveryPoint], prefix: str, own: str, landed: Mapping[str, Mapping[str, str]]
) -> list[tuple[RecoveryPoint, str, str]]:
    """List the published copies that landed and are not marked as landed yet, each with the DR account and the time.

    :param own: this account, which published them.
    :param landed: for each DR account, the time at which each name landed.
    """
    published = [point for _lineage, point in ours(points, prefix) if is_published_by(own, point)]
    return [
        (point, account, times[point.name])
        for account, times in sorted(landed.items())
        for point in published
        if point.name in times and point.is_available and not point.has_landed_in(account)
    ]


def with_marks(points: Iterable[RecoveryPoint], retired: Mapping[str, Iterable[str]]) -> list[RecoveryPoint]:
    """Predict the recovery points with the marks that retiring sets on them.

    :param retired: by ARN, the DR accounts in which the copy landed.
    """
    marks = {arn: {f"{LANDED}:{account}": "now" for account in accounts} for arn, accounts in retired.items()}
    return [replace(point, tags={**point.tags, **marks.get(point.arn, {})}) for point in points]
