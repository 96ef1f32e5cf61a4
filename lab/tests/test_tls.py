# SPDX-License-Identifier: GPL-3.0-or-later
"""Test TLS connections that clients can verify, and the certificate authority that they need for that."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

from helpers import missing
from lifeboat_lab import Lab
from lifeboat_lab.engines import Engines, programs
from lifeboat_lab.engines.certificates import Authority
from lifeboat_lab.home import Home
from lifeboat_lab.testing import PASSWORD, connect, delete, mysql, new_instance
from lifeboat_lab.workspace import RunFolder

Connect = Callable[..., Any]


@pytest.fixture(scope="module")
def ca(lab: Lab) -> str:
    return str(Home(lab.home).ca)


@pytest.fixture(scope="module")
def wrong_ca(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("wrong") / "ca.pem"
    path.write_text(Authority().pem)
    return str(path)


@pytest.fixture(scope="module")
def postgres(rds: Any) -> Iterator[Connect]:
    row = new_instance(rds, "postgres")
    if not has_tls(row):
        missing("These PostgreSQL programs have no TLS; Debian's have: it needs the package postgresql")

    def to_it(host: str = "127.0.0.1", **more: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=host, port=row["Endpoint"]["Port"], user="me", password=PASSWORD, dbname="things", **more
        )

    yield to_it
    delete(rds, row["DBInstanceIdentifier"])


def has_tls(row: dict[str, Any]) -> bool:
    with connect(row) as connection:
        found = connection.execute("SHOW ssl").fetchone()
    return found == ("on",)


@pytest.fixture(scope="module")
def mariadb(lab: Lab, rds: Any) -> Iterator[Connect]:
    if "MariaDB" not in lab.admin("GET", "status")["engines"]:
        missing("MariaDB is not installed: it needs the packages mariadb-server and mariadb-backup")
    row = new_instance(rds, "mariadb")
    yield lambda **more: mysql(row, **more)
    delete(rds, row["DBInstanceIdentifier"])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_postgresql_proves_who_it_is(postgres: Connect, ca: str, host: str) -> None:
    with postgres(host, sslmode="verify-full", sslrootcert=ca) as connection:
        version = connection.execute("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()[0]
    assert version in ("TLSv1.2", "TLSv1.3")


def test_postgresql_is_refused_by_who_trusts_another_authority(postgres: Connect, wrong_ca: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        postgres(sslmode="verify-full", sslrootcert=wrong_ca)


def test_postgresql_also_takes_plain_connections(postgres: Connect) -> None:
    with postgres(sslmode="disable") as connection:
        assert connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (False,)


def test_a_postgresql_that_was_built_without_tls_offers_it_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_PG_BIN", str(next(programs._wheel())))
    run = RunFolder()
    engines = Engines(run.folder)
    try:
        server = engines.server("postgres")
        engines.create(server)
        server.start()
        server.create_master("me", PASSWORD, "things")
        (tmp_path / "ca.pem").write_text(engines.ca())
        way = {"host": "127.0.0.1", "port": server.port, "user": "me", "password": PASSWORD, "dbname": "things"}
        for tls in ({"sslmode": "verify-full", "sslrootcert": str(tmp_path / "ca.pem")}, {"sslmode": "disable"}):
            with psycopg.connect(**way, **tls) as connection:
                answer = connection.execute("SELECT repeat('x', 3000000), host(inet_client_addr())").fetchone()
                assert answer == ("x" * 3000000, "127.0.0.1")
                assert connection.pgconn.ssl_in_use == (tls["sslmode"] != "disable")
        server.stop()
        with pytest.raises(psycopg.OperationalError, match="refused"):
            psycopg.connect(**way)
    finally:
        engines.close()
        run.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_mariadb_proves_who_it_is(mariadb: Connect, ca: str, host: str) -> None:
    with mariadb(host=host, ssl=ssl.create_default_context(cafile=ca)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
        assert cursor.fetchone()[1] in ("TLSv1.2", "TLSv1.3")


def test_mariadb_is_refused_by_who_trusts_another_authority(mariadb: Connect, wrong_ca: str) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="certificate verify failed"):
        mariadb(ssl=ssl.create_default_context(cafile=wrong_ca))


def test_mariadb_also_takes_plain_connections(mariadb: Connect) -> None:
    with mariadb(ssl_disabled=True) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
        assert cursor.fetchone()[1] == ""


def test_who_looks_for_the_authority_finds_it(lab: Lab, ca: str) -> None:
    assert Home(lab.home).read()["ca"] == lab.env()["LAB_CA"] == ca
    command = [sys.executable, "-m", "lifeboat_lab", "env", "production"]
    environment = {**os.environ, "LAB_HOME": str(lab.home)}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert f"export LAB_CA={ca}" in said
    assert ssl.create_default_context(cafile=ca).get_ca_certs()
