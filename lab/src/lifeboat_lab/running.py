# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one lab from start to end: its folder, its servers, its front door, its home."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from lifeboat_lab import workspace
from lifeboat_lab.engines import Engines
from lifeboat_lab.home import Home, HomeError, Role
from lifeboat_lab.settings import Settings


class RunningLab:
    """Own everything that has to go when the lab ends."""

    def __init__(
        self, home: Home, *, port: int, settings: Settings, roles: list[Role], with_shop: bool,
        metadata_only: bool = False,
    ) -> None:  # fmt: skip
        home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home = home
        self._lock = workspace.lock_home(home.folder)
        if self._lock is None:
            raise HomeError(f"A lab already runs in {home.folder}. Choose another --home, or stop that lab.")
        home.forget()
        workspace.clean_up_after_the_dead()
        self.run = workspace.RunFolder()
        try:
            # PostgreSQL prepares its template while Python reads moto's modules.
            self.engines = Engines(self.run.folder, metadata_only=metadata_only)
            self._open(port, settings, roles, with_shop=with_shop)
        except BaseException:
            self.close()
            raise

    def _open(self, port: int, settings: Settings, roles: list[Role], *, with_shop: bool) -> None:
        # With it, moto takes every caller for one and the same account.
        os.environ.pop("MOTO_ACCOUNT_ID", None)
        from lifeboat_lab.server import Application, Service

        self.application = Application(self.engines, settings, self.home.folder)
        for role in roles:
            self.application.accounts.find(role.account)
        self.service = Service(self.application, port)
        self.service.start()
        if with_shop:
            accounts = self.application.accounts
            self.application.admin.shop.create(accounts.find("production"))
        self.service.warm_up()
        self.home.write(self.service.url, self.application.accounts, roles, self.engines.ca())

    def close(self) -> None:
        """Stop everything and remove the folders."""
        if service := getattr(self, "service", None):
            service.stop()
        if application := getattr(self, "application", None):
            application.world.clock.close()
        if engines := getattr(self, "engines", None):
            engines.close()
        self.run.close()
        self.home.clean()
        if self._lock is not None:
            os.close(self._lock)


def wait_for_the_end(*, lifeline: bool) -> None:
    """Wait for SIGINT or SIGTERM, or, with a lifeline, for the end of the process that started the lab."""
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: over.set())
    if lifeline:
        threading.Thread(target=_watch_lifeline, args=(over,), daemon=True).start()
    over.wait()


def _watch_lifeline(over: threading.Event) -> None:
    """Wait for the end of standard input, a pipe whose other end closes with the process that holds it."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    over.set()


def open_lab(
    home: Path, *, port: int, settings: Settings, roles: list[Role], with_shop: bool, metadata_only: bool = False
) -> RunningLab:
    return RunningLab(
        Home(home), port=port, settings=settings, roles=roles, with_shop=with_shop, metadata_only=metadata_only
    )
