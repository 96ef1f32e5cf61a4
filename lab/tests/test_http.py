# SPDX-License-Identifier: GPL-3.0-or-later
"""Test HTTP as clients of all kinds speak it: connections stay open, every answer is whole and dated once."""

from __future__ import annotations

import email.utils
import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config

from lifeboat_lab import Lab

STATUS = "GET /_lab/settings HTTP/1.1\r\nHost: x\r\n\r\n"


@contextmanager
def connection(lab: Lab) -> Iterator[socket.socket]:
    host, port = lab.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as opened:
        yield opened


def answer(opened: socket.socket) -> http.client.HTTPResponse:
    found = http.client.HTTPResponse(opened)
    found.begin()
    return found


def ask(lab: Lab, text: str | bytes) -> tuple[int, bytes]:
    """Send any text and return one answer."""
    with connection(lab) as opened:
        opened.sendall(text.encode() if isinstance(text, str) else text)
        found = answer(opened)
        return found.status, found.read()


def test_a_connection_serves_many_requests(lab: Lab) -> None:
    with connection(lab) as opened:
        for _turn in range(5):
            opened.sendall(STATUS.encode())
            found = answer(opened)
            assert (found.status, found.version, found.will_close) == (200, 11, False)
            assert b"scale" in found.read()


def test_requests_that_come_together_are_answered_in_turn(lab: Lab) -> None:
    with connection(lab) as opened:
        opened.sendall(STATUS.encode() * 2 + STATUS.replace("settings", "nonsense").encode())
        reader = opened.makefile("rb")
        statuses = []
        for _turn in range(3):
            statuses.append(int(reader.readline().split()[1]))
            headers = http.client.parse_headers(reader)
            reader.read(int(headers["Content-Length"]))
    assert statuses == [200, 200, 404]


@pytest.mark.parametrize(
    ("version", "header", "closes"),
    [
        ("1.1", "", False),
        ("1.1", "Connection: close\r\n", True),
        ("1.0", "", True),
        ("1.0", "Connection: keep-alive\r\n", False),
    ],
)
def test_who_asks_decides_whether_it_stays_open(lab: Lab, version: str, header: str, closes: bool) -> None:
    with connection(lab) as opened:
        opened.sendall(f"GET /_lab/settings HTTP/{version}\r\nHost: x\r\n{header}\r\n".encode())
        answer(opened).read()
        opened.sendall(STATUS.encode())
        opened.settimeout(5)
        try:
            again = opened.recv(1)
        except ConnectionError:
            again = b""
    assert (again == b"") is closes


def test_a_client_of_botocore_keeps_its_connection(lab: Lab) -> None:
    client = lab.client("production", "rds", config=Config(max_pool_connections=1))
    seen: set[int] = set()
    for _turn in range(4):
        client.describe_db_clusters()
        manager = client._endpoint.http_session._manager
        for pool in manager.pools._container.values():
            seen |= {id(each.sock) for each in pool.pool.queue if each and each.sock}
    assert len(seen) == 1


@pytest.mark.parametrize(
    "text",
    ["nonsense\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nno header\r\n\r\n",
     "POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
     "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
)  # fmt: skip
def test_what_is_no_http_is_a_bad_request(lab: Lab, text: str) -> None:
    assert ask(lab, text)[0] == 400


def test_a_client_that_hangs_up_early_harms_nobody(lab: Lab) -> None:
    for text in ("", "POST ", "POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nshort", STATUS):
        with connection(lab) as opened:
            opened.sendall(text.encode())
    assert ask(lab, STATUS)[0] == 200


def test_a_body_comes_in_chunks_or_after_a_go_ahead(lab: Lab) -> None:
    chunked = (
        "PATCH /_lab/settings HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\n{no\r\n4\r\n json\r\n0\r\n\r\n"
    )
    status, body = ask(lab, chunked)
    assert (status, b"not JSON" in body) == (400, True)
    with connection(lab) as opened:
        opened.sendall(b"PATCH /_lab/settings HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert opened.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        opened.sendall(b"{}")
        assert answer(opened).status == 200


def test_an_unsigned_request_is_refused_in_words_of_aws(lab: Lab) -> None:
    status, body = ask(lab, "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
    assert (status, b"MissingAuthenticationToken" in body) == (403, True)


def test_motos_own_endpoints_are_closed(lab: Lab) -> None:
    assert ask(lab, "POST /moto-api/reset HTTP/1.1\r\nContent-Length: 0\r\n\r\n")[0] == 404


# --- Dates ---


def dates(found: Any) -> list[str]:
    return [value for name, value in found.getheaders() if name.lower() == "date"]


@pytest.mark.parametrize("path", ["/_lab/settings", "/_lab/nonsense", "/"])
def test_every_answer_has_one_date(lab: Lab, path: str) -> None:
    began = time.time()
    with connection(lab) as opened:
        opened.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        (said,) = dates(answer(opened))
    assert began - 1 <= email.utils.parsedate_to_datetime(said).timestamp() <= time.time()


@pytest.mark.parametrize(
    ("service", "operation"),
    [("rds", "describe_db_instances"), ("iam", "list_users"), ("kms", "list_keys"), ("s3", "list_buckets"),
     ("sqs", "list_queues"), ("lambda", "list_functions")],
)  # fmt: skip
def test_the_date_is_the_labs_own(empty_lab: Lab, service: str, operation: str) -> None:
    """Compare with the lab's clock, which can be advanced."""
    empty_lab.admin("POST", "clock", {"advance": 86_400})
    began = datetime.fromisoformat(empty_lab.admin("GET", "clock")["now"])
    said = getattr(empty_lab.client("production", service), operation)()["ResponseMetadata"]["HTTPHeaders"]["date"]
    now = datetime.fromisoformat(empty_lab.admin("GET", "clock")["now"])
    assert began - timedelta(seconds=1) <= email.utils.parsedate_to_datetime(said) <= now
    assert now.timestamp() > time.time() + 86_000
