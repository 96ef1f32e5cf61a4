# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test does when this machine lacks something."""

from __future__ import annotations

import os

import pytest


def missing(what: str) -> None:
    """Skip a test for want of something on this machine; in CI, where everything is, fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)
