# SPDX-License-Identifier: GPL-3.0-or-later
"""Define what all kinds of servers share: one life, frozen copies of their files, a family with the programs."""

from __future__ import annotations

import hashlib
import secrets
import signal
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifeboat_lab import workspace
from lifeboat_lab.engines.host import Host
from lifeboat_lab.engines.users import EngineError, User

if TYPE_CHECKING:
    from lifeboat_lab.engines.certificates import Certificate
    from lifeboat_lab.engines.ldap import Doorman

__all__ = ["NOTHING", "EngineError", "Family", "Frozen", "Server"]

START_TIMEOUT = 30.0
PATIENCE = 10.0


class Frozen:
    """An immutable copy of a database's files, shared by every snapshot that was copied from it."""

    def __init__(self, job: Future[Path], discard: Callable[[Path], None], *, has_files: bool = True) -> None:
        self.has_files = has_files
        self._job = job
        self._discard = discard
        self._users = 1
        self._lock = threading.Lock()

    def done(self) -> bool:
        return self._job.done()

    def failed(self) -> bool:
        return self._job.done() and self._job.exception() is not None

    def when_done(self, work: Callable[[], object]) -> None:
        """Do something once the files are there, or it is clear that they never will be."""
        self._job.add_done_callback(lambda _job: work())

    def path(self) -> Path:
        """Return the folder of the files; wait until they are all there."""
        return self._job.result()

    def wait(self) -> None:
        """Wait until nothing reads the database's files for this copy any more."""
        self._job.exception()

    def share(self) -> Frozen:
        with self._lock:
            self._users += 1
        return self

    def release(self) -> None:
        """Drop one user; the last one removes the files."""
        with self._lock:
            self._users -= 1
            last = self._users == 0
        if last:
            self._job.add_done_callback(self._drop)

    def _drop(self, job: Future[Path]) -> None:
        if job.exception() is None:
            self._discard(job.result())


def finished(path: Path) -> Future[Path]:
    job: Future[Path] = Future()
    job.set_result(path)
    return job


# The files of a snapshot whose database has no server.
NOTHING = Frozen(finished(Path()), lambda _path: None, has_files=False)


class Server(ABC):
    """One database server on a port of its own. Its files outlive its process."""

    gentle: signal.Signals
    at_once: signal.Signals

    def __init__(self, family: Family, folder: Path) -> None:
        self.family = family
        self.folder = folder
        self.lock = threading.RLock()
        self.process: subprocess.Popen[bytes] | None = None
        # Its files come from a snapshot, and no start has proved yet that they can be read.
        self.unproven = False
        self.reserved: socket.socket | None = None
        self.port = 0
        self.hold_port()

    @abstractmethod
    def _prepare(self) -> None:
        """Get the files ready for a start."""

    @abstractmethod
    def _command(self) -> list[str]:
        """Return the command that runs the server in the foreground."""

    @abstractmethod
    def _is_up(self) -> bool:
        """Tell whether the process that was just started answers."""

    @abstractmethod
    def connect(self, database: str | None = None) -> AbstractContextManager[Any]:
        """Open a DB-API connection as the lab's own superuser, over the private socket, with autocommit."""

    @abstractmethod
    def set_password(self, user: str, password: str) -> None:
        """Make ``password`` the only one that admits ``user``."""

    @abstractmethod
    def create_master(self, user: str, password: str, database: str | None) -> None:
        """Create the first user, who may do as much as on RDS, and the first database."""

    @abstractmethod
    def make_unreadable(self) -> None:
        """Damage the files so that no start will succeed."""

    @abstractmethod
    def lose_rows(self) -> None:
        """Delete half of the rows of every table that is not the server's own."""

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> Path:
        return self.folder.parent / "log"

    def start(self) -> None:
        """Start the process and wait until it answers. Does nothing when it already runs.

        :raises EngineError: when it does not come up.
        """
        with self.lock:
            if self.running:
                return
            self.free_port()
            self._prepare()
            self.process = self.family.host.spawn(self.family.user, self._command(), self.log, self.at_once)
            self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.running:
            if self._is_up():
                self.unproven = False
                return
            time.sleep(0.01)
        self.stop(at_once=True)
        raise EngineError(f"{self.family.name} did not start: {self.log.read_text(errors='replace')[-2000:]}")

    def stop(self, *, at_once: bool = False) -> None:
        """Stop and keep the data; with ``at_once`` the data may be lost."""
        with self.lock:
            if self.process is None:
                return
            self.tell_to_stop(at_once=at_once)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
            with suppress(OSError):  # a remaining process of a killed server may still hold it
                self.hold_port()

    def tell_to_stop(self, *, at_once: bool) -> None:
        """Signal the process to stop, and do not wait."""
        if self.process is not None:
            self.process.send_signal(self.at_once if at_once else self.gentle)

    def hold_port(self) -> None:
        """Hold the port, at first any free one, without listening: nobody else gets it, and connections are refused."""
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if self.port:  # connections that the server closed linger there
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", self.port))
        self.reserved, self.port = held, held.getsockname()[1]

    def free_port(self) -> None:
        if self.reserved:
            self.reserved.close()
            self.reserved = None

    def execute(self, statements: Iterable[str], database: str | None = None) -> list[Any]:
        """Run SQL as the superuser, and return the rows of the last statement."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []


def scramble(path: Path) -> None:
    """Write nonsense over the beginning of a file."""
    with path.open("r+b") as file:
        file.write(secrets.token_bytes(min(path.stat().st_size, 1 << 20)))


class Family(ABC):
    """One kind of server: where its programs are, and how its files are made and copied."""

    name: str
    user: User
    # The programs' real version.
    version: str
    # Everything that the files of an empty server depend on.
    recipe: str
    # Decides about tokens in place of passwords; None for the reason in why_no_tokens.
    doorman: Doorman | None = None
    why_no_tokens: str | None

    def __init__(self, host: Host) -> None:
        self.host = host
        self._template: Path | None = None
        self._template_lock = threading.Lock()
        self._certificate: Certificate | None = None
        self._lock = threading.Lock()

    @abstractmethod
    def server(self) -> Server:
        """Return a new server that has a port and no files yet."""

    @abstractmethod
    def freeze(self, server: Server) -> Path:
        """Copy the files of a running server."""

    @abstractmethod
    def initialise(self, folder: Path) -> None:
        """Make the files of an empty server."""

    def close(self) -> None:
        if self.doorman:
            self.doorman.close()

    def certificate(self) -> Certificate:
        """Return the certificate of this family's servers; the first call issues it."""
        with self._lock:
            if self._certificate is None:
                folder = self.host.folder(f"tls-{self.name}", self.user)
                self._certificate = self.host.authority.result().issue(folder, self.user)
            return self._certificate

    def template(self) -> Path:
        """Return the files that new servers start from.

        The first caller makes them; nobody waits for a job that has not begun.
        """
        with self._template_lock:
            if self._template is None:
                self._template = self._make_template()
            return self._template

    def _make_template(self) -> Path:
        recipe = hashlib.sha256(self.recipe.encode()).hexdigest()[:12]
        cached = workspace.cache() / f"{self.name}-{self.version}-{self.user.uid}-{recipe}"
        if not cached.exists():
            fresh = self.host.place_for_data("template", self.user)
            self.initialise(fresh)
            staging = workspace.staging()
            subprocess.run(["/bin/cp", "-a", str(fresh), str(staging)], check=True)
            workspace.publish(staging, cached)
            self.host.discard(fresh)
        return cached
