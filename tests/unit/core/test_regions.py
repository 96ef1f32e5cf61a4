# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.regions import in_one_region
from tests.builders import DR, EAST, SOURCE, WEST


def arns(*names: str, region: str = EAST, account: str = SOURCE) -> list[str | None]:
    return [f"arn:aws:rds:{region}:{account}:db:{name}" for name in names]


@pytest.mark.parametrize(
    ("origins", "named"),
    [
        pytest.param(arns("orders"), "orders", id="one"),
        pytest.param(arns("orders", "billing", "orders"), "billing and orders", id="two, each once"),
        pytest.param(arns("a", "b", "c", "d", "e"), "a, b, c and 2 more", id="many"),
        pytest.param([*arns("orders"), *arns("far", region=WEST)], "orders", id="others are elsewhere"),
    ],
)
def test_databases_beside_their_recovery_points_are_named_in_one_warning(
    origins: Iterable[str | None], named: str
) -> None:
    (warning,) = in_one_region(origins, DR, EAST)
    assert warning.startswith(f"The recovery points of {named} are in {EAST}, where the databases are: ")


@pytest.mark.parametrize(
    "origins",
    [
        pytest.param(arns("orders", region=WEST), id="another Region"),
        pytest.param(arns("orders", account=DR), id="what this account published itself"),
        pytest.param([None, "", "no arn"], id="nobody knows"),
    ],
)
def test_nothing_is_said_of_others(origins: list[str | None]) -> None:
    assert in_one_region(origins, DR, EAST) == []
