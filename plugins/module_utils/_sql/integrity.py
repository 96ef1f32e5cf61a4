# SPDX-License-Identifier: GPL-3.0-or-later
"""Integrity checks: what the engine itself finds about the files of a table.

PostgreSQL's amcheck only reads. MariaDB and MySQL allow CHECK TABLE in a read-only transaction. But storage engines
other than InnoDB note in the table's file that it was checked or is damaged, and InnoDB marks a damaged index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .._core.checking.answers import judge_integrity, judge_tables, not_offered
from .._core.checking.checks import Check, Outcome, Table
from .names import table_of, written

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST = 100  # problems that are read for one table
FINDING = "error"  # a finding of the storage engine; with "Error" in upper case it could not check the table
SOUND = ("OK", "Table is already up to date")
AMCHECK = """
SELECT n.nspname, EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = n.oid AND p.proname = 'verify_heapam')
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'
"""
TABLE = """
SELECT c.oid, c.relkind IN ('r', 'm') FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = CAST(:name AS name)
AND (n.nspname = CAST(:schema AS name) OR (CAST(:schema AS name) IS NULL AND pg_table_is_visible(c.oid)))
"""
INDEXES = """
SELECT i.indexrelid FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS a ON a.oid = c.relam
WHERE i.indrelid = CAST(:table AS oid) AND a.amname = 'btree' AND i.indisready AND i.indisvalid
"""


def ask_integrity(connection: Connection, check: Check) -> Outcome:
    """Check the integrity of the tables with what the engine offers."""
    return ask_amcheck(connection, check) if connection.dialect.name == "postgresql" else ask_tables(connection, check)


def ask_amcheck(connection: Connection, check: Check) -> Outcome:
    """Check every B-tree index, and that it contains every row.

    Since PostgreSQL 14, also check the tables' own pages.
    """
    from sqlalchemy import text

    found = connection.execute(text(AMCHECK)).one_or_none()
    if found is None:
        return not_offered(check, "the extension amcheck is not installed in this database")
    schema, has_heap = found
    found_tables = {table: looked_up(connection, table) for table in check.tables}
    present = {table: row for table, row in found_tables.items() if row}
    if len(present) < len(found_tables):
        return judge_tables(check, present)
    for table, (_oid, has_files) in present.items():
        if not has_files:
            return not_offered(check, f"{table} has no files of its own: list its partitions instead")
    oids = {table: oid for table, (oid, _has_files) in present.items()}
    amcheck = connection.dialect.identifier_preparer.quote_identifier(schema).replace(":", r"\:")
    indexes = sum(check_indexes(connection, amcheck, oid) for oid in oids.values())
    if not has_heap:
        return judge_integrity(check, indexes, [])
    problems = [each for table, oid in oids.items() for each in heap_problems(connection, amcheck, table, oid)]
    return judge_integrity(check, indexes + len(oids), problems)


def looked_up(connection: Connection, table: Table) -> tuple[int, bool] | None:
    """Find a table's OID, and whether it has files. Views and partitioned tables have none."""
    from sqlalchemy import text

    row = connection.execute(text(TABLE), {"name": table.name, "schema": table.schema}).first()
    return (row[0], row[1]) if row else None


def check_indexes(connection: Connection, amcheck: str, oid: int) -> int:
    """Check the indexes of a table, and return how many there are. The first broken one raises the driver's error."""
    from sqlalchemy import text

    indexes = connection.execute(text(INDEXES), {"table": oid}).scalars().all()
    for index in indexes:
        connection.execute(text(f"SELECT {amcheck}.bt_index_check(CAST(:index AS oid), true)"), {"index": index})
    return len(indexes)


def heap_problems(connection: Connection, amcheck: str, table: Table, oid: int) -> list[str]:
    """List the problems in the pages of a table."""
    from sqlalchemy import text

    query = text(f"SELECT blkno, msg FROM {amcheck}.verify_heapam(CAST(:table AS oid)) LIMIT {MOST}")
    return [f"{table}, page {page}: {what}" for page, what in connection.execute(query, {"table": oid})]


def ask_tables(connection: Connection, check: Check) -> Outcome:
    """Check each table with one CHECK TABLE statement.

    MariaDB's max_statement_time is switched off for it, because an interrupted CHECK TABLE reports OK (MariaDB 10.11).
    A statement that takes too long is cut off from this side.
    """
    no_limit = "SET STATEMENT max_statement_time = 0 FOR " if getattr(connection.dialect, "is_mariadb", False) else ""
    problems: list[str] = []
    untold: list[str] = []
    for table in check.tables:
        rows = connection.exec_driver_sql(f"{no_limit}CHECK TABLE {written(connection, table)}").all()
        found = [f"{table}: {words}" for _table, _check, kind, words in rows if kind == FINDING]
        problems += found[:MOST]
        if not found and not is_sound(rows):
            probe(connection, table)
            untold.append(f"{table}: {rows[0][3]}" if rows else f"{table}: no answer")
    if untold and not problems:
        return not_offered(check, untold[0])
    return judge_integrity(check, len(check.tables), problems)


def is_sound(rows: Sequence[Any]) -> bool:
    """Tell whether the server reports a table as sound, or as unchanged since it was found sound."""
    return any(kind == "status" and words in SOUND for _table, _check, kind, words in rows)


def probe(connection: Connection, table: Table) -> None:
    """Read from a table that could not be checked, so that its error is raised.

    CHECK TABLE reports no error code, for example when the table is missing or locked.
    """
    from sqlalchemy import literal_column, select

    connection.execute(select(literal_column("1")).select_from(table_of(table)).limit(1))
