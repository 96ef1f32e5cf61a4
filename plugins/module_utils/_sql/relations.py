# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out whether the relations of a check are what was declared, before a check believes what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.checking.checks import Check, Outcome
from .._core.checking.relations import why_computed, why_not_declared
from . import mysql, postgresql

if TYPE_CHECKING:
    from sqlalchemy import Connection

UNASKED = ("connection", "query", "integrity")
KNOWN = ("postgresql", "mysql", "mariadb")


def why_disbelieved(connection: Connection, check: Check) -> Outcome | None:
    """Find a reason not to believe the relations of a check, or return None. What is missing is told by the check."""
    if check.kind in UNASKED or connection.dialect.name not in KNOWN:
        return None
    engine = postgresql if postgresql.is_postgresql(connection) else mysql
    kinds = {table: kind for table in check.tables if (kind := engine.kind_of(connection, table))}
    if wrong := why_not_declared(check, kinds):
        return wrong
    if not check.column or check.reads_views:
        return None
    computed = frozenset(engine.computed_columns(connection, check.table))
    return why_computed(check, [name for name in (check.column, *check.where) if name in computed])
