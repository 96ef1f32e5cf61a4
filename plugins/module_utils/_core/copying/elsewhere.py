# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a site without databases: most likely its Region is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..errors import LifeboatError
from ..model import Database, RecoveryPoint
from ..naming import is_our_point


def is_empty(databases: Iterable[Database], points: Iterable[RecoveryPoint], prefix: str) -> bool:
    """Tell whether there is no database at a site, and nothing that an earlier run published."""
    return not list(databases) and not any(is_our_point(one, prefix) for one in points)


def nothing_here(place: str, elsewhere: Mapping[str, int], unseen: Iterable[str]) -> LifeboatError:
    """Describe a site without databases.

    :param place: its account and Region.
    :param elsewhere: how many database instances each other Region of the account has.
    :param unseen: the Regions that could not be looked at.
    """
    found = [f"{number} in {region}" for region, number in sorted(elsewhere.items()) if number]
    hidden = len(list(unseen))
    why = "it has no databases"
    if found:
        why += f"; database instances are: {', '.join(found)}"
    elif elsewhere:
        why += f", and neither have {len(elsewhere)} other Regions"
    if hidden:
        why += f"; {hidden} other Regions could not be looked at"
    remedy = "Correct the Region of the site, or set accept_empty to true (lifeboat_accept_empty) if that is meant"
    return LifeboatError(f"Cannot publish anything of {place}", why=why, remedy=remedy)


def nothing_known(place: str) -> str:
    """Warn that a site of which nothing is known is neither protected nor unprotected."""
    return f"There is no database in {place}: correct the Region of the site, unless that is meant."
