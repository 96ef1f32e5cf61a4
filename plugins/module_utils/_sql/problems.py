# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges errors of a database: what they mean for the check. The error code decides, never the text."""

from __future__ import annotations

from collections.abc import Iterable

from .._core.checking.checks import Status
from .._core.words import printable

# These codes prove that something is missing or damaged. All other errors (no permission, a timeout, a lost connection,
# a column of another type) leave open what a working check would have found. PostgreSQL has five characters of the SQL
# standard. MariaDB and MySQL have numbers, which are more precise than their SQL states.
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
# the user has no permission
REFUSALS = {"42501", "1044", "1142", "1143", "1227", "1370"}
HIDDEN = "(hidden)"


def code_of(error: BaseException) -> str | None:
    """Read PostgreSQL's SQLSTATE or MySQL's number from an error of the driver, or of SQLAlchemy around it."""
    inner = getattr(error, "orig", error)
    if is_numbered(inner):
        return str(inner.args[0])
    state = getattr(inner, "sqlstate", None)
    return str(state) if state else None


def is_numbered(error: BaseException) -> bool:
    """Tell whether an error has MySQL's form.

    Errors of the operating system also contain a number, but do not count.
    """
    return len(error.args) > 1 and isinstance(error.args[0], int) and not isinstance(error, OSError)


def words_of(error: BaseException) -> str:
    """Read the text of an error."""
    inner = getattr(error, "orig", error)
    return str(inner.args[1] if is_numbered(inner) else inner)


def lost_connection(error: BaseException) -> bool:
    """Tell whether the error ended the connection."""
    return bool(getattr(error, "connection_invalidated", False))


def status_of(error: BaseException) -> Status:
    """Judge an error: failed if it proves a loss, otherwise unverified."""
    return "failed" if code_of(error) in PROOF_OF_LOSS else "unverified"


def is_refusal(error: BaseException) -> bool:
    """Tell whether the user has no permission for this check."""
    return code_of(error) in REFUSALS


def reason_of(error: BaseException, secrets: Iterable[str], *, is_secret: bool = False) -> str:
    """Write the reason in the driver's words. SQLAlchemy's would repeat the statement and its parameters.

    :param secrets: texts that are replaced.
    :param is_secret: whether the values that were read are secret. A driver that cannot convert one repeats it.
    """
    code, text = code_of(error), words_of(error)
    for secret in filter(None, secrets):
        text = text.replace(secret, HIDDEN)
    text = " ".join(text.split())
    if not text or (is_secret and code is None):
        text = type(error).__name__
    return printable(f"{PROOF_OF_LOSS[code]}: {text}" if code in PROOF_OF_LOSS else text)
