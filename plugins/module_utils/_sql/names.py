# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables, columns and values as SQLAlchemy takes them: every identifier quoted, every value a bind parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.checking.checks import Table

if TYPE_CHECKING:
    from sqlalchemy import ColumnClause, Connection, TableClause


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


def written(connection: Connection, table: Table) -> str:
    """The table's quoted name, for statements that SQLAlchemy has no words for."""
    return str(connection.dialect.identifier_preparer.format_table(table_of(table)))
