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
from .postgresql import is_postgresql, place_of, quoted_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST = 100  # problems that are read for one table
MOST_WORDS = 500  # characters of a problem
FINDING = "error"  # a finding of the storage engine; with "Error" in upper case it could not check the table
SOUND = ("OK", "Table is already up to date")
# Functions by these names that are not the library's could be called instead of it.
AMCHECK = """
SELECT n.nspname, COALESCE(pg_catalog.bool_or(p.proname OPERATOR(pg_catalog.=) 'verify_heapam'), false),
    COALESCE(pg_catalog.bool_and(p.probin OPERATOR(pg_catalog.=) '$libdir/amcheck'), false)
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
LEFT JOIN (
    SELECT f.pronamespace, f.proname, COALESCE(f.probin, '') AS probin FROM pg_catalog.pg_proc AS f
    WHERE f.proname OPERATOR(pg_catalog.=) ANY (CAST(ARRAY['bt_index_check', 'verify_heapam'] AS pg_catalog.name[]))
) AS p ON p.pronamespace OPERATOR(pg_catalog.=) n.oid
WHERE e.extname OPERATOR(pg_catalog.=) 'amcheck' GROUP BY n.nspname
"""
TABLE = """
SELECT c.oid, CAST(c.relkind AS pg_catalog.text) OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'm'])
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relname OPERATOR(pg_catalog.=) CAST(:name AS pg_catalog.name)
AND n.nspname OPERATOR(pg_catalog.=) CAST(:schema AS pg_catalog.name)
"""
INDEXES = """
SELECT i.indexrelid FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_am AS a ON a.oid OPERATOR(pg_catalog.=) c.relam
WHERE i.indrelid OPERATOR(pg_catalog.=) CAST(:table AS pg_catalog.oid)
AND a.amname OPERATOR(pg_catalog.=) 'btree' AND i.indisready AND i.indisvalid
"""


def ask_integrity(connection: Connection, check: Check) -> Outcome:
    """Check the integrity of the tables with what the engine offers."""
    return ask_amcheck(connection, check) if is_postgresql(connection) else ask_tables(connection, check)


def ask_amcheck(connection: Connection, check: Check) -> Outcome:
    """Check every B-tree index, and that it contains every row.

    Since PostgreSQL 14, also check the tables' own pages.
    """
    from sqlalchemy import text

    found = connection.execute(text(AMCHECK)).one_or_none()
    if found is None:
        return not_offered(check, "the extension amcheck is not installed in this database")
    schema, has_heap, is_library = found
    if not is_library:
        return not_offered(check, f"the schema {schema} has functions of its own by the names of amcheck's")
    found_tables = {table: looked_up(connection, table) for table in check.tables}
    present = {table: row for table, row in found_tables.items() if row}
    if len(present) < len(found_tables):
        return judge_tables(check, present)
    for table, (_oid, has_files) in present.items():
        if not has_files:
            return not_offered(check, f"{table} has no files of its own: list its partitions instead")
    oids = {table: oid for table, (oid, _has_files) in present.items()}
    amcheck = quoted_name(connection, schema)
    indexes = sum(check_indexes(connection, amcheck, oid) for oid in oids.values())
    if not has_heap:
        return judge_integrity(check, indexes, [])
    problems = [each for table, oid in oids.items() for each in heap_problems(connection, amcheck, table, oid)]
    return judge_integrity(check, indexes + len(oids), problems)


def looked_up(connection: Connection, table: Table) -> tuple[int, bool] | None:
    """Find a table's OID, and whether it has files. Views and partitioned tables have none."""
    from sqlalchemy import text

    row = connection.execute(text(TABLE), place_of(table)).first()
    return (row[0], row[1]) if row else None


def check_indexes(connection: Connection, amcheck: str, oid: int) -> int:
    """Check the indexes of a table, and return how many there are. The first broken one raises the driver's error."""
    from sqlalchemy import text

    indexes = connection.execute(text(INDEXES), {"table": oid}).scalars().all()
    for index in indexes:
        connection.execute(
            text(f"SELECT {amcheck}.bt_index_check(CAST(:index AS pg_catalog.regclass), true)"), {"index": index}
        )
    return len(indexes)


def heap_problems(connection: Connection, amcheck: str, table: Table, oid: int) -> list[str]:
    """List the problems in the pages of a table."""
    from sqlalchemy import text

    query = text(
        f"SELECT blkno, pg_catalog.left(msg, {MOST_WORDS}) "
        f"FROM {amcheck}.verify_heapam(CAST(:table AS pg_catalog.regclass)) LIMIT {MOST}"
    )
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
