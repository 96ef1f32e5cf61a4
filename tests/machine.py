# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test does when this machine lacks something."""

from __future__ import annotations

import os

import pytest


def missing(what: str) -> None:
    """Skip a test for want of something on this machine; in CI, where everything is, fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)
