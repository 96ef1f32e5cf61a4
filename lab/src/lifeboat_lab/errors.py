# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller gets instead of an answer."""

from __future__ import annotations


class AwsError(Exception):
    """An error with the code and the words that AWS would use."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class NoAnswer(ConnectionAbortedError):
    """The connection is closed without a word, as when the other side is gone."""
