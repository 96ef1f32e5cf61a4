# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab in the tests' own process. Its front door is called, not reached by HTTP, which was most of what a call cost.

Everything behind the front door is as elsewhere: signatures, permissions, faults, the log. moto has one state for a
process, so there is one such lab.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY

from lifeboat_lab import Lab
from lifeboat_lab.errors import NoAnswer
from lifeboat_lab.requests import Environ
from lifeboat_lab.running import RunningLab, open_lab
from lifeboat_lab.settings import Settings
from lifeboat_lab.wire import Answer


class Inside(Lab):
    """A lab without database servers, in AWS's own time."""

    running: RunningLab

    def start(self) -> None:
        settings = Settings(scale=1)
        self.running = open_lab(self.home, port=0, settings=settings, roles=[], with_shop=False, metadata_only=True)
        self.url = self.running.service.url

    def stop(self) -> None:
        if hasattr(self, "running"):
            self.running.close()
        super().stop()

    def connect(self, client: Any) -> Any:
        """Make a client ask this lab directly, without a socket."""
        client.meta.events.register_last("before-send", self.send)
        return client

    def _new_client(self, *words: Any, **options: Any) -> Any:
        return self.connect(super()._new_client(*words, **options))

    def send(self, request: AWSPreparedRequest, **_words: Any) -> AWSResponse:
        """Answer a request of botocore's, which then sends nothing itself."""
        try:
            answer = self._answer(request.method, request.url, request.headers, request.body)
        except NoAnswer:
            raise ConnectionClosedError(endpoint_url=request.url) from None
        date = formatdate(int(self.running.application.world.now() + answer.date_shift), usegmt=True)
        return AWSResponse(request.url, answer.status, {**dict(answer.headers), "Date": date}, Whole(answer.body))

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body)
        answer = self._answer(method, f"{self.url}/_lab/{path}", {}, data)
        found = json.loads(answer.body)
        if answer.status >= 400:
            raise ValueError(found.get("error"))
        return found

    def _answer(self, method: str, url: str, headers: Mapping[str, Any], body: Any) -> Answer:
        return self.running.application(environment(method, url, headers, as_bytes(body)))


class Whole(BytesIO):
    """Be a body that is there at once."""

    def stream(self) -> Iterable[bytes]:
        return [self.read()]


def environment(method: str, url: str, headers: Mapping[str, Any], body: bytes) -> Environ:
    """Build a request as the lab's own listener hands it on (lifeboat_lab/http.py)."""
    there = urlsplit(url)
    target = f"{there.path or '/'}?{there.query}" if there.query else there.path or "/"
    given = {name.upper().replace("-", "_"): as_bytes(value).decode("latin-1") for name, value in headers.items()}
    return {
        **{f"HTTP_{name}": value for name, value in given.items()},
        "HTTP_HOST": there.netloc,
        PRESERVED_HEADER_NAMES_ENVIRON_KEY: {},
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(there.path or "/"),
        "QUERY_STRING": there.query,
        "REQUEST_URI": target,
        "RAW_URI": target,
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(there.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": given.get("CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "lab.began": time.perf_counter(),
    }


def as_bytes(value: Any) -> bytes:
    if hasattr(value, "read"):  # what is put into a bucket; botocore may send it again
        value.seek(0)
        return bytes(value.read())
    return value.encode() if isinstance(value, str) else value or b""
