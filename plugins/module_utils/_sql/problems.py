# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of a database means for the check that met it. Its code decides, never the words."""

from __future__ import annotations

from collections.abc import Iterable

from .._core.checking.checks import Status, printable

# Where the data themselves are the answer: something is not there, or is broken. All else (no permission, no time, no
# connection, a column of another type) leaves open what a better question would have found.
# PostgreSQL has the SQL standard's five characters; MariaDB's and MySQL's numbers say more than theirs.
PROOF_OF_LOSS = {
    "42P01": "no such table",
    "3F000": "no such schema",
    "42703": "no such column",
    "XX001": "the data are corrupted",
    "XX002": "the index is corrupted",
    "1146": "no such table",
    "1049": "no such schema",
    "1054": "no such column",
    "1932": "the table's data are not there",
    "1812": "the table's data are not there",
    "126": "the index is corrupted",
    "1034": "the index is corrupted",
    "1712": "the index is corrupted",
    "127": "the data are corrupted",
    "145": "the data are corrupted",
    "1194": "the data are corrupted",
    "1195": "the data are corrupted",
    "1877": "the data are corrupted",
}
# The user may not ask.
REFUSALS = {"42501", "1044", "1142", "1143", "1227", "1370"}
HIDDEN = "(hidden)"


def code_of(error: BaseException) -> str | None:
    """PostgreSQL's state or MySQL's number, from a driver's error or SQLAlchemy's around it."""
    inner = getattr(error, "orig", error)
    if is_numbered(inner):
        return str(inner.args[0])
    state = getattr(inner, "sqlstate", None)
    return str(state) if state else None


def is_numbered(error: BaseException) -> bool:
    """As MySQL's drivers have it. An error of the operating system has a number of its own."""
    return len(error.args) > 1 and isinstance(error.args[0], int) and not isinstance(error, OSError)


def words_of(error: BaseException) -> str:
    inner = getattr(error, "orig", error)
    return str(inner.args[1] if is_numbered(inner) else inner)


def lost_connection(error: BaseException) -> bool:
    return bool(getattr(error, "connection_invalidated", False))


def status_of(error: BaseException) -> Status:
    return "failed" if code_of(error) in PROOF_OF_LOSS else "unverified"


def is_refusal(error: BaseException) -> bool:
    return code_of(error) in REFUSALS


def reason_of(error: BaseException, secrets: Iterable[str], *, is_secret: bool = False) -> str:
    """The driver's own words; SQLAlchemy's would repeat the statement with its parameters.

    :param is_secret: the values that were read are; a driver that cannot read one repeats it.
    """
    code, text = code_of(error), words_of(error)
    for secret in filter(None, secrets):
        text = text.replace(secret, HIDDEN)
    text = " ".join(text.split())
    if not text or (is_secret and code is None):
        text = type(error).__name__
    return printable(f"{PROOF_OF_LOSS[code]}: {text}" if code in PROOF_OF_LOSS else text)
