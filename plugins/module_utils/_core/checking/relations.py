# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what is found under the names of tables. A restored database may have put something else in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..words import printable
from .checks import Check, Outcome, Table

TABLE = "table"
# They show rows of other tables of the same database.
VIEWS = ("view", "materialized view")


def why_not_declared(check: Check, kinds: Mapping[Table, str]) -> Outcome | None:
    """Judge the kinds of the relations that a check names, or return None if they are what was declared.

    :param kinds: what is there, in words. What is missing is not in it.
    """
    wanted = VIEWS if check.reads_views else (TABLE,)
    wrong = [f"{table} is not a {wanted[0]} but a {kind}" for table, kind in kinds.items() if kind not in wanted]
    return Outcome(check, "failed", "something else", printable("; ".join(wrong))) if wrong else None


def why_not_read(check: Check, read: Iterable[tuple[str, str]]) -> Outcome | None:
    """Judge what a query has read, or return None if it read only what was declared.

    :param read: the names of what is not a table, and what each is.
    """
    allowed = VIEWS if check.reads_views else ()
    wrong = [f"{name} is not a table but a {kind}" for name, kind in read if kind not in allowed]
    return Outcome(check, "failed", "something else", printable("; ".join(wrong))) if wrong else None


def why_computed(check: Check, columns: Iterable[str]) -> Outcome | None:
    """Judge the columns that the server computes whenever they are read, or return None if there are none."""
    wrong = ", ".join(columns)
    reason = f"computed when it is read, not stored: {wrong}"
    return Outcome(check, "failed", "something else", printable(reason)) if wrong else None
