# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage all database servers of one lab, of whatever kind."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from operator import methodcaller
from pathlib import Path

from lifeboat_lab.engines.base import NOTHING, Family, Frozen, Server, finished
from lifeboat_lab.engines.catalogue import MARIADB, POSTGRESQL, offer
from lifeboat_lab.engines.host import Host
from lifeboat_lab.engines.ldap import Judge
from lifeboat_lab.engines.mariadb import Mariadb
from lifeboat_lab.engines.postgres import Postgres
from lifeboat_lab.engines.users import EngineError

FAMILIES: dict[str, Callable[[Host], Family]] = {POSTGRESQL: Postgres, MARIADB: Mariadb}


class Engines:
    """The available servers. With ``metadata_only`` there are none, and nobody looks for their programs."""

    def __init__(self, root: Path, *, metadata_only: bool = False) -> None:
        self.metadata_only = metadata_only
        self.host = Host(root)
        self.families: dict[str, Family] = {}
        self.missing: dict[str, str] = {}
        self._servers: set[Server] = set()
        for name, make in FAMILIES.items() if not metadata_only else ():
            try:
                self.families[name] = make(self.host)
            except EngineError as error:
                self.missing[name] = str(error)
        if POSTGRESQL in self.families:
            # Made ahead: nearly every lab needs it.
            self.jobs.submit(self.families[POSTGRESQL].template)

    @property
    def jobs(self) -> ThreadPoolExecutor:
        return self.host.jobs

    def versions(self) -> dict[str, str]:
        """Return the available servers with their real versions."""
        return {name: family.version for name, family in self.families.items()}

    def ca(self) -> str:
        """Return the path of the certificate that clients must trust to verify a server."""
        return self.host.authority.result().pem

    def why_not(self, engine: str) -> str | None:
        """Return why this RDS engine has no server here, with the remedy; None when it has one."""
        family = offer(engine).family
        if self.metadata_only or family in self.families:
            return None
        if family is None:
            return "The lab has no server for it."
        return self.missing.get(family, f"The lab has no {family}.")

    def version(self, engine: str) -> str:
        """Return the version that RDS shows: the real one, unless another product stands in for the engine."""
        about = offer(engine)
        family = self.families.get(about.family or "")
        return about.version if family is None or about.stand_in else family.version

    def why_no_tokens(self, engine: str) -> str | None:
        """Return why servers of this RDS engine take passwords only; None when they take tokens, or when there are
        none."""
        family = self.families.get(offer(engine).family or "")
        return family.why_no_tokens if family else None

    def judge_tokens(self, judge: Judge) -> None:
        """Let ``judge`` decide from now on who gets in with a token."""
        for family in self.families.values():
            if family.doorman:
                family.doorman.judge = judge

    def server(self, engine: str) -> Server | None:
        """Return a new server with a port and without files; None in a lab without servers."""
        if self.metadata_only:
            return None
        server = self.families[str(offer(engine).family)].server()
        self._servers.add(server)
        return server

    def create(self, server: Server) -> None:
        """Give a server the files of an empty one."""
        self._copy(server, server.family.template())

    def fill(self, server: Server, source: Path) -> None:
        """Give a server the files of a snapshot."""
        self._copy(server, source)
        server.unproven = True

    def _copy(self, server: Server, source: Path) -> None:
        self.host.copy_tree(source, server.folder, server.family.user)

    def freeze(self, server: Server | None) -> Frozen:
        """Begin to copy the files of a server, running or not."""
        if server is None:
            return NOTHING
        return Frozen(self.jobs.submit(self._freeze, server), self.host.discard)

    def freeze_now(self, server: Server) -> Frozen:
        """Copy a server's files, and return when that is done."""
        return Frozen(finished(self._freeze(server)), self.host.discard)

    def _freeze(self, server: Server) -> Path:
        with server.lock:
            if not server.running:
                target = self.host.place_for_data("snap", server.family.user)
                self.host.copy_tree(server.folder, target, server.family.user)
                return target
        return server.family.freeze(server)

    def corrupted(self, engine: str, frozen: Frozen, how: str) -> Frozen:
        """Copy a snapshot's files and damage the copy in one of the ways of ``CORRUPTIONS``.

        :raises EngineError: when that cannot be done.
        """
        server = self.server(engine)
        assert server is not None
        try:
            self.fill(server, frozen.path())
            CORRUPTIONS[how](server)
        except BaseException:
            self.destroy(server)
            raise
        # The files stay, the server goes.
        server.free_port()
        self._servers.discard(server)
        return Frozen(finished(server.folder), self.host.discard)

    def destroy(self, server: Server) -> None:
        """Stop a server and remove what it had."""
        server.stop(at_once=True)
        server.free_port()
        self._servers.discard(server)
        self.host.discard(server.folder)

    def close(self) -> None:
        """Stop everything. The caller removes the folder."""
        self.host.finish_jobs()
        for server in list(self._servers):
            server.tell_to_stop(at_once=True)
        for server in list(self._servers):
            server.stop(at_once=True)
            server.free_port()
        for family in self.families.values():
            family.close()
        self.host.close()


def _lose_rows(server: Server) -> None:
    server.start()
    server.lose_rows()
    server.stop()


CORRUPTIONS: dict[str, Callable[[Server], None]] = {"unreadable": methodcaller("make_unreadable"), "rows": _lose_rows}
