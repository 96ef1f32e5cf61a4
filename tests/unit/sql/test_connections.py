# SPDX-License-Identifier: GPL-3.0-or-later
"""How connections are secured, with both engines."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.connections import SessionLimits
from lifeboat_lab.engines.certificates import Authority
from lifeboat_lab.engines.users import User
from tests.machine import missing

from .conftest import Ask, Shop

Row = dict[str, Any]

ROWS: Row = {"check": "rows", "table": "orders", "minimum": 1}


def found(result: Row) -> str:
    assert result["verdict"] == "verified", result
    return str(result["checks"][0]["found"])


@pytest.fixture
def wrong_ca(tmp_path: Path) -> str:
    path = tmp_path / "wrong.pem"
    path.write_text(Authority().pem, encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def with_tls(healthy: Shop) -> None:
    if not healthy.is_mariadb and healthy.server.execute(["SHOW ssl"]) != [("on",)]:
        missing("these PostgreSQL programs have no TLS; Debian's have: it needs the package postgresql")


def test_by_default_what_the_server_offers_is_used(healthy: Shop) -> None:
    assert found(healthy.ask(ROWS)).endswith(" over TLS, not verified")


def test_with_an_authority_the_server_proves_its_name(healthy: Shop, ca: Path) -> None:
    assert found(healthy.ask(ROWS, ca_file=str(ca))).endswith(" over TLS, verified as 127.0.0.1")


def test_a_server_of_another_authority_is_not_let_near_the_password(healthy: Shop, wrong_ca: str) -> None:
    result = healthy.ask(ROWS, ca_file=wrong_ca)
    assert (result["verdict"], "certificate verify failed" in result["reason"]) == ("unverified", True)


@pytest.mark.parametrize(("tls", "words"), [("require", "over TLS, not verified"), ("off", "without TLS")])
def test_as_it_is_told(healthy: Shop, tls: str, words: str) -> None:
    assert found(healthy.ask(ROWS, tls=tls)).endswith(f" {words}")


def test_through_a_port_forward_the_servers_name_is_proved(healthy: Shop, ca: Path) -> None:
    """The host decides where the connection goes, and tls_name decides which server must answer."""
    assert found(healthy.ask(ROWS, ca_file=str(ca), tls_name="localhost")).endswith("verified as localhost")
    result = healthy.ask(ROWS, ca_file=str(ca), tls_name="orders.example.com")
    assert result["verdict"] == "unverified"
    assert "orders.example.com" in result["reason"]


def test_a_port_forward_that_leads_nowhere_is_unverified(healthy: Shop, ca: Path) -> None:
    for host in ("no-such-host.invalid", "x" * 300):
        result = healthy.ask(ROWS, host=host, ca_file=str(ca), tls_name="localhost")
        assert (result["verdict"], result["checks"][0]["status"]) == ("unverified", "unverified")


def test_a_file_of_authorities_that_is_not_there_stops_the_call(healthy: Shop, tmp_path: Path) -> None:
    with pytest.raises(LifeboatError, match="cannot be read there") as caught:
        healthy.ask(ROWS, ca_file=str(tmp_path / "gone.pem"))
    assert "Cannot check shop from here" in str(caught.value)


def test_a_file_without_an_authority_is_unverified(healthy: Shop, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing", encoding="utf-8")
    assert healthy.ask(ROWS, ca_file=str(tmp_path / "empty.pem"))["verdict"] == "unverified"


def test_a_token_is_not_sent_to_a_server_without_tls(healthy: Shop) -> None:
    """The server announces at once that it does not support TLS."""
    token = "token/?Action=connect&X-Amz-Signature=5ecre7"
    hello = b"N" if not healthy.is_mariadb else greeting()
    received, result = met_by(healthy, hello, password=token, credentials_kind="iam")
    assert result["verdict"] == "unverified"
    assert b"5ecre7" not in received
    assert "5ecre7" not in json.dumps(result)


def met_by(healthy: Shop, hello: bytes, **changes: Any) -> tuple[bytes, Row]:
    """Connect to a server that sends this greeting, and return what the server receives."""

    received = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            line, _address = door.accept()
            with line:
                line.settimeout(3)
                if not healthy.is_mariadb:
                    received.extend(line.recv(8))
                line.sendall(hello)
                try:
                    while data := line.recv(65536):
                        received.extend(data)
                except OSError:
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        result = healthy.ask(ROWS, port=door.getsockname()[1], limits=SessionLimits(2, 2), **changes)
        thread.join()
    return bytes(received), result


SSL = 0x0800


def packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload


def greeting(more: int = 0) -> bytes:
    """Build the greeting of a MySQL server that authenticates with mysql_clear_password, as RDS does with tokens."""
    capabilities = 0x000FA2FF & ~SSL | 0x00080000 | more
    return packet(
        0,
        b"\x0a8.0.43\x00\x01\x00\x00\x00" + b"12345678" + b"\x00"
        + (capabilities & 0xFFFF).to_bytes(2, "little") + b"\x2d\x02\x00"
        + (capabilities >> 16).to_bytes(2, "little") + b"\x15" + b"\x00" * 10
        + b"123456789012\x00" + b"mysql_native_password\x00",
    )  # fmt: skip


class ClearTextServer:
    """A MySQL server that asks for the password in clear text, with or without TLS, and then refuses the login.

    It stands in for RDS, since no local server accepts Amazon's tokens.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.context = context
        self.open, self.given = b"", b""
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.door.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        line, _address = self.door.accept()
        line.settimeout(3)
        with self.door, line, suppress(OSError):
            line.sendall(greeting(SSL if self.context else 0))
            if self.context:
                self.open += line.recv(36)  # the client asks for TLS
                line = self.context.wrap_socket(line, server_side=True)
            answer = line.recv(65536)
            self.open += b"" if self.context else answer
            line.sendall(packet(3 if self.context else 2, b"\xfemysql_clear_password\x00"))
            self.given = line.recv(65536)
            line.sendall(packet(5 if self.context else 4, b"\xff\x15\x04#28000Access denied"))


def test_mysql_gets_a_token_in_clear_text_within_tls(ask: Ask, tmp_path: Path) -> None:
    authority = Authority()
    certificate = authority.issue(tmp_path, User(os.getuid(), os.getgid()))
    (tmp_path / "ca.pem").write_text(authority.pem, encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key)
    server = ClearTextServer(context)
    token = {"password": "host/?Action=connect", "credentials_kind": "iam", "ca_file": str(tmp_path / "ca.pem")}
    result = ask(ROWS, engine="mysql", port=server.port, **token)
    server.thread.join()
    assert (server.given[4:], b"connect" in server.open) == (b"host/?Action=connect\x00", False)
    assert result["reason"].startswith("connection: Access denied")


@pytest.mark.parametrize("tls", ["off", None], ids=["off", "where-offered"])
def test_a_password_is_not_given_in_clear_text_to_who_asks_for_it_in_the_open(ask: Ask, tls: str | None) -> None:
    server = ClearTextServer(None)
    result = ask(ROWS, engine="mysql", port=server.port, tls=tls)
    server.thread.join()
    assert b"s3cr3t" not in server.open + server.given
    assert "asks for the password in clear text" in result["reason"]


@pytest.mark.parametrize("tls", ["off", None], ids=["off", "where-offered"])
def test_postgresql_gets_no_password_in_clear_text_in_the_open(healthy: Shop, tls: str | None) -> None:
    if healthy.is_mariadb:
        return
    asks_for_it = b"R\x00\x00\x00\x08\x00\x00\x00\x03"
    received, result = met_by(healthy, asks_for_it if tls else b"N" + asks_for_it, tls=tls)
    assert b"s3cr3t" not in received
    assert result["verdict"] == "unverified"


def test_a_driver_that_is_not_there_is_named(healthy: Shop) -> None:
    for driver in ("oracle+oracledb", "no+such"):
        with pytest.raises(LifeboatError, match="cannot be used by") as caught:
            healthy.ask(ROWS, driver=driver)
        assert driver in str(caught.value)


def test_a_known_driver_serves_an_engine_that_is_not_known(healthy: Shop, ca: Path) -> None:
    driver = "mysql+pymysql" if healthy.is_mariadb else "postgresql+psycopg"
    assert found(healthy.ask(ROWS, engine="other", driver=driver, ca_file=str(ca))).endswith("verified as 127.0.0.1")
