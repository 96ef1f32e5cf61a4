# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the little that the lab understands of LDAP (RFC 4511)."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from lifeboat_lab.engines.ldap import Doorman, Malformed, answer, read_bind

# As PostgreSQL sends it: message 1, version 3, cn=clerk,dc=5432, the password "pass".
BIND = b"\x02\x01\x01\x60\x1b\x02\x01\x03\x04\x10cn=clerk,dc=5432\x80\x04pass"
REQUEST = b"\x30\x20" + BIND


@pytest.fixture
def doorman() -> Iterator[Doorman]:
    found = Doorman()
    yield found
    found.close()


def said(doorman: Doorman, *words: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", doorman.port), timeout=5) as connection:
        for word in words:
            connection.sendall(word)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_a_bind_says_who_wants_where() -> None:
    found = read_bind(BIND)
    assert (found.message, found.port, found.user, found.password) == (b"\x01", 5432, "clerk", "pass")


def test_a_users_name_may_look_like_more_than_a_name() -> None:
    name = b"cn=a,dc=1,cn=b,dc=5432"
    rest = b"\x02\x01\x03\x04" + bytes([len(name)]) + name + b"\x80\x04pass"
    found = read_bind(b"\x02\x01\x01\x60" + bytes([len(rest)]) + rest)
    assert (found.user, found.port) == ("a,dc=1,cn=b", 5432)


@pytest.mark.parametrize("length", range(len(BIND)))
def test_what_is_cut_off_is_no_bind(length: int) -> None:
    with pytest.raises(Malformed):
        read_bind(BIND[:length])


def test_an_answer_has_a_code_and_a_reason() -> None:
    assert answer(b"\x01", 0, "") == b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"
    long = answer(b"\x01", 49, "x" * 300)
    assert long.startswith(b"\x30\x82\x01\x3c")
    assert long.endswith(b"\x04\x82\x01\x2c" + b"x" * 300)


def test_the_judge_decides(doorman: Doorman) -> None:
    assert said(doorman, REQUEST).endswith(b"the lab is not ready")
    doorman.judge = lambda port, user, password: None if (port, user, password) == (5432, "clerk", "pass") else "no"
    assert said(doorman, REQUEST) == answer(b"\x01", 0, "")
    assert said(doorman, REQUEST[:-1] + b"t") == answer(b"\x01", 49, "no")


def test_a_judge_that_fails_lets_nobody_in(doorman: Doorman) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    doorman.judge = fail
    assert said(doorman, REQUEST) == answer(b"\x01", 49, "the lab failed")


@pytest.mark.parametrize(
    "words", [b"", b"\x30", b"GET / HTTP/1.1\r\n\r\n", b"\x30\x84\xff\xff\xff\xff", b"\x30\x02\x02\x01"]
)
def test_nonsense_is_not_answered_and_harms_nobody(doorman: Doorman, words: bytes) -> None:
    assert said(doorman, words) == b""
    assert said(doorman, REQUEST).endswith(b"the lab is not ready")
