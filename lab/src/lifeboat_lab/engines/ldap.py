# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell PostgreSQL whether a token is valid: it takes the lab for an LDAP server (RFC 4511).

It binds as ``cn=USER,dc=PORT`` with what the client gave as password. Nothing else of LDAP is understood.
"""

from __future__ import annotations

import logging
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass

SEQUENCE, INTEGER, STRING, ENUMERATED = 0x30, 0x02, 0x04, 0x0A
BIND_REQUEST, BIND_RESPONSE, SIMPLE = 0x60, 0x61, 0x80
SUCCESS, INVALID_CREDENTIALS = 0, 49
LONGEST = 65_536
PREFIX = "cn="
log = logging.getLogger("lifeboat_lab")

# Returns why the port's server must refuse this user with this password; None when it must not.
Judge = Callable[[int, str, str], str | None]


class Malformed(ValueError):
    """Raised for what PostgreSQL does not send."""


@dataclass(frozen=True)
class Bind:
    """A request to log in."""

    message: bytes
    port: int
    user: str
    password: str


class Doorman:
    """Listen on loopback while the lab lives, and ask the judge. Without a judge nobody is admitted."""

    def __init__(self) -> None:
        self.judge: Judge = lambda _port, _user, _password: "the lab is not ready"
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.doorman = self
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, name="doorman", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def suffix(port: int) -> str:
    """Return what follows the user's name in a bind; it says which server asks."""
    return f",dc={port}"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    doorman: Doorman


class _Handler(socketserver.StreamRequestHandler):
    timeout = 10
    server: _Server

    def handle(self) -> None:
        while (message := self._message()) is not None:
            try:
                bind = read_bind(message)
            except Malformed:
                # An unbind, or a client that is not PostgreSQL.
                return
            reason = self._why_not(bind)
            code = SUCCESS if reason is None else INVALID_CREDENTIALS
            self.wfile.write(answer(bind.message, code, reason or ""))

    def _why_not(self, bind: Bind) -> str | None:
        try:
            return self.server.doorman.judge(bind.port, bind.user, bind.password)
        except Exception:
            log.exception("a token for %s at the port %s", bind.user, bind.port)
            return "the lab failed"

    def _message(self) -> bytes | None:
        head = self.rfile.read(2)
        if len(head) < 2 or head[0] != SEQUENCE:
            return None
        length = head[1]
        if length & 0x80:
            length = int.from_bytes(self.rfile.read(length & 0x7F), "big")
        body = self.rfile.read(length) if length <= LONGEST else b""
        return body if len(body) == length else None


def read_bind(message: bytes) -> Bind:
    """Read a simple bind of a user to a server.

    :raises Malformed: when the message is not such a bind.
    """
    number, rest = _take(message, INTEGER)
    request, _controls = _take(rest, BIND_REQUEST)
    _version, rest = _take(request, INTEGER)
    name, rest = _take(rest, STRING)
    password, _rest = _take(rest, SIMPLE)
    try:
        user, comma, port = name.decode().removeprefix(PREFIX).rpartition(",dc=")
        if comma:
            return Bind(number, int(port), user, password.decode())
    except ValueError:
        pass
    raise Malformed("no name of a user and a server")


def answer(number: bytes, code: int, diagnosis: str) -> bytes:
    """Build a bind response. PostgreSQL writes the diagnosis into its log."""
    result = _pack(ENUMERATED, bytes([code])) + _pack(STRING, b"") + _pack(STRING, diagnosis.encode())
    return _pack(SEQUENCE, _pack(INTEGER, number) + _pack(BIND_RESPONSE, result))


def _take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the content of the first element, and the rest."""
    if len(data) < 2 or data[0] != tag:
        raise Malformed(f"no element {tag:#x}")
    length, start = data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise Malformed("cut off")
    return data[start : start + length], data[start + length :]


def _pack(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content
