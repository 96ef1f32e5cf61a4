# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The statements that the checks run. SQLAlchemy quotes every identifier, and every value is a bind parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .._core.checks import (
    Check,
    Outcome,
    Table,
    judge_canary,
    judge_freshness,
    judge_rows,
    judge_tables,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnClause, Connection, TableClause


def ask_connection(connection: Connection, check: Check) -> Outcome:
    version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    return Outcome(check, "passed", f"{connection.dialect.name} {version}")


def ask_tables(connection: Connection, check: Check) -> Outcome:
    import sqlalchemy

    catalog = sqlalchemy.inspect(connection)
    present = [table for table in check.tables if catalog.has_table(table.name, schema=table.schema)]
    return judge_tables(check, present)


def ask_rows(connection: Connection, check: Check) -> Outcome:
    import sqlalchemy

    query = sqlalchemy.select(sqlalchemy.func.count()).select_from(table_of(check.table))
    return judge_rows(check, connection.execute(query).scalar_one())


def ask_freshness(connection: Connection, check: Check) -> Outcome:
    import sqlalchemy

    newest = sqlalchemy.func.max(column_of(check.column))
    query = sqlalchemy.select(newest, sqlalchemy.func.now()).select_from(table_of(check.table))
    return judge_freshness(check, *connection.execute(query).one())


def ask_canary(connection: Connection, check: Check) -> Outcome:
    import sqlalchemy

    conditions = [column_of(name) == value_of(value) for name, value in check.where.items()]
    query = sqlalchemy.select(column_of(check.column)).select_from(table_of(check.table)).where(*conditions)
    return judge_canary(check, connection.execute(query.limit(2)).scalars().all())


ASK: Mapping[str, Callable[[Connection, Check], Outcome]] = {
    "connection": ask_connection,
    "tables": ask_tables,
    "rows": ask_rows,
    "freshness": ask_freshness,
    "canary": ask_canary,
}


def table_of(table: Table) -> TableClause:
    import sqlalchemy
    from sqlalchemy.sql import quoted_name

    schema = quoted_name(table.schema, quote=True) if table.schema else None
    return sqlalchemy.table(quoted_name(table.name, quote=True), schema=schema)


def column_of(name: str) -> ColumnClause[Any]:
    import sqlalchemy
    from sqlalchemy.sql import quoted_name

    return sqlalchemy.column(quoted_name(name, quote=True))


def value_of(value: str | None) -> Any:
    """A bind parameter without a type, so that the database reads the text as what the column holds."""
    import sqlalchemy

    if value is None:
        return sqlalchemy.null()
    return sqlalchemy.bindparam(None, value, type_=sqlalchemy.types.NullType())
