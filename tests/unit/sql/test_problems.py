# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._sql.problems import code_of, reason_of, status_of


class DriverError(Exception):
    def __init__(self, text: str = "words", sqlstate: str | None = None) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


class MysqlError(Exception):
    """An error with the server's number and text."""


class Wrapped(Exception):
    """An error like SQLAlchemy's: its own text contains the statement and its parameters."""

    def __init__(self, orig: Exception) -> None:
        super().__init__(f"{orig} [SQL: SELECT 1] [parameters: ('hidden-word',)]")
        self.orig = orig


@pytest.mark.parametrize(
    ("state", "status"),
    [
        pytest.param("42P01", "failed", id="missing-table"),
        pytest.param("3F000", "failed", id="missing-schema"),
        pytest.param("42703", "failed", id="missing-column"),
        pytest.param("XX001", "failed", id="data-corrupted"),
        pytest.param("XX002", "failed", id="index-corrupted"),
        pytest.param("57014", "unverified", id="statement-timeout"),
        pytest.param("42501", "unverified", id="permission-denied"),
        pytest.param("57P01", "unverified", id="server-shut-down"),
        pytest.param("53300", "unverified", id="too-many-connections"),
        pytest.param("42883", "unverified", id="no-such-operator"),
        pytest.param("XX000", "unverified", id="internal-error"),
        pytest.param(None, "unverified", id="no-state"),
        pytest.param(1146, "failed", id="mysql-missing-table"),
        pytest.param(1049, "failed", id="mysql-missing-schema"),
        pytest.param(1054, "failed", id="mysql-missing-column"),
        pytest.param(1932, "failed", id="mysql-missing-file"),
        pytest.param(145, "failed", id="mysql-marked-as-crashed"),
        pytest.param(1877, "failed", id="mysql-table-corrupt"),
        pytest.param(1142, "unverified", id="mysql-no-permission"),
        pytest.param(1205, "unverified", id="mysql-lock-timeout"),
        pytest.param(1969, "unverified", id="mysql-statement-timeout"),
        pytest.param(2013, "unverified", id="mysql-connection-lost"),
    ],
)
def test_the_code_decides(state: str | int | None, status: str) -> None:
    error = MysqlError(state, "words") if isinstance(state, int) else DriverError(sqlstate=state)
    assert status_of(Wrapped(error)) == status


def test_words_decide_nothing() -> None:
    assert status_of(DriverError('relation "orders" does not exist')) == "unverified"


def test_the_state_of_a_bare_error_is_found() -> None:
    assert code_of(DriverError(sqlstate="42P01")) == "42P01"


def test_the_statement_and_its_parameters_are_not_repeated() -> None:
    assert reason_of(Wrapped(DriverError("no permission")), []) == "no permission"


def test_a_secret_in_the_words_is_hidden() -> None:
    assert reason_of(DriverError("with hidden-word at"), ["", "hidden-word"]) == "with (hidden) at"


def test_a_reason_is_one_printable_line_of_bounded_length() -> None:
    reason = reason_of(DriverError("\x1b[2J\n\u202e" + "x" * 1_000_000), [])
    assert (reason.isprintable(), len(reason)) == (True, 300)


@pytest.mark.parametrize(
    ("state", "reason"), [(None, "DriverError"), ("42501", "value 7")], ids=["driver-repeats-it", "server-does-not"]
)
def test_what_a_driver_cannot_read_of_a_canary_is_not_repeated(state: str | None, reason: str) -> None:
    assert reason_of(DriverError("value 7", state), [], is_secret=True) == reason


def test_an_error_without_words_is_named() -> None:
    assert reason_of(TimeoutError(), []) == "TimeoutError"


def test_the_number_of_mysql_is_not_among_the_words() -> None:
    assert reason_of(MysqlError(1146, "Table 'x' doesn't exist"), []) == "no such table: Table 'x' doesn't exist"


def test_the_number_of_the_operating_system_means_nothing_here() -> None:
    assert (code_of(OSError(126, "Key has expired")), status_of(OSError(126, "x"))) == (None, "unverified")


def test_a_secret_of_several_lines_is_hidden() -> None:
    assert reason_of(DriverError("with hidden\n  word at"), ["hidden\n  word"]) == "with (hidden) at"
