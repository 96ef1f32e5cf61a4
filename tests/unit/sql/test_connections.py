# SPDX-License-Identifier: GPL-3.0-or-later
"""How connections are secured, with both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lifeboat_lab.engines.certificates import Authority

from .conftest import Shop

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


def test_by_default_the_connection_is_encrypted(healthy: Shop) -> None:
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


def test_without_its_file_of_authorities_a_database_is_unverified(healthy: Shop, tmp_path: Path) -> None:
    result = healthy.ask(ROWS, ca_file=str(tmp_path / "gone.pem"))
    assert result["verdict"] == "unverified"
    assert "cannot be read there" in result["reason"]
    assert "Cannot check shop from here" in result["reason"]


def test_a_file_without_an_authority_is_unverified(healthy: Shop, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing", encoding="utf-8")
    assert healthy.ask(ROWS, ca_file=str(tmp_path / "empty.pem"))["verdict"] == "unverified"


def test_a_driver_that_is_not_there_is_named(healthy: Shop) -> None:
    for driver in ("oracle+oracledb", "no+such"):
        result = healthy.ask(ROWS, driver=driver)
        assert result["verdict"] == "unverified"
        assert "cannot be used by" in result["reason"]
        assert driver in result["reason"]


def test_a_known_driver_serves_an_engine_that_is_not_known(healthy: Shop, ca: Path) -> None:
    driver = "mysql+pymysql" if healthy.is_mariadb else "postgresql+psycopg"
    assert found(healthy.ask(ROWS, engine="other", driver=driver, ca_file=str(ca))).endswith("verified as 127.0.0.1")
