# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options of snapshot_copy into what its pass is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..._core.copying.publish import PublishWish
from ..._core.errors import LifeboatError
from ..._core.sharing import check_accounts
from ..._core.words import read_time
from ..._pass.requests.publish import PublishRequest, StandInRequest
from ..arguments import read_limits, read_protection, read_request, read_selection, read_settings, read_store, read_tags

SHORTEST, LONGEST = 300, 366 * 86400  # seconds between two snapshots of a database
LIFE = 8760  # the most hours of a stand-in: a year


def read_publish(params: Mapping[str, Any]) -> PublishRequest:
    """Read the options of snapshot_copy.

    :raises LifeboatError: when an account, an interval, a limit, a time, the store or an exclusion is not valid.
    """
    return read_request(
        PublishRequest,
        params,
        limits=read_limits(params["max_in_flight"]),
        tags=read_tags(params["tags"]),
        store=read_store(params["store"]),
        wishes=read_settings(PublishWish, params, interval=read_interval),
        protection=read_protection(params),
        snapshot_time=read_snapshot_time(params["snapshot_time"]),
        share_with=check_accounts("share_with", params["share_with"], params["account_id"]),
        stand_in=read_stand_in(params["stand_in"]),
        selection=read_selection(params),
        settled=frozenset(params.get("settled") or ()),
    )


def read_snapshot_time(text: str | None) -> datetime | None:
    return None if text is None else read_time("Cannot choose recovery points by snapshot_time", text)


def read_interval(seconds: int) -> timedelta:
    """Read how much time lies between two snapshots.

    :raises LifeboatError: when it is so short that the next one would be due before the last one ends, or above a year.
    """
    what = f"Cannot take snapshots every {seconds} s"
    if seconds < SHORTEST:
        raise LifeboatError(what, why=f"it is below {SHORTEST}", remedy=f"Set interval to {SHORTEST} or more")
    if seconds > LONGEST:
        raise LifeboatError(what, why="that is more than a year", remedy=f"Set interval to {LONGEST} or less")
    return timedelta(seconds=seconds)


def read_stand_in(given: Mapping[str, Any] | None) -> StandInRequest | None:
    """Read how stand-ins are made.

    :raises LifeboatError: when they would expire at once, or later than in a year.
    """
    if given is None:
        return None
    if not 1 <= (hours := given["expire_hours"]) <= LIFE:
        why = f"a stand-in may live for 1 to {LIFE} hours"
        raise LifeboatError(f"Cannot use expire_hours {hours}", why=why, remedy=f"Set it to 1 to {LIFE}")
    return StandInRequest(
        subnet_group=given["subnet_group"],
        security_groups=tuple(given["security_groups"]),
        instance_class=given["instance_class"],
        expire_hours=given["expire_hours"],
    )
