# SPDX-License-Identifier: GPL-3.0-or-later
"""The structure of a table, described in words that change only when the structure does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .._core.checking.answers import judge_structure, judge_tables
from .._core.checking.checks import Check, Outcome, brief
from .postgresql import is_postgresql, located

if TYPE_CHECKING:
    from sqlalchemy import Connection, Inspector


def ask_structure(connection: Connection, check: Check) -> Outcome:
    """Read the columns and indexes of a table, and judge them."""
    import sqlalchemy

    catalog = sqlalchemy.inspect(connection)
    place = located(check.table) if is_postgresql(connection) else check.table
    name, schema = place.name, place.schema
    if not catalog.has_table(name, schema=schema):
        return judge_tables(check, [])
    columns = catalog.get_columns(name, schema=schema)
    types = {brief(one["name"]): type_of(one["type"], connection) for one in columns}
    return judge_structure(check, types, dict(indexes_of(catalog, name, schema)))


def type_of(kind: Any, connection: Connection) -> str:
    """Describe the type of a column as in CREATE TABLE. Empty when SQLAlchemy does not know the type."""
    from sqlalchemy.exc import CompileError

    try:
        return brief(str(kind.compile(dialect=connection.dialect)))
    except CompileError:
        return ""


def indexes_of(catalog: Inspector, name: str, schema: str | None) -> Iterator[tuple[str, str]]:
    """List the indexes with their descriptions, the primary key first."""
    key = catalog.get_pk_constraint(name, schema=schema)
    if key and key["constrained_columns"]:
        yield brief(key["name"] or "PRIMARY"), brief(f"PRIMARY KEY ({', '.join(key['constrained_columns'])})")
    indexes: list[Mapping[str, Any]] = list(catalog.get_indexes(name, schema=schema))
    for index in sorted(indexes, key=lambda one: str(one["name"])):
        yield brief(str(index["name"])), brief(index_text(index))


def index_text(index: Mapping[str, Any]) -> str:
    """Describe an index: its uniqueness, its columns or expressions, and its condition."""
    parts = index.get("expressions") or index["column_names"]
    condition = index.get("dialect_options", {}).get("postgresql_where")
    kind = "UNIQUE " if index["unique"] else ""
    return f"{kind}({', '.join(str(part) for part in parts)})" + (f" WHERE {condition}" if condition else "")
