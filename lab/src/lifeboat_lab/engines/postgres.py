# SPDX-License-Identifier: GPL-3.0-or-later
"""Run PostgreSQL servers: a snapshot is a physical copy taken online (``pg_basebackup``)."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifeboat_lab.engines import ldap, programs
from lifeboat_lab.engines.base import Family, Server, scramble
from lifeboat_lab.engines.catalogue import POSTGRESQL, SUPERUSER
from lifeboat_lab.engines.front import BEHIND, Front
from lifeboat_lab.engines.host import Host
from lifeboat_lab.engines.ldap import Doorman
from lifeboat_lab.engines.users import user

if TYPE_CHECKING:
    import psycopg

# Small and careless: the data may be lost with the lab, a start must not take long. Shared memory lies in files
# of the server's own folder, so that none of it is left in the system. What two copies that are made at the same
# time need of the log is kept: the second one begins with a checkpoint.
CONFIGURATION = """
listen_addresses = '127.0.0.1'
max_connections = 60
shared_buffers = 8MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = replica
max_wal_senders = 4
min_wal_size = 2MB
wal_keep_size = 16MB
max_wal_size = 64MB
max_logical_replication_workers = 0
autovacuum = off
jit = off
dynamic_shared_memory_type = mmap
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
unix_socket_permissions = 0700
"""

ROLES = """
CREATE ROLE rds_iam NOLOGIN;
"""

# Since then only who has a role himself may grant it, be it without its rights. So that the master user may grant
# rds_iam and still enter with his password, he is listed in a file beside the data, which goes with it into snapshots.
MASTERS_SINCE = 16
MASTERS = "lab_masters"

ACCESS = f"""
local  all          {SUPERUSER}  trust
local  replication  {SUPERUSER}  trust
host   all          {SUPERUSER}  127.0.0.1/32  reject
"""

# As on RDS: who has the role logs in with a token over TLS, and no longer with a password.
TOKENS = """
hostnossl  all  +rds_iam  127.0.0.1/32  reject
hostssl    all  +rds_iam  127.0.0.1/32  ldap {ldap}
"""

PASSWORDS = """
host  all  all  127.0.0.1/32  scram-sha-256
"""

DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"
TABLES = """
SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
"""
LOSS = """
DELETE FROM ONLY {table}
WHERE ctid = ANY (ARRAY(SELECT ctid FROM ONLY {table} LIMIT (SELECT count(*) / 2 FROM ONLY {table})))
"""


class PostgresServer(Server):
    """One PostgreSQL server."""

    family: Postgres
    gentle = signal.SIGINT
    at_once = signal.SIGQUIT
    front: Front | None = None  # offers TLS where the programs have none

    def start(self) -> None:
        with self.lock:
            super().start()
            if not self.family.has_tls and self.front is None:
                self.front = Front(self.port, self.family.certificate())

    def stop(self, *, at_once: bool = False) -> None:
        with self.lock:
            if self.front is not None:
                self.front.close()
                self.front = None
            super().stop(at_once=at_once)

    def _prepare(self) -> None:
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        self.access.write_text(ACCESS + self._tokens() + PASSWORDS)
        self.access.chmod(0o644)

    @property
    def access(self) -> Path:
        """Return the file with the access rules. It is beside the data because each server has another port."""
        return self.folder.parent / "access"

    def _tokens(self) -> str:
        doorman = self.family.doorman
        if doorman is None:
            return ""
        masters = f'host all @"{self.masters}" 127.0.0.1/32 scram-sha-256' if self.family.lists_masters else ""
        return masters + TOKENS.format(
            ldap=f'ldapserver=127.0.0.1 ldapport={doorman.port} ldapprefix="{ldap.PREFIX}" '
            f'ldapsuffix="{ldap.suffix(self.port)}"'
        )

    @property
    def masters(self) -> Path:
        return self.folder / MASTERS

    def _command(self) -> list[str]:
        return [
            self.family.program("postgres"),
            *("-D", str(self.folder), "-p", str(self.port), "-k", str(self.family.sockets)),
            *(word for setting in self._settings() for word in ("-c", setting)),
        ]

    def _settings(self) -> Iterator[str]:
        yield f"hba_file={self.access}"
        if not self.family.has_tls:
            yield f"listen_addresses={BEHIND}"
        else:
            certificate = self.family.certificate()
            yield "ssl=on"
            yield f"ssl_cert_file={certificate.path}"
            yield f"ssl_key_file={certificate.key}"

    def _is_up(self) -> bool:
        with contextlib.suppress(OSError, IndexError):
            return (self.folder / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
        return False

    @contextlib.contextmanager
    def connect(self, database: str | None = None) -> Iterator[psycopg.Connection[Any]]:
        import psycopg

        with psycopg.connect(
            host=str(self.family.sockets), port=self.port, user=SUPERUSER, dbname=database or "postgres",
            autocommit=True,
        ) as connection:  # fmt: skip
            yield connection

    def set_password(self, user: str, password: str) -> None:
        from psycopg import sql

        with self.connect() as connection:
            connection.execute(
                sql.SQL("ALTER ROLE {} WITH LOGIN PASSWORD {}").format(sql.Identifier(user), sql.Literal(password))
            )

    def create_master(self, user: str, password: str, database: str | None) -> None:
        """Create the master user, who may create databases and roles but is not a superuser, as on RDS."""
        from psycopg import sql

        owner = sql.Identifier(user)
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {}").format(owner, sql.Literal(password))
            )
            if self.family.lists_masters:
                self._list_master(connection, user)
            if database and database != "postgres":
                # Copied as files: a database that is written through the log makes every later copy larger.
                how = sql.SQL("STRATEGY file_copy") if connection.info.server_version >= 150000 else sql.SQL("")
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {} {}").format(sql.Identifier(database), owner, how)
                )

    def make_unreadable(self) -> None:
        scramble(self.folder / "global" / "pg_control")

    def lose_rows(self) -> None:
        for (database,) in self.execute([DATABASES]):
            tables = self.execute([TABLES], database)
            # As a replica, so that foreign keys and triggers do not apply.
            losses = [LOSS.format(table=table) for (table,) in tables]
            self.execute(["SET session_replication_role = replica", *losses], database)

    def _list_master(self, connection: psycopg.Connection[Any], user: str) -> None:
        from psycopg import sql

        with self.masters.open("a") as file:
            file.write(f'"{user}"\n')
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(
            sql.SQL("GRANT rds_iam TO {} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE").format(sql.Identifier(user))
        )


class Postgres(Family):
    """PostgreSQL, from the system's packages or from a Python package."""

    name = POSTGRESQL
    why_no_tokens: str | None = (
        "These PostgreSQL programs have no TLS or no LDAP; those of Debian's package postgresql have both."
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.user = user("postgres")
        self.folder, self.version = programs.find_postgres()
        built = programs.how_built(self.folder)
        self.has_tls = "--with-openssl" in built or "--with-ssl=openssl" in built
        if self.has_tls and "--with-ldap" in built:
            self.doorman, self.why_no_tokens = Doorman(), None
        self.sockets = host.sockets("s", self.user)
        self.recipe = CONFIGURATION + ROLES + MASTERS

    @property
    def lists_masters(self) -> bool:
        return int(self.version.split(".")[0]) >= MASTERS_SINCE

    def program(self, name: str) -> str:
        return str(self.folder / name)

    def server(self) -> Server:
        return PostgresServer(self, self.host.place_for_data("db", self.user))

    def freeze(self, server: Server) -> Path:
        target = self.host.place_for_data("snap", self.user)
        self.host.run(
            self.user,
            self.program("pg_basebackup"),
            *("-h", str(self.sockets), "-p", str(server.port), "-U", SUPERUSER, "-D", str(target)),
            *("-c", "fast", "-X", "fetch", "--no-sync", "--no-manifest"),
        )
        return target

    def initialise(self, folder: Path) -> None:
        self.host.run(
            self.user,
            self.program("initdb"),
            *("-D", str(folder), "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "-A", "reject"),
            *("--no-sync", "--wal-segsize=1", "--no-instructions"),
        )
        with (folder / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION)
        # An empty list would be no list.
        (folder / MASTERS).write_text(f"{SUPERUSER}\n")
        os.chown(folder / MASTERS, self.user.uid, self.user.gid)
        alone = (self.program("postgres"), "--single", "-c", "exit_on_error=on", "-D", str(folder), "postgres")
        self.host.run(self.user, *alone, says=ROLES)
