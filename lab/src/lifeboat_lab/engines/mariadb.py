# SPDX-License-Identifier: GPL-3.0-or-later
"""Run MariaDB servers, also in the place of MySQL: a snapshot is a physical copy taken online (``mariadb-backup``)."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifeboat_lab.engines import programs
from lifeboat_lab.engines.base import Family, Server, scramble
from lifeboat_lab.engines.catalogue import MARIADB, SUPERUSER
from lifeboat_lab.engines.host import Host
from lifeboat_lab.engines.users import user

if TYPE_CHECKING:
    import pymysql

# What the files depend on.
LAYOUT = (
    "--innodb-log-file-size=4M",
    "--innodb-buffer-pool-size=8M",
    # Newer versions make three of 10 MiB.
    "--innodb-undo-tablespaces=0",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
)

# Small and careless: the data may be lost with the lab, a start must not take long.
CONFIGURATION = (
    *LAYOUT,
    "--bind-address=127.0.0.1",
    # Otherwise 127.0.0.1 would count as localhost, which is the private socket from which the superuser connects.
    "--skip-name-resolve",
    "--default-time-zone=+00:00",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    # The system has a limited number of these, and files in memory do not need them.
    "--innodb-use-native-aio=0",
    "--innodb-temp-data-file-path=ibtmp1:1M:autoextend",
    "--key-buffer-size=64K",
    "--aria-pagecache-buffer-size=256K",
    "--max-connections=60",
    "--tls-version=TLSv1.2,TLSv1.3",
)

# Only the lab may use the socket, so its user needs no password. All other users are deleted, above all the roots that
# the installation makes for every name of this machine.
USERS = f"""
FLUSH PRIVILEGES;
CREATE USER {SUPERUSER}@localhost;
GRANT ALL ON *.* TO {SUPERUSER}@localhost WITH GRANT OPTION;
DELETE FROM mysql.global_priv WHERE User NOT IN ('{SUPERUSER}', 'mariadb.sys');
DELETE FROM mysql.proxies_priv;
FLUSH PRIVILEGES;
"""

# RDS User Guide, master user account privileges (MariaDB and MySQL).
MASTER_MAY = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, "
    "CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, "
    "CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"
)

TABLES = """
SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'
AND table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
"""


class MariadbServer(Server):
    """One MariaDB server."""

    family: Mariadb
    gentle = signal.SIGTERM
    at_once = signal.SIGKILL

    @property
    def socket(self) -> Path:
        return self.family.sockets / str(self.port)

    def _prepare(self) -> None:
        self.socket.unlink(missing_ok=True)

    def _command(self) -> list[str]:
        certificate = self.family.certificate()
        return [
            self.family.programs["mariadbd"],
            "--no-defaults",
            f"--datadir={self.folder}",
            f"--socket={self.socket}",
            f"--pid-file={self.folder.parent / 'pid'}",
            f"--tmpdir={self.folder.parent}",
            f"--port={self.port}",
            f"--ssl-cert={certificate.path}",
            f"--ssl-key={certificate.key}",
            *CONFIGURATION,
        ]

    def _is_up(self) -> bool:
        import pymysql

        with contextlib.suppress(pymysql.err.OperationalError), self.connect():
            return True
        return False

    @contextlib.contextmanager
    def connect(self, database: str | None = None) -> Iterator[pymysql.connections.Connection[Any]]:
        import pymysql

        connection = pymysql.connect(
            unix_socket=str(self.socket), user=SUPERUSER, database=database, charset="utf8mb4", autocommit=True
        )
        with connection:
            yield connection

    def set_password(self, user: str, password: str) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("ALTER USER %s@'%%' IDENTIFIED BY %s", (user, password))

    def create_master(self, user: str, password: str, database: str | None) -> None:
        """Create the master user, who may do nearly everything in every database but has no SUPER, as on RDS."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE USER %s@'%%' IDENTIFIED BY %s", (user, password))
            cursor.execute(f"GRANT {MASTER_MAY} ON *.* TO %s@'%%' WITH GRANT OPTION", (user,))
            if database:
                cursor.execute(f"CREATE DATABASE {quoted(database)}")

    def make_unreadable(self) -> None:
        scramble(self.folder / "ibdata1")

    def lose_rows(self) -> None:
        for schema, name in self.execute([TABLES]):
            table = f"{quoted(schema)}.{quoted(name)}"
            ((count,),) = self.execute([f"SELECT COUNT(*) FROM {table}"])
            self.execute(["SET foreign_key_checks = 0", f"DELETE FROM {table} LIMIT {count // 2}"])


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


class Mariadb(Family):
    """MariaDB, from the system's packages."""

    name = MARIADB
    # Tokens would need a plugin that runs with another user's rights.
    why_no_tokens = "The lab's MariaDB servers take passwords only."

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.user = user("mysql")
        self.programs, self.version = programs.find_mariadb()
        self.sockets = host.sockets("m", self.user)
        self.recipe = "\n".join((*LAYOUT, USERS))

    def server(self) -> Server:
        return MariadbServer(self, self.host.place_for_data("db", self.user))

    def freeze(self, server: Server) -> Path:
        assert isinstance(server, MariadbServer)
        target = self.host.place_for_data("snap", self.user)
        backup = (self.programs["mariadb-backup"], "--no-defaults", f"--target-dir={target}")
        self.host.run(
            self.user,
            *backup,
            *(
                "--backup",
                "--log-copy-interval=10",
                f"--datadir={server.folder}",
                f"--socket={server.socket}",
                f"--user={SUPERUSER}",
            ),
            f"--tmpdir={target.parent}",
        )
        # Add what was written while the files were copied.
        self.host.run(self.user, *backup, "--prepare", "--use-memory=8M", f"--tmpdir={target.parent}")
        return target

    def initialise(self, folder: Path) -> None:
        users = folder.parent / "users.sql"
        users.write_text(USERS)
        users.chmod(0o644)
        self.host.run(
            self.user,
            self.programs["mariadb-install-db"],
            *("--no-defaults", f"--datadir={folder}", "--skip-test-db", f"--extra-file={users}"),
            *("--auth-root-authentication-method=normal", *LAYOUT),
        )
