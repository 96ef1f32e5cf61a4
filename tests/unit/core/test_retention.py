# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.retention import (
    Policy,
    judge,
    ours,
    retirements,
    with_marks,
)
from tests.builders import DR, NOW, SOURCE, SOURCE_KEY, automated, copied

LANDED = {f"lifeboat:landed:{DR}": "2026-11-23T13:00:00Z"}


def kept(points: list[Any], account: str, **policy: Any) -> list[bool]:
    verdicts = judge(points, "lifeboat", Policy(**policy), account, NOW)
    by_arn = {one.point.arn: one.keep for one in verdicts}
    return [by_arn[point.arn] for point in points]


def published(hours: float, **more: Any) -> Any:
    return copied(hours=hours, **more)


def dr(hours: float, **more: Any) -> Any:
    return copied(hours=hours, account=DR, **more)


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        pytest.param([published(1, tags=LANDED)], [True], id="the newest stays though it landed"),
        pytest.param([published(1, tags=LANDED), published(2, tags=LANDED)], [True, False], id="older landed ones go"),
        pytest.param([published(1), published(2)], [True, True], id="what has not landed stays"),
        pytest.param([published(1), published(2, tags=LANDED)], [True, True], id="the newest that landed stays"),
        pytest.param(
            [published(1), published(2, tags=LANDED), published(3, tags=LANDED)], [True, True, False], id="and only it"
        ),
        pytest.param([published(1, status="copying"), published(2, tags=LANDED)], [True, True], id="in flight stays"),
        pytest.param([published(1, tags=LANDED), published(2, status="failed")], [True, False], id="failed ones go"),
        pytest.param(
            [published(1, tags=LANDED), published(2, tags={**LANDED, "retain": ""})], [True, True], id="retain stays"
        ),
    ],
)
def test_the_source_keeps_what_has_not_landed_and_the_newest(points: list[Any], wanted: list[bool]) -> None:
    assert kept(points, SOURCE) == wanted


@pytest.mark.parametrize(
    ("points", "policy", "wanted"),
    [
        pytest.param([dr(9000)], {"max_age": timedelta(days=1)}, [True], id="the newest stays though it is old"),
        pytest.param([dr(1), dr(2), dr(3)], {"keep": 2}, [True, True, False], id="by number"),
        pytest.param([dr(1), dr(20), dr(30)], {"max_age": timedelta(days=1)}, [True, True, False], id="by age"),
        pytest.param([dr(1), dr(2, tags={"lifeboat:verified": "t"})], {}, [True, True], id="last verified stays"),
        pytest.param(
            [dr(1), dr(2, tags={"lifeboat:verified": "t"}), dr(3, tags={"lifeboat:verified": "t"})],
            {},
            [True, True, False],
            id="earlier verified ones go",
        ),
        pytest.param([dr(1, status="failed"), dr(2)], {}, [False, True], id="a failed copy is not the newest"),
        pytest.param([dr(1, kms_key_id=SOURCE_KEY), dr(2)], {}, [True, True], id="nor one under another account's key"),
        pytest.param([dr(1, status="deleting"), dr(2)], {}, [True, True], id="what is going is left alone"),
    ],
)
def test_the_dr_site_keeps_the_newest_and_the_last_verified(
    points: list[Any], policy: dict[str, Any], wanted: list[bool]
) -> None:
    assert kept(points, DR, **policy) == wanted


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(automated(), id="automated"),
        pytest.param(copied(name="by-hand"), id="our tag, not our name"),
        pytest.param(copied(tags={"lifeboat:managed-by": "other"}), id="our name, not our tag"),
    ],
)
def test_only_what_has_both_our_tag_and_our_name_is_judged(point: Any) -> None:
    assert ours([point], "lifeboat") == []


def test_what_landed_is_retired_once() -> None:
    fresh, marked = published(1), published(2, tags=LANDED)
    landed = {DR: {fresh.name: "t", marked.name: "t"}}
    assert retirements([fresh, marked], "lifeboat", SOURCE, landed) == [(fresh, DR, "t")]


def test_the_dr_site_does_not_retire_its_own_copies() -> None:
    mine = dr(1)
    assert retirements([mine], "lifeboat", DR, {DR: {mine.name: "t"}}) == []


def test_what_this_pass_retires_counts_as_landed() -> None:
    (point,) = with_marks([published(1)], {published(1).arn: [DR]})
    assert point.has_landed_in(DR)
