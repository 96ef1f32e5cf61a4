# SPDX-License-Identifier: GPL-3.0-or-later
"""Define what a caller gets instead of an answer."""

from __future__ import annotations


class AwsError(Exception):
    """Raised with the code and the words that AWS would use."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class NoAnswer(ConnectionAbortedError):
    """Raised to close the connection without an answer, as when the other side is gone."""
