# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds tables, columns and values for SQLAlchemy. Every identifier is quoted, and every value is a bind parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.checking.checks import Table

if TYPE_CHECKING:
    from sqlalchemy import ColumnClause, Connection, TableClause


def table_of(table: Table) -> TableClause:
    """Build a table with quoted names."""
    import sqlalchemy
    from sqlalchemy.sql import quoted_name

    schema = quoted_name(table.schema, quote=True) if table.schema else None
    return sqlalchemy.table(quoted_name(table.name, quote=True), schema=schema)


def column_of(name: str) -> ColumnClause[Any]:
    """Build a column with a quoted name."""
    import sqlalchemy
    from sqlalchemy.sql import quoted_name

    return sqlalchemy.column(quoted_name(name, quote=True))


def value_of(value: str | None) -> Any:
    """Build a bind parameter without a type, so that the database converts the text to the type of the column."""
    import sqlalchemy

    if value is None:
        return sqlalchemy.null()
    return sqlalchemy.bindparam(None, value, type_=sqlalchemy.types.NullType())


def written(connection: Connection, table: Table) -> str:
    """Write the quoted name of a table, for statements that SQLAlchemy cannot build."""
    return str(connection.dialect.identifier_preparer.format_table(table_of(table)))
