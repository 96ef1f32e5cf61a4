# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""A digest of all rows of a table, computed by the server and independent of their order.

Each row is hashed, and the hashes are added up: nothing is sorted, and nothing is sent but four numbers. It costs a
full read of the table and a hash of each row. No damage stays hidden; somebody who wants to deceive could find a way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.checks import Check, Outcome
from .._core.judging import judge_checksum
from .names import column_of, table_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Executable, Label, Subquery

WORD = 2**64
SEPARATOR, NULL = ",", "-"  # neither is a hexadecimal digit
# 64 bits of a row's hash as a number.
POSTGRESQL_WORD = "CAST(CAST('x' || substr(hash, {start}, 16) AS bit(64)) AS bigint)"
# SQLAlchemy would read a name with a backtick in it wrongly.
COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_name = :name AND table_schema = COALESCE(:schema, DATABASE()) ORDER BY ordinal_position
"""
MYSQL_WORD = "CAST(CONV(SUBSTR(hash, {start}, 16), 16, 10) AS UNSIGNED)"


def ask_checksum(connection: Connection, check: Check) -> Outcome:
    if connection.dialect.name == "postgresql":
        query = summed(postgresql_hashes(check), POSTGRESQL_WORD)
    else:
        query = summed(mysql_hashes(connection, check), MYSQL_WORD)
    count, hashed, high, low = connection.execute(query).one()
    if count != hashed:
        return Outcome(check, "unverified", reason=f"the server could not hash {count - hashed} rows")
    return judge_checksum(check, count, f"{int(high or 0) % WORD:016x}{int(low or 0) % WORD:016x}")


def summed(hashes: Subquery, word: str) -> Executable:
    from sqlalchemy import Numeric, func, literal_column, select

    high, low = (func.sum(literal_column(word.format(start=start), Numeric())) for start in (1, 17))
    return select(func.count(), func.count(literal_column("hash")), high, low).select_from(hashes)


def postgresql_hashes(check: Check) -> Subquery:
    """A row's text holds every column, quoted, and tells nothing from empty."""
    from sqlalchemy import literal_column, select

    text = "convert_to(CAST(ROW(lifeboat.*) AS text), 'UTF8')"
    hashed: Label[str] = literal_column(f"encode(sha256({text}), 'hex')").label("hash")
    return select(hashed).select_from(table_of(check.table).alias("lifeboat")).subquery()


def mysql_hashes(connection: Connection, check: Check) -> Subquery:
    """Each column's bytes are hashed by themselves, whatever their character set and however many there are."""
    from sqlalchemy import func, select, text

    names = {"name": check.table.name, "schema": check.table.schema}
    columns = connection.execute(text(COLUMNS), names).scalars().all()
    hashed = func.sha2(func.concat_ws(SEPARATOR, *map(part_of, columns)), 256)
    return select(hashed.label("hash")).select_from(table_of(check.table)).subquery()


def part_of(column: str) -> ColumnElement[str]:
    from sqlalchemy import BINARY, cast, func

    return func.coalesce(func.md5(cast(column_of(column), BINARY)), NULL)
