# SPDX-License-Identifier: GPL-3.0-or-later
"""Which known name a misspelt one may have been meant for."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

CLOSE = 2  # letters: nearer than what difflib, which looks for long parts in common, may prefer


def distance(one: str, other: str, most: int) -> int:
    """Count the letters to add, drop, change or swap with their neighbour that make one text the other.

    :param most: what is farther than this counts as one more than it, whatever it really is.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    above: list[int] = []
    previous: list[int] = []
    row = list(range(len(other) + 1))
    for line, letter in enumerate(one, 1):
        above, previous, row = previous, row, [line]
        for column, wanted in enumerate(other, 1):
            cost = min(previous[column] + 1, row[-1] + 1, previous[column - 1] + (letter != wanted))
            if line > 1 and column > 1 and letter == other[column - 2] and one[line - 2] == wanted:
                cost = min(cost, above[column - 2] + 1)
            row.append(cost)
        if min(*row, *previous) > most:  # a swap of two letters leaps over one row
            return most + 1
    return min(row[-1], most + 1)


def hint(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like this one, or None where none is like it at all."""
    names = list(known)
    near = [(away, one) for one in names if (away := distance(name, one, CLOSE)) <= CLOSE and away < len(name)]
    nearest = [one for away, one in near if away == min(near)[0]]
    return next(iter(get_close_matches(name, nearest or names, n=1)), nearest[0] if nearest else None)


def remedy_for(name: str, known: Iterable[str], otherwise: str) -> str:
    """Ask whether the most similar name was meant; where there is none, say what else to do."""
    near = hint(name, known)
    return f"Did you mean '{near}'?" if near else otherwise
