# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell whether recovery points would survive the loss of a Region."""

from __future__ import annotations

from collections.abc import Iterable

SHOWN = 3  # databases that are named


def in_one_region(origins: Iterable[str | None], account: str, region: str) -> list[str]:
    """Warn, once, of recovery points in the Region where their databases are, in another account.

    It is allowed: they survive the loss of the account.

    :param origins: the ARNs of the databases that the recovery points of a site were taken from.
    :param account: the account of the site.
    :param region: its Region.
    """
    places = [arn.split(":", 6) for arn in origins if arn and arn.count(":") >= 6]
    names = sorted({place[6] for place in places if place[3] == region and place[4] != account})
    if not names:
        return []
    more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    *first, last = [*names[:SHOWN], *more]
    named = f"{', '.join(first)} and {last}" if first else last
    return [
        f"The recovery points of {named} are in {region}, where the databases are: an outage of that Region would take "
        "both. Choose another Region for the DR site."
    ]
