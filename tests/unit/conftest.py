# SPDX-License-Identifier: GPL-3.0-or-later
"""What unit tests of several rooms need."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.keys import Keys, make_keys


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Make a pair of keys for signatures."""
    return make_keys(tmp_path)
