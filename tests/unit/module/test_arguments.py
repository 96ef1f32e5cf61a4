# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.plan import Limits
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.selection import Selection
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import (
    read_limits,
    read_request,
    read_selection,
    read_settings,
    read_tags,
)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param({}, Limits(20, 5), id="what AWS documents"),
        pytest.param({"instance": 3, "cluster": None}, Limits(3, 5), id="one of them"),
        pytest.param({"instance": 3, "cluster": 2}, Limits(3, 2), id="both"),
    ],
)
def test_limits_that_are_not_given_are_those_of_aws(given: dict[str, Any], wanted: Limits) -> None:
    assert read_limits(given) == wanted


@pytest.mark.parametrize("number", [0, -1])
def test_a_limit_with_which_no_copy_would_ever_start_is_refused(number: int) -> None:
    with pytest.raises(
        LifeboatError, match=rf"max_in_flight.cluster {number}: .* Set max_in_flight.cluster to 1 or more"
    ):
        read_limits({"cluster": number})


def test_what_yaml_made_a_number_or_a_boolean_is_a_tags_text() -> None:
    assert read_tags({"tier": 1, 2: "two"}) == {"tier": "1", "2": "two"}


def test_a_selection_is_what_the_four_options_say() -> None:
    params = {"databases": ["shop-*"], "match_tags": {"tier": 1}, "engines": ["postgres"], "kinds": ["instance"]}
    assert read_selection(params) == Selection(("shop-*",), {"tier": "1"}, ("postgres",), ("instance",))


@dataclass(frozen=True)
class Taken:
    interval: timedelta | None
    source: str


def seconds(value: int) -> timedelta:
    return timedelta(seconds=value)


def test_settings_are_read_once_for_the_default_and_for_each_override() -> None:
    overrides = [{"databases": ["orders"], "interval": 600}, {"source": "manual", "interval": None}]
    params = {"interval": 300, "source": "automated", "other": 1, "overrides": overrides}
    settings = read_settings(Taken, params, interval=seconds)
    assert settings.every == [
        Taken(seconds(300), "automated"),
        Taken(seconds(600), "automated"),
        Taken(seconds(300), "manual"),
    ]


def test_a_setting_that_is_not_set_is_not_converted() -> None:
    settings = read_settings(Taken, {"interval": None, "source": "manual", "overrides": []}, interval=seconds)
    assert settings.default == Taken(None, "manual")


@dataclass(frozen=True)
class Asked:
    """What a pass might be asked."""

    prefix: str
    accounts: frozenset[str]
    regions: tuple[str, ...]
    landed: list[str] | None
    when: timedelta


def test_a_field_of_a_request_is_the_option_of_its_name_unless_it_is_given() -> None:
    params = {"prefix": "p", "accounts": ["1", "1"], "regions": ["r"], "landed": None, "when": 3, "other": 1}
    found = read_request(Asked, params, when=timedelta(seconds=3))
    assert found == Asked("p", frozenset({"1"}), ("r",), None, timedelta(seconds=3))


def test_a_field_that_is_not_an_option_is_noticed() -> None:
    with pytest.raises(KeyError, match="accounts"):
        read_request(Asked, {"prefix": "p"})
