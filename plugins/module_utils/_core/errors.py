# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that a user reads."""

from __future__ import annotations

from typing import Any


class LifeboatError(Exception):
    """Something the user must know: what failed, on what, why, and what to do about it."""

    def __init__(self, what: str, *, why: str, remedy: str = "", code: str | None = None) -> None:
        super().__init__(sentence(what, why, remedy))
        self.why = why
        self.remedy = remedy
        self.code = code

    def as_result(self) -> dict[str, Any]:
        """Keyword arguments for ``fail_json``."""
        result: dict[str, Any] = {"msg": str(self), "reason": self.why, "remedy": self.remedy}
        return result | ({"error_code": self.code} if self.code else {})


def sentence(what: str, why: str, remedy: str) -> str:
    """Join the parts the way every message of this collection reads."""
    text = f"{what}: {why.rstrip('.')}."
    return f"{text} {remedy.rstrip('.')}." if remedy else text


def raise_all(what: str, problems: list[LifeboatError]) -> None:
    """Say everything that is wrong at once: who mends one thing after the other starts as often.

    :raises LifeboatError: unless nothing is wrong.
    """
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise LifeboatError(f"{what}, for {len(problems)} reasons", why=" ".join(str(one) for one in problems))
