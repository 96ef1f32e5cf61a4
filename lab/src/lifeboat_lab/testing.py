# SPDX-License-Identifier: GPL-3.0-or-later
"""Help tests against a lab: wait, make a database and talk to it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
import pymysql

PASSWORD = "a-new-password"


_numbers = itertools.count(1)


def fresh(prefix: str) -> str:
    """Return a name that was not used before in this process."""
    return f"{prefix}-{next(_numbers)}"


def until(check: Callable[[], Any], timeout: float = 120.0) -> Any:
    """Ask again and again until the answer is true, and return it. What takes longer is asked more seldom."""
    deadline = time.monotonic() + timeout
    pause = 0.03
    while time.monotonic() < deadline:
        if answer := check():
            return answer
        time.sleep(pause)
        pause = min(pause * 1.3, 0.3)
    raise AssertionError(f"not within {timeout} s")


def instance(client: Any, name: str) -> dict[str, Any]:
    """Return the row of an instance."""
    return client.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def cluster(client: Any, name: str) -> dict[str, Any]:
    """Return the row of a cluster."""
    return client.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]


def usable(client: Any, name: str) -> dict[str, Any]:
    """Wait until an instance is available, and return its row."""
    return until(lambda: (row := instance(client, name))["DBInstanceStatus"] == "available" and row)


def usable_cluster(client: Any, name: str) -> dict[str, Any]:
    """Wait until a cluster is available, and return its row."""
    return until(lambda: (row := cluster(client, name))["Status"] == "available" and row)


def connect(row: dict[str, Any], database: str | None = None, password: str = PASSWORD) -> psycopg.Connection[Any]:
    """Connect to an instance as its master user."""
    return psycopg.connect(
        host=row["Endpoint"]["Address"],
        port=row["Endpoint"]["Port"],
        user=row["MasterUsername"],
        password=password,
        dbname=database or row["DBName"],
        connect_timeout=30,
    )


def ask(row: dict[str, Any], query: str, **more: Any) -> Any:
    """Return the one value that a query selects."""
    with connect(row, **more) as connection:
        found = connection.execute(query.encode()).fetchone()
        return found[0] if found else None


def delete(client: Any, name: str) -> None:
    """Delete an instance without a final snapshot, and wait until it is gone."""
    client.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    until(lambda: name not in [row["DBInstanceIdentifier"] for row in client.describe_db_instances()["DBInstances"]])


def new_instance(client: Any, engine: str, **more: Any) -> dict[str, Any]:
    """Create an instance of an engine and wait until it is available; its master user has ``PASSWORD``."""
    name = fresh("new")
    client.create_db_instance(
        DBInstanceIdentifier=name,
        Engine=engine,
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="me",
        MasterUserPassword=PASSWORD,
        **{"DBName": "things", **more},
    )
    until(lambda: instance(client, name)["DBInstanceStatus"] == "available")
    return instance(client, name)


def mysql(row: dict[str, Any], password: str = PASSWORD, **more: Any) -> Any:
    """Connect to a MariaDB server as its master user; a ``with`` block closes the connection."""
    wanted = {
        "host": row["Endpoint"]["Address"],
        "port": row["Endpoint"]["Port"],
        "user": row["MasterUsername"],
        "password": password,
        "database": row["DBName"],
        "autocommit": True,
        "connect_timeout": 5,
    }
    return closing(pymysql.connect(**wanted | more))


def mysql_ask(row: dict[str, Any], *statements: str, **more: Any) -> Any:
    """Run statements and return the one value that the last one selects."""
    with mysql(row, **more) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        found = cursor.fetchone()
        return found[0] if found else None
