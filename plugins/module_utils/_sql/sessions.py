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
