# SPDX-License-Identifier: GPL-3.0-or-later
"""The checksum of a table: computed by the server over all rows, and independent of their order.

Each row is hashed, and 64 bits of the hashes are added up. So nothing is sorted, and the server sends only two numbers.
It costs a full read of the table and one hash per row. It finds any accidental damage, but does not withstand
deliberate forgery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.checking.answers import judge_checksum
from .._core.checking.checks import Check, Outcome
from .names import column_of, table_of
from .postgresql import is_postgresql, quoted

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Executable

WORD = 2**64
SEPARATOR, NULL = ",", "-"  # neither is a hexadecimal digit
# The text of a row contains all columns, quoted, and NULL differs from an empty text.
POSTGRESQL_BYTES = "pg_catalog.convert_to(CAST(ROW(lifeboat.*) AS pg_catalog.text), 'UTF8')"
POSTGRESQL_HASH = f"pg_catalog.encode(pg_catalog.sha256({POSTGRESQL_BYTES}), 'hex')"
POSTGRESQL_BITS = f"'x' OPERATOR(pg_catalog.||) pg_catalog.substr({POSTGRESQL_HASH}, 1, 16)"
POSTGRESQL_WORD = f"CAST(CAST({POSTGRESQL_BITS} AS bit(64)) AS bigint)"  # the names of types that SQL reserves
# Read from the catalogue, because SQLAlchemy's inspection fails on names with a backtick.
COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_name = :name AND table_schema = COALESCE(:schema, DATABASE()) ORDER BY ordinal_position
"""


def ask_checksum(connection: Connection, check: Check) -> Outcome:
    """Compute the checksum of a table, and judge it."""
    query = summed_by_postgresql(connection, check) if is_postgresql(connection) else summed_by_mysql(connection, check)
    count, total = connection.execute(query).one()
    return judge_checksum(check, count, f"{int(total or 0) % WORD:016x}")


def summed_by_postgresql(connection: Connection, check: Check) -> Executable:
    """Build the query for PostgreSQL: the number of rows, and the sum of their hashes."""
    from sqlalchemy import text

    table = quoted(connection, check.table)
    return text(f"SELECT pg_catalog.count(*), pg_catalog.sum({POSTGRESQL_WORD}) FROM {table} AS lifeboat")


def summed_by_mysql(connection: Connection, check: Check) -> Executable:
    """Build the query for MariaDB and MySQL: the number of rows, and the sum of their hashes.

    The bytes of each column are hashed first, so neither character sets nor the number of columns matter.
    """
    from sqlalchemy import cast, func, select, text
    from sqlalchemy.dialects.mysql import BIGINT

    names = {"name": check.table.name, "schema": check.table.schema}
    columns = connection.execute(text(COLUMNS), names).scalars().all()
    hashed = func.sha2(func.concat_ws(SEPARATOR, *map(part_of, columns)), 256)
    word = cast(func.conv(func.substr(hashed, 1, 16), 16, 10), BIGINT(unsigned=True))
    return select(func.count(), func.sum(word)).select_from(table_of(check.table))


def part_of(column: str) -> ColumnElement[str]:
    """Hash the bytes of one column. NULL has its own sign."""
    from sqlalchemy import BINARY, cast, func

    return func.coalesce(func.md5(cast(column_of(column), BINARY)), NULL)
