# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.history import number_of


def test_documents_are_numbered_from_1() -> None:
    assert number_of(1) == 1


@pytest.mark.parametrize("value", [0, -1, True, "1", 1.0, None], ids=repr)
def test_what_is_not_a_positive_whole_number_is_not_the_number_of_a_document(value: Any) -> None:
    with pytest.raises(TypeError):
        number_of(value)
