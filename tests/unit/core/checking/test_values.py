# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.checking.values import is_same

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("found", "expected", "same"),
    [
        pytest.param(42, "42", True, id="number-as-text"),
        pytest.param("042", 42, False, id="text-stays-text"),
        pytest.param(42, 43, False, id="other-number"),
        pytest.param(42, "forty-two", False, id="number-and-words"),
        pytest.param(Decimal("1.50"), "1.5", True, id="decimals-by-value"),
        pytest.param(0.1, 0.1, True, id="float"),
        pytest.param(Decimal("NaN"), "NaN", False, id="not-a-number"),
        pytest.param(True, "true", True, id="boolean-as-text"),
        pytest.param(True, 1, False, id="boolean-is-no-number"),
        pytest.param(1, True, False, id="number-is-no-boolean"),
        pytest.param(NOW, "2026-11-23T15:00:00+01:00", True, id="time-by-value"),
        pytest.param(NOW, "soon", False, id="time-and-words"),
        pytest.param({"a": 1}, {"a": 1}, True, id="document"),
        pytest.param([1], "[1]", False, id="document-and-text"),
        pytest.param(b"\xde\xad", "dead", True, id="bytes-in-hex"),
        pytest.param(memoryview(b"\xde"), "de", True, id="memory-in-hex"),
        pytest.param(None, "None", False, id="null-is-not-its-name"),
        pytest.param(None, "", False, id="null-is-not-empty"),
        pytest.param(None, None, True, id="null"),
        pytest.param("None", None, False, id="its-name-is-not-null"),
        pytest.param('{"a": [1]}', {"a": [1]}, True, id="document-as-text"),
        pytest.param("{a", {"a": 1}, False, id="text-that-is-no-document"),
        pytest.param(b"{}", {}, False, id="bytes-are-no-document"),
    ],
)
def test_values_are_compared_as_what_the_column_holds(found: Any, expected: Any, same: bool) -> None:
    assert is_same(found, expected) is same
