# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that users read."""

from __future__ import annotations

from typing import Any


class LifeboatError(Exception):
    """An error message for the user: what failed, on what, why, and what to do about it."""

    is_out_of_reach = False  # whether nothing of the site could be looked at, so that nothing is known of it

    def __init__(self, what: str, *, why: str, remedy: str = "", code: str | None = None) -> None:
        super().__init__(sentence(what, why, remedy))
        self.why = why
        self.remedy = remedy
        self.code = code

    def as_result(self) -> dict[str, Any]:
        """Build the keyword arguments for ``fail_json``."""
        result: dict[str, Any] = {"msg": str(self), "reason": self.why, "remedy": self.remedy}
        result |= {"out_of_reach": True} if self.is_out_of_reach else {}
        return result | ({"error_code": self.code} if self.code else {})


def sentence(what: str, why: str, remedy: str) -> str:
    """Join the parts of a message. Every message of this collection has this form."""
    text = f"{what}: {why.rstrip('.')}."
    end = "" if remedy.endswith("?") else "."
    return f"{text} {remedy.rstrip('.')}{end}" if remedy else text


def raise_all(what: str, problems: list[LifeboatError]) -> None:
    """Raise one error for all problems, so that the user can fix them together.

    :raises LifeboatError: when there is at least one problem.
    """
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise LifeboatError(f"{what}, for {len(problems)} reasons", why=" ".join(str(one) for one in problems))
