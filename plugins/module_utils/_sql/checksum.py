# SPDX-License-Identifier: GPL-3.0-or-later
"""A digest of all rows of a table, computed by the server and independent of their order.

Each row is hashed, and 64 bits of the hashes are added up: nothing is sorted, and nothing is sent but two numbers. It
costs a full read of the table and a hash of each row. No damage stays hidden; who wants to deceive could find a way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.checking.answers import judge_checksum
from .._core.checking.checks import Check, Outcome
from .names import column_of, table_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Executable

WORD = 2**64
SEPARATOR, NULL = ",", "-"  # neither is a hexadecimal digit
# A row's text holds every column, quoted, and tells nothing from empty.
POSTGRESQL_HASH = "encode(sha256(convert_to(CAST(ROW(lifeboat.*) AS text), 'UTF8')), 'hex')"
POSTGRESQL_WORD = f"CAST(CAST('x' || substr({POSTGRESQL_HASH}, 1, 16) AS bit(64)) AS bigint)"
# SQLAlchemy would read a name with a backtick in it wrongly.
COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_name = :name AND table_schema = COALESCE(:schema, DATABASE()) ORDER BY ordinal_position
"""


def ask_checksum(connection: Connection, check: Check) -> Outcome:
    is_postgresql = connection.dialect.name == "postgresql"
    query = summed_by_postgresql(check) if is_postgresql else summed_by_mysql(connection, check)
    count, total = connection.execute(query).one()
    return judge_checksum(check, count, f"{int(total or 0) % WORD:016x}")


def summed_by_postgresql(check: Check) -> Executable:
    from sqlalchemy import Numeric, func, literal_column, select

    total = func.sum(literal_column(POSTGRESQL_WORD, Numeric()))
    return select(func.count(), total).select_from(table_of(check.table).alias("lifeboat"))


def summed_by_mysql(connection: Connection, check: Check) -> Executable:
    """Each column's bytes are hashed by themselves, whatever their character set and however many there are."""
    from sqlalchemy import cast, func, select, text
    from sqlalchemy.dialects.mysql import BIGINT

    names = {"name": check.table.name, "schema": check.table.schema}
    columns = connection.execute(text(COLUMNS), names).scalars().all()
    hashed = func.sha2(func.concat_ws(SEPARATOR, *map(part_of, columns)), 256)
    word = cast(func.conv(func.substr(hashed, 1, 16), 16, 10), BIGINT(unsigned=True))
    return select(func.count(), func.sum(word)).select_from(table_of(check.table))


def part_of(column: str) -> ColumnElement[str]:
    from sqlalchemy import BINARY, cast, func

    return func.coalesce(func.md5(cast(column_of(column), BINARY)), NULL)
