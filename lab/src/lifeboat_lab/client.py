# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a lab from Python in a process of its own, and end it with the ``with`` block."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from lifeboat_lab import workspace
from lifeboat_lab.forks import Forked
from lifeboat_lab.home import Home, HomeError

START_TIMEOUT = 60.0
Process = subprocess.Popen[bytes] | Forked


def new_process(words: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Run ``python -m lifeboat_lab`` with these words. It ends when its input does."""
    return subprocess.Popen(
        [sys.executable, "-m", "lifeboat_lab", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # A session of its own: a terminal's Ctrl-C is for the command, and the lab ends after it.
        start_new_session=True,
        env=env,
    )


class Lab:
    """A running lab. ``roles`` maps a profile to ACCOUNT/ROLE."""

    # How its process starts. Who starts many labs puts another way here (lifeboat_lab.forks).
    spawn: Callable[[Sequence[str], Mapping[str, str]], Process] = staticmethod(new_process)

    def __init__(
        self, *, roles: Mapping[str, str] | None = None, scale: float | None = None, shop: bool = False,
        durations: Mapping[str, float] | None = None, home: Path | None = None, port: int = 0,
        metadata_only: bool = False,
    ) -> None:  # fmt: skip
        self._temporary: workspace.TemporaryHome | None = None
        self._given_home = home
        self._options = ["--port", str(port)]
        self._options += [word for name, role in (roles or {}).items() for word in ("--role", f"{name}={role}")]
        self._options += [
            word for name, value in (durations or {}).items() for word in ("--duration", f"{name}={value}")
        ]
        self._options += ["--scale", str(scale)] if scale else []
        self._options += ["--shop"] if shop else []
        self._options += ["--metadata-only"] if metadata_only else []
        self.process: Process | None = None
        self.url = ""
        self._clients: dict[tuple[str, str, str | None], Any] = {}

    def __enter__(self) -> Lab:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def home(self) -> Path:
        """Return the folder that says where the lab is: the given one, otherwise a temporary one."""
        if self._given_home is not None:
            return self._given_home
        if self._temporary is None:
            self._temporary = workspace.TemporaryHome()
        return self._temporary.folder

    def start(self) -> None:
        """Start the lab and wait until it answers.

        :raises HomeError: when the lab does not come up.
        """
        folder = str(Path(__file__).parent.parent)
        paths = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
        words = ["serve", "--lifeline", "--home", str(self.home), *self._options]
        self.process = self.spawn(words, {**os.environ, "PYTHONPATH": paths})
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(HomeError):
                if Home(self.home).read()["pid"] == self.process.pid:
                    self.url = Home(self.home).read()["url"]
                    return
            time.sleep(0.02)
        raise HomeError("The lab did not start. Its standard error says why.")

    def stop(self) -> None:
        """End the lab and wait until it has cleaned up."""
        if self.process is not None:
            if self.process.stdin:
                self.process.stdin.close()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self._temporary is not None:
            self._temporary.close()
            self._temporary = None

    def env(self) -> dict[str, str]:
        """Return the environment for programs that are to use the lab."""
        return Home(self.home).environment(os.environ)

    def client(self, profile: str, service: str, region: str | None = None, **options: Any) -> Any:
        """Return a boto3 client for an account or a role's profile; the same arguments give the same client."""
        if options:
            return self._new_client(profile, service, region, **options)
        words = (profile, service, region)
        if words not in self._clients:
            self._clients[words] = self._new_client(*words)
        return self._clients[words]

    def _new_client(self, profile: str, service: str, region: str | None, **options: Any) -> Any:
        import boto3
        import botocore.session

        session = botocore.session.Session(profile=profile)
        # One for all: reading a service's description takes longer than everything else about a client.
        session.register_component("data_loader", _loader())
        session.set_config_variable("config_file", str(Home(self.home).config))
        session.set_config_variable("credentials_file", str(Home(self.home).credentials))
        return boto3.Session(botocore_session=session).client(service, region_name=region, **options)

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the lab itself, for example ``admin("GET", "status")``.

        :raises ValueError: with the lab's reason when it refuses.
        """
        return ask(self.url, method, path, body)

    def fault(self, kind: str, **words: Any) -> Fault:
        """Break something from now on; with ``with``, until the end of the block.

        :raises ValueError: with the lab's reason when it is not valid.
        """
        return Fault(self, self.admin("POST", "faults", {"kind": kind, **words})["id"])

    def calls(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return the log, or its entries whose fields have these values; ``since`` and ``limit`` narrow it down.

        :raises ValueError: with the lab's reason when there is no such field.
        """
        from urllib.parse import urlencode

        found: list[dict[str, Any]] = self.admin("GET", f"calls?{urlencode(wanted)}")
        return found

    @contextlib.contextmanager
    def recording(self) -> Iterator[list[dict[str, Any]]]:
        """Record what is done in a ``with`` block. At its end the list has what ``replay`` takes."""
        steps: list[dict[str, Any]] = []
        self.admin("POST", "recording")
        try:
            yield steps
            steps += self.admin("GET", "recording")["steps"]
        finally:
            self.admin("DELETE", "recording")

    def replay(self, steps: list[dict[str, Any]]) -> None:
        """Do again what was recorded in another lab, with the ids of this one.

        :raises ValueError: with the lab's reason when that cannot be done here.
        """
        self.admin("POST", "replay", {"steps": steps})


class Fault:
    """A fault that was asked for."""

    def __init__(self, lab: Lab, number: int) -> None:
        self._lab = lab
        self.id = number

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, *_: object) -> None:
        self.take_back()

    def used(self) -> int:
        """Return how often the fault struck."""
        return next(int(row["used"]) for row in self._lab.admin("GET", "faults") if row["id"] == self.id)

    def take_back(self) -> None:
        self._lab.admin("DELETE", f"faults/{self.id}")


@cache
def _loader() -> Any:
    import botocore.loaders

    return botocore.loaders.create_loader()


def ask(url: str, method: str, path: str, body: Any = None) -> Any:
    """Send one request to ``/_lab``.

    :raises ValueError: with the lab's reason when it refuses.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{url}/_lab/{path.lstrip('/')}", data, {"Content-Type": "application/json"}, method=method
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=120) as response:
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        raise ValueError(json.loads(error.read()).get("error", str(error))) from None
