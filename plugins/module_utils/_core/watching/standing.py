# SPDX-License-Identifier: GPL-3.0-or-later
"""How each database stands: the age that counts, its state, and why it is not protected."""

from __future__ import annotations

from datetime import datetime
from operator import itemgetter
from typing import Any, Literal

from ..arns import region_of
from ..inventory.protection import Protection, exemption_of
from ..model import OUR_TAGS, RecoveryPoint, iso
from ..recipe import tells_class
from .coverage import Coverage, View, has_landed_here

State = Literal["protected", "unprotected", "history", "excluded", "replica"]
NOTHING_SAID = Protection()


def describe(
    coverage: Coverage, view: View, rpo: int | None, now: datetime, said: Protection = NOTHING_SAID
) -> dict[str, Any]:
    """Build the result of recovery_point_info for one database. Ages are in seconds.

    :param said: what the inventory says about protecting it.
    """
    age, reason = protection(coverage, view, rpo, now)
    if reason and coverage.trouble:
        reason = f"{reason}. {coverage.trouble}"
    state, why = state_of(coverage, said, reason)
    return {
        "database": coverage.identifier,
        "kind": coverage.kind,
        "engine": coverage.engine,
        "database_arn": coverage.arn,
        "account_id": coverage.origin.account,
        "region": region_of(coverage.arn) if coverage.arn else None,
        "digest": coverage.origin.digest,
        "tags": {key: value for key, value in coverage.tags.items() if not key.startswith(OUR_TAGS)},
        "exists": coverage.exists,
        "newest": {place: shown(*one, now) for place, one in sorted(coverage.newest.items())},
        "oldest": shown(*coverage.oldest, now) if coverage.oldest else None,
        "last_verified": shown_verified(*coverage.verified, now) if coverage.verified else None,
        "in_flight": coverage.in_flight,
        "age_seconds": age,
        "rpo": rpo,
        "state": state,
        "replica_of": coverage.replica_of,
        "recipe": tells_recipe(coverage, view),
        "protected": {"protected": True, "unprotected": False}.get(state),
        "reason": why,
    }


def state_of(coverage: Coverage, said: Protection, reason: str | None) -> tuple[State, str | None]:
    """Find the state of a database, and why it is not protected.

    :param reason: why what it has is not good enough, or None if it is.
    """
    if exemption := exemption_of(said, coverage.replica_of):
        return exemption
    if coverage.is_history:
        return "history", "gone, and never published from here: only snapshots that others made are left of it"
    return ("protected", None) if reason is None else ("unprotected", reason)


def tells_recipe(coverage: Coverage, view: View) -> bool | None:
    """Tell whether the newest recovery point that landed here tells how its database was configured.

    None where that is not to be known: at a source site, and without a recovery point of ours.
    """
    landed = [] if view.dr_accounts else [one for one in coverage.newest.values() if has_landed_here(one[1], view)]
    newest = max(landed, key=itemgetter(0), default=None)
    return None if newest is None else tells_class(newest[1])


def shown(original: datetime, point: RecoveryPoint, now: datetime) -> dict[str, Any]:
    """Build the part of the result about one recovery point."""
    return {
        "name": point.name,
        "arn": point.arn,
        "original_time": iso(original),
        "age_seconds": seconds_between(original, now),
        "database_arn": point.database_arn,
    }


def shown_verified(verified: datetime, point: RecoveryPoint, now: datetime) -> dict[str, Any]:
    """Build the part of the result about the last verified recovery point."""
    return {
        "time": iso(verified),
        "age_seconds": seconds_between(verified, now),
        "name": point.name,
        "arn": point.arn,
    }


def protection(coverage: Coverage, view: View, rpo: int | None, now: datetime) -> tuple[int | None, str | None]:
    """Find the age that counts, in seconds, and why the database is unprotected, or None if it is protected.

    With several DR accounts, the oldest age counts, and there is none if one account has nothing.
    """
    if not view.dr_accounts:
        age = age_of(coverage.newest_here(view.account), now)
        return age, why_unprotected(age, rpo, "it has no finished recovery point here", "its newest recovery point")
    ages = {account: age_of(coverage.newest_landed(account), now) for account in sorted(view.dr_accounts)}
    # No new recovery points can come of a deleted database, so their age does not matter.
    limit = rpo if coverage.exists else None
    reasons = [
        why_unprotected(age, limit, f"nothing of it has landed in {account}", f"the newest that landed in {account}")
        for account, age in ages.items()
    ]
    known = [age for age in ages.values() if age is not None]
    worst = max(known) if len(known) == len(ages) else None
    return worst, "; ".join(reason for reason in reasons if reason) or None


def why_unprotected(age: int | None, rpo: int | None, nothing: str, newest: str) -> str | None:
    """Explain why the age of the newest recovery point is not good enough, or return None if it is."""
    if age is None:
        return nothing
    if rpo is not None and age > rpo:
        return f"{newest} is {age} s old, and the objective is {rpo} s"
    return None


def age_of(original: datetime | None, now: datetime) -> int | None:
    """Compute the age of a recovery point in seconds."""
    return None if original is None else seconds_between(original, now)


def seconds_between(original: datetime, now: datetime) -> int:
    """Compute the whole seconds between two times. No age is negative."""
    return max(0, int((now - original).total_seconds()))
