# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What an error of a database means for the check that met it. The SQLSTATE decides, never the words."""

from __future__ import annotations

from collections.abc import Iterable

from .._core.checks import Status, printable

# Where the data themselves are the answer: something is not there, or is broken. All else (no permission, no time, no
# connection, a column of another type) leaves open what a better question would have found.
PROOF_OF_LOSS = {
    "42P01": "no such table",
    "3F000": "no such schema",
    "42703": "no such column",
    "XX001": "the data are corrupted",
    "XX002": "the index is corrupted",
}
HIDDEN = "(hidden)"


def sqlstate_of(error: BaseException) -> str | None:
    """The five characters of the SQL standard, from a driver's error or SQLAlchemy's around it."""
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    return str(state) if state else None


def lost_connection(error: BaseException) -> bool:
    return bool(getattr(error, "connection_invalidated", False))


def status_of(error: BaseException) -> Status:
    return "failed" if sqlstate_of(error) in PROOF_OF_LOSS else "unverified"


def reason_of(error: BaseException, secrets: Iterable[str], *, is_secret: bool = False) -> str:
    """The driver's own words; SQLAlchemy's would repeat the statement with its parameters.

    :param is_secret: the values that were read are; a driver that cannot read one repeats it.
    """
    state, text = sqlstate_of(error), " ".join(str(getattr(error, "orig", error)).split())
    if not text or (is_secret and state is None):
        text = type(error).__name__
    for secret in filter(None, secrets):
        text = text.replace(secret, HIDDEN)
    return printable(f"{PROOF_OF_LOSS[state]}: {text}" if state in PROOF_OF_LOSS else text)
