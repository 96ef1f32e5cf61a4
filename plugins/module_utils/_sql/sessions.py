# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a session to a known state, whatever the restored database, its roles and its server have set.

What a server loads itself, such as ``session_preload_libraries``, and what its superuser changed is out of reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .postgresql import ONLY_OURS, is_postgresql

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from .connections import SessionLimits

RESET_CONNECTION = 0x1F
# The variables that change what a statement means or finds. A function may have set them in the session, too.
MYSQL_STATE = (
    "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', timestamp = DEFAULT, time_zone = '+00:00', "
    "sql_select_limit = 18446744073709551615, sql_auto_is_null = 0, sql_big_selects = 1, "
    "group_concat_max_len = 1048576, div_precision_increment = 4, default_week_format = 0"
)


def postgresql_options(limits: SessionLimits) -> str:
    """Write the settings that a connection asks for. They outrank those of ALTER ROLE and ALTER DATABASE."""
    settings = {
        "search_path": "pg_catalog,pg_temp",
        # A policy that would hide or choose rows is an error then.
        "row_security": "off",
        "statement_timeout": f"{limits.statement_timeout}s",
        "lock_timeout": f"{limits.statement_timeout}s",
        "idle_in_transaction_session_timeout": "0",
        "default_transaction_read_only": "on",
        "default_transaction_isolation": r"read\ committed",
        "transform_null_equals": "off",
        "standard_conforming_strings": "on",
        "array_nulls": "on",
        "client_min_messages": "error",
        "TimeZone": "UTC",
        # The text of a row, and so its checksum, depends on these settings.
        "DateStyle": "ISO",
        "IntervalStyle": "postgres",
        "extra_float_digits": "1",
        "bytea_output": "hex",
        "quote_all_identifiers": "off",
        "xmloption": "content",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def clear_postgresql(connection: Any) -> None:
    """Undo what a trigger on login has done, and the role that ALTER ROLE has set.

    DISCARD ALL goes back to the settings that the connection asked for, and drops temporary tables.
    """
    connection.autocommit = True
    for statement in ("DISCARD ALL", "SET ROLE NONE"):
        connection.execute(statement)
    connection.autocommit = False


def begin(connection: Connection) -> None:
    """Start the transaction of a check from the known state. An earlier check may have called the user's functions."""
    if is_postgresql(connection):
        connection.exec_driver_sql(ONLY_OURS)
    elif connection.dialect.name in ("mysql", "mariadb"):
        connection.exec_driver_sql(MYSQL_STATE)


def clear_mysql(connection: Any, database: str) -> None:
    """Undo what ``init_connect`` has done: temporary tables, which hide others, variables, and another database.

    The driver has no method for this command.
    """
    connection._execute_command(RESET_CONNECTION, "")
    connection._read_ok_packet()
    connection.select_db(database)
    with connection.cursor() as cursor:
        cursor.execute("SET NAMES utf8mb4")
        cursor.execute(MYSQL_STATE)
