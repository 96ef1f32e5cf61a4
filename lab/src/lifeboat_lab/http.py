# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve HTTP/1.1 with connections that stay open. The whole request is read before anything answers it.

Python's own server takes longer to read the headers than most calls take to be answered, and werkzeug's closes the
connection after each answer.
"""

from __future__ import annotations

import io
import logging
import socket
import socketserver
import struct
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from http.client import responses
from typing import Any
from urllib.parse import unquote

from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, should_preserve_original_header_name

from lifeboat_lab.errors import NoAnswer
from lifeboat_lab.requests import Environ
from lifeboat_lab.wire import Answer

Application = Callable[[Environ], Answer]
Headers = list[tuple[str, str]]

log = logging.getLogger("lifeboat_lab")
_CONTENT = {"CONTENT-TYPE": "CONTENT_TYPE", "CONTENT-LENGTH": "CONTENT_LENGTH"}
_LONGEST_LINE = 65_536
# Closing then resets the connection instead of ending it in good order.
_NO_LINGER = struct.pack("ii", 1, 0)


class BadHttp(Exception):
    """Raised for what is not an HTTP request."""


class Server(socketserver.ThreadingTCPServer):
    """Serve each connection in a thread of its own."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, application: Application, now: Callable[[], float]) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.application = application
        self.now = now

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def shutdown_request(self, request: Any) -> None:
        """Close a connection at once. The base class would say goodbye first, and a reset must look like one."""
        self.close_request(request)

    def handle_error(self, *_: Any) -> None:
        """Ignore clients that hang up."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            log.exception("a connection broke")


class Handler(socketserver.StreamRequestHandler):
    """Serve one connection: requests, one after the other."""

    server: Server
    disable_nagle_algorithm = True

    def handle(self) -> None:
        try:
            while self._one():
                pass
        except BadHttp as error:
            self._send(Answer(str(error), 400, "text/plain"), "", keep=False)
        except NoAnswer:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)

    def _one(self) -> bool:
        """Read and answer one request; False when it was the last."""
        line = self.rfile.readline(_LONGEST_LINE)
        if not line.strip():
            return bool(line)
        began = time.perf_counter()
        words = line.decode("latin-1").split()
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise BadHttp(f"no HTTP request: {line[:100]!r}")
        headers = self._headers()
        environ = self._environ(words, headers)
        environ["lab.began"] = began
        wanted = environ.get("HTTP_CONNECTION", "").lower()
        keep = "close" not in wanted and (words[2] != "HTTP/1.0" or "keep-alive" in wanted)
        self._send(self.server.application(environ), words[0], keep=keep)
        return keep

    def _headers(self) -> Headers:
        found: Headers = []
        while (line := self.rfile.readline(_LONGEST_LINE)) not in (b"\r\n", b"\n"):
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                raise BadHttp(f"no header: {line[:100]!r}")
            found.append((name.strip(), value.strip()))
        return found

    def _environ(self, words: list[str], headers: Headers) -> Environ:
        """Build what WSGI applications read, with the body in it (PEP 3333)."""
        method, target, version = words
        if target.startswith("http://"):
            target = "/" + target.split("/", 3)[3]
        path, _mark, query = target.partition("?")
        environ = _of_headers(headers)
        body = self._body(environ)
        return environ | {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path).encode().decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "RAW_URI": target,
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_PORT": self.client_address[1],
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.port),
            "SERVER_PROTOCOL": version,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def _body(self, environ: Environ) -> bytes:
        if environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in environ.pop("HTTP_TRANSFER_ENCODING", "").lower():
            return b"".join(iter(self._chunk, b""))
        length = environ.get("CONTENT_LENGTH", "0")
        if not length.isdigit():
            raise BadHttp(f"no length: {length!r}")
        return self._exactly(int(length))

    def _chunk(self) -> bytes:
        size = self.rfile.readline(_LONGEST_LINE).partition(b";")[0].strip()
        try:
            chunk = self._exactly(int(size, 16))
        except ValueError:
            raise BadHttp(f"no chunk: {size[:100]!r}") from None
        self.rfile.readline(_LONGEST_LINE)
        return chunk

    def _exactly(self, length: int) -> bytes:
        body = self.rfile.read(length) if length else b""
        if len(body) < length:
            raise ConnectionAbortedError("the request ended too early")
        return body

    def _send(self, answer: Answer, method: str, *, keep: bool) -> None:
        """Send the answer in one piece. Without a body it may still announce a length (HEAD)."""
        date = _date(int(self.server.now() + answer.date_shift))
        lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Error')}", f"Date: {date}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if method != "HEAD" and answer.status not in (204, 304):
            lines.append(f"Content-Length: {len(answer.body)}")
        if not keep:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.wfile.write(head if method == "HEAD" else head + answer.body)


def _of_headers(headers: Headers) -> Environ:
    environ: Environ = {}
    preserved = {}
    for name, value in headers:
        upper = name.upper()
        key = _CONTENT.get(upper) or "HTTP_" + upper.replace("-", "_")
        if "_" in name:
            # As in moto's own server: only names of an object's metadata may have one, and they never replace another.
            if not should_preserve_original_header_name(name) or key in environ:
                continue
            preserved[key] = name
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = preserved
    return environ


@lru_cache(maxsize=16)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
