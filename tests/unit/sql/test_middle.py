# SPDX-License-Identifier: GPL-3.0-or-later
"""What sits between a check and its database, or in the database's place, learns no password and fills no memory."""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.lifeboat.rds.plugins.module_utils._sql.connections import SessionLimits
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.relay import MOST_BYTES
from lifeboat_lab.engines import Server
from lifeboat_lab.engines.certificates import Authority
from lifeboat_lab.engines.users import User
from tests.modules import check_statuses

from .conftest import PASSWORD, Ask

Row = dict[str, Any]

ROWS: Row = {"check": "rows", "table": "orders", "minimum": 1}
TLS = 0x0800  # of MySQL's capabilities
MIB = 1024**2


class Middle:
    """A server that nobody chose: it speaks a protocol as far as it takes to ask for a password."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.context = context
        self.open = b""  # what came before TLS
        self.heard: list[bytes] = []  # what came after the question
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.door.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        with self.door, suppress(OSError, IndexError):
            line, _address = self.door.accept()
            line.settimeout(3)
            try:
                self.talk(line)
            finally:
                line.close()

    def talk(self, line: socket.socket) -> None:
        raise NotImplementedError

    def listen(self, line: socket.socket) -> bytes:
        data = line.recv(65536)
        if data:
            self.heard.append(data)
        return data

    def learned(self) -> bytes:
        self.thread.join()
        return self.open + b"".join(self.heard)


def packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload


def greeting(plugin: bytes, more: int = 0) -> bytes:
    capabilities = 0x000FA2FF & ~TLS | 0x00080000 | more
    return packet(
        0,
        b"\x0a8.4.3\x00\x01\x00\x00\x00" + b"12345678" + b"\x00"
        + (capabilities & 0xFFFF).to_bytes(2, "little") + b"\x2d\x02\x00"
        + (capabilities >> 16).to_bytes(2, "little") + b"\x15" + b"\x00" * 10
        + b"123456789012\x00" + plugin + b"\x00",
    )  # fmt: skip


KEY = rsa.generate_private_key(65537, 2048).public_key()
OWN_KEY = KEY.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class Mysql(Middle):
    """A MySQL server that announces one way of authentication, and asks for another one."""

    def __init__(self, context: ssl.SSLContext | None, way: bytes, *, at_once: bool) -> None:
        self.way, self.at_once = way, at_once
        super().__init__(context)

    def talk(self, line: socket.socket) -> None:
        line.sendall(greeting(self.way if self.at_once else b"mysql_native_password", TLS if self.context else 0))
        if self.context:
            self.open += line.recv(36)
            line = self.context.wrap_socket(line, server_side=True)
        answer = line.recv(65536)
        self.heard.append(answer)
        number = answer[3] + 1
        if self.way == b"caching_sha2_password" and self.at_once:
            line.sendall(packet(number, b"\x01\x04"))  # the proof does not do
        else:
            line.sendall(packet(number, b"\xfe" + self.way + b"\x00" + b"s" * 20 + b"\x00"))
        while heard := self.listen(line):
            number = heard[3] + 1
            if self.way == b"caching_sha2_password" and len(heard) == 36:
                line.sendall(packet(number, b"\x01\x04"))
            elif heard[4:] in (b"\x01", b"\x02"):  # it asks for a key
                line.sendall(packet(number, b"\x01" + OWN_KEY))
            else:
                line.sendall(packet(number, b"\xff\x15\x04#28000Access denied"))


class Postgresql(Middle):
    """A PostgreSQL server that asks for the password in one way."""

    def __init__(self, context: ssl.SSLContext | None, question: bytes) -> None:
        self.question = question
        super().__init__(context)

    def talk(self, line: socket.socket) -> None:
        first = line.recv(65536)
        if first[4:8] == b"\x04\xd2\x16\x2f":  # it asks for TLS
            line.sendall(b"S" if self.context else b"N")
            if self.context:
                line = self.context.wrap_socket(line, server_side=True)
            first = line.recv(65536)
        self.open += first
        line.sendall(b"R" + struct.pack("!I", 4 + len(self.question)) + self.question)
        while self.listen(line):
            pass


CLEAR, MD5 = struct.pack("!I", 3), struct.pack("!I", 5) + b"salt"


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """Provide a server's TLS, and the file of its authority."""
    folder, authority = tmp_path_factory.mktemp("middle"), Authority()
    certificate = authority.issue(folder, User(os.getuid(), os.getgid()))
    (folder / "ca.pem").write_text(authority.pem, encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key)
    return context, folder / "ca.pem"


WAYS = (b"mysql_clear_password", b"dialog", b"sha256_password", b"mysql_old_password", b"caching_sha2_password")


@pytest.mark.parametrize("at_once", [True, False], ids=["in-its-greeting", "later"])
@pytest.mark.parametrize("way", WAYS, ids=bytes.decode)
@pytest.mark.parametrize("tls", ["off", "require"])
def test_nobody_in_the_middle_of_mysql_learns_the_password(
    ask: Ask, own_certificate: tuple[ssl.SSLContext, Path], tls: str, way: bytes, at_once: bool
) -> None:
    server = Mysql(own_certificate[0] if tls == "require" else None, way, at_once=at_once)
    result = ask(ROWS, engine="mysql", port=server.port, tls=tls)
    assert b"s3cr3t" not in server.learned()
    assert f"the server asks for the password itself ({way.decode()}): set ca_file" in result["reason"]
    # The first two may be a proof by a digest. Whoever sent a key of its own got nothing after it.
    assert len(server.heard) <= 1 + (way == b"caching_sha2_password" and not at_once)
    assert PASSWORD not in json.dumps(result)


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_by_default_a_server_without_tls_gets_nothing(ask: Ask, engine: str) -> None:
    server = Postgresql(None, MD5) if engine == "postgres" else Mysql(None, b"mysql_native_password", at_once=True)
    assert ask(ROWS, engine=engine, port=server.port)["verdict"] == "unverified"
    assert server.learned() == b""


@pytest.mark.parametrize(("tls", "question"), [("off", CLEAR), ("off", MD5), ("require", CLEAR)])
def test_nobody_in_the_middle_of_postgresql_learns_the_password(
    ask: Ask, own_certificate: tuple[ssl.SSLContext, Path], tls: str, question: bytes
) -> None:
    server = Postgresql(own_certificate[0] if tls == "require" else None, question)
    result = ask(ROWS, port=server.port, tls=tls)
    server.learned()
    assert (result["verdict"], server.heard) == ("unverified", [])
    assert "authentication method requirement" in result["reason"]


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_a_token_is_given_only_to_who_proves_its_name(
    ask: Ask, own_certificate: tuple[ssl.SSLContext, Path], tmp_path: Path, engine: str
) -> None:
    context, authority = own_certificate
    other = tmp_path / "other.pem"
    other.write_text(Authority().pem, encoding="utf-8")
    for path, is_given in ((other, False), (authority, True)):
        server: Middle
        if engine == "postgres":
            server = Postgresql(context, CLEAR)
        else:
            server = Mysql(context, b"mysql_clear_password", at_once=False)
        token = {"password": "host/?Action=connect", "credentials_kind": "iam", "ca_file": str(path)}
        ask(ROWS, engine=engine, port=server.port, **token)
        assert (b"host/?Action=connect\x00" in server.learned()) == is_given


def test_what_a_server_says_of_its_encryption_is_not_believed(ask_mariadb: Ask) -> None:
    assert ask_mariadb(ROWS, tls="off")["checks"][0]["found"].endswith(" without TLS")


class Endless(Middle):
    """A server whose first words never end."""

    def talk(self, line: socket.socket) -> None:
        while True:
            line.sendall(b"\xff\xff\xff\x00" + b"x" * 0xFFFFFF)


@pytest.fixture
def peak() -> Iterator[Any]:
    """Provide a function that tells by how much the memory of this process had grown at most."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = memory("VmRSS")
    yield lambda: memory("VmHWM") - before


def memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def test_a_server_that_never_ends_is_cut_off(ask: Ask, peak: Any) -> None:
    server = Endless(None)
    result = ask(ROWS, engine="mysql", port=server.port, limits=SessionLimits(20, 20))
    server.thread.join()
    assert "sent more than 8 MiB" in result["reason"]
    assert peak() < 10 * MOST_BYTES


HUGE = 20 * MIB
FLOODS = {
    "values": ("", {"check": "query", "query": f"SELECT repeat('x', {HUGE})", "expected": ["x"]}),
    "rows": ("", {"check": "query", "query": "SELECT repeat('x', 9000) FROM generate_series(1, 2000)",
                  "expected": [["x"]] * 1000}),
    "an-error": (
        "CREATE FUNCTION public.cry() RETURNS int LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION '%', repeat('x', {HUGE}); END$$;",
        {"check": "query", "query": "SELECT public.cry()", "expected": [1]},
    ),
    "notices": (
        "CREATE FUNCTION public.cry() RETURNS int LANGUAGE plpgsql AS $$BEGIN SET client_min_messages = debug; "
        "FOR i IN 1..5000 LOOP RAISE NOTICE '%', repeat('x', 10000); END LOOP; RETURN 1; END$$;",
        {"check": "query", "query": "SELECT public.cry()", "expected": [1]},
    ),
    "a-definition": (
        f"DO $$BEGIN EXECUTE 'COMMENT ON COLUMN canary.value IS ' || quote_literal(repeat('x', {HUGE})); END$$;",
        {"check": "structure", "table": "canary", "columns": ["id"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_no_answer_of_a_postgresql_fills_the_memory(ask: Ask, shop: Server, peak: Any, flood: tuple[str, Row]) -> None:
    statement, check = flood
    if statement:
        shop.execute([statement], "shop")
    result = ask(ROWS, check, limits=SessionLimits(20, 20))
    assert sorted(check_statuses(result))[-1] == "unverified", result
    assert "sent more than 8 MiB" in str(result)
    assert peak() < 10 * MOST_BYTES


def test_no_answer_of_a_mariadb_fills_the_memory(ask_mariadb: Ask, mariadb: Server, peak: Any) -> None:
    mariadb.execute(["SET GLOBAL max_allowed_packet = 268435456"])
    check = {"check": "query", "query": f"SELECT repeat('x', {HUGE})", "expected": ["x"]}
    try:
        result = ask_mariadb(ROWS, check, limits=SessionLimits(20, 20))
    finally:
        mariadb.execute(["SET GLOBAL max_allowed_packet = DEFAULT"])
    assert check_statuses(result) == ["passed", "passed", "unverified"]
    assert "sent more than 8 MiB" in result["reason"]
    assert peak() < 10 * MOST_BYTES
